package report

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/kulla-defence/kulla/internal/findingjson"
)

// Visible returns evidence text such that a terminal shows it and does nothing
// else: control characters, bidirectional overrides, invisible characters and
// bytes that are not UTF-8 become escapes that name them.
func Visible(text string) string {
	clean := strings.IndexFunc(text, func(r rune) bool { return r == utf8.RuneError || !findingjson.Harmless(r) }) < 0
	if clean {
		return text
	}
	var out strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		writeVisible(&out, r, text[:size])
		text = text[size:]
	}
	return out.String()
}

func writeVisible(out *strings.Builder, r rune, raw string) {
	switch {
	case r == utf8.RuneError && len(raw) == 1:
		fmt.Fprintf(out, `\x%02x`, raw[0])
	case r == '\n':
		out.WriteString(`\n`)
	case r == '\r':
		out.WriteString(`\r`)
	case r == '\t':
		out.WriteString(`\t`)
	case findingjson.Harmless(r):
		out.WriteString(raw)
	case r < 0x80:
		fmt.Fprintf(out, `\x%02x`, r)
	case r < 0x10000:
		fmt.Fprintf(out, `\u%04x`, r)
	default:
		fmt.Fprintf(out, `\U%08x`, r)
	}
}

func width(text string) int { return utf8.RuneCountInString(text) }

// shortenMiddle takes what is too much of a text out of its middle, and shows
// that it did.
func shortenMiddle(text string, most int) string {
	if most < 1 || width(text) <= most {
		return text
	}
	runes := []rune(text)
	front := (most - 1) / 3
	return string(runes[:front]) + "…" + string(runes[len(runes)-(most-1-front):])
}

// shorten cuts text to a number of characters, and shows that it did.
func shorten(text string, width int) string {
	if width < 1 || utf8.RuneCountInString(text) <= width {
		return text
	}
	runes := []rune(text)
	return string(runes[:width-1]) + "…"
}
