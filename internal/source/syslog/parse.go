package syslog

import (
	"bytes"
	"time"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/source/eventxml"
	"github.com/kulla-defence/kulla/internal/source/format"
	"github.com/kulla-defence/kulla/internal/source/line"
	"github.com/kulla-defence/kulla/internal/source/row"
)

// A parser reads blocks for one worker.
type parser struct {
	columns
	walker line.Walker
	event  event.Event
	// source is the log source of the current message.
	source row.LogSource
	clock  clock
	// timeTexts are the last ones that were needed: a message may hold a time
	// beside that of its header.
	timeTexts [2]string
	// assumed is what had to be assumed of a message, for a note.
	assumed string
	xml     eventxml.Scanner
	// visitField is the method field; logged and happened are what an event as
	// XML says of its time.
	visitField       func(eventxml.Field) error
	logged, happened time.Time
	// fault is what is wrong with the current message.
	fault string
}

func newParser(layouts *row.Layouts) *parser {
	p := &parser{columns: columns{layouts: layouts}}
	p.event.Values, p.visitField = &p.row, p.field
	return p
}

// Parse implements format.Parser.
func (p *parser) Parse(block *format.Block, out format.Output) error {
	visit := func(l line.Line) error { return p.line(block.Source, l, out) }
	if state, ok := block.State.(framed); ok {
		p.clock = state.clock
		return eachFrame(block, out, visit)
	}
	p.clock = block.State.(line.State).Format.(clock)
	return p.walker.Each(block, visit)
}

// line passes on the event of one message. A line without a header is one, too:
// messages may have several lines.
func (p *parser) line(source *event.Source, l line.Line, out format.Output) error {
	h, ok := parseHeader(l.Text)
	if !ok {
		h.body, h.rest, h.program = l.Text, l.Text, nil
		if !isBare(l.Text) {
			out.Note("lines without a header of syslog are read as messages without time and host")
		}
	}
	p.begin(l.Text)
	p.setTime(&h)
	p.event.Host = p.names.String(h.host)
	p.header(&h)
	p.source = row.LogSource{Product: "linux", Service: "syslog"}
	p.fault = ""
	p.message(&h)
	if p.assumed != "" {
		out.Note(p.assumed)
		p.assumed = ""
	}
	p.addMessage(h.body)
	if h.stamped && p.event.Time.IsZero() && h.stamp.year == 0 && p.clock.year == 0 {
		out.Note("times state no year; they are left open unless the year of the first record is given")
	}
	if p.fault != "" {
		out.Problem(format.Problem{Offset: l.Offset, Line: l.Number, Reason: "event in the message is read as far as it goes: " + p.fault})
	}
	p.event.Layout = p.layout(p.source)
	p.event.Provenance = event.Provenance{Source: source, Offset: l.Offset, Size: l.Size, Line: l.Number}
	return out.Event(&p.event)
}

// setTime sets the time of the event from the header.
func (p *parser) setTime(h *header) {
	p.event.Time, p.event.TimeText = time.Time{}, ""
	if !h.stamped {
		return
	}
	year := h.stamp.year
	if year == 0 {
		year = p.clock.follow(h.stamp.month)
	}
	if year != 0 {
		if t, ok := h.stamp.time(year); ok {
			p.event.Time = t
		}
	}
	if !h.stamp.zoned || p.event.Time.IsZero() {
		p.event.TimeText = p.kept(h.stamp.text)
	}
}

// kept returns a text of a time, which is often that of the event before.
func (p *parser) kept(text []byte) string {
	if p.timeTexts[0] != string(text) {
		p.timeTexts[0], p.timeTexts[1] = p.timeTexts[1], p.timeTexts[0]
		if p.timeTexts[0] != string(text) {
			p.timeTexts[0] = string(text)
		}
	}
	return p.timeTexts[0]
}

// header adds the columns of the header.
func (p *parser) header(h *header) {
	if h.priority >= 0 {
		p.addWord("facility", facilities[h.priority/8])
		p.addWord("severity", severities[h.priority%8])
	}
	p.addSome("hostname", h.host)
	p.addSome("program", h.program)
	p.addSome("pid", h.process)
	p.addSome("msgid", h.kindID)
	if len(h.structured) > 0 {
		p.structured(h.structured)
	}
}

// structured adds each parameter as ID.NAME; the ID is without the number of
// the enterprise (RFC 5424 section 6.3.2).
func (p *parser) structured(text []byte) {
	for len(text) > 0 {
		size := elementSize(text)
		element := text[1 : size-1]
		text = text[size:]
		id, rest, _ := bytes.Cut(element, []byte{' '})
		id, _, _ = bytes.Cut(id, []byte{'@'})
		for len(rest) > 0 {
			var name, value []byte
			if name, value, rest = p.parameter(rest); name == nil {
				break
			}
			begin := len(p.text)
			p.text = append(append(append(p.text, id...), '.'), name...)
			p.addNamed(p.text[begin:], value)
		}
	}
}

// parameter reads name="value", in which a backslash stands before a quote, a
// backslash and a bracket.
func (p *parser) parameter(text []byte) (name, value, rest []byte) {
	name, text, found := bytes.Cut(skipSpaces(text), []byte(`="`))
	if !found {
		return nil, nil, nil
	}
	end := 0
	for end < len(text) && text[end] != '"' {
		if text[end] == '\\' {
			end++
		}
		end++
	}
	end = min(end, len(text))
	return name, p.unescaped(text[:end]), text[min(end+1, len(text)):]
}

// unescaped is a text without the backslashes before quotes, backslashes,
// brackets, pipes and signs of equality.
func (c *columns) unescaped(text []byte) []byte {
	if bytes.IndexByte(text, '\\') < 0 {
		return text
	}
	c.row.Raw = nil
	begin := len(c.text)
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) && bytes.IndexByte([]byte(`"\]|=`), text[i+1]) >= 0 {
			i++
		}
		c.text = append(c.text, text[i])
	}
	return c.text[begin:len(c.text):len(c.text)]
}

// The names of RFC 5424 section 6.2.1, as they are written on Linux.
var (
	facilities = [24]string{"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
		"ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"}
	severities = [8]string{"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"}
)
