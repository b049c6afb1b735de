package evtx

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

// appendUTF16 appends little-endian UTF-16 as UTF-8, up to the first zero unit
// or the end. A lone surrogate becomes U+FFFD. An odd last byte is no unit.
func appendUTF16(dst, src []byte) []byte {
	for len(src) >= 2 {
		if len(src) >= 16 {
			n := narrow(&dst, src)
			src = src[2*n:]
		}
		// Then units one by one, to the end or some way past one that is not
		// ASCII, where more of them are likely.
		for left := len(src); left > 0 && len(src) >= 2; left-- {
			u := binary.LittleEndian.Uint16(src)
			if u == 0 {
				return dst
			}
			if u < utf8.RuneSelf {
				dst = append(dst, byte(u))
				src = src[2:]
				continue
			}
			r, size := decodeUnit(src)
			dst = utf8.AppendRune(dst, r)
			src = src[size:]
			left = min(left, 6)
		}
	}
	return dst
}

// narrow appends units eight at a time while all of them are ASCII and none is
// zero, and gives their number.
func narrow(dst *[]byte, src []byte) int {
	const (
		notASCII = 0xff80ff80ff80ff80
		ones     = 0x0001000100010001
		tops     = 0x8000800080008000
	)
	*dst = slices.Grow(*dst, len(src)/2)
	out := (*dst)[len(*dst):cap(*dst)]
	n := 0
	for len(src) >= 16 && len(out) >= 8 {
		low, high := binary.LittleEndian.Uint64(src), binary.LittleEndian.Uint64(src[8:])
		// A zero unit is the one that borrows when 1 is taken from each.
		if (low|high)&notASCII != 0 || ((low-ones)|(high-ones))&tops != 0 {
			break
		}
		binary.LittleEndian.PutUint64(out, pack(low)|pack(high)<<32)
		src, out = src[16:], out[8:]
		n += 8
	}
	*dst = (*dst)[:len(*dst)+n]
	return n
}

// pack puts the low bytes of four units side by side.
func pack(w uint64) uint64 {
	w |= w >> 8
	return w&0xffff | w>>16&0xffff0000
}

// zeroUnit gives where the first zero unit of UTF-16 stands; -1 where there is none.
func zeroUnit(src []byte) int {
	const all, tops = 0x7fff7fff7fff7fff, 0x8000800080008000
	at := 0
	for ; at+8 <= len(src); at += 8 {
		w := binary.LittleEndian.Uint64(src[at:])
		// The sum reaches the top bit of a unit when any bit below it is set.
		if zero := ^((w & all) + all | w) & tops; zero != 0 {
			return at + bits.TrailingZeros64(zero)/16*2
		}
	}
	for ; at+2 <= len(src); at += 2 {
		if binary.LittleEndian.Uint16(src[at:]) == 0 {
			return at
		}
	}
	return -1
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
	for len(src) >= 8 { // eight bytes at a time, while they are ASCII and none is zero
		word := binary.LittleEndian.Uint64(src)
		if (word|(word-0x0101010101010101))&0x8080808080808080 != 0 {
			break
		}
		dst = binary.LittleEndian.AppendUint64(dst, word)
		src = src[8:]
	}
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
