package findingjson

import (
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// AppendString appends text as a JSON string. Beyond what JSON asks for, all
// that a terminal would act on or hide is escaped, so that a line of output is
// safe to look at; bytes that are not UTF-8 become U+FFFD.
func AppendString(dst []byte, text string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(text); {
		if c := text[i]; c >= ' ' && c < 0x7f {
			if c == '"' || c == '\\' {
				dst = append(dst, '\\')
			}
			dst = append(dst, c)
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		dst = AppendRune(dst, r)
		i += size
	}
	return append(dst, '"')
}

// AppendRune appends a character of a string as AppendString would, except for
// the quote and the backslash.
func AppendRune(dst []byte, r rune) []byte {
	switch {
	case r == '\n':
		return append(dst, `\n`...)
	case r == '\r':
		return append(dst, `\r`...)
	case r == '\t':
		return append(dst, `\t`...)
	case r == utf8.RuneError || Harmless(r):
		return utf8.AppendRune(dst, r)
	case r < 0x10000:
		return appendEscape(dst, r)
	default:
		high, low := utf16.EncodeRune(r)
		return appendEscape(appendEscape(dst, high), low)
	}
}

func appendEscape(dst []byte, unit rune) []byte {
	return append(dst, '\\', 'u',
		hexDigits[unit>>12&15], hexDigits[unit>>8&15], hexDigits[unit>>4&15], hexDigits[unit&15])
}

// Harmless says whether a terminal shows the character as itself. Format
// characters (category Cf) hold the bidirectional controls and the invisible
// joiners and tags; line and paragraph separators break lines.
func Harmless(r rune) bool {
	if r >= ' ' && r < 0x7f {
		return true
	}
	return unicode.IsPrint(r) || r == '\u00a0' || r == '\u3000'
}
