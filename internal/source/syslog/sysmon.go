package syslog

import (
	"bytes"
	"time"

	"github.com/kulla-defence/kulla/internal/source/eventxml"
	"github.com/kulla-defence/kulla/internal/source/row"
)

// isEventXML says whether a message is an event as XML, as Sysmon for Linux
// writes it, and agents that forward the events of Windows.
func isEventXML(text []byte) bool {
	return bytes.HasPrefix(text, []byte("<Event>")) || bytes.HasPrefix(text, []byte("<Event "))
}

// linuxChannel begins the channels of Sysmon for Linux.
const linuxChannel = "Linux-"

// eventXML adds the columns of an event. One that was cut off, since senders
// and servers bound the size of a message, has the columns as far as they go.
func (p *parser) eventXML(text []byte) {
	p.source = row.LogSource{Product: "windows"}
	p.logged, p.happened = time.Time{}, time.Time{}
	_, fault, _ := p.xml.Scan(text, p.visitField)
	if p.fault = string(fault); fault == eventxml.Truncated {
		p.cutOff(text)
	}
	if p.happened.IsZero() {
		p.happened = p.logged
	}
	if !p.happened.IsZero() {
		p.event.Time, p.event.TimeText = p.happened, ""
	}
}

// field adds a column of an event as XML. What is too much is left out.
func (p *parser) field(f eventxml.Field) error {
	value := p.xmlText(f.Text)
	p.addOrNull(f.Name, value, f.Empty)
	switch string(f.Name) {
	case "Channel":
		if bytes.HasPrefix(value, []byte(linuxChannel)) {
			p.source.Product = "linux"
		}
	case "Computer":
		p.event.Host = p.names.String(value)
	case "TimeCreated_SystemTime":
		p.logged = timeOf(value)
	case "UtcTime":
		p.happened = timeOf(value)
	}
	return nil
}

// cutOff adds the beginning of the value that an event ends in. It is often a
// command line, and what there is of it is worth having.
func (p *parser) cutOff(text []byte) {
	last := text[bytes.LastIndexByte(text, '<'):]
	rest, isData := bytes.CutPrefix(last, []byte(`<Data Name="`))
	if name, value, found := bytes.Cut(rest, []byte(`">`)); isData && found {
		p.addNamed(name, p.xmlText(value))
	}
}

// xmlText is the text of an element, undone where there is something to undo.
func (c *columns) xmlText(text []byte) []byte {
	if bytes.IndexByte(text, '&') < 0 && bytes.IndexByte(text, '<') < 0 {
		return text
	}
	c.row.Raw = nil
	begin := len(c.text)
	c.text = eventxml.AppendText(c.text, text)
	return c.text[begin:len(c.text):len(c.text)]
}

// timeOf reads a time that is UTC, whether it says so or not; zero is none.
func timeOf(text []byte) time.Time {
	s, _, ok := parseStamp(text)
	if !ok || s.year == 0 {
		return time.Time{}
	}
	t, _ := s.time(s.year)
	return t
}
