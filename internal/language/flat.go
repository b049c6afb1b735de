package language

import (
	"strings"
	"unicode/utf8"
)

// readFlat reads the part of YAML that catalogues are written in, many times
// faster than the whole of it:
//
//	key: "text without escapes"
//	key: plain words
//	key: {plural: name, one: "text", other: "text"}
//
// with comments and empty lines between. It gives up at the first sign of
// anything else, a fault included; then YAML itself has the word. A fuzz target
// proves that what it does read, it reads the same.
func readFlat(text string) (messages map[string]*message, ok bool) {
	if !isFlatText(text) {
		return nil, false
	}
	messages = make(map[string]*message, strings.Count(text, "\n")+1)
	for line := range strings.SplitSeq(text, "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		key, value, ok := cutKey(line)
		if !ok || messages[key] != nil {
			return nil, false
		}
		m, ok := readFlatMessage(value)
		if !ok {
			return nil, false
		}
		messages[key] = m
	}
	return messages, true
}

// isFlatText reports whether all characters mean nothing but themselves to YAML.
func isFlatText(text string) bool {
	for _, r := range text {
		switch {
		case r < ' ' && r != '\n', r >= 0x7f && r < 0xa0, r == '\u2028', r == '\u2029', r == '\ufeff', r&0xfffe == 0xfffe, r == utf8.RuneError:
			return false
		}
	}
	return true
}

// cutKey takes the key off the beginning of a map's entry.
func cutKey(text string) (key, rest string, ok bool) {
	at := strings.IndexByte(text, ':')
	if at < 1 || !isLetter(text[0]) || !strings.HasPrefix(text[at:], ": ") {
		return "", "", false
	}
	for _, c := range []byte(text[:at]) {
		if !isLetter(c) && (c < '0' || c > '9') && c != '.' && c != '_' {
			return "", "", false
		}
	}
	return text[:at], text[at+2:], !isNull(text[:at])
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// isNull is for what is nothing in YAML, and no text.
func isNull(text string) bool { return strings.EqualFold(text, "null") }

func readFlatMessage(value string) (*message, bool) {
	if forms, ok := strings.CutPrefix(value, "{"); ok {
		return readFlatForms(forms)
	}
	text, rest, ok := cutQuoted(value)
	if !ok {
		text, rest, ok = value, "", isPlain(value)
	}
	if !ok || rest != "" {
		return nil, false
	}
	parts, err := parseText(text)
	return &message{other: parts}, err == nil
}

// cutQuoted takes a text in double quotes off the beginning.
func cutQuoted(value string) (text, rest string, ok bool) {
	value, ok = strings.CutPrefix(value, `"`)
	if !ok {
		return "", "", false
	}
	text, rest, ok = strings.Cut(value, `"`)
	return text, rest, ok && !strings.Contains(text, `\`)
}

// isPlain reports whether a value is words that need no quotes.
func isPlain(value string) bool {
	return value != "" && (isLetter(value[0]) || value[0] == '(' || value[0] >= utf8.RuneSelf) && !strings.HasSuffix(value, " ") && !strings.ContainsAny(value, "#:") && !isNull(value)
}

// readFlatForms reads a map of plural forms, behind its brace.
func readFlatForms(text string) (*message, bool) {
	entries := make(map[string]string, len(formNames)+1)
	for {
		name, rest, ok := cutKey(text)
		if _, twice := entries[name]; !ok || twice {
			return nil, false
		}
		if name == "plural" {
			end := strings.IndexAny(rest, ",}")
			if end < 0 || !isName(rest[:end]) || !isLetter(rest[0]) || isNull(rest[:end]) {
				return nil, false
			}
			entries[name], rest = rest[:end], rest[end:]
		} else if entries[name], rest, ok = cutQuoted(rest); !ok {
			return nil, false
		}
		if rest == "}" {
			m, err := formsOf(entries)
			return &m, err == nil
		}
		if text, ok = strings.CutPrefix(rest, ", "); !ok {
			return nil, false
		}
	}
}
