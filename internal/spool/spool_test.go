package spool

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
)

// What goes in comes out in order, however often shelves had to be emptied.
func TestOrder(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ items, shelves, budget int }{{0, 1, 1}, {1, 1, 1}, {1000, 1, 100}, {1000, 4, 700}, {1000, 8, 1 << 20}} {
		folder := t.TempDir()
		s := New(test.budget, folder, bytes.Compare)
		random := rand.New(rand.NewPCG(1, 2))
		var want []string
		for range test.items {
			want = append(want, fmt.Sprintf("%d\x00%x", random.IntN(100), random.Uint64()))
		}
		var group sync.WaitGroup
		for i := range test.shelves {
			shelf := s.Shelf()
			group.Go(func() {
				for j := i; j < len(want); j += test.shelves {
					if err := shelf.Add([]byte(want[j])); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		slices.Sort(want)
		for range 2 { // it may be read again
			if got := collect(t, s); !slices.Equal(got, want) {
				t.Errorf("%+v: %d items in another order or number", test, len(got))
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if left, _ := os.ReadDir(folder); len(left) > 0 {
			t.Errorf("%d temporary files are left", len(left))
		}
	}
}

func collect(t *testing.T, s *Spool) []string {
	t.Helper()
	var items []string
	for item, err := range s.All() {
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, string(item))
	}
	return items
}

func TestOrderIsTheCallers(t *testing.T) {
	t.Parallel()
	s := New(3, t.TempDir(), func(a, b []byte) int { return -bytes.Compare(a, b) })
	defer s.Close()
	shelf := s.Shelf()
	for _, item := range []string{"b", "", "c", "a", ""} {
		if err := shelf.Add([]byte(item)); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := collect(t, s), []string{"c", "b", "a", "", ""}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// failing is a temporary file that cannot be read back whole.
type failing struct{ io.ReaderAt }

func (f failing) ReadAt(p []byte, offset int64) (int, error) {
	if offset > 0 {
		return 0, errDisk
	}
	return f.ReaderAt.ReadAt(p[:min(len(p), 10)], offset)
}

var errDisk = errors.New("disk failure")

func TestFailingDisk(t *testing.T) {
	t.Parallel()
	s := New(1, t.TempDir(), bytes.Compare)
	defer s.Close()
	if err := s.Shelf().Add(bytes.Repeat([]byte("x"), 100)); err != nil {
		t.Fatal(err)
	}
	s.runs[0].in = failing{s.runs[0].in}
	if err := lastError(s); !errors.Is(err, errDisk) {
		t.Errorf("error %v, want %v", err, errDisk)
	}
}

func lastError(s *Spool) (last error) {
	for _, err := range s.All() {
		last = err
	}
	return last
}

func TestFolderThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	if err := New(1, "/nonexistent/folder", bytes.Compare).Shelf().Add([]byte("x")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v, want not exist", err)
	}
}

func TestRunThatEndsEarly(t *testing.T) {
	t.Parallel()
	s := New(1, t.TempDir(), bytes.Compare)
	defer s.Close()
	if err := s.Shelf().Add([]byte("something")); err != nil {
		t.Fatal(err)
	}
	if err := s.file.Truncate(3); err != nil {
		t.Fatal(err)
	}
	if err := lastError(s); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error %v, want unexpected EOF", err)
	}
}

// Whatever is in the file, it is read to an end or an error, and no more is
// given back than there is.
func FuzzDamagedRun(f *testing.F) {
	f.Add([]byte("\x01a\x02bc"), []byte("d"))
	f.Add([]byte("\xff\xff\xff\xff\x7f"), []byte{})
	f.Add([]byte("\x00\x00\x80"), []byte("e"))
	f.Fuzz(func(t *testing.T, data, item []byte) {
		s := New(1<<20, "", bytes.Compare)
		s.runs = []run{{bytes.NewReader(data), int64(len(data))}}
		if err := s.Shelf().Add(item); err != nil {
			t.Fatal(err)
		}
		size := 0
		for got := range s.All() {
			size += len(got)
		}
		if size > len(data)+len(item) {
			t.Errorf("%d bytes out of %d", size, len(data)+len(item))
		}
	})
}
