package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// Only what can be an archive of rules is read at once.
func TestArchivesOfRulesAreReadAtOnce(t *testing.T) {
	t.Parallel()
	for size, want := range map[int64]bool{0: true, 100: true, 32 << 20: true, 32<<20 + 1: false} {
		name := filepath.Join(t.TempDir(), "rules.zip")
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(name, size); err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		info, err := file.Stat()
		if err != nil {
			t.Fatal(err)
		}
		if _, got := inMemory(file, info).(*bytes.Reader); got != want {
			t.Errorf("%d bytes: in memory %v, want %v", size, got, want)
		}
	}
}
