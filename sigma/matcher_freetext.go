package sigma

import "strings"

// A FreeTexter is an Event that gives all its free text at once. Keywords are
// then looked for in that text first, and column by column only where one of
// them stands there.
type FreeTexter interface {
	// AppendFreeText appends the texts of all columns, but may leave out those
	// that are written, after folding, with the characters of
	// "0123456789abcdefnilrstuxz.:+-{}" alone: numbers, times, identifiers,
	// booleans. It returns false when the event cannot give its text so.
	AppendFreeText(dst []byte) ([]byte, bool)
}

const plainCharacters = "0123456789abcdefnilrstuxz.:+-{}"

// onlyFreeText reports whether every atom is a contained text with a character
// that only free text can have.
func (b *indexBuilder) onlyFreeText() bool {
	for kind, texts := range b.order {
		if atomKind(kind) != atomContains && len(texts) > 0 {
			return false
		}
		for _, text := range texts {
			if strings.Trim(text, plainCharacters) == "" {
				return false
			}
		}
	}
	return true
}

// freeText returns the folded free text of the current event.
func (s *Session) freeText() ([]byte, bool) {
	event, ok := s.event.(FreeTexter)
	if !ok {
		return nil, false
	}
	if s.free, ok = event.AppendFreeText(s.free[:0]); !ok {
		return nil, false
	}
	s.free = Fold(s.free[:0], s.free)
	return s.free, true
}

// isKeywords reports whether a field stands for every column.
func (m *Matcher) isKeywords(number int32) bool {
	return m.fields.fields[number].name == "" && m.fields.fields[number].source == nil
}
