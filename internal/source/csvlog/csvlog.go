// Package csvlog reads separated values with a header (RFC 4180): exports of
// Windows events by PowerShell and EvtxECmd, of Exchange's audit of
// administrators, of the unified audit log of Microsoft 365, and any others as
// plain columns.
//
// Logs that have separated values and a header of their own kind are those of
// packages exchange, w3c and zeek. Begin with Format, then splitter.open, which
// reads the header, and parser.record.
package csvlog

import (
	"bytes"
	"strings"

	"github.com/kulla-defence/kulla/internal/source/format"
	"github.com/kulla-defence/kulla/internal/source/jsonlog"
	"github.com/kulla-defence/kulla/internal/source/line"
	"github.com/kulla-defence/kulla/internal/source/row"
)

// Format returns the format. Its parsers share their layouts.
func Format() *format.Format {
	layouts, json := row.NewLayouts(), jsonlog.Format()
	return &format.Format{
		Name:      "csv",
		Recognise: recognise,
		NewSplitter: func(options format.Options) format.Splitter {
			return &splitter{limit: options.Record, layouts: layouts}
		},
		NewParser: func() format.Parser { return newParser(json) },
	}
}

// separators are tried in this order.
const separators = ",;\t|"

// recognise wants names in the first record, and in those behind it as many
// values as there are names.
func recognise(head []byte) bool {
	text := line.Head(head)
	whole := len(head) < format.HeadSize
	separator, text, _ := preamble(text)
	for _, candidate := range []byte(separators) {
		if (separator == 0 || separator == candidate) && isTable(text, candidate, whole) {
			return true
		}
	}
	return false
}

// preamble reads the lines that PowerShell (#TYPE) and Excel (sep=) may write
// before the header, and returns what follows and how many there are.
func preamble(text []byte) (separator byte, rest []byte, lines int) {
	for {
		first, after, found := bytes.Cut(text, []byte{'\n'})
		first = bytes.TrimSuffix(first, []byte{'\r'})
		switch {
		case !found || lines == 2:
			return separator, text, lines
		case bytes.HasPrefix(first, []byte("#TYPE ")):
		case len(first) == len("sep=,") && bytes.HasPrefix(first, []byte("sep=")):
			separator = first[len("sep=")]
		default:
			return separator, text, lines
		}
		text = after
		lines++
	}
}

// maxChecked is how many records are looked at to recognise a table.
const maxChecked = 20

// isTable says whether a text has a header and at least one record. The last
// record may be cut off, unless the text is whole.
func isTable(text []byte, separator byte, whole bool) bool {
	var values row.Separated
	end := recordEnd(text, separator)
	if end >= len(text) {
		return false
	}
	values.Cut(trimmed(text[:end]), separator)
	names := make([]string, len(values.Values))
	for i, value := range values.Values {
		names[i] = string(value)
	}
	if !areNames(names) {
		return false
	}
	records := 0
	for rest := text[end+1:]; len(rest) > 0 && records < maxChecked; records++ {
		end := recordEnd(rest, separator)
		complete := whole || end < len(rest)
		record := trimmed(rest[:end])
		rest = rest[min(end+1, len(rest)):]
		if len(record) == 0 {
			records--
			continue
		}
		values.Cut(record, separator)
		count := len(values.Values) - len(unnamed(names))
		if count > len(names) || complete && count != len(names) || !complete && records == 0 && len(values.Values) < 2 {
			return false
		}
	}
	return records > 0
}

// maxFields bounds the columns that a crafted header can ask for, and maxName
// the length of their names.
const (
	maxFields = 4096
	maxName   = 64
)

// areNames says whether texts may be a header: two or more, all different,
// that begin with a letter and have no marks of prose.
func areNames(texts []string) bool {
	seen := map[string]bool{}
	for _, text := range texts {
		if len(text) == 0 || len(text) > maxName || strings.TrimSpace(text) != text || seen[text] {
			return false
		}
		if strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || strings.ContainsRune(`"'=<>{}!?,;|`, c) }) {
			return false
		}
		if first := strings.TrimLeft(text, "@#_($"); first == "" || first[0] < 'A' || first[0] > 'Z' && first[0]|0x20 < 'a' || first[0] > 'z' && first[0] < 0x80 {
			return false
		}
		seen[text] = true
	}
	return len(texts) >= 2 && len(texts) <= maxFields
}

// trimmed is a record without the rest of its end of line.
func trimmed(record []byte) []byte { return bytes.TrimSuffix(record, []byte{'\r'}) }
