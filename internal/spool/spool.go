// Package spool puts more items aside than fit in memory, and gives them back
// in order.
//
// An item is bytes, and their order is the caller's. Shelves fill up to a
// budget; beyond it sorted runs go to one temporary file. The package knows
// nothing of what is in an item. Begin with New.
package spool

import (
	"bufio"
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
	budget  int
	folder  string
	compare func(a, b []byte) int

	mutex   sync.Mutex
	shelves []*Shelf
	file    *os.File
	end     int64
	runs    []run
}

// A run is sorted items in the temporary file: the size of each as a varint,
// then the item.
type run struct {
	in   io.ReaderAt
	size int64
}

// A Shelf is one goroutine's part of a spool.
type Shelf struct {
	spool  *Spool
	bytes  []byte
	items  []span
	sorted bool
}

// A span is where an item stands in a shelf's bytes.
type span struct{ from, to int }

// New returns an empty spool, of which each shelf keeps so many bytes in
// memory. The temporary file is made in folder; empty is the system's. Compare
// is the order of items, such as bytes.Compare; it is called from several
// goroutines, and damage to the temporary file may show it bytes that were never
// an item.
func New(budget int, folder string, compare func(a, b []byte) int) *Spool {
	return &Spool{budget: budget, folder: folder, compare: compare}
}

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
	from := len(h.bytes)
	h.bytes = append(h.bytes, item...)
	h.items, h.sorted = append(h.items, span{from, len(h.bytes)}), false
	if len(h.bytes) < h.spool.budget {
		return nil
	}
	return h.spill()
}

func (h *Shelf) item(i int) []byte { return h.bytes[h.items[i].from:h.items[i].to] }

func (h *Shelf) sort() {
	if h.sorted {
		return
	}
	slices.SortFunc(h.items, func(a, b span) int { return h.spool.compare(h.bytes[a.from:a.to], h.bytes[b.from:b.to]) })
	h.sorted = true
}

// spill writes the shelf as one sorted run, and empties it.
func (h *Shelf) spill() error {
	h.sort()
	var head [binary.MaxVarintLen64]byte
	size := len(h.bytes)
	for i := range h.items {
		size += binary.PutUvarint(head[:], uint64(len(h.item(i))))
	}
	place, err := h.spool.room(int64(size))
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(place, 64<<10)
	for i := range h.items {
		out.Write(binary.AppendUvarint(head[:0], uint64(len(h.item(i)))))
		out.Write(h.item(i))
	}
	h.bytes, h.items = h.bytes[:0], h.items[:0]
	if err := out.Flush(); err != nil {
		return fmt.Errorf("writing a temporary file: %w", err)
	}
	return nil
}

// room returns the part of the temporary file where the next run goes.
func (s *Spool) room(size int64) (io.Writer, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.file == nil {
		file, err := Temporary(s.folder)
		if err != nil {
			return nil, err
		}
		s.file = file
	}
	place := io.NewOffsetWriter(s.file, s.end)
	s.runs = append(s.runs, run{io.NewSectionReader(s.file, s.end, size), size})
	s.end += size
	return place, nil
}

// All yields all items in order, each valid until the next. Nothing may be
// added any more. It ends at the first error. It may be called again, but not
// by several goroutines at the same time.
func (s *Spool) All() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		all := &heads{compare: s.compare}
		for _, next := range s.streams() {
			if h := (&head{next: next}); h.advance() {
				all.heads = append(all.heads, h)
			}
		}
		heap.Init(all)
		for len(all.heads) > 0 {
			first := all.heads[0]
			if !yield(first.item, first.err) || first.err != nil {
				return
			}
			if first.advance() {
				heap.Fix(all, 0)
			} else {
				heap.Pop(all)
			}
		}
	}
}

// A stream gives the next item of several that are in order, io.EOF at the end.
type stream func() ([]byte, error)

func (s *Spool) streams() []stream {
	var sorting sync.WaitGroup
	for _, shelf := range s.shelves {
		sorting.Go(shelf.sort)
	}
	sorting.Wait()
	var streams []stream
	for _, shelf := range s.shelves {
		streams = append(streams, shelf.stream())
	}
	for _, run := range s.runs {
		streams = append(streams, run.stream())
	}
	return streams
}

// stream gives the items of a shelf that is sorted.
func (h *Shelf) stream() stream {
	i := -1
	return func() ([]byte, error) {
		if i++; i >= len(h.items) {
			return nil, io.EOF
		}
		return h.item(i), nil
	}
}

func (r run) stream() stream {
	in := bufio.NewReaderSize(io.NewSectionReader(r.in, 0, r.size), 32<<10)
	left := r.size
	var item []byte
	return func() ([]byte, error) {
		if left <= 0 {
			return nil, io.EOF
		}
		size, err := binary.ReadUvarint(in)
		if err == nil && size >= uint64(left) {
			err = errors.New("it was damaged")
		}
		if err == nil {
			item = slices.Grow(item[:0], int(size))[:size]
			_, err = io.ReadFull(in, item)
		}
		if err != nil {
			left = 0
			return nil, fmt.Errorf("reading a temporary file back: %w", noEOF(err))
		}
		left -= int64(size) + int64(uvarintSize(size))
		return item, nil
	}
}

// noEOF makes of an end that comes too early an error.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func uvarintSize(n uint64) int {
	var head [binary.MaxVarintLen64]byte
	return binary.PutUvarint(head[:], n)
}

// Close removes the temporary file, if there is one.
func (s *Spool) Close() error {
	if s.file == nil {
		return nil
	}
	return Discard(s.file)
}

// A head is the next item of one stream.
type head struct {
	next stream
	item []byte
	err  error
}

// advance returns false at the end.
func (h *head) advance() bool {
	h.item, h.err = h.next()
	return h.err != io.EOF
}

// heads is a heap; a stream that failed comes first.
type heads struct {
	heads   []*head
	compare func(a, b []byte) int
}

func (h *heads) Len() int { return len(h.heads) }
func (h *heads) Less(i, j int) bool {
	a, b := h.heads[i], h.heads[j]
	if a.err != nil || b.err != nil {
		return b.err == nil
	}
	return h.compare(a.item, b.item) < 0
}
func (h *heads) Swap(i, j int) { h.heads[i], h.heads[j] = h.heads[j], h.heads[i] }
func (h *heads) Push(x any)    { h.heads = append(h.heads, x.(*head)) }
func (h *heads) Pop() any {
	last := h.heads[len(h.heads)-1]
	h.heads = h.heads[:len(h.heads)-1]
	return last
}
