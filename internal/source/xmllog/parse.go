package xmllog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strconv"
	"time"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/source/charset"
	"github.com/kulla-defence/kulla/internal/source/eventxml"
	"github.com/kulla-defence/kulla/internal/source/format"
	"github.com/kulla-defence/kulla/internal/source/row"
)

// A parser reads blocks for one worker.
type parser struct {
	layouts *row.Layouts
	scanner eventxml.Scanner
	visit   func(eventxml.Field) error
	event   event.Event
	row     row.Row
	hosts   format.Names
	decoded []byte
	// text holds the values that had references, names and sizes the names of
	// the columns, one behind the other.
	text, names []byte
	sizes       []int
	known       map[string]*shape
	knownSize   int
	place       charset.Place
}

func newParser(layouts *row.Layouts) *parser {
	p := &parser{layouts: layouts, known: map[string]*shape{}}
	p.event.Values = &p.row
	p.visit = p.column
	return p
}

// Parse implements format.Parser.
func (p *parser) Parse(block *format.Block, out format.Output) error {
	p.place = charset.Place{Encoding: block.State.(charset.Encoding), Offset: block.Offset, Line: block.Line}
	text := block.Data
	if p.place.Encoding != charset.UTF8 {
		p.decoded = p.place.Encoding.Decode(p.decoded[:0], text)
		text = p.decoded
	}
	if block.First && bytes.HasPrefix(text, charset.Mark) {
		p.place.Move(charset.Mark)
		text = text[len(charset.Mark):]
	}
	for {
		end := bytes.Index(text, endTag)
		if end < 0 {
			p.outside(text, out)
			return nil
		}
		end += len(endTag)
		if err := p.element(block.Source, text[:end], out); err != nil {
			return err
		}
		text = text[end:]
	}
}

// element takes the text up to the end of an event. When it cannot be read from
// its first start tag on, it may from its last: the event before was cut off.
func (p *parser) element(source *event.Source, text []byte, out format.Output) error {
	start := max(nextStart(text, 0), 0)
	p.outside(text[:start], out)
	text = text[start:]
	fault := p.scan(text)
	if fault != "" {
		if last := lastStart(text); last > 0 {
			p.lose(text[:last], string(eventxml.Truncated), out)
			text = text[last:]
			fault = p.scan(text)
		}
	}
	if fault != "" {
		p.lose(text, string(fault), out)
		return nil
	}
	p.fill()
	p.row.Raw = text
	if len(p.text) > 0 {
		p.row.Raw = nil
	}
	p.event.Provenance.Source, p.event.Provenance.Offset, p.event.Provenance.Line = source, p.place.Offset, p.place.Line
	p.place.Move(text)
	p.event.Provenance.Size = p.place.Offset - p.event.Provenance.Offset
	return out.Event(&p.event)
}

// outside passes over what stands between events, and reports what does not
// belong there.
func (p *parser) outside(text []byte, out format.Output) {
	for rest := text; ; {
		rest = rest[between(rest):]
		switch {
		case len(rest) == 0:
			p.place.Move(text)
			return
		case bytes.HasPrefix(rest, []byte("<Events")) || bytes.HasPrefix(rest, []byte("</Events")):
			if end := bytes.IndexByte(rest, '>'); end > 0 {
				rest = rest[end+1:]
				continue
			}
		}
		p.place.Move(text[:len(text)-len(rest)])
		reason := "not an event"
		if isStart(rest) {
			reason = string(eventxml.Truncated)
		}
		p.lose(rest, reason, out)
		return
	}
}

// lose reports a text as lost, and passes over it.
func (p *parser) lose(text []byte, reason string, out format.Output) {
	problem := format.Problem{Offset: p.place.Offset, Line: p.place.Line, Reason: reason}
	switch eventxml.Fault(reason) {
	case eventxml.Deep:
		problem.Limit = "nesting"
	case tooMany:
		problem.Limit = "fields"
	}
	p.place.Move(text)
	problem.Lost = p.place.Offset - problem.Offset
	out.Problem(problem)
}

