package sigma

import "strings"

// parsePattern cuts a value into its literal parts and wildcards. A backslash
// takes the meaning from *, ? and the backslash itself; before anything else,
// and at the end, it is an ordinary character (Sigma rules specification,
// "Escaping"; the details as pySigma has them).
func parsePattern(text string) []Part {
	if strings.IndexByte(text, '\\') < 0 && strings.IndexByte(text, '*') < 0 && strings.IndexByte(text, '?') < 0 {
		return appendLiteral(nil, text)
	}
	var parts []Part
	literal := make([]byte, 0, len(text))
	flush := func() {
		parts = appendLiteral(parts, string(literal))
		literal = literal[:0]
	}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '\\':
			if i+1 < len(text) && strings.IndexByte(`*?\`, text[i+1]) >= 0 {
				i++
			}
			literal = append(literal, text[i])
		case '*':
			flush()
			parts = append(parts, Part{Kind: AnyRun})
		case '?':
			flush()
			parts = append(parts, Part{Kind: AnyOne})
		default:
			literal = append(literal, c)
		}
	}
	flush()
	return parts
}

// appendLiteral keeps the promise that a literal is never empty and never
// beside another one.
func appendLiteral(parts []Part, literal string) []Part {
	if literal == "" {
		return parts
	}
	if last := len(parts) - 1; last >= 0 && parts[last].Kind == Literal {
		parts[last].Literal += literal
		return parts
	}
	return append(parts, Part{Kind: Literal, Literal: literal})
}

// String is the value as a rule would write it, wildcards and escapes
// included.
func (s String) String() string {
	var text strings.Builder
	for _, part := range s.Parts {
		switch part.Kind {
		case AnyRun:
			text.WriteByte('*')
		case AnyOne:
			text.WriteByte('?')
		case placeholder:
			text.WriteString("%" + part.Literal + "%")
		case Literal:
			escapeLiteral(&text, part.Literal)
		}
	}
	return text.String()
}

// escapeLiteral escapes what would be read as a wildcard, and those
// backslashes that would be read as an escape.
func escapeLiteral(text *strings.Builder, literal string) {
	for i := 0; i < len(literal); i++ {
		switch c := literal[i]; {
		case c == '*' || c == '?':
			text.WriteByte('\\')
		case c == '\\' && (i+1 == len(literal) || strings.IndexByte(`*?\`, literal[i+1]) >= 0):
			text.WriteByte('\\')
		}
		text.WriteByte(literal[i])
	}
}

func startsWithRun(parts []Part) bool { return len(parts) > 0 && parts[0].Kind == AnyRun }
func endsWithRun(parts []Part) bool   { return len(parts) > 0 && parts[len(parts)-1].Kind == AnyRun }

// open lets anything stand before or after a pattern.
func open(parts []Part, start, end bool) []Part {
	opened := make([]Part, 0, len(parts)+2)
	if start && !startsWithRun(parts) {
		opened = append(opened, Part{Kind: AnyRun})
	}
	opened = append(opened, parts...)
	if end && !endsWithRun(opened) {
		opened = append(opened, Part{Kind: AnyRun})
	}
	return opened
}

func hasWildcard(parts []Part) bool {
	for _, part := range parts {
		if part.Kind != Literal {
			return true
		}
	}
	return false
}
