// Package charset reads the encodings that logs come in: UTF-8, and UTF-16 of
// either byte order.
//
// It holds no parsing. Begin with Of.
package charset

import (
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

// An Encoding is that of a whole source.
type Encoding uint8

const (
	UTF8 Encoding = iota
	UTF16LittleEndian
	UTF16BigEndian
)

// Mark is the byte order mark of UTF-8.
var Mark = []byte{0xef, 0xbb, 0xbf}

// Of tells the encoding of text by its byte order mark or, as RFC 4627 section
// 3 did, by where the zero stands in the first character, which is ASCII.
func Of(head []byte) Encoding {
	if len(head) < 2 {
		return UTF8
	}
	switch first, second := head[0], head[1]; {
	case first == 0xff && second == 0xfe, first != 0 && second == 0:
		return UTF16LittleEndian
	case first == 0xfe && second == 0xff, first == 0 && second != 0:
		return UTF16BigEndian
	}
	return UTF8
}

// UnitSize is the size of the smallest unit of text, in bytes.
func (e Encoding) UnitSize() int {
	if e == UTF8 {
		return 1
	}
	return 2
}

func (e Encoding) order() binary.ByteOrder {
	if e == UTF16BigEndian {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// Project gives one byte per unit, ASCII as it is and all else as 0x80: enough
// to see the structure, with positions that correspond.
func (e Encoding) Project(dst, text []byte) []byte {
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

// Decode appends text as UTF-8. Lone surrogates become U+FFFD.
func (e Encoding) Decode(dst, text []byte) []byte {
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

// EncodedSize is how many bytes decoded text takes in the source.
func (e Encoding) EncodedSize(decoded []byte) int64 {
	if e == UTF8 {
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
