package evtx

import (
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

// appendUTF16 appends little-endian UTF-16 as UTF-8, up to the first zero unit
// or the end. A lone surrogate becomes U+FFFD. An odd last byte is no unit.
func appendUTF16(dst, src []byte) []byte {
	const (
		notASCII = 0xff80ff80ff80ff80
		ones     = 0x0001000100010001
		tops     = 0x8000800080008000
	)
	for len(src) >= 2 {
		// Four units at a time while all of them are ASCII and none is zero: a
		// zero unit is the one that borrows when 1 is taken from each.
		for len(src) >= 8 {
			w := binary.LittleEndian.Uint64(src)
			if w&notASCII != 0 || (w-ones)&tops != 0 {
				break
			}
			w |= w >> 8
			dst = append(dst, byte(w), byte(w>>8), byte(w>>32), byte(w>>40))
			src = src[8:]
		}
		// Then units one by one, up to where four may be tried again.
		for tries := 4; tries > 0 && len(src) >= 2; tries-- {
			r, size := decodeUnit(src)
			if r == 0 {
				return dst
			}
			dst = utf8.AppendRune(dst, r)
			src = src[size:]
		}
	}
	return dst
}

// decodeUnit gives the first character of at least two bytes of UTF-16 and the
// number of bytes it takes.
func decodeUnit(src []byte) (rune, int) {
	r := rune(binary.LittleEndian.Uint16(src))
	if !utf16.IsSurrogate(r) {
		return r, 2
	}
	if len(src) >= 4 {
		if pair := utf16.DecodeRune(r, rune(binary.LittleEndian.Uint16(src[2:]))); pair != utf8.RuneError {
			return pair, 4
		}
	}
	return utf8.RuneError, 2
}

// windows1252 holds what the bytes 0x80 to 0x9f stand for; the other bytes of
// the code page are those of Latin-1. The five unassigned ones stay controls.
var windows1252 = [32]rune{
	'€', 0x81, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0x8d, 'Ž', 0x8f,
	0x90, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0x9d, 'ž', 'Ÿ',
}

// appendANSI appends text in Windows code page 1252 as UTF-8, up to the first
// zero byte or the end. The file does not say which code page was meant.
func appendANSI(dst, src []byte) []byte {
	for _, c := range src {
		switch {
		case c == 0:
			return dst
		case c >= 0x80 && c < 0xa0:
			dst = utf8.AppendRune(dst, windows1252[c-0x80])
		default:
			dst = utf8.AppendRune(dst, rune(c))
		}
	}
	return dst
}
