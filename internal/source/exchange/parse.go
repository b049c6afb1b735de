package exchange

import (
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
	// time and host are columns, -1 where there is none.
	time, host int
}

func newParser(layouts *row.Layouts) *parser {
	p := &parser{layouts: layouts}
	p.event.Values = &p.row
	return p
}

// Parse implements format.Parser.
func (p *parser) Parse(block *format.Block, out format.Output) error {
	p.use(block.State.(line.State).Format.(*header))
	return p.walker.Each(block, func(l line.Line) error {
		if l.Text[0] == '#' || !p.header.begun {
			p.use(p.header.with(l.Text))
		}
		switch {
		case l.Text[0] == '#' || string(l.Text) == p.header.text:
			return nil
		case p.header.fields == nil:
			out.Problem(problem(l, "line comes before a #Fields directive, which names the columns"))
			return nil
		}
		p.event.Provenance = event.Provenance{Source: block.Source, Offset: l.Offset, Size: l.Size, Line: l.Number}
		p.entry(l, out)
		return out.Event(&p.event)
	})
}

func problem(l line.Line, reason string) format.Problem {
	return format.Problem{Offset: l.Offset, Line: l.Number, Reason: reason}
}

// use takes up what the lines before said.
func (p *parser) use(h *header) {
	if p.header == h {
		return
	}
	p.header, p.time, p.host = h, 0, -1
	var names [][]byte
	for i, name := range h.fields {
		names = append(names, []byte(name))
		switch strings.ToLower(strings.TrimPrefix(name, "#")) {
		case "date-time", "datetime", "timestamp":
			p.time = i
		case "server-hostname", "serverhostname", "servername":
			p.host = i
		}
	}
	p.event.Layout = p.layouts.Of(row.LogSource{Product: "exchange", Service: h.service()}, names)
}

// entry fills the event from one line.
func (p *parser) entry(l line.Line, out format.Output) {
	p.cells.Cut(l.Text, ',')
	values, want := p.cells.Values, len(p.header.fields)
	for len(values) > want && len(values[len(values)-1]) == 0 {
		values = values[:len(values)-1] // lines may end with commas
	}
	if len(values) != want {
		out.Problem(problem(l, fmt.Sprintf("line has %d fields where the header has %d", len(values), want)))
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
	if p.host >= 0 && p.host < len(values) && len(values[p.host]) > 0 {
		p.event.Host = p.hosts.String(values[p.host])
	}
}

// parseTime reads 2024-01-31T15:04:05.123Z.
func parseTime(text []byte) (time.Time, bool) {
	if len(text) < 20 || len(text) > 35 || slices.Index(text, 'T') != 10 {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339Nano, string(text))
	return t.UTC(), err == nil
}
