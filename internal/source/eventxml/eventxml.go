// Package eventxml goes over one event of Windows as XML, the way wevtutil and
// the Event Viewer write it, and says which columns it has. Sysmon for Linux
// writes the same.
//
// It does not look for events, and makes no event.Event: xmllog does that for
// files, and jsonlog for events inside JSON. Begin with Scanner.Scan.
package eventxml

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// A Field is one column of an event. Its bytes are valid until the next one.
type Field struct {
	// Name is as evtx.Column has it: the leaves of System, attributes as
	// Element_Attribute, Data by its Name, other elements by theirs. Rendered
	// texts are Message and RenderingInfo_Level and the like.
	Name []byte
	// Text is as it stands, with references and CDATA sections: see
	// AppendText. It is a part of the text that is scanned.
	Text []byte
	// Empty says that the element was closed at once: <Data Name="x" />.
	Empty bool
}

// A Fault is why an event could not be read; empty when it could.
type Fault string

// The faults. Deep is a limit, the others are damage.
const (
	Truncated Fault = "event ends too early"
	Malformed Fault = "not valid XML"
	Deep      Fault = "nested more than 32 elements deep"
)

const maxDepth = 32

// A Scanner goes over events, for one goroutine.
type Scanner struct {
	text  []byte
	visit func(Field) error
	name  []byte
	open  [maxDepth]element
	depth int
}

// An element is one whose end was not seen.
type element struct {
	name, label []byte // label is the Name attribute
	content     int    // where its text begins
	children    bool
	attributes  bool
}

// Scan goes over the element that text begins with, and calls visit for each
// column, in order. It returns the size of the element, or the place of the
// fault. An error of visit ends it and is passed on.
func (s *Scanner) Scan(text []byte, visit func(Field) error) (size int, fault Fault, err error) {
	s.text, s.visit, s.depth = text, visit, 0
	for at := 0; ; {
		i := bytes.IndexByte(text[at:], '<')
		if i < 0 {
			return len(text), Truncated, nil
		}
		at += i
		if at, fault, err = s.markup(at); fault != "" || err != nil {
			return at, fault, err
		}
		if s.depth == 0 {
			return at, "", nil
		}
	}
}

// markup takes what a < begins, and returns the place behind it.
func (s *Scanner) markup(at int) (int, Fault, error) {
	rest := s.text[at:]
	switch {
	case bytes.HasPrefix(rest, []byte("<!--")):
		return s.skip(at, "-->")
	case bytes.HasPrefix(rest, []byte("<![CDATA[")):
		return s.skip(at, "]]>")
	case bytes.HasPrefix(rest, []byte("<?")):
		return s.skip(at, "?>")
	case bytes.HasPrefix(rest, []byte("</")):
		return s.endTag(at)
	}
	return s.startTag(at)
}

func (s *Scanner) skip(at int, end string) (int, Fault, error) {
	i := bytes.Index(s.text[at:], []byte(end))
	if i < 0 {
		return len(s.text), Truncated, nil
	}
	return at + i + len(end), "", nil
}

// startTag opens an element.
func (s *Scanner) startTag(at int) (int, Fault, error) {
	if s.depth == maxDepth {
		return at, Deep, nil
	}
	i := at + 1
	for i < len(s.text) && isName(s.text[i]) {
		i++
	}
	if i == at+1 {
		return at, Malformed, nil
	}
	if s.depth > 0 {
		s.open[s.depth-1].children = true
	}
	s.open[s.depth] = element{name: local(s.text[at+1 : i])}
	s.depth++
	return s.attributes(i)
}

// attributes goes over the rest of a start tag.
func (s *Scanner) attributes(i int) (int, Fault, error) {
	e := &s.open[s.depth-1]
	for {
		i = skipSpace(s.text, i)
		switch {
		case i >= len(s.text):
			return i, Truncated, nil
		case s.text[i] == '>':
			e.content = i + 1
			return i + 1, "", nil
		case bytes.HasPrefix(s.text[i:], []byte("/>")):
			err := s.leave(nil, true)
			return i + 2, "", err
		}
		name, value, next, fault := s.attribute(i)
		if fault != "" {
			return next, fault, nil
		}
		if err := s.take(e, name, value); err != nil {
			return next, "", err
		}
		i = next
	}
}

// attribute reads name="value".
func (s *Scanner) attribute(i int) (name, value []byte, next int, fault Fault) {
	start := i
	for i < len(s.text) && isName(s.text[i]) {
		i++
	}
	name = s.text[start:i]
	i = skipSpace(s.text, i)
	if i >= len(s.text) {
		return nil, nil, i, Truncated
	}
	if len(name) == 0 || s.text[i] != '=' {
		return nil, nil, i, Malformed
	}
	if i = skipSpace(s.text, i+1); i >= len(s.text) {
		return nil, nil, i, Truncated
	}
	quote := s.text[i]
	if quote != '"' && quote != '\'' {
		return nil, nil, i, Malformed
	}
	end := bytes.IndexByte(s.text[i+1:], quote)
	if end < 0 {
		return nil, nil, len(s.text), Truncated
	}
	return name, s.text[i+1 : i+1+end], i + end + 2, ""
}

