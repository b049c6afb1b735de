package detect

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"sync"

	"github.com/kulla-defence/kulla/internal/event"
)

// A spool puts findings aside and gives them back in order. It keeps at most
// its budget of bytes in memory; beyond it, sorted runs go to one temporary
// file, removed by Close. Several shelves may fill one spool at once.
type spool struct {
	tables *tables
	budget int // bytes in memory, for each shelf
	folder string

	mutex   sync.Mutex
	shelves []*shelf
	file    *os.File
	end     int64
	runs    []io.ReaderAt
}

// A shelf is one goroutine's part of a spool.
type shelf struct {
	spool   *spool
	entries []entry
	bytes   []byte
	count   int64
}

// entry is where one finding begins and ends in a shelf's bytes.
type entry struct{ from, to int }

func newSpool(t *tables, budget int, folder string) *spool {
	return &spool{tables: t, budget: budget, folder: folder}
}

// shelf returns a new shelf; it is safe to call from several goroutines.
func (s *spool) shelf() *shelf {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	shelf := &shelf{spool: s}
	s.shelves = append(s.shelves, shelf)
	return shelf
}

// add puts a finding aside; f may be reused by the caller.
func (h *shelf) add(f *Finding) error {
	from := len(h.bytes)
	h.bytes = h.spool.tables.appendFinding(h.bytes, f)
	h.entries = append(h.entries, entry{from, len(h.bytes)})
	h.count++
	if len(h.bytes) < h.spool.budget {
		return nil
	}
	return h.spill()
}

// spill writes the shelf as one sorted run and empties it.
func (h *shelf) spill() error {
	if err := h.sort(); err != nil {
		return err
	}
	run := make([]byte, 0, len(h.bytes)+binary.MaxVarintLen64*len(h.entries))
	for _, e := range h.entries {
		run = binary.AppendUvarint(run, uint64(e.to-e.from))
		run = append(run, h.bytes[e.from:e.to]...)
	}
	h.bytes, h.entries = h.bytes[:0], h.entries[:0]
	return h.spool.write(run)
}

func (s *spool) write(run []byte) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.file == nil {
		file, err := os.CreateTemp(s.folder, "kulla-findings-")
		if err != nil {
			return fmt.Errorf("putting findings aside: %w", err)
		}
		s.file = file
	}
	if _, err := s.file.WriteAt(run, s.end); err != nil {
		return fmt.Errorf("putting findings aside: %w", err)
	}
	s.runs = append(s.runs, io.NewSectionReader(s.file, s.end, int64(len(run))))
	s.end += int64(len(run))
	return nil
}

func (h *shelf) sort() error {
	findings := make([]*Finding, len(h.entries))
	order := make([]int, len(h.entries))
	for i, e := range h.entries {
		d := h.decoder(e)
		f, err := d.head()
		if err != nil {
			return err
		}
		findings[i], order[i] = f, i
	}
	slices.SortFunc(order, func(a, b int) int { return compareFindings(findings[a], findings[b]) })
	sorted := make([]entry, len(order))
	for i, from := range order {
		sorted[i] = h.entries[from]
	}
	h.entries = sorted
	return nil
}

func (h *shelf) decoder(e entry) decoder {
	return decoder{tables: h.spool.tables, rest: h.bytes[e.from:e.to]}
}

// seal sorts what is still in memory. Nothing may be added afterwards.
func (s *spool) seal() error {
	for _, shelf := range s.shelves {
		if err := shelf.sort(); err != nil {
			return err
		}
	}
	return nil
}

// len returns how many findings the spool holds.
func (s *spool) len() int64 {
	var n int64
	for _, shelf := range s.shelves {
		n += shelf.count
	}
	return n
}

// all yields the findings of a sealed spool in order. It may be called again.
func (s *spool) all() iter.Seq2[*Finding, error] {
	var streams []iter.Seq2[*Finding, error]
	for _, shelf := range s.shelves {
		streams = append(streams, shelf.all())
	}
	for _, run := range s.runs {
		streams = append(streams, s.readRun(run))
	}
	return merge(streams)
}

func (h *shelf) all() iter.Seq2[*Finding, error] {
	return func(yield func(*Finding, error) bool) {
		for _, e := range h.entries {
			d := h.decoder(e)
			if !yield(d.finding()) {
				return
			}
		}
	}
}

// readRun yields the findings of one run of the temporary file.
func (s *spool) readRun(run io.ReaderAt) iter.Seq2[*Finding, error] {
	return func(yield func(*Finding, error) bool) {
		in := bufio.NewReaderSize(io.NewSectionReader(run, 0, 1<<62), 64<<10)
		var bytes []byte
		for {
			size, err := binary.ReadUvarint(in)
			if errors.Is(err, io.EOF) {
				return
			}
			if err == nil {
				bytes = slices.Grow(bytes[:0], int(size))[:size]
				_, err = io.ReadFull(in, bytes)
			}
			if err != nil {
				yield(nil, fmt.Errorf("reading findings back: %w", err))
				return
			}
			d := decoder{tables: s.tables, rest: bytes}
			if !yield(d.finding()) {
				return
			}
		}
	}
}

// Close removes the temporary file, if there is one.
func (s *spool) Close() error {
	if s.file == nil {
		return nil
	}
	return errors.Join(s.file.Close(), os.Remove(s.file.Name()))
}

// A sourceTable numbers sources, so that findings that are put aside can name
// theirs. It is safe for concurrent use.
type sourceTable struct {
	mutex   sync.RWMutex
	numbers map[*event.Source]uint64
	sources []*event.Source
}

func newSourceTable() *sourceTable {
	return &sourceTable{numbers: map[*event.Source]uint64{}}
}

func (t *sourceTable) number(source *event.Source) uint64 {
	t.mutex.RLock()
	number, ok := t.numbers[source]
	t.mutex.RUnlock()
	if ok {
		return number
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if number, ok = t.numbers[source]; !ok {
		number = uint64(len(t.sources))
		t.numbers[source] = number
		t.sources = append(t.sources, source)
	}
	return number
}

func (t *sourceTable) at(number uint64) *event.Source {
	t.mutex.RLock()
	defer t.mutex.RUnlock()
	if number >= uint64(len(t.sources)) {
		return nil
	}
	return t.sources[number]
}
