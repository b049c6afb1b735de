package evtx_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/evtx"
)

// shared opens one of the shared data archives, or skips the test.
func shared(tb testing.TB, name string) *zip.ReadCloser {
	tb.Helper()
	folder := os.Getenv("KULLA_DATA")
	if folder == "" {
		folder = filepath.Join("..", "..", "shared", "data")
	}
	archive, err := zip.OpenReader(filepath.Join(folder, name))
	if errors.Is(err, os.ErrNotExist) {
		tb.Skipf("the shared data is not here: %v", err)
	}
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { archive.Close() })
	return archive
}

// unpack gives the members of an archive whose names end so, in memory.
func unpack(tb testing.TB, name, suffix string) map[string][]byte {
	tb.Helper()
	files := map[string][]byte{}
	for _, member := range shared(tb, name).File {
		if !strings.HasSuffix(strings.ToLower(member.Name), suffix) {
			continue
		}
		r, err := member.Open()
		if err != nil {
			tb.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			tb.Fatal(err)
		}
		r.Close()
		files[member.Name] = b
	}
	return files
}

// count reads a whole file and counts records and losses.
func count(tb testing.TB, b []byte, options evtx.Options) (records, lost int) {
	tb.Helper()
	f, err := evtx.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		tb.Fatal(err)
	}
	for _, err := range f.Records(context.Background(), options) {
		var corrupt *evtx.CorruptError
		switch {
		case err == nil:
			records++
		case !errors.As(err, &corrupt):
			tb.Fatal(err)
		case corrupt.Lost():
			lost++
		}
	}
	return records, lost
}

func TestHosts(t *testing.T) {
	t.Parallel()
	f := func(archive string, want int) {
		t.Helper()
		records := 0
		for name, b := range unpack(t, archive, ".evtx") {
			n, lost := count(t, b, evtx.Options{Workers: 2})
			if lost > 0 {
				t.Errorf("%s: %d losses", name, lost)
			}
			records += n
		}
		if records != want {
			t.Errorf("%s: %d records, want %d", archive, records, want)
		}
	}
	f("host-clean-w10.zip", 42409)
	f("host-aptsim-server2022.zip", 7660)
}
