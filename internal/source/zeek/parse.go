package zeek

import (
	"bytes"
	"fmt"
	"time"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/source/format"
	"github.com/kulla-defence/kulla/internal/source/line"
	"github.com/kulla-defence/kulla/internal/source/row"
)

// A parser reads blocks for one worker.
type parser struct {
	walker line.Walker
	finder row.Finder
	event  event.Event
	row    row.Row
	names  [][]byte
	// text holds what was unescaped of the current line.
	text   []byte
	header *header
	plain  plain
}

// plain is the layout of lines in which every set has at most one element.
type plain struct {
	header *header
	layout *event.Layout
}

func newParser(layouts *row.Layouts) *parser {
	p := &parser{finder: row.Finder{Layouts: layouts}}
	p.event.Values = &p.row
	return p
}

// Parse implements format.Parser.
func (p *parser) Parse(block *format.Block, out format.Output) error {
	p.header = block.State.(line.State).Format.(*header)
	return p.walker.Each(block, func(l line.Line) error {
		if l.Text[0] == '#' {
			p.header = p.header.apply(l.Text)
			return nil
		}
		if len(p.header.fields) == 0 {
			out.Problem(format.Problem{Offset: l.Offset, Line: l.Number, Lost: l.Size, Reason: "line comes before a #fields header, which names the columns"})
			return nil
		}
		return p.line(block.Source, l, out)
	})
}

// line passes on the event of one line.
func (p *parser) line(source *event.Source, l line.Line, out format.Output) error {
	found, expanded := p.fill(l.Text)
	if want := len(p.header.fields); found != want {
		out.Problem(format.Problem{Offset: l.Offset, Line: l.Number, Reason: fmt.Sprintf("line has %d columns where the header has %d", found, want)})
	}
	p.event.Layout = p.layout(expanded)
	p.event.Provenance = event.Provenance{Source: source, Offset: l.Offset, Size: l.Size, Line: l.Number}
	return out.Event(&p.event)
}

// fill puts the columns of a line into the row. It returns how many there are,
// and whether a set has several elements.
func (p *parser) fill(text []byte) (found int, expanded bool) {
	h, rest, more := p.header, text, true
	p.row.Reset()
	p.row.Raw, p.text = text, p.text[:0]
	p.names = p.names[:0]
	p.event.Time, p.event.TimeText = time.Time{}, ""
	escaped := bytes.IndexByte(text, '\\') >= 0
	if escaped {
		p.row.Raw = nil
	}
	for column, name := range h.fields {
		if !more {
			p.names = append(p.names, name)
			p.row.AddAbsent()
			continue
		}
		var value []byte
		value, rest, more = cut(rest, h.separator)
		found++
		if column == h.time {
			p.setTime(value)
		}
		if h.isSet(column) {
			expanded = p.elements(name, value, escaped) || expanded
			continue
		}
		p.names = append(p.names, name)
		p.add(value, escaped)
	}
	if more {
		found += 1 + bytes.Count(rest, h.separator)
	}
	return found, expanded
}

// cut is bytes.Cut, faster where the separator is one byte.
func cut(text, separator []byte) (before, after []byte, found bool) {
	if len(separator) != 1 {
		return bytes.Cut(text, separator)
	}
	if at := bytes.IndexByte(text, separator[0]); at >= 0 {
		return text[:at], text[at+1:], true
	}
	return text, nil, false
}

// add appends one value to the row.
func (p *parser) add(value []byte, escaped bool) {
	switch {
	case bytes.Equal(value, p.header.unset):
		p.row.AddNull()
	case bytes.Equal(value, p.header.empty):
		p.row.Add(nil)
	default:
		p.row.Add(p.unescaped(value, escaped))
	}
}

// unescaped is a value without escapes, in p.text where there were some. What
// was put there earlier stays valid when it grows.
func (p *parser) unescaped(value []byte, escaped bool) []byte {
	if !escaped || bytes.IndexByte(value, '\\') < 0 {
		return value
	}
	begin := len(p.text)
	p.text = unescape(p.text, value)
	return p.text[begin:len(p.text):len(p.text)]
}

// elements appends the elements of a set as columns of the same name, and says
// whether there are several. Their number is made up to a power of two with
// absent ones, so that there are few layouts.
func (p *parser) elements(name, value []byte, escaped bool) bool {
	set := p.header.setSeparator
	if len(set) == 0 || bytes.Equal(value, p.header.unset) || bytes.Equal(value, p.header.empty) || !bytes.Contains(value, set) {
		p.names = append(p.names, name)
		p.add(value, escaped)
		return false
	}
	begin := len(p.names)
	for more := true; more; {
		element := value
		if len(p.names) < 2*maxFields { // the rest stays together
			element, value, more = cut(value, set)
		} else {
			more = false
		}
		p.names = append(p.names, name)
		p.add(element, escaped)
	}
	for n := len(p.names) - begin; n&(n-1) != 0; n++ {
		p.names = append(p.names, name)
		p.row.AddAbsent()
	}
	return true
}

// layout returns the layout of the row.
func (p *parser) layout(expanded bool) *event.Layout {
	source := row.LogSource{Product: "zeek", Service: p.header.path}
	if expanded {
		return p.finder.Of(source, p.names)
	}
	if p.plain.header != p.header {
		p.plain = plain{p.header, p.finder.Of(source, p.names)}
	}
	return p.plain.layout
}

// setTime sets the time of the event: seconds since 1970, or what is written
// where it is no number.
func (p *parser) setTime(text []byte) {
	if seconds, nanoseconds, ok := epoch(text); ok {
		p.event.Time = time.Unix(seconds, nanoseconds).UTC()
	} else if !bytes.Equal(text, p.header.unset) {
		p.event.TimeText = string(text)
	}
}

// epoch reads decimal seconds with up to nine digits after the point.
func epoch(text []byte) (seconds, nanoseconds int64, ok bool) {
	unit := int64(0)
	for i, c := range text {
		switch {
		case c == '.' && unit == 0 && i > 0:
			unit = 1_000_000_000
		case c < '0' || c > '9' || i > 24:
			return 0, 0, false
		case unit == 0 && seconds > 1<<36: // past the year 4000
			return 0, 0, false
		case unit == 0:
			seconds = 10*seconds + int64(c-'0')
		default:
			unit /= 10
			nanoseconds += unit * int64(c-'0')
		}
	}
	return seconds, nanoseconds, len(text) > 0
}
