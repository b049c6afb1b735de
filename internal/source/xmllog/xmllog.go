// Package xmllog reads events of Windows that were saved as XML: what wevtutil
// and kulla dump write, one Event after another, and what the Event Viewer
// saves, the same inside of Events.
//
// A block is one or more whole Event elements. Columns have the names that they
// have in an EVTX file. Package eventxml goes over the elements of one event;
// this one finds the events. Begin with Format, then splitter.Split and
// parser.Parse.
package xmllog

import (
	"bytes"

	"github.com/kulla-defence/kulla/internal/source/format"
	"github.com/kulla-defence/kulla/internal/source/line"
	"github.com/kulla-defence/kulla/internal/source/row"
)

// Format returns the format. Its parsers share their layouts.
func Format() *format.Format {
	layouts := row.NewLayouts()
	return &format.Format{
		Name:        "xml",
		Recognise:   recognise,
		NewSplitter: func(options format.Options) format.Splitter { return &splitter{limit: options.Record} },
		NewParser:   func() format.Parser { return newParser(layouts) },
	}
}

// namespace is that of events. See [MS-EVEN6] section 2.2.17.
var namespace = []byte("http://schemas.microsoft.com/win/2004/08/events/event")

// recognise wants an Event with the namespace of events, or Events around one,
// behind nothing but the declaration, comments and white space.
func recognise(head []byte) bool {
	text := line.Head(head)
	text = text[between(text):]
	if rest, ok := bytes.CutPrefix(text, []byte("<Events")); ok {
		end := bytes.IndexByte(rest, '>')
		if end < 0 || end > 0 && rest[0] > ' ' {
			return false
		}
		rest = rest[end+1:]
		rest = rest[between(rest):]
		return len(rest) == 0 || isStart(rest)
	}
	if !isStart(text) {
		return false
	}
	tag, _, _ := bytes.Cut(text, []byte{'>'})
	return bytes.Contains(tag, namespace)
}

// between returns the size of what may stand between events at the beginning of
// a text: white space, comments, and declarations.
func between(text []byte) int {
	at := 0
	for {
		at += len(text[at:]) - len(bytes.TrimLeft(text[at:], " \t\r\n"))
		size := 0
		for _, markup := range [][2]string{{"<?", "?>"}, {"<!--", "-->"}} {
			if bytes.HasPrefix(text[at:], []byte(markup[0])) {
				size = bytes.Index(text[at:], []byte(markup[1])) + len(markup[1])
				break
			}
		}
		if size <= 3 { // none, or not closed
			return at
		}
		at += size
	}
}
