package auditd

import (
	"hash/maphash"
	"slices"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/source/format"
	"github.com/kulla-defence/kulla/internal/source/line"
	"github.com/kulla-defence/kulla/internal/source/row"
)

// A parser reads blocks for one worker.
type parser struct {
	walker  line.Walker
	joiner  joiner
	records []joined
	events  []extent
	fields  fields
	layouts shapes
	hosts   format.Names
	event   event.Event
	row     row.Row
}

// joined is a record of a block; next is the one after it in its event, or -1.
type joined struct {
	record
	place line.Line
	next  int
}

// An extent is the first and the last record of an event.
type extent struct{ first, last int }

func newParser(layouts *row.Layouts) *parser {
	p := &parser{layouts: newShapes(layouts)}
	p.event.Values = &p.row
	return p
}

// Parse implements format.Parser. Events come in the order of their first
// records.
func (p *parser) Parse(block *format.Block, out format.Output) error {
	p.joiner.open, p.records, p.events = p.joiner.open[:0], p.records[:0], p.events[:0]
	err := p.walker.Each(block, func(l line.Line) error {
		p.take(l, out)
		return nil
	})
	if err != nil {
		return err
	}
	for _, extent := range p.events {
		if err := p.emit(block.Source, extent, out); err != nil {
			return err
		}
	}
	return nil
}

// take puts the record of a line to its event.
func (p *parser) take(l line.Line, out format.Output) {
	var r record
	if !r.parse(l.Text) {
		out.Problem(format.Problem{Offset: l.Offset, Line: l.Number, Lost: l.Size, Reason: "line is not an audit record"})
		return
	}
	at := len(p.records)
	p.records = append(p.records, joined{record: r, place: l, next: -1})
	open, isMore := p.joiner.place(r.id, l.Number, len(l.Text))
	if !isMore {
		open.number = len(p.events)
		p.events = append(p.events, extent{at, at})
		return
	}
	extent := &p.events[open.number]
	p.records[extent.last].next = at
	extent.last = at
}

// emit passes on an event.
func (p *parser) emit(source *event.Source, extent extent, out format.Output) error {
	p.fields.reset()
	for at := extent.first; at >= 0; at = p.records[at].next {
		if r := &p.records[at]; !p.fields.add(&r.record) {
			out.Problem(format.Problem{
				Offset: r.place.Offset, Line: r.place.Number, Record: r.id.serial, Limit: "fields", Reason: "event has more fields than are read",
			})
			break
		}
	}
	p.row.Reset()
	for _, cell := range p.fields.cells {
		p.row.Add(cell)
	}
	first, last := &p.records[extent.first], &p.records[extent.last]
	p.event.Layout = p.layouts.of(p.fields.names)
	p.event.Time = first.id.time()
	p.event.Host = ""
	if len(first.node) > 0 {
		p.event.Host = p.hosts.String(first.node)
	}
	p.event.Provenance = event.Provenance{
		Source: source, Offset: first.place.Offset, Size: last.place.Offset + last.place.Size - first.place.Offset,
		Line: first.place.Number, RecordID: first.id.serial,
	}
	return out.Event(&p.event)
}

// shapes finds the layout of names for one goroutine. Commands have any number
// of arguments, so there are more layouts than a row.Finder remembers.
type shapes struct {
	finder row.Finder
	seed   maphash.Seed
	known  map[uint64]*event.Layout
}

// maxShapes bounds what is remembered.
const maxShapes = 4096

func newShapes(layouts *row.Layouts) shapes {
	return shapes{row.Finder{Layouts: layouts}, maphash.MakeSeed(), map[uint64]*event.Layout{}}
}

func (s *shapes) of(names [][]byte) *event.Layout {
	key := uint64(0)
	for _, name := range names {
		key = key*0x9e3779b97f4a7c15 + maphash.Bytes(s.seed, name)
	}
	if known := s.known[key]; known != nil && slices.EqualFunc(known.Names, names, func(a string, b []byte) bool { return a == string(b) }) {
		return known
	}
	if len(s.known) >= maxShapes {
		clear(s.known)
	}
	layout := s.finder.Of(row.LogSource{Product: "linux", Service: "auditd"}, names)
	s.known[key] = layout
	return layout
}
