package jsonlog

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/kulla-defence/kulla/internal/source/charset"
	"github.com/kulla-defence/kulla/internal/source/format"
)

// A splitter cuts between documents. The brackets and commas of an array at
// the top are taken for white space, so that any run of documents can be parsed
// on its own.
//
// In valid JSON a closing brace is followed by an opening one without a comma
// only between documents, which is found from the end of the data at once.
// Arrays have commas; there the nesting is tracked.
type splitter struct {
	limit     int
	begun     bool
	encoding  charset.Encoding
	projected []byte
	tracker   tracker
	opening   bool
	enveloped bool
	// open is what is open before the data.
	open nesting
}

// state is what a block comes with.
type state struct {
	encoding charset.Encoding
	// enveloped says that the source begins with an envelope.
	enveloped bool
	// open is what earlier blocks opened and did not close.
	open nesting
}

func newSplitter(options format.Options) *splitter {
	return &splitter{limit: options.Record}
}

func (s *splitter) Split(data []byte, final bool) format.Cut {
	if !s.begun {
		s.begun, s.encoding = true, charset.Of(data)
		s.opening = true
	}
	text := data
	if s.encoding != charset.UTF8 {
		s.projected = s.encoding.Project(s.projected[:0], data)
		text = s.projected
	}
	if s.opening && !s.begin(text, final) {
		return format.Cut{}
	}
	before := s.open
	cut := s.text(text, final)
	cut.Lines = int64(bytes.Count(text[:cut.Size], []byte{'\n'}))
	cut.Size *= s.encoding.UnitSize()
	cut.State = state{s.encoding, s.enveloped, before}
	if final && !cut.Lost && cut.Size < len(data) && len(data)-cut.Size < s.encoding.UnitSize() {
		cut.Size = len(data) // half a unit
	}
	if cut.Size > 0 {
		s.tracker = tracker{enveloped: s.enveloped, open: s.open}
	}
	return cut
}

// begin looks at the beginning of a source for an envelope. It returns false
// when that takes more data.
func (s *splitter) begin(text []byte, final bool) bool {
	at := new(nesting).separators(text, len(text)-len(bytes.TrimPrefix(text, charset.Mark)))
	first := 0
	if at < len(text) && text[at] == '{' {
		first = envelope(text, at)
	}
	if !final && (at == len(text) && at < maxEnvelope || first < 0) {
		return false
	}
	s.opening, s.enveloped = false, first > 0
	s.tracker.enveloped = s.enveloped
	return true
}

func (s *splitter) text(text []byte, final bool) format.Cut {
	if final && len(text) <= s.limit {
		return format.Cut{Size: len(text)}
	}
	if size := lastJoint(text); size > 0 {
		s.open = nesting{}
		return format.Cut{Size: size}
	}
	size := s.tracker.track(text)
	// The last block of a source tells whether all is closed. So while
	// something is open, there must be a next one.
	wait := size == len(text) && !final && !s.tracker.openAtEnd.none()
	switch fits := len(text) <= s.limit; {
	case size > 0 && !(wait && fits):
		s.open = s.tracker.openAtEnd
		return format.Cut{Size: size}
	case fits:
		return format.Cut{}
	}
	s.open = s.tracker.open
	return s.lose(text)
}

// lose gives up a document that is too long, up to where the next may begin.
func (s *splitter) lose(text []byte) format.Cut {
	size := nextDocument(text, 1)
	if size < 0 {
		size = len(text)
	}
	return format.Cut{Size: size, Lost: true, Problem: &format.Problem{
		Reason: fmt.Sprintf("document is longer than %d bytes", s.limit),
		Limit:  "record",
		Lost:   int64(size * s.encoding.UnitSize()),
	}}
}

// lastJoint finds the last place where a line ends with a closing brace and
// the next begins with an opening one; 0 when there is none.
func lastJoint(text []byte) int {
	for end := len(text); ; {
		feed := bytes.LastIndexByte(text[:end], '\n')
		if feed <= 0 {
			return 0
		}
		if isJoint(text, feed+1) {
			return feed + 1
		}
		end = feed
	}
}

