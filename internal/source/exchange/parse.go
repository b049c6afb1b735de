package exchange

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/source/format"
	"github.com/kulla-defence/kulla/internal/source/line"
	"github.com/kulla-defence/kulla/internal/source/row"
)

// A parser reads blocks for one worker.
type parser struct {
	layouts *row.Layouts
	walker  line.Walker
	header  *header
	hosts   format.Names
	event   event.Event
	row     row.Row
	cells   row.Separated
	// time, host, client, component and action are columns, -1 where there is none.
	time, host, client, component, action int
	// pending is a record whose quotes are open at the end of its line, and
	// joined is the text of the lines it has so far.
	pending line.Line
	joined  []byte
}

func newParser(layouts *row.Layouts) *parser {
	p := &parser{layouts: layouts}
	p.event.Values = &p.row
	return p
}

// Parse implements format.Parser.
func (p *parser) Parse(block *format.Block, out format.Output) error {
	p.use(block.State.(line.State).Format.(*header))
	p.pending = line.Line{}
	err := p.walker.Each(block, func(l line.Line) error {
		if p.pending.Text != nil {
			if !beginsRecord(l.Text) && len(p.joined) < maxJoined {
				return p.join(block.Source, l, out)
			}
			if err := p.flush(block.Source, out); err != nil {
				return err
			}
		}
		return p.line(block.Source, l, out)
	})
	if err != nil {
		return err
	}
	return p.flush(block.Source, out)
}

// line takes a line: a directive, a record, or what begins one.
func (p *parser) line(source *event.Source, l line.Line, out format.Output) error {
	if l.Text[0] == '#' || !p.header.begun {
		p.use(p.header.with(l.Text))
	}
	switch {
	case l.Text[0] == '#' || string(l.Text) == p.header.text:
		return nil
	case p.header.fields == nil:
		out.Problem(l.Problem("line comes before a #Fields directive, which names the columns"))
		return nil
	}
	if p.cells.Cut(l.Text, ','); p.isOpen(l.Text) {
		p.joined = append(p.joined[:0], l.Text...)
		p.pending = l
		p.pending.Text = p.joined
		return nil
	}
	return p.record(source, l, out)
}

// join adds a line to the record that is pending.
func (p *parser) join(source *event.Source, l line.Line, out format.Output) error {
	p.joined = append(append(p.joined, '\n'), l.Text...)
	p.pending.Text, p.pending.Size = p.joined, l.Offset+l.Size-p.pending.Offset
	if p.cells.Cut(p.joined, ','); p.isOpen(p.joined) {
		return nil
	}
	return p.flush(source, out)
}

// flush makes an event of the record that is pending, if there is one.
func (p *parser) flush(source *event.Source, out format.Output) error {
	l := p.pending
	if p.pending = (line.Line{}); l.Text == nil {
		return nil
	}
	p.cells.Cut(l.Text, ',')
	return p.record(source, l, out)
}

// maxJoined bounds a record of several lines.
const maxJoined = 1 << 20

// isOpen says whether the record that was cut lacks values, since a quote is
// not closed in it.
func (p *parser) isOpen(text []byte) bool {
	return len(p.cells.Values) < len(p.header.fields) && bytes.Count(text, []byte{'"'})%2 == 1
}

// beginsRecord says whether a line begins with a directive or a time, and so
// does not go on with the record before.
func beginsRecord(text []byte) bool {
	if len(text) > 0 && text[0] == '#' {
		return true
	}
	return len(text) > 4 && text[4] == '-' && len(bytes.Trim(text[:4], "0123456789")) == 0
}

// record passes on the record that was cut.
func (p *parser) record(source *event.Source, l line.Line, out format.Output) error {
	p.event.Provenance = event.Provenance{Source: source, Offset: l.Offset, Size: l.Size, Line: l.Number}
	p.entry(l, out)
	return out.Event(&p.event)
}

// use takes up what the lines before said.
func (p *parser) use(h *header) {
	if p.header == h {
		return
	}
	p.header, p.time, p.host, p.client, p.component, p.action = h, 0, -1, -1, -1, -1
	var names [][]byte
	for i, name := range h.fields {
		names = append(names, []byte(name))
		switch strings.ToLower(strings.TrimPrefix(name, "#")) {
		case "date-time", "datetime", "timestamp":
			p.time = i
		case "server-hostname", "serverhostname", "servername":
			p.host = i
		case "client-hostname":
			p.client = i
		case "source":
			p.component = i
		case "event-id":
			p.action = i
		}
	}
	p.event.Layout = p.layouts.Of(row.LogSource{Product: "exchange", Service: h.service()}, names)
}

// entry fills the event from the values of one record.
func (p *parser) entry(l line.Line, out format.Output) {
	values, want := p.cells.Values, len(p.header.fields)
	for len(values) > want && len(values[len(values)-1]) == 0 {
		values = values[:len(values)-1] // lines may end with commas
	}
	if len(values) != want {
		out.Problem(l.Problem(fmt.Sprintf("line has %d fields where the header has %d", len(values), want)))
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
		p.row.Raw = l.Text
	}
	p.place(values)
}

// place sets the time and the host of the event.
func (p *parser) place(values [][]byte) {
	p.event.Time, p.event.TimeText, p.event.Host = time.Time{}, "", ""
	if p.time < len(values) {
		t, ok := parseTime(values[p.time])
		if p.event.Time = t; !ok {
			p.event.TimeText = string(values[p.time])
		}
	}
	host := p.host
	if p.sends(values) {
		host = p.client
	}
	if host >= 0 && host < len(values) && len(values[host]) > 0 {
		p.event.Host = p.hosts.String(values[host])
	}
}

// sends says whether a message is tracked that the server hands on by SMTP: it
// is the client then, and the server is another.
// https://learn.microsoft.com/exchange/mail-flow/transport-logs/message-tracking
func (p *parser) sends(values [][]byte) bool {
	return p.client >= 0 && p.component >= 0 && p.action >= 0 && max(p.client, p.component, p.action) < len(values) &&
		string(values[p.component]) == "SMTP" && bytes.HasPrefix(values[p.action], []byte("SEND"))
}

// parseTime reads 2024-01-31T15:04:05.123Z.
func parseTime(text []byte) (time.Time, bool) {
	if len(text) < 20 || len(text) > 35 || slices.Index(text, 'T') != 10 {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339Nano, string(text))
	return t.UTC(), err == nil
}