// take keeps the name of a Data element, and makes columns of the other
// attributes within the sections.
func (s *Scanner) take(e *element, name, value []byte) error {
	if s.depth < 2 || bytes.HasPrefix(name, []byte("xmlns")) {
		return nil
	}
	if string(e.name) == "Data" && string(name) == "Name" {
		e.label = value
		return nil
	}
	e.attributes = true
	s.name = append(append(s.column(e, s.depth), '_'), local(name)...)
	if string(s.name) == "Security_UserId" { // Sysmon for Linux
		s.name = append(s.name[:0], "Security_UserID"...)
	}
	return s.visit(Field{Name: s.name, Text: value})
}

// column is the name of an element's column.
func (s *Scanner) column(e *element, depth int) []byte {
	name := s.name[:0]
	if depth > 2 && string(s.open[1].name) == "RenderingInfo" { // its texts are not System's numbers
		name = append(name, "RenderingInfo_"...)
	}
	if depth > 2 && len(e.label) > 0 {
		return AppendText(name, e.label)
	}
	return append(name, e.name...)
}

// endTag closes the element that is open.
func (s *Scanner) endTag(at int) (int, Fault, error) {
	end := bytes.IndexByte(s.text[at:], '>')
	if end < 0 {
		return len(s.text), Truncated, nil
	}
	name := local(s.text[at+2 : at+end])
	if len(name) > 0 && name[len(name)-1] <= ' ' {
		name = bytes.TrimRight(name, " \t\r\n")
	}
	if s.depth == 0 || !bytes.Equal(name, s.open[s.depth-1].name) {
		return at, Malformed, nil
	}
	return at + end + 1, "", s.leave(s.text[s.open[s.depth-1].content:at], false)
}

// leave makes a column of an element without children. One without text is no
// column in System, beside attributes, or when it is a section itself.
func (s *Scanner) leave(text []byte, empty bool) error {
	e, depth := &s.open[s.depth-1], s.depth
	s.depth--
	blank := len(bytes.TrimSpace(text)) == 0
	if e.children || depth < 2 || blank && (depth == 2 || e.attributes || string(s.open[1].name) == "System") {
		return nil
	}
	switch s.name = s.column(e, depth); string(s.name) {
	case "EventData":
		if depth == 2 {
			s.name = append(s.name[:0], "Data"...)
		}
	case "RenderingInfo_Message":
		s.name = append(s.name[:0], "Message"...)
	}
	return s.visit(Field{Name: s.name, Text: text, Empty: empty})
}

func isName(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.' || c == ':' || c >= 0x80
}

// local is a name without its prefix.
func local(name []byte) []byte { return name[bytes.IndexByte(name, ':')+1:] }

func skipSpace(text []byte, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\n' || text[i] == '\r' || text[i] == '\t') {
		i++
	}
	return i
}

// AppendText appends text with its references resolved, its CDATA sections
// opened, and comments left out. What is not valid stays as it stands.
func AppendText(dst, text []byte) []byte {
	for {
		i := bytes.IndexAny(text, "&<")
		if i < 0 {
			return append(dst, text...)
		}
		dst = append(dst, text[:i]...)
		text = text[i:]
		size := 1
		if text[0] == '&' {
			dst, size = appendReference(dst, text)
		} else {
			dst, size = appendSection(dst, text)
		}
		text = text[size:]
	}
}

// appendSection appends the text of a CDATA section, and returns its size.
func appendSection(dst, text []byte) ([]byte, int) {
	if inner, ok := bytes.CutPrefix(text, []byte("<![CDATA[")); ok {
		if end := bytes.Index(inner, []byte("]]>")); end >= 0 {
			return append(dst, inner[:end]...), end + len("<![CDATA[]]>")
		}
	}
	if bytes.HasPrefix(text, []byte("<!--")) {
		if end := bytes.Index(text, []byte("-->")); end >= 0 {
			return dst, end + len("-->")
		}
	}
	return append(dst, '<'), 1
}

// maxReference is the size of the longest reference: &#x10FFFF; with zeros.
const maxReference = 16

func appendReference(dst, text []byte) ([]byte, int) {
	end := bytes.IndexByte(text[:min(len(text), maxReference)], ';')
	if end > 0 {
		if r, ok := Reference(string(text[1:end])); ok {
			return utf8.AppendRune(dst, r), end + 1
		}
	}
	return append(dst, '&'), 1
}

// Reference resolves what stands between & and ; in XML: the five entities and
// the references by number.
func Reference(name string) (rune, bool) {
	switch name {
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "amp":
		return '&', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	if len(name) < 2 || name[0] != '#' {
		return 0, false
	}
	digits, base := name[1:], 10
	if digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 21)
	return rune(n), err == nil
}
