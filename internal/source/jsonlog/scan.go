package jsonlog

import (
	"bytes"

	"github.com/kulla-defence/kulla/internal/source/eventxml"
)

// A window is where a value stands, without its quotes.
type window struct {
	start, end int32
	kind       kind
}

// A kind says how the text of a window is read.
type kind uint8

const (
	literal kind = iota // a number, true or false: as it stands
	quoted              // a JSON string, with escapes
	plain               // text as it stands
	null
	// inScratch is added when the window is over the scanner's own bytes.
	inScratch kind = 0x80
)

// Bounds on one document.
const (
	maxDepth   = 64
	maxColumns = 1 << 14
)

// A fault is why a document could not be read; empty when it could.
type fault string

const (
	truncated     fault = "document ends too early"
	malformed     fault = "not valid JSON"
	tooDeep       fault = "nested more than 64 levels deep"
	tooManyFields fault = "more than 16384 fields"
)

// limit names the limit that a fault is about.
func (f fault) limit() string {
	switch f {
	case tooDeep:
		return "nesting"
	case tooManyFields:
		return "fields"
	}
	return ""
}

// A scanner goes over documents and notes the windows of their values.
type scanner struct {
	data    []byte
	windows []window
	scratch []byte
	trie    *trie
	xml     eventxml.Scanner
	// origin is added to the kind of each window: inScratch within a string
	// that holds JSON.
	origin kind
	// expected is the node whose key was scanned last, where it was the next.
	expected *node
	// within are the containers that are open.
	within [maxDepth]*node
	arrays [maxDepth]bool
	// wholes are the windows of those that are columns themselves, counted
	// from 1; 0 for others.
	wholes [maxDepth]int32
	depth  int
}

// document scans the object that begins at a place. It returns the place after
// it, or where it went wrong, and the node of its keys.
func (s *scanner) document(at int) (end int, last *node, f fault) {
	s.windows, s.scratch = s.windows[:0], s.scratch[:0]
	s.origin, s.depth = 0, 0
	return s.container(at, s.trie.root, nil)
}

// container scans the object or array that begins at a place. Its keys follow
// node n.
func (s *scanner) container(i int, n, within *node) (int, *node, fault) {
	data, bottom := s.data, s.depth
	inArray := data[i] == '['
	if f := s.push(within, inArray); f != "" {
		return i, n, f
	}
	i++
	afterComma := false
	for {
		i = skipSpace(data, i)
		if i >= len(data) {
			return i, n, truncated
		}
		if c := data[i]; (c == '}' || c == ']') && !afterComma {
			if (c == ']') != inArray {
				return i, n, malformed
			}
		} else {
			var f fault
			var opened *node
			if i, n, opened, f = s.member(i, n, within, inArray); f != "" {
				return i, n, f
			}
			if opened != nil {
				within, inArray, afterComma = opened, opened.class == array, false
				if f := s.push(within, inArray); f != "" {
					return i, n, f
				}
				if opened.whole {
					if f := s.openWhole(i - 1); f != "" {
						return i, n, f
					}
				}
				continue
			}
		}
		// Behind a value, or before the end of an empty container.
		for {
			i = skipSpace(data, i)
			if i >= len(data) {
				return i, n, truncated
			}
			c := data[i]
			if c == ',' {
				i++
				afterComma = true
				break
			}
			if c != '}' && c != ']' || (c == ']') != inArray {
				return i, n, malformed
			}
			i++
			s.depth--
			if column := s.wholes[s.depth]; column > 0 {
				s.windows[column-1].end = int32(i)
			}
			if s.depth == bottom {
				return i, n, ""
			}
			within, inArray = s.within[s.depth-1], s.arrays[s.depth-1]
			n = s.trie.step(n, within, nil, closing)
		}
	}
}

// push enters a container.
func (s *scanner) push(within *node, inArray bool) fault {
	if s.depth == maxDepth {
		return tooDeep
	}
	s.within[s.depth], s.arrays[s.depth], s.wholes[s.depth] = within, inArray, 0
	s.depth++
	return ""
}

// openWhole makes a column of the container that was entered last. Its end is
// set when the container is left.
func (s *scanner) openWhole(start int) fault {
	f := s.column(start, start, plain)
	s.wholes[s.depth-1] = int32(len(s.windows))
	return f
}

