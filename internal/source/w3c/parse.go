package w3c

import (
	"bytes"
	"fmt"
	"slices"
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
	plan    *plan
	hosts   format.Names
	event   event.Event
	row     row.Row
	values  [][]byte
	// text is the line and, behind it, what is computed of it.
	text []byte
	days days
	// written is the time as the line has it.
	written []byte
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
		switch {
		case l.Text[0] == '#':
			p.use(p.header.with(l.Text))
			return nil
		case l.Text[0] == 0 && len(bytes.Trim(l.Text, "\x00")) == 0:
			out.Note("the log holds zeros where lines should be: the machine stopped before they were written")
			return nil
		case p.plan == nil:
			out.Problem(l.Problem("line comes before a #Fields directive, which names the columns"))
			return nil
		}
		p.event.Provenance = event.Provenance{Source: block.Source, Offset: l.Offset, Size: l.Size, Line: l.Number}
		p.entry(l, out)
		return out.Event(&p.event)
	})
}

// use makes the plan for what directives said, unless it is the one in use.
func (p *parser) use(h *header) {
	if p.header == h {
		return
	}
	p.header = h
	switch {
	case len(h.fields) == 0:
		p.plan = nil
	case p.plan == nil || p.plan.header.software != h.software || p.plan.header.text != h.text || p.plan.header.universal != h.universal:
		p.plan = newPlan(h, p.layouts)
	}
}

// entry fills the event from one line.
func (p *parser) entry(l line.Line, out format.Output) {
	p.values = cut(p.values[:0], l.Text, p.plan.quotes)
	if len(p.values) != p.plan.fields {
		out.Problem(l.Problem(fmt.Sprintf("line has %d fields where the header has %d", len(p.values), p.plan.fields)))
		p.values = p.values[:min(len(p.values), p.plan.fields)]
	}
	p.row.Reset()
	for _, value := range p.values {
		p.row.AddWritten(value)
	}
	for len(p.row.Cells) < p.plan.fields {
		p.row.AddAbsent()
	}
	p.compute(l.Text)
	p.event.Layout, p.event.Host = p.layout(), ""
	if host := p.value(p.plan.host); !isNone(host) {
		p.event.Host = p.hosts.String(host)
	}
	p.setTime(out)
}

// value is that of a column, nil where the line has none.
func (p *parser) value(column int) []byte {
	if column < 0 || column >= len(p.values) {
		return nil
	}
	return p.values[column]
}

func isNone(value []byte) bool { return len(value) == 0 || len(value) == 1 && value[0] == '-' }

func (p *parser) layout() *event.Layout {
	site := p.value(p.plan.site)
	switch {
	case len(site) == 0:
		return p.plan.layout
	case bytes.HasPrefix(site, []byte("MSFTPSVC")), bytes.HasPrefix(site, []byte("FTPSVC")):
		return p.plan.ftp
	case bytes.HasPrefix(site, []byte("SMTPSVC")):
		return p.plan.smtp
	}
	return p.plan.layout
}

// compute adds the columns of plan.withComputed. They are written behind a
// copy of the line, so that a screen sees all values at once.
func (p *parser) compute(text []byte) {
	if p.plan.stem < 0 && p.plan.agent < 0 {
		p.row.Raw = text
		return
	}
	p.text = slices.Grow(p.text[:0], 3*len(text)+4) // no cell moves when the next is appended
	p.text = append(append(p.text, text...), '\n')
	if p.plan.stem >= 0 {
		p.computeURI()
	}
	if p.plan.agent >= 0 {
		p.computeAgent()
	}
	p.row.Raw = p.text
}

func (p *parser) computeURI() {
	stem, query := p.value(p.plan.stem), p.value(p.plan.query)
	if stem == nil {
		p.row.AddAbsent()
		p.row.AddAbsent()
		return
	}
	uri := stem
	if !isNone(query) {
		begin := len(p.text)
		p.text = append(append(append(p.text, stem...), '?'), query...)
		uri = p.text[begin:]
		p.text = append(p.text, '\n')
	}
	p.row.Add(uri)
	p.row.Add(uri)
}

func (p *parser) computeAgent() {
	agent := p.value(p.plan.agent)
	if bytes.IndexByte(agent, '+') < 0 {
		p.row.AddAbsent()
		return
	}
	begin := len(p.text)
	p.text = append(p.text, agent...)
	spaced := p.text[begin:]
	for i, c := range spaced {
		if c == '+' {
			spaced[i] = ' '
		}
	}
	p.row.Cells[p.plan.agent].Text = spaced
	p.row.Add(agent)
}

// cut appends the values of a line. They are parted by blanks, several of which
// count as one, since a value that is not there is written as "-"; or by single
// tabs.
func cut(values [][]byte, text []byte, quotes bool) [][]byte {
	separator := byte(' ')
	if bytes.IndexByte(text, '\t') >= 0 {
		separator = '\t'
	}
	for len(text) > 0 {
		if separator == ' ' && text[0] == ' ' {
			text = text[1:]
			continue
		}
		if len(values) == row.MaxValues-1 {
			return append(values, text)
		}
		end, width := valueEnd(text, separator, quotes)
		if value := text[:end]; quotes && width == 2 {
			values = append(values, value[1:end-1])
		} else {
			values = append(values, value)
		}
		if end == len(text) {
			return values
		}
		text = text[end+1:]
		if len(text) == 0 && separator == '\t' {
			values = append(values, nil)
		}
	}
	return values
}

// valueEnd is where the value at the beginning of text ends, and how many
// quotes enclose it.
func valueEnd(text []byte, separator byte, quotes bool) (end, enclosing int) {
	if quotes && text[0] == '"' {
		for at := 1; ; {
			next := bytes.IndexByte(text[at:], '"')
			if next < 0 {
				break // not closed: a value like any other
			}
			at += next + 1
			if at == len(text) || text[at] == separator {
				return at, 2
			}
		}
	}
	if end = bytes.IndexByte(text, separator); end < 0 {
		end = len(text)
	}
	return end, 0
}

func (p *parser) setTime(out format.Output) {
	p.event.Time, p.event.TimeText = time.Time{}, ""
	date, clock := p.value(p.plan.date), p.value(p.plan.time)
	if p.plan.date < 0 {
		p.setTimeOfDay(clock, out)
		return
	}
	day, known := p.days.of(date)
	since, ok := timeOfDay(clock)
	if known && (ok || p.plan.time < 0) {
		p.event.Time = day.Add(since)
	}
	if p.plan.local || p.event.Time.IsZero() {
		p.written = append(append(append(p.written[:0], date...), ' '), clock...)
		p.event.TimeText = string(bytes.TrimSpace(p.written))
	}
}

// setTimeOfDay sets the time of a line that does not name the day.
func (p *parser) setTimeOfDay(clock []byte, out format.Output) {
	since, ok := timeOfDay(clock)
	if !ok {
		p.event.TimeText = string(clock)
		return
	}
	day, known := p.days.of([]byte(p.header.date))
	if !known {
		out.Note("neither the lines nor a #Date directive name the day: times of events are unknown")
		p.event.TimeText = string(clock)
		return
	}
	out.Note("lines do not name the day: it is that of the #Date directive before them")
	p.event.Time = day.Add(since)
	if p.plan.local {
		p.event.TimeText = p.header.date + " " + string(clock)
	}
}
