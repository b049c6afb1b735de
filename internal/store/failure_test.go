package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/internal/custody"
	"github.com/kulla-defence/kulla/internal/detect"
)

// signedCase is the file of a closed case with findings and a checkpoint.
func signedCase(t *testing.T) (path string, options Options) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "case.kulla")
	signer, public, err := custody.OpenSigner(path+".key", rand.Reader)
	check(t, err)
	options = Options{Create: true, Signer: signer, PublicKey: public}
	c := mustOpen(t, path, options)
	fill(t, c)
	check(t, c.Commit())
	check(t, c.Close())
	return path, options
}

// alter changes the file of a case behind the program's back.
func alter(t *testing.T, path, query string, arguments ...any) {
	t.Helper()
	db, err := sql.Open("sqlite", address(path, "rw"))
	check(t, err)
	defer db.Close()
	result, err := db.Exec(query, arguments...)
	check(t, err)
	if n := must[int64](t)(result.RowsAffected()); n == 0 {
		t.Fatalf("%s changed nothing", query)
	}
}

func TestAlteredLeafIsSeen(t *testing.T) {
	t.Parallel()
	path, _ := signedCase(t)
	c := mustOpen(t, path, Options{ReadOnly: true})
	b := must[*block](t)(c.loadBlock(100))
	data := bytes.Join(b.leaves, []byte("\n"))
	data = append(bytes.Replace(data, []byte("host00"), []byte("host09"), 1), '\n')
	changed := int64(-1)
	for i, leaf := range bytes.Split(data, []byte("\n"))[:len(b.leaves)] {
		if !bytes.Equal(leaf, b.leaves[i]) {
			changed = b.first + int64(i)
		}
	}
	packed := must[[]byte](t)(c.packer.pack(data))
	check(t, c.Close())
	alter(t, path, "UPDATE block SET data = ? WHERE first = ?", packed, b.first)

	c = mustOpen(t, path, Options{ReadOnly: true})
	last := must[custody.Checkpoint](t)(c.Ledger().Last())
	for number := range last.Size {
		if err := c.Ledger().Check(number, last.Size, last.Root); (err != nil) != (number == changed) {
			t.Errorf("leaf %d, altered was %d: %v", number, changed, err)
		}
	}
}

func TestDamagedBlock(t *testing.T) {
	t.Parallel()
	path, _ := signedCase(t)
	alter(t, path, "UPDATE block SET data = substr(data, 1, length(data) / 2) WHERE first = (SELECT first FROM block WHERE kind = 'finding' LIMIT 1)")
	c := mustOpen(t, path, Options{ReadOnly: true})
	_, err := c.Leaf(10)
	if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "the leaves from") {
		t.Error(err)
	}
	var failed error
	for _, err := range c.Findings(Filter{}) {
		failed = errors.Join(failed, err)
	}
	if !errors.Is(failed, ErrDamaged) {
		t.Error(failed)
	}
}

// What continues a changed ledger is not signed.
func TestAlteredHashes(t *testing.T) {
	t.Parallel()
	path, options := signedCase(t)
	alter(t, path, "UPDATE tile SET hashes = zeroblob(length(hashes)) WHERE level = 0")
	c := mustOpen(t, path, options)
	must[int64](t)(c.AddNote("A. Analyst", "go on", NoteKind, ""))
	if err := c.Checkpoint(); !errors.Is(err, custody.ErrChanged) {
		t.Error(err)
	}
}

func TestAlteredTile(t *testing.T) {
	t.Parallel()
	path, options := signedCase(t)
	alter(t, path, "UPDATE tile SET hashes = zeroblob(40)")
	c := mustOpen(t, path, options)
	if _, err := c.AddNote("A. Analyst", "go on", NoteKind, ""); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
}

func TestNotACase(t *testing.T) {
	t.Parallel()
	f := func(name string, change func(path string), want error) {
		t.Helper()
		path, _ := signedCase(t)
		change(path)
		for _, options := range []Options{{}, {ReadOnly: true}, {Create: true}} {
			before, _ := os.ReadFile(path)
			c, err := Open(context.Background(), path, options)
			if err == nil {
				c.Close()
			}
			if !errors.Is(err, want) || !strings.Contains(err.Error(), path) {
				t.Errorf("%s: %v, want %v", name, err, want)
			}
			if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
				t.Errorf("%s: the file was changed", name)
			}
		}
	}
	overwrite := func(offset int, value []byte) func(string) {
		return func(path string) {
			data := must[[]byte](t)(os.ReadFile(path))
			copy(data[offset:], value)
			check(t, os.WriteFile(path, data, 0o644))
		}
	}
	f("empty", func(path string) { check(t, os.Truncate(path, 0)) }, ErrNotCase)
	f("text", overwrite(0, []byte("Security log")), ErrNotCase)
	f("another program's", overwrite(68, []byte("GPKG")), ErrNotCase)
	f("newer", overwrite(60, binary.BigEndian.AppendUint32(nil, version+1)), ErrVersion)
	f("with a trigger", func(path string) {
		db, err := sql.Open("sqlite", address(path, "rw"))
		check(t, err)
		defer db.Close()
		_, err = db.Exec("CREATE TRIGGER x AFTER INSERT ON block BEGIN DELETE FROM checkpoint; END")
		check(t, err)
	}, ErrNotCase)
	f("without a secret", func(path string) { alter(t, path, "UPDATE meta SET value = x'00' WHERE name = 'secret'") }, ErrDamaged)
	f("pages overwritten", overwrite(100, bytes.Repeat([]byte{0xff}, 4000)), ErrDamaged)
}

