// Package exchange reads the text logs of Microsoft Exchange Server: message
// tracking, HttpProxy, EWS, the protocol logs of IMAP, POP and SMTP,
// connectivity, and any other with the same directives.
//
// They have the directives of the W3C format, and comma-separated lines.
// Exchange's audit of administrators is no file of its own: it is exported, and
// read by package csvlog or jsonlog.
//
// Begin with Format, then header.with and parser.entry.
package exchange

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
		Name:      "exchange",
		Recognise: recognise,
		NewSplitter: func(options format.Options) format.Splitter {
			return &splitter{lines: line.NewSplitter(options, line.Before(new(header), (*header).after))}
		},
		NewParser: func() format.Parser { return newParser(layouts) },
	}
}

// recognise wants the name of the software in the first two lines, or a line of
// a protocol log whose header was cut off.
func recognise(head []byte) bool {
	text := bytes.TrimLeft(line.Head(head), "\r\n")
	first, rest, _ := bytes.Cut(text, []byte{'\n'})
	second, _, _ := bytes.Cut(rest, []byte{'\n'})
	software := []byte("#Software: Microsoft Exchange")
	if bytes.HasPrefix(first, software) || bytes.HasPrefix(second, software) && fieldNames(string(bytes.TrimSpace(first))) != nil {
		return true
	}
	_, fields := headless(bytes.TrimSuffix(first, []byte{'\r'}))
	return fields != ""
}
