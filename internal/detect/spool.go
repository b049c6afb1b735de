package detect

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"iter"
	"strings"
	"sync"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/spool"
)

// findingSpool puts findings aside, and gives them back in order.
type findingSpool struct {
	tables *tables
	spool  *spool.Spool
}

// A shelf is one goroutine's part of it.
type shelf struct {
	tables *tables
	shelf  *spool.Shelf
	item   []byte
}

func newSpool(t *tables, budget int, folder string) *findingSpool {
	return &findingSpool{t, spool.New(budget, folder, t.compare)}
}

// shelf returns a new shelf; it is safe to call from several goroutines.
func (s *findingSpool) shelf() *shelf { return &shelf{tables: s.tables, shelf: s.spool.Shelf()} }

// add puts a finding aside; f may be reused by the caller.
func (h *shelf) add(f *Finding) error {
	h.item = h.tables.appendFinding(h.item[:0], f)
	if err := h.shelf.Add(h.item); err != nil {
		return fmt.Errorf("putting findings aside: %w", err)
	}
	return nil
}

// all yields the findings in order. Nothing may be added afterwards. It may be
// called again.
func (s *findingSpool) all() iter.Seq2[*Finding, error] {
	return func(yield func(*Finding, error) bool) {
		for item, err := range s.items() {
			var f *Finding
			if err == nil {
				f, err = item.finding()
			}
			if !yield(f, err) || err != nil {
				return
			}
		}
	}
}

// items yields the findings in order, as they were put aside: most passes over
// them want little of most. An item is valid until the next.
func (s *findingSpool) items() iter.Seq2[item, error] {
	return func(yield func(item, error) bool) {
		for bytes, err := range s.spool.All() {
			if !yield(item{s.tables, bytes}, err) || err != nil {
				return
			}
		}
	}
}

// An item is a finding that was put aside.
type item struct {
	tables *tables
	bytes  []byte
}

// rule returns the finding's rule, nil when the item is damaged.
func (i item) rule() *Rule {
	if len(i.bytes) <= headBytes {
		return nil
	}
	if rank := binary.BigEndian.Uint32(i.bytes[ruleEnd-ruleSize:]); rank < uint32(len(i.tables.rules)) {
		return i.tables.rules[rank]
	}
	return nil
}

func (i item) finding() (*Finding, error) {
	d := decoder{tables: i.tables, rest: i.bytes}
	return d.finding()
}

// brief returns the finding without its Fields.
func (i item) brief() (*Finding, error) {
	d := decoder{tables: i.tables, rest: i.bytes}
	return d.brief()
}

// Close removes the temporary file, if there is one.
func (s *findingSpool) Close() error { return s.spool.Close() }

// The first bytes of a finding that was put aside are what its order depends
// on, such that most can be compared as bytes:
//
//	12 time        appendSortedTime
//	24 place       offset, line, record
//	 4 rule        its rank
//	 4 source      its number, which says nothing of its order
const (
	timeEnd   = 12
	ruleSize  = 4
	ruleEnd   = timeEnd + 24 + ruleSize
	headBytes = ruleEnd + 4
)

// compare is compareFindings, of findings that were put aside.
func (t *tables) compare(a, b []byte) int {
	if len(a) <= headBytes || len(b) <= headBytes { // damaged
		return bytes.Compare(a, b)
	}
	if order := bytes.Compare(a[:timeEnd], b[:timeEnd]); order != 0 {
		return order
	}
	if numbers := [2]uint32{sourceNumber(a), sourceNumber(b)}; numbers[0] != numbers[1] {
		if order := strings.Compare(t.sources.name(numbers[0]), t.sources.name(numbers[1])); order != 0 {
			return order
		}
	}
	if order := bytes.Compare(a[timeEnd:ruleEnd], b[timeEnd:ruleEnd]); order != 0 {
		return order
	}
	return compareCorrelations(t.correlationOf(a), t.correlationOf(b))
}

// eventNumbers counts the events that matches are of. They come in order, so
// that those of one event follow one another.
type eventNumbers struct {
	number uint64
	place  []byte // of the last match, with its time and source
}

// of numbers the event of the next match, from 1 on.
func (n *eventNumbers) of(i item) uint64 {
	if len(i.bytes) < headBytes { // damaged, which is told elsewhere
		n.place = n.place[:0]
		return 0
	}
	place, source := i.bytes[:ruleEnd-ruleSize], i.bytes[ruleEnd:headBytes]
	if len(n.place) == 0 || !bytes.Equal(n.place[:len(place)], place) || !bytes.Equal(n.place[len(place):], source) {
		n.number++
		n.place = append(append(n.place[:0], place...), source...)
	}
	return n.number
}

func sourceNumber(item []byte) uint32 { return binary.BigEndian.Uint32(item[ruleEnd:]) }

func (t *tables) correlationOf(item []byte) *Correlation {
	if item[headBytes] == noCorrelation {
		return nil
	}
	d := decoder{tables: t, rest: item[headBytes:]}
	return d.correlation()
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

// name is what sources are ordered by.
func (t *sourceTable) name(number uint32) string {
	return sourceName(event.Provenance{Source: t.at(uint64(number))})
}

func (t *sourceTable) at(number uint64) *event.Source {
	t.mutex.RLock()
	defer t.mutex.RUnlock()
	if number >= uint64(len(t.sources)) {
		return nil
	}
	return t.sources[number]
}
