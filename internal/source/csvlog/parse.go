package csvlog

import (
	"bytes"
	"fmt"
	"strconv"
	"time"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/source/charset"
	"github.com/kulla-defence/kulla/internal/source/format"
	"github.com/kulla-defence/kulla/internal/source/row"
)

// A parser reads blocks for one worker.
type parser struct {
	event   event.Event
	row     row.Row
	cells   row.Separated
	hosts   format.Names
	decoded []byte
	scratch []byte
	place   charset.Place
	opener  opener
}

func newParser(json *format.Format) *parser {
	p := &parser{opener: newOpener(json)}
	p.event.Values = &p.row
	return p
}

// Parse implements format.Parser.
func (p *parser) Parse(block *format.Block, out format.Output) error {
	h := block.State.(*header)
	p.place = charset.Place{Encoding: h.encoding, Offset: block.Offset, Line: block.Line}
	text := block.Data
	if h.encoding != charset.UTF8 {
		p.decoded = h.encoding.Decode(p.decoded[:0], text)
		text = p.decoded
	}
	skip := 0
	if block.First {
		skip = h.skip
		if bytes.HasPrefix(text, charset.Mark) {
			p.place.Move(charset.Mark)
			text = text[len(charset.Mark):]
		}
	}
	for len(text) > 0 {
		end := recordEnd(text, h.separator)
		whole := text[:min(end+1, len(text))]
		text = text[len(whole):]
		if skip--; skip < 0 {
			if err := p.record(h, block.Source, trimmed(whole[:end]), out); err != nil {
				return err
			}
		}
		p.place.Move(whole)
	}
	return nil
}

// record makes an event of one record.
func (p *parser) record(h *header, source *event.Source, record []byte, out format.Output) error {
	if len(record) == 0 {
		return nil
	}
	p.cells.Cut(record, h.separator)
	if h.repeats(p.cells.Values) {
		return nil
	}
	p.fill(h, record, out)
	p.event.Layout = h.layout
	p.event.Provenance.Source = source
	p.event.Provenance.Offset, p.event.Provenance.Line = p.place.Offset, p.place.Line
	p.event.Provenance.Size = p.place.Encoding.EncodedSize(record)
	if h.opened {
		return p.opener.open(h, &p.event, &p.row, out)
	}
	return out.Event(&p.event)
}

// fill takes the values of a record.
func (p *parser) fill(h *header, record []byte, out format.Output) {
	values, want := p.cells.Values, len(h.names)
	for len(values) > want && len(values[len(values)-1]) == 0 {
		values = values[:len(values)-1] // records may end with separators
	}
	if len(values) != want {
		out.Problem(format.Problem{Offset: p.place.Offset, Line: p.place.Line, Reason: fmt.Sprintf("record has %d values where the header has %d", len(values), want)})
		values = values[:min(len(values), want)]
	}
	p.row.Reset()
	for _, value := range values {
		p.row.Add(value)
	}
	for len(p.row.Cells) < want {
		p.row.AddAbsent()
	}
	if !p.cells.Unescaped {
		p.row.Raw = record
	}
	p.when(h, out)
	p.event.Host, p.event.Provenance.RecordID = "", 0
	if h.host >= 0 {
		host, _, _ := bytes.Cut(p.row.Cells[h.host].Text, []byte{' '})
		p.event.Host = p.hosts.String(host)
	}
	if h.recordID >= 0 {
		if n, err := strconv.ParseUint(string(p.row.Cells[h.recordID].Text), 10, 64); err == nil {
			p.event.Provenance.RecordID = n
		}
	}
}

// when sets the time: the first that states its zone, else the first that does
// not, else what stands in the first column for it.
func (p *parser) when(h *header, out format.Output) {
	p.event.Time, p.event.TimeText = time.Time{}, ""
	best, from := noTime, []byte(nil)
	for _, column := range h.times {
		text := p.row.Cells[column.column].Text
		if column.clock >= 0 {
			p.scratch = append(append(append(p.scratch[:0], text...), ' '), p.row.Cells[column.clock].Text...)
			text = p.scratch
		}
		t, read := parseTime(text, h.order)
		if column.utc && read == withoutZone {
			read = withZone
		}
		if read > best {
			best, from, p.event.Time = read, text, t
		}
		if best == withZone {
			return
		}
		if from == nil && len(text) > 0 {
			from = text
		}
	}
	if p.event.TimeText = string(from); best == ambiguous {
		out.Note("dates such as 3/4/2024 do not say which number is the month; their times are left open")
	}
}
