package source_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/kulla-defence/kulla/internal/source"
	"github.com/kulla-defence/kulla/internal/source/archive/sevenzip/sevenziptest"
)

// copied copies all leaves of the evidence into memory.
func copied(tb testing.TB, options source.Options, paths ...string) (*source.Register, map[string]*bytes.Buffer) {
	var mutex sync.Mutex
	contents := map[string]*bytes.Buffer{}
	register, err := source.Copy(context.Background(), paths, func(name string) io.Writer {
		mutex.Lock()
		defer mutex.Unlock()
		contents[name] = new(bytes.Buffer)
		return contents[name]
	}, options)
	must(tb, err)
	return register, contents
}

// identities lists files by what a copy and a reading must agree on.
func identities(files []source.File) string {
	var b strings.Builder
	for _, f := range files {
		fmt.Fprintf(&b, "%s %d %x\n", f.Source.Name, f.Size, f.SHA256)
	}
	return b.String()
}

// A copy has the files that a reading has, and the bytes they were hashed over.
func TestCopyIsWhatIsRead(t *testing.T) {
	t.Parallel()
	small := smallCase(t)
	small["notes.txt"] = []byte("nothing to parse")
	small["empty.log"] = nil
	nested := evidence{"a.tar.gz": gzipped(t, evidence{"b.zip": evidence{"c.7z": small.sevenZip(sevenziptest.Copy())}.zip(t)}.tar(t))}.zip(t)
	for name, content := range map[string][]byte{
		"case.zip": small.zip(t), "case.tgz": gzipped(t, small.tar(t)), "case.7z": small.sevenZip(sevenziptest.LZMA(1 << 12)),
		"outer.zip": nested, "cut.zip.gz": gzipped(t, small.zip(t)[:2000]), "plain.log": lines(10),
	} {
		path := file(t, name, content)
		want, _ := read(t, source.Options{}, path)
		for _, workers := range []int{1, 4} {
			got, contents := copied(t, source.Options{Workers: workers, BlockSize: 5000}, path)
			if identities(got.Files) != identities(want.Files) || identities(got.Archives) != identities(want.Archives) {
				t.Errorf("%s: copied\n%sread\n%s", name, identities(got.Files)+identities(got.Archives), identities(want.Files)+identities(want.Archives))
			}
			for _, f := range got.Files {
				if held := contents[f.Source.Name]; held == nil && f.Size > 0 || held != nil && sha256.Sum256(held.Bytes()) != f.SHA256 {
					t.Errorf("%s: %s: other bytes than those hashed", name, f.Source.Name)
				}
			}
		}
	}
}

func TestCopyKeepsLimits(t *testing.T) {
	t.Parallel()
	bomb := gzipped(t, make([]byte, 80<<20))
	var size int64
	register, err := source.Copy(context.Background(), []string{file(t, "in", bomb)}, func(string) io.Writer { return counter{&size} },
		source.Options{Limits: source.Limits{Ratio: 100}})
	must(t, err)
	if got := hits(register); !slices.Equal(got, []string{"ratio"}) || size > 70<<20 {
		t.Errorf("limits hit: %q after %d bytes", got, size)
	}
}

type counter struct{ size *int64 }

func (c counter) Write(data []byte) (int, error) {
	*c.size += int64(len(data))
	return len(data), nil
}

func TestCopyWithoutWriter(t *testing.T) {
	t.Parallel()
	path := file(t, "case.zip", smallCase(t).zip(t))
	want, _ := read(t, source.Options{}, path)
	got, err := source.Copy(context.Background(), []string{path}, func(string) io.Writer { return nil }, source.Options{})
	must(t, err)
	if identities(got.Files) != identities(want.Files) {
		t.Errorf("copied\n%sread\n%s", identities(got.Files), identities(want.Files))
	}
}

func TestCopyEndsWithItsWriter(t *testing.T) {
	t.Parallel()
	full := errors.New("no space left")
	register, err := source.Copy(context.Background(), []string{smallCase(t).folder(t)}, func(string) io.Writer { return refusing{full} }, source.Options{})
	if !errors.Is(err, full) || !register.Interrupted {
		t.Errorf("%v, interrupted %v", err, register.Interrupted)
	}
}

type refusing struct{ err error }

func (r refusing) Write([]byte) (int, error) { return 0, r.err }
