// Package syslog makes events of syslog files and streams, and of what
// appliances write into them.
//
// There are two parts. The envelope: framing (frame.go), header (header.go) and
// time (stamp.go, clock.go), by RFC 3164, RFC 5424 and RFC 6587 and by what is
// written in their place. And the message: message.go finds who speaks by the
// program or the first words, and a file for each of them (openssh.go, cisco.go,
// fortinet.go ...) adds the columns and the log source. Appliances and servers
// that write files of their own leave the envelope away; such files are read,
// too. bodytime.go takes the time from the message where the envelope says less.
//
// Messages that come in JSON are not taken apart, and records of the Linux
// audit system are not joined. Begin with Format, then parser.message.
package syslog

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
		Name:        "syslog",
		Yearless:    true,
		Recognise:   recognise,
		NewSplitter: newSplitter,
		NewParser:   func() format.Parser { return newParser(layouts) },
	}
}

// recognise knows a log by its first line that is no continuation of another.
func recognise(head []byte) bool {
	text := line.Head(head)
	if _, _, ok := octets(text); ok {
		return true
	}
	for l := range bytes.Lines(text) {
		l = bytes.TrimRight(l, "\r\n")
		if len(l) == 0 || l[0] == ' ' || l[0] == '\t' {
			continue
		}
		return isMessage(l)
	}
	return false
}

// isMessage says whether a line is surely a message: what stands in front of
// it cannot be part of a table or a text.
func isMessage(l []byte) bool {
	h, ok := parseHeader(l)
	switch {
	case !ok:
		return isBare(l)
	case h.priority >= 0 || h.stamp.year == 0:
		return true
	}
	// Many logs begin with a year. A host and a program are particular.
	return len(h.host) > 0 && len(h.program) > 0 && !bytes.ContainsAny(h.host, "[]\"|,;=") || isCisco(h.rest) || len(h.host) == 0 && isBare(h.rest)
}