// maxFields bounds the columns of one event.
const maxFields = 1 << 14

// tooMany is a fault of this package: a limit, too.
const tooMany eventxml.Fault = "more than 16384 fields"

var errTooMany = errors.New(string(tooMany))

// scan fills the row from the text of an event.
func (p *parser) scan(text []byte) eventxml.Fault {
	p.row.Reset()
	p.text, p.names, p.sizes = p.text[:0], p.names[:0], p.sizes[:0]
	size, fault, err := p.scanner.Scan(text, p.visit)
	switch {
	case err != nil:
		return tooMany
	case fault == "" && size < len(text):
		return eventxml.Malformed
	}
	return fault
}

// column takes one field.
func (p *parser) column(f eventxml.Field) error {
	if len(p.row.Cells) == maxFields {
		return errTooMany
	}
	p.names = append(p.names, f.Name...)
	p.names = binary.AppendUvarint(p.names, uint64(len(f.Name)))
	p.sizes = append(p.sizes, len(f.Name))
	switch {
	case f.Empty:
		p.row.AddNull()
	case bytes.IndexByte(f.Text, '&') >= 0 || bytes.IndexByte(f.Text, '<') >= 0:
		from := len(p.text)
		p.text = eventxml.AppendText(p.text, f.Text)
		p.row.Add(p.text[from:])
	default:
		p.row.Add(f.Text)
	}
	return nil
}

// fill makes an event of the row.
func (p *parser) fill() {
	s := p.shape()
	p.event.Layout = s.layout
	if s.channel >= 0 && string(p.row.Cells[s.channel].Text) == sysmonForLinux {
		p.event.Layout = s.linux
	}
	p.event.Time, p.event.TimeText, p.event.Host, p.event.Provenance.RecordID = time.Time{}, "", "", 0
	if s.time >= 0 {
		text := p.row.Cells[s.time].Text
		if p.event.Time.UnmarshalText(text) != nil {
			p.event.Time, p.event.TimeText = time.Time{}, string(text)
		}
		p.event.Time = p.event.Time.UTC()
	}
	if s.host >= 0 {
		p.event.Host = p.hosts.String(p.row.Cells[s.host].Text)
	}
	if s.recordID >= 0 {
		p.event.Provenance.RecordID = number(p.row.Cells[s.recordID].Text)
	}
}

// number reads a decimal number, 0 when it is none.
func number(text []byte) uint64 {
	if len(text) > 20 {
		return 0
	}
	n, err := strconv.ParseUint(string(text), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// A shape is what is known of all events with the same columns.
type shape struct {
	layout, linux *event.Layout
	// These are columns, -1 where there is none.
	channel, time, host, recordID int
}

// sysmonForLinux is the channel of events that are not of Windows.
const sysmonForLinux = "Linux-Sysmon/Operational"

// maxKnown bounds the bytes of names that are remembered. A crafted log may have
// new ones in each event.
const maxKnown = 4 << 20

func (p *parser) shape() *shape {
	if known := p.known[string(p.names)]; known != nil {
		return known
	}
	if p.knownSize += len(p.names) + 256; p.knownSize > maxKnown {
		clear(p.known)
		p.knownSize = len(p.names)
	}
	names := make([][]byte, len(p.sizes))
	at := 0
	for i, size := range p.sizes {
		names[i] = p.names[at : at+size]
		at += size + len(binary.AppendUvarint(nil, uint64(size)))
	}
	made := &shape{
		layout: p.layouts.Of(row.LogSource{Product: "windows"}, names), linux: p.layouts.Of(row.LogSource{Product: "linux"}, names),
		channel: column(names, "Channel"), time: column(names, "TimeCreated_SystemTime"), host: column(names, "Computer"), recordID: column(names, "EventRecordID"),
	}
	p.known[string(p.names)] = made
	return made
}

// column finds the first column of a name, -1 when there is none.
func column(names [][]byte, name string) int {
	for i := range names {
		if string(names[i]) == name {
			return i
		}
	}
	return -1
}
