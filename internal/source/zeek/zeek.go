// Package zeek makes events of the tab-separated logs of Zeek, formerly Bro.
//
// A log states its own shape in lines that begin with '#', which come again
// where logs were put together. The splitter follows them through the file, so
// that the parser of any block knows the shape its lines have. Zeek's JSON is
// read by jsonlog.
//
// Source: Zeek, "Log Formats and Inspection" (docs.zeek.org), and the escapes
// of its ASCII writer. Begin with Format, then header.apply and parser.row.
package zeek

import (
	"bytes"

	"github.com/kulla-defence/kulla/internal/source/format"
	"github.com/kulla-defence/kulla/internal/source/line"
	"github.com/kulla-defence/kulla/internal/source/row"
)

// Format returns the format. Its parsers share layouts.
func Format() *format.Format {
	layouts := row.NewLayouts()
	return &format.Format{
		Name:        "zeek",
		Recognise:   recognise,
		NewSplitter: newSplitter,
		NewParser:   func() format.Parser { return newParser(layouts) },
	}
}

// recognise knows a log by the first of its header lines, before which there
// may be comments.
func recognise(head []byte) bool {
	for rest := line.Head(head); len(rest) > 0 && rest[0] == '#'; {
		for _, name := range []string{"#separator ", "#fields\t", "#path\t"} {
			if bytes.HasPrefix(rest, []byte(name)) {
				return true
			}
		}
		_, rest, _ = bytes.Cut(rest, []byte{'\n'})
	}
	return false
}

// newSplitter hands each block the header that holds at its beginning.
func newSplitter(options format.Options) format.Splitter {
	return line.NewSplitter(options, line.Before(newHeader(), (*header).follow))
}