func TestNoCase(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, options := range []Options{{}, {ReadOnly: true}} {
		if _, err := Open(context.Background(), filepath.Join(folder, "none.kulla"), options); !errors.Is(err, fs.ErrNotExist) {
			t.Error(err)
		}
	}
	if left := must[[]os.DirEntry](t)(os.ReadDir(folder)); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	if _, err := Open(context.Background(), filepath.Join(folder, "none", "case.kulla"), Options{Create: true}); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// A draft that was left by a process that ended in the midst is no obstacle.
func TestOldDraft(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "case.kulla")
	check(t, os.WriteFile(path+"-new", []byte("half a file"), 0o644))
	check(t, os.WriteFile(path+"-new-journal", []byte("half a journal"), 0o644))
	fill(t, mustOpen(t, path, Options{Create: true}))
}

func TestReadOnly(t *testing.T) {
	t.Parallel()
	path, _ := signedCase(t)
	c := mustOpen(t, path, Options{ReadOnly: true})
	if _, err := c.AddNote("A. Analyst", "x", NoteKind, ""); !errors.Is(err, ErrReadOnly) {
		t.Error(err)
	}
	check(t, c.Commit())
	c = mustOpen(t, path, Options{})
	check(t, c.exec("PRAGMA query_only = ON"))
	if err := c.SetMeta("a", "b"); !errors.Is(err, ErrReadOnly) {
		t.Error(err)
	}
}

// Others may read while one writes; they see what is committed.
func TestReadersBesideAWriter(t *testing.T) {
	t.Parallel()
	path, options := signedCase(t)
	writer := mustOpen(t, path, options)
	must[int64](t)(writer.PutFindings(samples(300, 2000), digests))
	reader := mustOpen(t, path, Options{ReadOnly: true})
	if count := must[int64](t)(reader.FindingCount()); count != 300 {
		t.Errorf("%d findings before the commit", count)
	}
	check(t, writer.Commit())
	if count := must[int64](t)(reader.FindingCount()); count != 2000 {
		t.Errorf("%d findings after the commit", count)
	}
	check(t, writer.Close())
	must[*Finding](t)(reader.Finding(1500))
	check(t, reader.Close())
	// Who writes next makes it one file again.
	check(t, mustOpen(t, path, options).Close())
	if left := must[[]os.DirEntry](t)(os.ReadDir(filepath.Dir(path))); len(left) != 2 {
		t.Errorf("left behind: %v", left)
	}
}

// When space runs out nothing is kept by halves, and the error says why.
func TestFull(t *testing.T) {
	t.Parallel()
	path, options := signedCase(t)
	c := mustOpen(t, path, options)
	check(t, c.exec("PRAGMA max_page_count = 20"))
	_, err := c.PutFindings(samples(300, 5000), digests)
	if !errors.Is(err, ErrFull) {
		t.Error(err)
	}
	if err := c.Commit(); !errors.Is(err, ErrFull) {
		t.Errorf("committed by halves: %v", err)
	}
	check(t, c.Close())
	checkWhole(t, mustOpen(t, path, Options{ReadOnly: true}))
}

func TestFindingsThatFail(t *testing.T) {
	t.Parallel()
	path, options := signedCase(t)
	c := mustOpen(t, path, options)
	broken := errors.New("the spool is gone")
	_, err := c.PutFindings(func(yield func(*detect.Finding, error) bool) {
		for i := range 500 {
			yield(sample(1000+i), nil)
		}
		yield(nil, broken)
	}, digests)
	if !errors.Is(err, broken) {
		t.Error(err)
	}
	if err := c.Commit(); !errors.Is(err, broken) {
		t.Errorf("committed by halves: %v", err)
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	path, _ := signedCase(t)
	ctx, cancel := context.WithCancel(context.Background())
	c, err := Open(ctx, path, Options{})
	check(t, err)
	cancel()
	if err := c.SetMeta("a", "b"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	for _, err := range c.Findings(Filter{}) {
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	check(t, c.Close())
}
