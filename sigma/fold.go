package sigma

import (
	"encoding/binary"
	"unicode"
	"unicode/utf8"
)

// Fold appends text to dst in the one form that all its spellings share, so
// that for valid UTF-8 the folded forms of a and b are equal if and only if
// strings.EqualFold(a, b). It is Unicode simple case folding: one character
// becomes one character (ß and ss stay different, the Kelvin sign is a k, the
// dotted and the dotless Turkish i are letters of their own). ASCII comes out
// in lower case. Bytes that are not UTF-8 are kept as they are.
//
// The folded form is never longer than the text, and folding twice changes
// nothing. Text may be folded in place: Fold(text[:0], text).
func Fold(dst, text []byte) []byte {
	for {
		for len(text) >= 8 {
			word := binary.LittleEndian.Uint64(text)
			if word&highBits != 0 {
				break
			}
			dst = binary.LittleEndian.AppendUint64(dst, lowerWord(word))
			text = text[8:]
		}
		for i := 0; i < 8 && len(text) > 0 && text[0] < utf8.RuneSelf; i++ {
			dst = append(dst, lowerByte(text[0]))
			text = text[1:]
		}
		if len(text) == 0 {
			return dst
		}
		dst, text = foldRunes(dst, text)
	}
}

// foldRunes folds what stands before the next ASCII character.
func foldRunes(dst, text []byte) (folded, rest []byte) {
	for len(text) > 0 && text[0] >= utf8.RuneSelf {
		r, size := utf8.DecodeRune(text)
		if r == utf8.RuneError && size == 1 {
			dst = append(dst, text[0])
		} else {
			dst = utf8.AppendRune(dst, foldRune(r))
		}
		text = text[size:]
	}
	return dst, text
}

const (
	highBits = 0x8080808080808080
	oneBits  = 0x0101010101010101
)

// lowerWord lower-cases eight ASCII bytes at once. Adding 0x80-'A' carries
// into the top bit of the bytes from 'A' on, adding 0x80-'Z'-1 into that of
// the bytes after 'Z'; where only the first did, the byte is a capital, and
// its top bit moved down to 0x20 is the difference to the small letter.
func lowerWord(word uint64) uint64 {
	fromA := word + (0x80-'A')*oneBits
	afterZ := word + (0x80-'Z'-1)*oneBits
	capital := (fromA &^ afterZ) & highBits
	return word | capital>>2
}

func lowerByte(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + ('a' - 'A')
	}
	return c
}

// foldRune returns the smallest rune among those that are the same letter, or
// the small letter where that one is ASCII. The smallest needs no more bytes
// than any other.
func foldRune(r rune) rune {
	switch { // the blocks met most often
	case 0xe0 <= r && r <= 0xfe && r != '÷': // à to þ, in Latin-1
		return r - 0x20
	case 0x80 <= r && r <= 0xff:
		return r
	case 0x430 <= r && r <= 0x44f: // а to я
		return r - 0x20
	case 0x400 <= r && r <= 0x42f:
		return r
	case 0x2e80 <= r && r <= 0xa63f: // scripts of East Asia have no case
		return r
	}
	smallest := r
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		smallest = min(smallest, other)
	}
	if 'A' <= smallest && smallest <= 'Z' {
		return smallest + ('a' - 'A')
	}
	return smallest
}

// foldString is Fold for the strings of rules, most of which are folded.
func foldString(text string) string {
	for i := range len(text) {
		if c := text[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			return string(Fold(make([]byte, 0, len(text)), []byte(text)))
		}
	}
	return text
}