// isJoint says whether a line that ends with a closing brace stands before a
// place, and an opening one there.
func isJoint(text []byte, at int) bool {
	if at < 2 || at >= len(text) || text[at] != '{' || text[at-1] != '\n' {
		return false
	}
	before := at - 2
	if text[before] == '\r' && before > 0 {
		before--
	}
	return text[before] == '}'
}

// nextDocument finds the first line from a place on that begins with a brace,
// or -1.
func nextDocument(text []byte, from int) int {
	if at := bytes.Index(text[from-1:], []byte("\n{")); at >= 0 {
		return from + at
	}
	return -1
}

// A tracker follows the nesting of a run of documents. It goes on where it
// stopped when it is given more of the same text.
type tracker struct {
	at, end  int
	depth    int
	inString bool
	// enveloped says to look for envelopes, which are not documents.
	enveloped bool
	// open is what is open around documents, and openAtEnd what is at the end
	// of the last that is complete.
	open, openAtEnd nesting
}

// structure marks what the tracker looks at outside strings.
var structure = [256]bool{'"': true, '{': true, '}': true, '[': true, ']': true}

// track returns the end of the last document that is complete.
func (t *tracker) track(text []byte) int {
	i := t.at
	for i < len(text) {
		if t.inString {
			if i = closingQuote(text, i); i < 0 {
				i = len(text)
				// An escape may reach over the end: begin again before it.
				for i > t.at && text[i-1] == '\\' {
					i--
				}
				break
			}
			t.inString = false
			i++
			continue
		}
		c := text[i]
		if !structure[c] {
			i++
			continue
		}
		if c == '{' && t.depth == 0 && t.enveloped {
			first := envelope(text, i)
			if first < 0 {
				break // more data will tell
			}
			if first > 0 {
				t.open.enter(text[i:first])
				i = first
				continue
			}
		}
		i++
		t.step(c, i)
	}
	t.at = i
	return t.end
}

// step takes one structural character, which ends at a place.
func (t *tracker) step(c byte, end int) {
	switch c {
	case '"':
		t.inString = true
	case '{':
		t.depth++
	case '[':
		if t.depth > 0 {
			t.depth++
		} else {
			t.open.arrays++
		}
	case '}', ']':
		t.leave(c, end)
	}
}

// leave takes a closing bracket.
func (t *tracker) leave(c byte, end int) {
	switch {
	case t.depth > 1:
		t.depth--
	case t.depth == 1:
		t.depth = 0
		t.end, t.openAtEnd = end, t.open
	case c == ']':
		t.open.closeArray()
	default:
		t.open.closeObject()
	}
}

// closingQuote finds the quote that ends a string, or -1. From is in the
// string, and not after a backslash that escapes.
func closingQuote(text []byte, from int) int {
	for i := from; ; {
		i = nextQuote(text, i)
		if i < 0 || i == from || text[i-1] != '\\' || !escaped(text, from, i) {
			return i
		}
		i++
	}
}

// nextQuote finds a quote, or -1. Most strings are short, so that it pays to look
// at their first bytes without a call.
func nextQuote(text []byte, from int) int {
	for end := min(from+32, len(text)) - 8; from <= end; from += 8 {
		if found := zeroBytes(binary.LittleEndian.Uint64(text[from:]) ^ '"'*ones); found != 0 {
			return from + bits.TrailingZeros64(found)/8
		}
	}
	found := bytes.IndexByte(text[from:], '"')
	if found < 0 {
		return -1
	}
	return from + found
}

// escaped says whether an odd number of backslashes stands before a place.
func escaped(text []byte, from, at int) bool {
	i := at
	for i > from && text[i-1] == '\\' {
		i--
	}
	return (at-i)%2 == 1
}
