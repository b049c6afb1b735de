package winjson

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

// An encoding is that of a whole source.
type encoding uint8

const (
	utf8Text encoding = iota
	utf16LittleEndian
	utf16BigEndian
)

var utf8Mark = []byte{0xef, 0xbb, 0xbf}

// encodingOf tells the encoding by the byte order mark or, as RFC 4627 section 3
// did, by where the zeros stand in the first character.
func encodingOf(head []byte) encoding {
	if len(head) < 2 {
		return utf8Text
	}
	switch first, second := head[0], head[1]; {
	case first == 0xff && second == 0xfe, isOpening(first) && second == 0:
		return utf16LittleEndian
	case first == 0xfe && second == 0xff, first == 0 && isOpening(second):
		return utf16BigEndian
	}
	return utf8Text
}

func isOpening(c byte) bool { return c == '{' || c == '[' }

// unitSize is the size of the smallest unit of text, in bytes.
func (e encoding) unitSize() int {
	if e == utf8Text {
		return 1
	}
	return 2
}

func (e encoding) order() binary.ByteOrder {
	if e == utf16BigEndian {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// project gives one byte per unit, ASCII as it is and all else as 0x80: enough
// to see the structure, with positions that correspond.
func (e encoding) project(dst, text []byte) []byte {
	order := e.order()
	for ; len(text) >= 2; text = text[2:] {
		unit := order.Uint16(text)
		if unit >= 0x80 {
			unit = 0x80
		}
		dst = append(dst, byte(unit))
	}
	return dst
}

// decode appends text as UTF-8. Lone surrogates become U+FFFD.
func (e encoding) decode(dst, text []byte) []byte {
	order := e.order()
	for len(text) >= 2 {
		r := rune(order.Uint16(text))
		text = text[2:]
		if utf16.IsSurrogate(r) {
			low := rune(-1)
			if len(text) >= 2 {
				low = rune(order.Uint16(text))
			}
			if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
				text = text[2:]
			}
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

// encodedSize is how many bytes decoded text takes in the source.
func (e encoding) encodedSize(decoded []byte) int64 {
	if e == utf8Text {
		return int64(len(decoded))
	}
	size := int64(0)
	for _, c := range decoded {
		switch {
		case c >= 0xf0: // four bytes here, a pair of surrogates there
			size += 4
		case c&0xc0 != 0x80:
			size += 2
		}
	}
	return size
}

// recognise knows JSON by an object or an array of objects. Head may end
// anywhere.
func recognise(head []byte) bool {
	if e := encodingOf(head); e != utf8Text {
		head = e.decode(nil, head)
	}
	head = bytes.TrimLeft(bytes.TrimPrefix(head, utf8Mark), " \t\r\n")
	if bytes.HasPrefix(head, []byte("[")) {
		rest := bytes.TrimLeft(head, "[ \t\r\n")
		if len(rest) == 0 || rest[0] == ']' {
			return true
		}
		head = rest
	}
	if !bytes.HasPrefix(head, []byte("{")) {
		return false
	}
	rest := bytes.TrimLeft(head[1:], " \t\r\n")
	return len(rest) == 0 || rest[0] == '"' || rest[0] == '}'
}
