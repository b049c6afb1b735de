// Package w3c reads the W3C extended log file format: the logs of IIS (web,
// FTP, SMTP), of Windows' own firewall, of proxies and content networks.
//
// A log's #Fields directive names the columns of the lines after it and may
// come again with others. The splitter carries what the directives said to the
// blocks behind them, so that blocks can be parsed in any order. Exchange's
// logs have the same directives and other lines: see package exchange.
//
// Begin with Format, then header.with and parser.entry. The source is the
// working draft WD-logfile-960323.
package w3c

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
		Name:      "w3c",
		Recognise: recognise,
		NewSplitter: func(options format.Options) format.Splitter {
			return line.NewSplitter(options, line.Before(new(header), (*header).after))
		},
		NewParser: func() format.Parser { return newParser(layouts) },
	}
}

// recognise wants directives from the beginning on, among them fields that are
// parted by blanks, or the name of a program that writes such logs.
func recognise(head []byte) bool {
	now := new(header)
	for l := range bytes.Lines(line.Head(head)) {
		l = bytes.TrimRight(l, "\r\n")
		if len(l) == 0 {
			continue
		}
		if l[0] != '#' || now.software == exchange {
			break
		}
		now = now.with(l)
	}
	known := now.isIIS() || now.isFirewall()
	return now.software != exchange && (len(now.fields) > 1 || known)
}

// exchange is the software whose lines are comma-separated.
const exchange = "Microsoft Exchange Server"
