// Package spool puts more items aside than fit in memory, and gives them back
// in the order of their bytes.
//
// An item is bytes that begin with what it is sorted by. Shelves fill up to a
// budget; beyond it sorted runs go to one temporary file. The package knows
// nothing of what is in an item. Begin with New.
package spool

import (
	"bufio"
	"bytes"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"sync"
)

// A Spool holds items. Its shelves may be filled at the same time.
type Spool struct {
	budget int
	folder string

	mutex   sync.Mutex
	shelves []*Shelf
	file    *os.File
	end     int64
	runs    []*io.SectionReader
}

// A Shelf is one goroutine's part of a spool.
type Shelf struct {
	spool *Spool
	bytes []byte
	ends  []int // of each item
}

// New returns an empty spool, of which each shelf keeps so many bytes in
// memory. The temporary file is made in folder.
func New(budget int, folder string) *Spool { return &Spool{budget: budget, folder: folder} }

// Shelf returns a new shelf. It is safe to call from several goroutines.
func (s *Spool) Shelf() *Shelf {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	shelf := &Shelf{spool: s}
	s.shelves = append(s.shelves, shelf)
	return shelf
}

// Add puts a copy of an item aside.
func (h *Shelf) Add(item []byte) error {
	h.bytes = append(h.bytes, item...)
	h.ends = append(h.ends, len(h.bytes))
	if len(h.bytes) < h.spool.budget {
		return nil
	}
	return h.spill()
}

func (h *Shelf) sorted() [][]byte {
	items := make([][]byte, len(h.ends))
	from := 0
	for i, to := range h.ends {
		items[i], from = h.bytes[from:to], to
	}
	slices.SortFunc(items, bytes.Compare)
	return items
}

// spill writes the shelf as one sorted run, and empties it.
func (h *Shelf) spill() error {
	var run []byte
	for _, item := range h.sorted() {
		run = append(binary.AppendUvarint(run, uint64(len(item))), item...)
	}
	h.bytes, h.ends = h.bytes[:0], h.ends[:0]
	return h.spool.write(run)
}

func (s *Spool) write(run []byte) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.file == nil {
		file, err := os.CreateTemp(s.folder, "kulla-events-")
		if err != nil {
			return fmt.Errorf("putting events aside: %w", err)
		}
		s.file = file
	}
	if _, err := s.file.WriteAt(run, s.end); err != nil {
		return fmt.Errorf("putting events aside: %w", err)
	}
	s.runs = append(s.runs, io.NewSectionReader(s.file, s.end, int64(len(run))))
	s.end += int64(len(run))
	return nil
}

// All yields all items in order, each valid until the next. Nothing may be
// added any more. It ends at the first error.
func (s *Spool) All() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		var heads heads
		for _, stream := range s.streams() {
			next, stop := iter.Pull2(stream)
			defer stop()
			if head := (&head{next: next}); head.advance() {
				heads = append(heads, head)
			}
		}
		heap.Init(&heads)
		for len(heads) > 0 {
			first := heads[0]
			if !yield(first.item, first.err) || first.err != nil {
				return
			}
			if first.advance() {
				heap.Fix(&heads, 0)
			} else {
				heap.Pop(&heads)
			}
		}
	}
}

func (s *Spool) streams() []iter.Seq2[[]byte, error] {
	var streams []iter.Seq2[[]byte, error]
	for _, shelf := range s.shelves {
		streams = append(streams, func(yield func([]byte, error) bool) {
			for _, item := range shelf.sorted() {
				if !yield(item, nil) {
					return
				}
			}
		})
	}
	for _, run := range s.runs {
		streams = append(streams, read(run))
	}
	return streams
}

// read yields the items of one run of the temporary file.
func read(run *io.SectionReader) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		in := bufio.NewReaderSize(io.NewSectionReader(run, 0, run.Size()), 64<<10)
		var item []byte
		for {
			size, err := binary.ReadUvarint(in)
			if errors.Is(err, io.EOF) {
				return
			}
			if err == nil && size > uint64(run.Size()) {
				err = io.ErrUnexpectedEOF
			}
			if err == nil {
				item = slices.Grow(item[:0], int(size))[:size]
				_, err = io.ReadFull(in, item)
			}
			if err != nil {
				yield(nil, fmt.Errorf("reading events back: %w", err))
				return
			}
			if !yield(item, nil) {
				return
			}
		}
	}
}

// Close removes the temporary file, if there is one.
func (s *Spool) Close() error {
	if s.file == nil {
		return nil
	}
	return errors.Join(s.file.Close(), os.Remove(s.file.Name()))
}

// A head is the next item of one stream.
type head struct {
	next func() ([]byte, error, bool)
	item []byte
	err  error
}

func (h *head) advance() (ok bool) {
	h.item, h.err, ok = h.next()
	return ok
}

// heads is a heap; a stream that failed comes first.
type heads []*head

func (h heads) Len() int { return len(h) }
func (h heads) Less(i, j int) bool {
	if h[i].err != nil || h[j].err != nil {
		return h[j].err == nil
	}
	return bytes.Compare(h[i].item, h[j].item) < 0
}
func (h heads) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *heads) Push(x any)   { *h = append(*h, x.(*head)) }
func (h *heads) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}
