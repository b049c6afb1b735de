// Package auditd makes events of the log of the Linux audit daemon, also where
// its lines came through syslog.
//
// What happened at one time is written as several records, one a line, which
// share an id: audit(time:serial). They become one event, although those of
// other ids may stand between them. The columns of the event are the fields of
// all its records, under their own names; a name that several records have,
// such as type, is a field with several values.
//
// Source: Linux kernel/audit.c; the audit project's "audit-events" and
// auparse. Begin with Format, then record.parse, joiner and fields.
package auditd

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
		Name:        "auditd",
		Recognise:   recognise,
		NewSplitter: func(options format.Options) format.Splitter { return newSplitter(options) },
		NewParser:   func() format.Parser { return newParser(layouts) },
	}
}

// triedLines is how many lines of syslog have to be audit records, so that a
// log that holds other things, too, is left to the reader of syslog.
const triedLines = 5

// recognise wants the first line to be an audit record, and several when they
// come by syslog. The last line of the head may be cut off.
func recognise(head []byte) bool {
	rest := bytes.TrimLeft(line.Head(head), "\r\n")
	tried := 0
	for ; tried < triedLines && len(rest) > 0; tried++ {
		text, after, complete := bytes.Cut(rest, []byte{'\n'})
		if !complete && tried > 0 {
			break
		}
		var r record
		if !r.parse(text) {
			return false
		}
		if !r.forwarded {
			return true
		}
		rest = after
	}
	return tried > 0 // blank lines alone are nothing
}
