package csvlog

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/source/charset"
	"github.com/kulla-defence/kulla/internal/source/row"
	"github.com/kulla-defence/kulla/internal/source/winnames"
)

// A header is what the beginning of a source says of its records. It never
// changes.
type header struct {
	encoding  charset.Encoding
	separator byte
	// skip is how many records stand before the first with values.
	skip int
	// texts are the names as they stand, names those of the columns.
	texts, names []string
	layout       *event.Layout
	// times are columns that say when it happened, best first.
	times []timeColumn
	order dateOrder
	// host and recordID are columns; -1 where there is none.
	host, recordID int
	// opened says that columns hold JSON that is opened.
	opened bool
}

// newHeader reads the header of a sample, the beginning of a source or, when it
// is whole, all of it.
func newHeader(layouts *row.Layouts, sample []byte, whole bool) *header {
	separator, rest, lines := preamble(sample)
	h := &header{separator: separator, skip: lines + 1}
	if separator == 0 {
		h.separator = separatorOf(rest, whole)
	}
	var values row.Separated
	end := recordEnd(rest, h.separator)
	values.Cut(trimmed(rest[:end]), h.separator)
	for i, value := range values.Values[:min(len(values.Values), maxFields)] {
		name := string(row.AppendValid(nil, bytes.TrimSpace(value)))
		if name == "" {
			name = "column" + strconv.Itoa(i+1)
		}
		h.texts = append(h.texts, name)
	}
	h.names = append(slices.Clone(h.texts), unnamed(h.texts)...)
	h.opened = slices.ContainsFunc(h.names, holdsJSON)
	source := h.rename()
	h.layout = layouts.Of(source, bytesOf(h.names))
	h.times = timeColumns(h.names)
	h.host = firstColumn(h.names, append(winnames.Hosts(), "OriginatingServer", "ServerName"))
	h.recordID = firstColumn(h.names, []string{"EventRecordID"})
	h.order = h.orderOf(rest[min(end+1, len(rest)):], whole)
	return h
}

// separatorOf is the one by which a text is a table, else the most frequent in
// its first line.
func separatorOf(text []byte, whole bool) byte {
	for _, separator := range []byte(separators) {
		if isTable(text, separator, whole) {
			return separator
		}
	}
	best, first := separators[0], text[:lineEnd(text, 0)]
	for _, separator := range []byte(separators) {
		if bytes.Count(first, []byte{separator}) > bytes.Count(first, []byte{best}) {
			best = separator
		}
	}
	return best
}

// unnamed are the columns behind those that the header names: the Event Viewer
// writes the message there.
func unnamed(names []string) []string {
	if isEventViewer(names) {
		return []string{"Message"}
	}
	return nil
}

// isEventViewer knows what the Event Viewer saves as CSV or as text.
func isEventViewer(names []string) bool {
	return len(names) == 5 && (names[0] == "Level" || names[0] == "Keywords") && slices.Equal(names[1:], []string{"Date and Time", "Source", "Event ID", "Task Category"})
}

// rename gives the columns of Windows events their names, and tells the log
// source.
func (h *header) rename() row.LogSource {
	has := func(name string) bool { return slices.Contains(h.names, name) }
	switch {
	case isEventViewer(h.texts):
		h.names = []string{h.texts[0], "TimeCreated", "Provider_Name", "EventID", "TaskCategory", "Message"}
		return row.LogSource{Product: "windows"}
	case winnames.IsFlat(h.names):
		winnames.RenameFlat(h.names)
		return row.LogSource{Product: "windows"}
	case has("CmdletName") && (has("RunDate") || has("ObjectModified")):
		return row.LogSource{Product: "exchange", Service: "admin-audit"}
	}
	return row.LogSource{}
}

// holdsJSON says whether a column may hold the fields of a record, which
// package jsonlog opens: the record in the unified audit log and in what looks
// up CloudTrail, the values of EvtxECmd, and dynamic columns of Azure's tables.
func holdsJSON(name string) bool {
	switch name {
	case "AuditData", "CloudTrailEvent", "Payload", "EventData", "UserData", "Properties", "InitiatedBy", "TargetResources", "AdditionalFields":
		return true
	}
	return false
}

// firstColumn returns the column of the first of some names that is there.
func firstColumn(names, wanted []string) int {
	for _, name := range wanted {
		if i := slices.Index(names, name); i >= 0 {
			return i
		}
	}
	return -1
}

func bytesOf(names []string) [][]byte {
	list := make([][]byte, len(names))
	for i, name := range names {
		list[i] = []byte(name)
	}
	return list
}

// repeats says whether a record is the header once more, as in files that were
// put together.
func (h *header) repeats(values [][]byte) bool {
	return len(values) == len(h.texts) && string(values[0]) == h.texts[0] &&
		slices.EqualFunc(values, h.texts, func(a []byte, b string) bool { return string(bytes.TrimSpace(a)) == b })
}

// A timeColumn is a column that holds a time.
type timeColumn struct {
	column int
	// clock is another that holds the time of day; -1 without one.
	clock int
	// utc says that a time without a zone is UTC.
	utc bool
}

// otherTimes are tried behind those of Windows events. Names are compared
// without case, and without a zone in brackets.
var otherTimes = []string{"CreationDate", "RunDate", "DateTime", "date-time", "StartDate", "Date and Time", "EventTimestamp", "_time", "Date"}

func timeColumns(names []string) []timeColumn {
	bare := make([]string, len(names))
	for i, name := range names {
		bare[i] = strings.ToLower(strings.TrimSuffix(strings.TrimSuffix(name, " [UTC]"), " (UTC)"))
	}
	clock := slices.Index(bare, "time")
	var columns []timeColumn
	for _, wanted := range append(winnames.Times(), otherTimes...) {
		i := slices.Index(bare, strings.ToLower(wanted))
		if i < 0 || slices.ContainsFunc(columns, func(c timeColumn) bool { return c.column == i }) {
			continue
		}
		column := timeColumn{column: i, clock: -1, utc: len(bare[i]) < len(names[i]) || winnames.IsUTC(names[i])}
		if wanted == "Date" && clock >= 0 {
			column.clock = clock
		}
		columns = append(columns, column)
	}
	return columns
}

// orderOf tells by the records of a sample whether dates such as 31/1/2024 have
// the day or the month first.
func (h *header) orderOf(text []byte, whole bool) dateOrder {
	order := unknownOrder
	var values row.Separated
	for len(text) > 0 && len(h.times) > 0 {
		end := recordEnd(text, h.separator)
		if end == len(text) && !whole {
			break
		}
		values.Cut(trimmed(text[:end]), h.separator)
		for _, column := range h.times {
			if column.column < len(values.Values) {
				order |= orderOf(values.Values[column.column])
			}
		}
		text = text[min(end+1, len(text)):]
	}
	return order
}
