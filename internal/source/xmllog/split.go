package xmllog

import (
	"bytes"
	"fmt"

	"github.com/kulla-defence/kulla/internal/source/charset"
	"github.com/kulla-defence/kulla/internal/source/format"
)

var (
	startTag = []byte("<Event")
	endTag   = []byte("</Event>")
)

// A splitter cuts behind the last event that is complete. Each block's State
// is the charset.Encoding.
type splitter struct {
	limit    int
	begun    bool
	encoding charset.Encoding
	units    []byte
	losing   bool
}

// Split implements format.Splitter.
func (s *splitter) Split(data []byte, final bool) format.Cut {
	if len(data) < 2 && !final {
		return format.Cut{} // the first two bytes tell the encoding
	}
	if !s.begun {
		s.begun, s.encoding = true, charset.Of(data)
	}
	text := data
	if s.encoding != charset.UTF8 {
		s.units = s.encoding.Project(s.units[:0], data)
		text = s.units
	}
	size, lost := s.size(text, final)
	if size == 0 && !final {
		return format.Cut{}
	}
	cut := format.Cut{Size: size * s.encoding.UnitSize(), Lost: lost, Lines: int64(bytes.Count(text[:size], []byte{'\n'})), State: s.encoding}
	if final && size == len(text) {
		cut.Size = len(data) // with half a unit at the end
	}
	if lost {
		cut.Problem = &format.Problem{Reason: fmt.Sprintf("event is longer than %d bytes", s.limit), Limit: "record", Lost: int64(cut.Size)}
	}
	return cut
}

// size is that of the next piece, and whether it is given up.
func (s *splitter) size(text []byte, final bool) (size int, lost bool) {
	if s.losing {
		next := nextStart(text, 0)
		if next != 0 {
			return restOf(text, next, final), true
		}
		s.losing = false
	}
	if final && len(text) <= s.limit {
		return len(text), false
	}
	if end := bytes.LastIndex(text, endTag); end >= 0 {
		return end + len(endTag), false
	}
	if len(text) <= s.limit {
		return 0, false
	}
	next := nextStart(text, 1)
	s.losing = next < 0
	return restOf(text, next, final), true
}

// restOf is where the next event begins, or everything without one, but for
// what may be the beginning of its tag.
func restOf(text []byte, next int, final bool) int {
	if next >= 0 {
		return next
	}
	if final {
		return len(text)
	}
	return max(len(text)-len(startTag), 0)
}

// nextStart finds the start tag of the next event from a place on; -1 when
// there is none.
func nextStart(text []byte, at int) int {
	for at < len(text) {
		i := bytes.Index(text[at:], startTag)
		if i < 0 {
			return -1
		}
		if at += i; isStart(text[at:]) {
			return at
		}
		at += len(startTag)
	}
	return -1
}

// lastStart finds the last one.
func lastStart(text []byte) int {
	for end := len(text); ; {
		i := bytes.LastIndex(text[:end], startTag)
		if i < 0 || isStart(text[i:]) {
			return i
		}
		end = i
	}
}

// isStart says whether a text begins with the start tag of an Event, and not of
// EventData or the like.
func isStart(text []byte) bool {
	rest, ok := bytes.CutPrefix(text, startTag)
	return ok && len(rest) > 0 && (rest[0] == '>' || rest[0] == ' ' || rest[0] == '\n' || rest[0] == '\r' || rest[0] == '\t')
}
