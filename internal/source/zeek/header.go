package zeek

import (
	"bytes"
	"encoding/hex"
	"strings"
)

// A header is the shape of the lines that follow it. It never changes.
type header struct {
	separator, setSeparator []byte
	empty, unset            []byte
	path                    string
	fields                  [][]byte
	// sets says which fields are sets or vectors.
	sets []bool
	// time is the column of the time of the event, or -1.
	time int
}

// newHeader holds what Zeek writes unless it is told otherwise.
func newHeader() *header {
	return &header{separator: []byte{'\t'}, setSeparator: []byte{','}, empty: []byte("(empty)"), unset: []byte("-"), time: -1}
}

// maxFields bounds the columns of a log; those of Zeek have some dozens.
const maxFields = 4096

// follow returns the header that holds after a block.
func (h *header) follow(block []byte) *header {
	for len(block) > 0 {
		if block[0] != '#' {
			next := bytes.Index(block, []byte("\n#"))
			if next < 0 {
				break
			}
			block = block[next+1:]
		}
		var text []byte
		text, block, _ = bytes.Cut(block, []byte{'\n'})
		h = h.apply(bytes.TrimSuffix(text, []byte{'\r'}))
	}
	return h
}

// apply returns the header after one more line that begins with '#'.
func (h *header) apply(text []byte) *header {
	if value, found := bytes.CutPrefix(text, []byte("#separator ")); found {
		next := newHeader()
		if value = unescape(nil, value); len(value) > 0 {
			next.separator = value
		}
		return next
	}
	name, value, found := bytes.Cut(text, h.separator)
	if !found {
		return h
	}
	next := *h
	value = bytes.Clone(value)
	switch string(name) {
	case "#set_separator":
		next.setSeparator = unescape(nil, value)
	case "#empty_field":
		next.empty = value
	case "#unset_field":
		next.unset = value
	case "#path":
		next.path = string(value)
	case "#fields":
		next.fields = bytes.SplitN(value, h.separator, maxFields)
		next.sets, next.time = nil, next.column("ts")
	case "#types":
		next.types(bytes.SplitN(value, h.separator, maxFields))
	default:
		return h
	}
	return &next
}

// types marks the sets and vectors. A log without a column ts has its time in
// the first of type time.
func (h *header) types(types [][]byte) {
	h.sets = make([]bool, len(h.fields))
	for i, kind := range types[:min(len(types), len(h.fields))] {
		h.sets[i] = strings.HasPrefix(string(kind), "set[") || strings.HasPrefix(string(kind), "vector[")
		if h.time < 0 && string(kind) == "time" {
			h.time = i
		}
	}
}

func (h *header) column(name string) int {
	for i, field := range h.fields {
		if string(field) == name {
			return i
		}
	}
	return -1
}

func (h *header) isSet(column int) bool { return column < len(h.sets) && h.sets[column] }

// unescape appends text with \xHH as the byte and \\ as one backslash. Any
// other backslash stands for itself.
func unescape(dst, text []byte) []byte {
	for {
		at := bytes.IndexByte(text, '\\')
		if at < 0 || at+1 == len(text) {
			return append(dst, text...)
		}
		dst = append(dst, text[:at]...)
		text = text[at:]
		switch {
		case text[1] == '\\':
			dst, text = append(dst, '\\'), text[2:]
		case text[1] == 'x' && len(text) >= 4 && isHex(text[2:4]):
			dst, _ = hex.AppendDecode(dst, text[2:4]) // isHex: no error
			text = text[4:]
		default:
			dst, text = append(dst, '\\'), text[1:]
		}
	}
}

func isHex(digits []byte) bool {
	for _, c := range digits {
		if !('0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f') {
			return false
		}
	}
	return true
}