// member scans a key and its value, or an element of an array. When the value
// is a container it returns its node, and the place of its first content.
func (s *scanner) member(i int, n, within *node, inArray bool) (int, *node, *node, fault) {
	data := s.data
	var raw []byte
	s.expected = nil
	if !inArray {
		if next := n.next; next != nil && next.raw != "" && len(data)-i > len(next.raw) && string(data[i:i+len(next.raw)]) == next.raw && next.class != named {
			raw, s.expected = data[i:i+len(next.raw)], next
			i += len(next.raw)
		} else {
			var f fault
			if raw, i, f = s.key(i); f != "" {
				return i, n, nil, f
			}
		}
		i = skipSpace(data, i)
	}
	if i >= len(data) {
		return i, n, nil, truncated
	}
	switch data[i] {
	case '"':
		return s.text(i, n, within, raw)
	case '{':
		if within != nil && within.named {
			if end, next, ok := s.namedData(i, n, within); ok {
				return end, next, nil, ""
			}
		}
		n = s.step(n, within, raw, object)
		if n.named {
			if end, next, ok := s.namedData(i, n.parent, within); ok {
				return end, next, nil, ""
			}
		}
		return i + 1, n, n, ""
	case '[':
		if end := skipSpace(data, i+1); end < len(data) && data[end] == ']' {
			n = s.step(n, within, raw, empty)
			return end + 1, n, nil, s.emptyArray(i, end+1, n)
		}
		n = s.step(n, within, raw, array)
		return i + 1, n, n, ""
	}
	end, k, f := scanLiteral(data, i)
	if f != "" {
		return i, n, nil, f
	}
	n = s.step(n, within, raw, scalar)
	return end, n, nil, s.column(i, end, k)
}

// emptyArray adds the column of an array without elements: the field is there
// and has no value, as with null.
func (s *scanner) emptyArray(start, end int, n *node) fault {
	switch {
	case n.whole:
		return s.column(start, end, plain)
	case n.silent:
		return ""
	}
	return s.column(start, end, null)
}

// step follows the key that was scanned last.
func (s *scanner) step(from, within *node, raw []byte, class class) *node {
	if s.expected != nil && s.expected.class == class {
		return s.expected
	}
	return s.trie.step(from, within, raw, class)
}

// column adds the window of a value.
func (s *scanner) column(start, end int, k kind) fault {
	if len(s.windows) >= maxColumns {
		return tooManyFields
	}
	s.windows = append(s.windows, window{int32(start), int32(end), k | s.origin})
	return ""
}

// dropFraction makes 1 of 1.0. Where the number is missing in one row, pandas
// takes all of a column for floating point.
func (s *scanner) dropFraction(column int) {
	w := &s.windows[column]
	if w.kind&^inScratch == literal && bytes.HasSuffix(s.raw(*w), []byte(".0")) {
		w.end -= 2
	}
}

// text scans a string value.
func (s *scanner) text(i int, n, within *node, raw []byte) (int, *node, *node, fault) {
	end := closingQuote(s.data, i+1)
	if end < 0 {
		return len(s.data), n, nil, truncated
	}
	from := n
	n = s.step(from, within, raw, scalar)
	if n.embeds && s.origin == 0 {
		if inner, ok := s.embedded(i+1, end, from, within, raw); ok {
			return end + 1, inner, nil, ""
		}
	}
	return end + 1, n, nil, s.column(i+1, end, quoted)
}

// key scans a key that was not predicted: `"key"`, space, a colon. What it
// returns has the colon right behind the quote.
func (s *scanner) key(i int) (raw []byte, end int, f fault) {
	data := s.data
	if data[i] != '"' {
		return nil, i, malformed
	}
	quote := closingQuote(data, i+1)
	if quote < 0 {
		return nil, len(data), truncated
	}
	colon := skipSpace(data, quote+1)
	switch {
	case colon >= len(data):
		return nil, colon, truncated
	case data[colon] != ':':
		return nil, colon, malformed
	case colon == quote+1:
		return data[i : colon+1], colon + 1, ""
	}
	start := len(s.scratch)
	s.scratch = append(append(s.scratch, data[i:quote+1]...), ':')
	return s.scratch[start:], colon + 1, ""
}

func skipSpace(data []byte, i int) int {
	for i < len(data) && data[i] <= ' ' && (data[i] == ' ' || data[i] == '\n' || data[i] == '\r' || data[i] == '\t') {
		i++
	}
	return i
}

// scanLiteral scans a number, true, false or null.
func scanLiteral(data []byte, i int) (end int, k kind, f fault) {
	switch data[i] {
	case 't':
		return scanWord(data, i, "true", literal)
	case 'f':
		return scanWord(data, i, "false", literal)
	case 'n':
		return scanWord(data, i, "null", null)
	}
	end = i
	for end < len(data) && (data[end]-'0' <= 9 || data[end] == '.' || data[end] == '-' || data[end] == '+' || data[end]|0x20 == 'e') {
		end++
	}
	if first := data[i]; first != '-' && first-'0' > 9 {
		return i, literal, malformed
	}
	return end, literal, ""
}

func scanWord(data []byte, i int, word string, k kind) (int, kind, fault) {
	switch {
	case bytes.HasPrefix(data[i:], []byte(word)):
		return i + len(word), k, ""
	case bytes.HasPrefix([]byte(word), data[i:]):
		return len(data), k, truncated
	}
	return i, k, malformed
}
