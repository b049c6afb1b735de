package cli

import (
	"fmt"
	"strconv"
	"unicode"
	"unicode/utf8"
)

// appendHarmless appends the JSON or XML of a record such that a terminal
// shows it and does nothing else, and that it stays one line: line breaks,
// control characters, bidirectional overrides and invisible characters become
// what escape makes of them.
func appendHarmless(dst, text []byte, escape func(dst []byte, r rune) []byte) []byte {
	clean := 0
	for i := 0; i < len(text); {
		r, size := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRune(text[i:])
		}
		if r < ' ' || r == utf8.RuneError && size == 1 || r >= 0x7f && !unicode.IsPrint(r) && !unicode.Is(unicode.Zs, r) {
			dst = escape(append(dst, text[clean:i]...), r)
			clean = i + size
		}
		i += size
	}
	return append(dst, text[clean:]...)
}

// escapeJSON is for characters in strings.
func escapeJSON(dst []byte, r rune) []byte {
	if r > 0xffff {
		r -= 0x10000
		return fmt.Appendf(dst, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
	}
	return fmt.Appendf(dst, `\u%04x`, r)
}

// escapeXML writes a character reference. In a CDATA section it stands for
// itself.
func escapeXML(dst []byte, r rune) []byte {
	return append(strconv.AppendInt(append(dst, "&#"...), int64(r), 10), ';')
}
