package main

import (
	"bytes"
	"fmt"
	"slices"
	"time"
)

// A textLog is a log made of lines.
type textLog struct {
	kind    *textKind
	entries []entry
	// lost is the time of which nothing is left.
	lostFrom, lostTo time.Time
}

// An entry is one line, by the fields that it is made of.
type entry struct {
	time   time.Time
	fields []string
}

// A textKind is how a log is written.
type textKind struct {
	// path is the name of a file of the log in its host's folder; %s stands
	// for the time at which it begins, in the layout stamp of time.Format.
	path, stamp string
	// daily says that a new file begins each day; else each month.
	daily bool
	// begin writes what a file begins with, line one line.
	begin func(file *bytes.Buffer, h *host, at time.Time)
	line  func(file *bytes.Buffer, h *host, e entry)
}

// writeLine records a line.
func (h *host) writeLine(kind *textKind, t time.Time, fields ...string) {
	if h.texts[kind.path] == nil {
		h.texts[kind.path] = &textLog{kind: kind}
	}
	l := h.texts[kind.path]
	if !t.Before(l.lostFrom) && t.Before(l.lostTo) {
		return
	}
	l.entries = append(l.entries, entry{h.clock(t), fields})
}

// end is when the file that begins at a time ends.
func (k *textKind) end(at time.Time) time.Time {
	year, month, day := at.Date()
	if k.daily {
		return on(year, month, day+1, 0, 0, 0)
	}
	return on(year, month+1, 1, 0, 0, 0)
}

// lacks says that what a log has of some time, but for what it has by now, is
// gone.
func (h *host) lacks(kind *textKind, from, to time.Time) {
	h.texts[kind.path].lostFrom, h.texts[kind.path].lostTo = from, to
}

// write writes the lines until the end of a period.
func (l *textLog) write(out output, h *host, p period) error {
	slices.SortStableFunc(l.entries, func(a, b entry) int { return a.time.Compare(b.time) })
	for len(l.entries) > 0 && l.entries[0].time.Before(p.until) {
		first := l.entries[0].time
		end := l.kind.end(first)
		var file bytes.Buffer
		if l.kind.begin != nil {
			l.kind.begin(&file, h, first)
		}
		for len(l.entries) > 0 && l.entries[0].time.Before(end) {
			l.kind.line(&file, h, l.entries[0])
			l.entries = l.entries[1:]
		}
		if err := out.file(h.name+"/"+fmt.Sprintf(l.kind.path, first.Format(l.kind.stamp)), file.Bytes()); err != nil {
			return err
		}
	}
	l.entries = slices.Clone(l.entries)
	return nil
}
