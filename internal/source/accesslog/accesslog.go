// Package accesslog makes events of what Apache httpd and nginx write: access
// logs in the common and the combined format, also with a virtual host before
// and other fields behind, and error logs.
//
// Each line is read by its own shape, since both kinds are often put together.
// Formats of access logs that were changed in other ways are not read.
//
// Source: Apache HTTP Server, mod_log_config and "Log Files"; nginx,
// ngx_http_log_module. Begin with Format, then parser.line and access.parse.
package accesslog

import (
	"bytes"

	"github.com/kulla-defence/kulla/internal/source/charset"
	"github.com/kulla-defence/kulla/internal/source/format"
	"github.com/kulla-defence/kulla/internal/source/line"
)

// Format returns the format.
func Format() *format.Format {
	shapes := newShapes()
	return &format.Format{
		Name:        "accesslog",
		Recognise:   recognise,
		NewSplitter: newSplitter,
		NewParser:   func() format.Parser { return newParser(shapes) },
	}
}

// A kind is what a line is.
type kind uint8

const (
	unknown kind = iota
	accessLine
	apacheError
	nginxError
)

// kindOf tells the kind of a line.
func kindOf(text []byte) kind {
	var a access
	var e failure
	switch {
	case a.parse(text):
		return accessLine
	case e.parseApache(text):
		return apacheError
	case e.parseNginx(text):
		return nginxError
	}
	return unknown
}

// triedLines is how many lines may come before one that is recognised.
const triedLines = 3

// recognise wants one of the first lines to be of a known shape. The last line
// of the head may be cut off.
func recognise(head []byte) bool {
	rest := line.Head(head)
	for range triedLines {
		if len(rest) == 0 {
			return false
		}
		var text []byte
		text, rest, _ = bytes.Cut(rest, []byte{'\n'})
		if kindOf(bytes.TrimSuffix(text, []byte{'\r'})) != unknown {
			return true
		}
	}
	return false
}

// newSplitter tells the parsers of all blocks what the first line is: in an
// error log, lines that do not have its shape belong to it, too.
func newSplitter(options format.Options) format.Splitter {
	begun, first := false, unknown
	return line.NewSplitter(options, func(block []byte) any {
		if text := bytes.TrimLeft(bytes.TrimPrefix(block, charset.Mark), "\r\n"); !begun && len(text) > 0 {
			begun = true
			text, _, _ = bytes.Cut(text, []byte{'\n'})
			first = kindOf(bytes.TrimSuffix(text, []byte{'\r'}))
		}
		return first
	})
}
