package source_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"

	"github.com/kulla-defence/kulla/internal/source"
)

// Parsers leave the blocks as they were read. A lone file's last blocks are
// hashed after they were parsed, so its digest would tell.
func TestParsersChangeNothing(t *testing.T) {
	t.Parallel()
	for _, path := range samplePaths() {
		formats := map[string]bool{}
		for name, content := range membersOf(t, path) {
			options := source.Options{Workers: 1, Stdin: bytes.NewReader(content)}
			register, err := source.Read(context.Background(), []string{"-"}, func(int) source.Sink { return discard{} }, options)
			must(t, err)
			for _, f := range register.Files {
				if len(register.Archives) == 0 && f.SHA256 != sha256.Sum256(content) {
					t.Errorf("%s (%s): digest %x, want %x", name, f.Source.Format, f.SHA256, sha256.Sum256(content))
				}
				formats[f.Source.Format] = true
			}
		}
		if len(formats) < 2 {
			t.Errorf("%s: only %v was read", path, formats)
		}
	}
}

// samplePaths are archives with logs of many formats; the first is our own.
func samplePaths() []string {
	paths := []string{filepath.Join("..", "..", "examples", "evidence.zip")}
	for _, name := range []string{"logs.zip", "winlog-json.zip"} {
		if _, err := os.Stat(sharedPath(name)); err == nil {
			paths = append(paths, sharedPath(name))
		}
	}
	return paths
}

// However a file comes, in whatever pieces, and however small the blocks, its
// digest is the same: records larger than a block, and blocks given up as lost,
// move what is still to be hashed.
func TestDigestOfAnyReading(t *testing.T) {
	t.Parallel()
	long := bytes.Repeat([]byte("x"), 300_000)
	content := append([]byte(`{"EventID":1,"Channel":"Security","Long":"`), long...)
	content = append(content, "\"}\n"...)
	content = append(content, bytes.Repeat([]byte("{\"EventID\":2,\"Channel\":\"Security\"}\n"), 5000)...)
	readers := map[string]func(io.Reader) io.Reader{
		"whole": func(r io.Reader) io.Reader { return r }, "halves": iotest.HalfReader, "data with the end": iotest.DataErrReader,
	}
	for name, reader := range readers {
		for _, limit := range []int{1000, 100_000, 1_000_000} {
			options := source.Options{Workers: 2, BlockSize: 1 << 14, Stdin: reader(bytes.NewReader(content))}
			options.Limits.Record = limit
			register, err := source.Read(context.Background(), []string{"-"}, func(int) source.Sink { return discard{} }, options)
			must(t, err)
			if f := register.Files[0]; f.SHA256 != sha256.Sum256(content) || f.Size != int64(len(content)) {
				t.Errorf("%s, records up to %d: %d bytes, digest %x", name, limit, f.Size, f.SHA256)
			}
		}
	}
}
