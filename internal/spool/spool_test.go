package spool

import (
	"errors"
	"fmt"
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
		s := New(test.budget, folder)
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
		var got []string
		for item, err := range s.All() {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, string(item))
		}
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%+v: %d items in another order or number", test, len(got))
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if left, _ := os.ReadDir(folder); len(left) > 0 {
			t.Errorf("%d temporary files are left", len(left))
		}
	}
}

func TestFolderThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	if err := New(1, "/nonexistent/folder").Shelf().Add([]byte("x")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v, want not exist", err)
	}
}

func TestRunThatEndsEarly(t *testing.T) {
	t.Parallel()
	s := New(1, t.TempDir())
	defer s.Close()
	if err := s.Shelf().Add([]byte("something")); err != nil {
		t.Fatal(err)
	}
	if err := s.file.Truncate(3); err != nil {
		t.Fatal(err)
	}
	var last error
	for _, err := range s.All() {
		last = err
	}
	if last == nil {
		t.Error("a damaged file went unnoticed")
	}
}
