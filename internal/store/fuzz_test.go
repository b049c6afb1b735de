package store

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

// smallCase is the file of a case with one of everything.
func smallCase(f *testing.F) []byte {
	f.Helper()
	c, path := newCase(f)
	fill(f, c)
	check(f, c.Commit())
	check(f, c.Close())
	return must[[]byte](f)(os.ReadFile(path))
}

// A file that was changed anywhere may be refused, or say something else, but
// it is read to its end without a panic.
func FuzzDamagedCase(f *testing.F) {
	whole := smallCase(f)
	f.Add(uint32(0), []byte("SQLite"))
	f.Add(uint32(56), []byte{0, 0, 0, 3})
	f.Add(uint32(100), []byte{13, 255, 255})
	f.Add(uint32(pageSize+3), []byte{255, 255, 255, 255})
	f.Add(uint32(2*pageSize), []byte{2, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, offset uint32, patch []byte) {
		data := append([]byte(nil), whole...)
		copy(data[int(offset)%len(data):], patch)
		path := filepath.Join(t.TempDir(), "case.kulla")
		check(t, os.WriteFile(path, data, 0o600))
		for _, options := range []Options{{ReadOnly: true, Now: clock}, {Now: clock}} {
			if c, err := Open(context.Background(), path, options); err == nil {
				readEverything(t, c)
				c.Close() // may find damage, too
			}
		}
	})
}

// readEverything asks for all there is. Errors are no matter here.
func readEverything(t *testing.T, c *Case) {
	t.Helper()
	leaves := 0
	for _, err := range c.Leaves() {
		if err != nil {
			break
		}
		leaves++
	}
	if size, _ := c.Size(); int64(leaves) > size {
		t.Errorf("%d leaves of %d", leaves, size)
	}
	for range c.Findings(Filter{}) {
	}
	c.CheckRows(context.Background(), func(int64, string) {})
	c.Evidence()
	c.Incidents()
	c.Assessment()
	c.Artefacts()
	c.Notes()
	c.Context()
	c.Timeline()
	c.Ledger().Last()
	if !c.options.ReadOnly {
		c.AddNote("A. Analyst", "x", NoteKind, "")
		c.PutFindings(samples(290, 310), digests)
		c.Commit()
	}
}
