package spool

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"
)

// A process that is killed leaves nothing of the evidence behind.
func TestTemporaryFilesHaveNoName(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("an open file cannot be removed there")
	}
	folder := t.TempDir()
	s := New(1, folder, bytes.Compare)
	shelf := s.Shelf()
	for _, item := range []string{"b", "a"} {
		if err := shelf.Add([]byte(item)); err != nil {
			t.Fatal(err)
		}
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("files %v are seen, %v", left, err)
	}
	if got := collect(t, s); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("got %q", got)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// Only old temporary files of this program are swept.
func TestSweep(t *testing.T) {
	t.Parallel()
	folder, now := t.TempDir(), time.Unix(1_700_000_000, 0)
	for name, age := range map[string]time.Duration{"kulla-spool-1": 48 * time.Hour, "kulla-2.spool": 48 * time.Hour, "kulla-spool-3": time.Hour, "evidence.spool": 48 * time.Hour} {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, now.Add(-age), now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	Sweep(folder, now)
	var left []string
	entries, err := os.ReadDir(folder)
	for _, entry := range entries {
		left = append(left, entry.Name())
	}
	if want := []string{"evidence.spool", "kulla-spool-3"}; err != nil || !slices.Equal(left, want) {
		t.Errorf("left are %q, want %q; %v", left, want, err)
	}
}
