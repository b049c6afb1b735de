package jsonlog

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/source/row"
)

// Values give the columns of the document that was scanned last.
type values struct {
	scanner  *scanner
	document []byte // the whole document as it stands
	scratch  []byte
}

// A documentScreen is a screen that can look at a JSON document as it stands.
type documentScreen interface {
	JSON(document []byte) (possible, ok bool)
}

// AppendValue implements event.Values.
func (r *values) AppendValue(dst []byte, column int) ([]byte, event.State) {
	w := r.scanner.windows[column]
	switch w.kind &^ inScratch {
	case null:
		return dst, event.Null
	case quoted:
		return appendUnescaped(dst, r.scanner.raw(w)), event.Present
	}
	return row.AppendValid(dst, r.scanner.raw(w)), event.Present
}

// Stored implements event.Stored.
func (r *values) Stored(column int) (bytes []byte, form uint16, ok bool) {
	w := r.scanner.windows[column]
	return r.scanner.raw(w), uint16(w.kind), true
}

// Screen passes the texts of the columns to a screen that looks for words, all
// of them at once with a line feed before each, as evtx.Record.Screen does.
// Numbers, true and false are left out.
func (r *values) Screen(screen event.Screen) bool {
	whole, ok := screen.(documentScreen)
	if ok && len(r.scanner.scratch) == 0 { // else there is text within text
		if possible, ok := whole.JSON(r.document); ok {
			return possible
		}
	}
	r.scratch = r.scratch[:0]
	for _, w := range r.scanner.windows {
		text := r.scanner.raw(w)
		switch kind := w.kind &^ inScratch; {
		case kind == null:
		case kind == quoted:
			r.scratch = appendUnescaped(append(r.scratch, '\n'), text)
		case w.kind&inScratch != 0, // text within text: of no kind by how it begins
			len(text) > 0 && text[0] != '-' && (text[0] < '0' || text[0] > '9') && text[0] != 't' && text[0] != 'f':
			r.scratch = row.AppendValid(append(r.scratch, '\n'), text)
		}
	}
	return screen.Text(r.scratch)
}

// raw is the text of a window as it stands.
func (s *scanner) raw(w window) []byte {
	if w.kind&inScratch != 0 {
		return s.scratch[w.start:w.end]
	}
	return s.data[w.start:w.end]
}

// appendUnescaped appends the text of a JSON string. What is not a valid
// escape stays as it stands; what is not UTF-8 becomes U+FFFD.
func appendUnescaped(dst, text []byte) []byte {
	for len(text) > 0 {
		var n int
		if dst, n = appendPlain(dst, text); n == len(text) {
			break
		}
		text = text[n:]
		if text[0] == '\\' {
			dst, n = appendEscape(dst, text)
		} else {
			n = beyondASCII(text)
			dst = row.AppendValid(dst, text[:n])
		}
		text = text[n:]
	}
	return dst
}

// appendPlain appends what stands before the first backslash or character that is
// not ASCII, and returns how much that is. Paths in logs of Windows have a
// backslash in every few bytes, so it looks at eight at a time.
func appendPlain(dst, text []byte) ([]byte, int) {
	dst = slices.Grow(dst, len(text))
	out := dst[len(dst) : len(dst)+len(text)]
	n := 0
	for ; n+8 <= len(text); n += 8 {
		word := binary.LittleEndian.Uint64(text[n:])
		binary.LittleEndian.PutUint64(out[n:], word)
		if special := word&tops | zeroBytes(word^('\\'*ones)); special != 0 {
			n += bits.TrailingZeros64(special) / 8
			return dst[:len(dst)+n], n
		}
	}
	for ; n < len(text) && text[n] < utf8.RuneSelf && text[n] != '\\'; n++ {
		out[n] = text[n]
	}
	return dst[:len(dst)+n], n
}

// Eight bytes at once.
const (
	tops = 0x8080808080808080
	ones = 0x0101010101010101
)

// zeroBytes sets the top bit of the lowest byte that is zero, and perhaps of some
// above it: the lowest is the first that borrows when one is taken from each.
func zeroBytes(word uint64) uint64 { return (word - ones) &^ word & tops }

// beyondASCII is how many bytes at the beginning of a text are not ASCII.
func beyondASCII(text []byte) int {
	if n := bytes.IndexFunc(text, func(r rune) bool { return r < utf8.RuneSelf }); n >= 0 {
		return n
	}
	return len(text)
}

// escapes are those of one letter: RFC 8259 section 7.
var escapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// appendEscape appends the character of the escape that text begins with, and
// returns the size of the escape.
func appendEscape(dst, text []byte) ([]byte, int) {
	if len(text) < 2 {
		return append(dst, text...), len(text)
	}
	if c := escapes[text[1]]; c != 0 {
		return append(dst, c), 2
	}
	r := unicodeEscape(text)
	if r < 0 {
		return append(dst, '\\'), 1
	}
	if !utf16.IsSurrogate(r) {
		return utf8.AppendRune(dst, r), 6
	}
	if pair := utf16.DecodeRune(r, unicodeEscape(text[6:])); pair != utf8.RuneError {
		return utf8.AppendRune(dst, pair), 12
	}
	return utf8.AppendRune(dst, utf8.RuneError), 6
}

// unicodeEscape reads \uXXXX, or returns -1.
func unicodeEscape(text []byte) rune {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return -1
	}
	r := rune(0)
	for _, c := range text[2:6] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}
