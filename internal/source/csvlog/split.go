package csvlog

import (
	"bytes"
	"fmt"

	"github.com/kulla-defence/kulla/internal/source/charset"
	"github.com/kulla-defence/kulla/internal/source/format"
	"github.com/kulla-defence/kulla/internal/source/row"
)

// A splitter cuts behind the last record that is complete. Each block's State
// is a *header.
type splitter struct {
	limit   int
	layouts *row.Layouts
	header  *header
	units   []byte
	tracker tracker
	// mark is the size of the byte order mark that the data begins with.
	mark int
	// again is how much was looked at for nothing, consumed how much was cut:
	// with too many faults, lines are not given up one by one. Both in units.
	again, consumed int
	// losing is the fault for which the rest of a line is given up.
	losing string
}

// sampleSize is how much of a source is looked at for its separator and the
// order of its dates.
const sampleSize = 64 << 10

// Split implements format.Splitter.
func (s *splitter) Split(data []byte, final bool) format.Cut {
	if s.header == nil && !s.open(data, final) {
		return format.Cut{}
	}
	text := data
	if s.header.encoding != charset.UTF8 {
		s.units = s.header.encoding.Project(s.units[:0], data)
		text = s.units
	}
	size, fault := s.size(text, final)
	if size == 0 && !final {
		return format.Cut{}
	}
	cut := format.Cut{Size: size * s.header.encoding.UnitSize(), State: s.header, Lines: int64(bytes.Count(text[:size], []byte{'\n'}))}
	if final && size == len(text) {
		cut.Size = len(data) // with half a unit at the end
	}
	if fault != "" {
		cut.Lost = true
		cut.Problem = &format.Problem{Reason: fault, Lost: int64(cut.Size)}
		if fault != unclosed {
			cut.Problem.Limit = "record"
		}
	}
	s.consumed += size
	s.mark = 0
	return cut
}

// open reads the header. It returns false when that takes more data.
func (s *splitter) open(data []byte, final bool) bool {
	if len(data) < sampleSize && !final {
		return false
	}
	encoding := charset.Of(data)
	sample := data[:min(len(data), sampleSize)]
	if encoding != charset.UTF8 {
		sample = encoding.Decode(nil, sample)
	}
	mark := len(sample) - len(bytes.TrimPrefix(sample, charset.Mark))
	s.header = newHeader(s.layouts, sample[mark:], final && len(data) <= sampleSize)
	s.header.encoding = encoding
	if s.mark = mark; mark > 0 && encoding != charset.UTF8 {
		s.mark = 1 // unit
	}
	s.tracker = tracker{separator: s.header.separator, first: s.mark, at: s.mark}
	return true
}

// size is that of the next piece, and the fault for which it is given up.
func (s *splitter) size(text []byte, final bool) (int, string) {
	if s.losing != "" {
		return s.giveUpLine(text)
	}
	t := &s.tracker
	t.track(text, final)
	if end := t.end; end > 0 {
		*t = tracker{separator: t.separator, at: t.at - end, open: t.open}
		if final && !t.open {
			return len(text), ""
		}
		return end, ""
	}
	switch {
	case final && !t.open && len(text) <= s.limit:
		return len(text), ""
	case final && t.open:
		return s.giveUp(text, unclosed)
	case len(text) > s.limit:
		return s.giveUp(text, fmt.Sprintf("record is longer than %d bytes", s.limit))
	}
	return 0, ""
}

// giveUp loses the first line of a record that does not end. When there are so
// many of them that the text would be looked at over and over, it loses all.
func (s *splitter) giveUp(text []byte, fault string) (int, string) {
	s.again += len(text)
	s.losing = fault
	if last := bytes.LastIndexByte(text, '\n'); last >= 0 && s.again > 8*(s.consumed+s.limit) {
		s.tracker, s.losing = tracker{separator: s.tracker.separator}, ""
		return last + 1, fault
	}
	return s.giveUpLine(text)
}

// giveUpLine loses the rest of a line.
func (s *splitter) giveUpLine(text []byte) (int, string) {
	fault := s.losing
	s.tracker = tracker{separator: s.tracker.separator}
	feed := bytes.IndexByte(text, '\n')
	if feed < 0 {
		return len(text), fault
	}
	s.losing = ""
	return feed + 1, fault
}

const unclosed = "quote is not closed"

// A tracker goes over a text that grows, and finds where its records end.
type tracker struct {
	separator byte
	// first is where the first value begins, at where to go on, and end where
	// the last record that is complete ends.
	first, at, end int
	// open says that at is within quotes.
	open bool
}

// track goes on over a text. Without final it stops before a quote that may be
// the first of two.
func (t *tracker) track(text []byte, final bool) {
	for t.at < len(text) {
		quote := bytes.IndexByte(text[t.at:], '"')
		to := t.at + quote
		if quote < 0 {
			to = len(text)
		}
		if !t.open {
			if feed := bytes.LastIndexByte(text[t.at:to], '\n'); feed >= 0 {
				t.end = t.at + feed + 1
			}
			t.open = quote >= 0 && (to == t.first || text[to-1] == t.separator || text[to-1] == '\n')
			t.at = min(to+1, len(text))
			continue
		}
		switch {
		case quote < 0:
			t.at = len(text)
		case to+1 == len(text) && !final:
			t.at = to
			return
		case to+1 < len(text) && text[to+1] == '"':
			t.at = to + 2
		default:
			t.at, t.open = to+1, false
		}
	}
}

// recordEnd finds the line feed that ends the first record of a text, or the
// end of the text: the first outside quotes, which open only at the beginning
// of a value.
func recordEnd(text []byte, separator byte) int {
	for at, feed := 0, lineEnd(text, 0); ; {
		quote := bytes.IndexByte(text[at:feed], '"')
		if quote < 0 {
			return feed
		}
		at += quote + 1
		if at > 1 && text[at-2] != separator {
			continue
		}
		if at = quoteEnd(text, at); at > feed {
			feed = lineEnd(text, at)
		}
	}
}

// lineEnd is the next line feed from a place on, or the end.
func lineEnd(text []byte, at int) int {
	if feed := bytes.IndexByte(text[at:], '\n'); feed >= 0 {
		return at + feed
	}
	return len(text)
}

// quoteEnd is the place behind the quote that closes a value, or the end.
func quoteEnd(text []byte, at int) int {
	for {
		quote := bytes.IndexByte(text[at:], '"')
		if quote < 0 {
			return len(text)
		}
		at += quote + 1
		if at == len(text) || text[at] != '"' {
			return at
		}
		at++
	}
}
