package cli

import (
	"bytes"
	"unicode/utf8"

	"github.com/kulla-defence/kulla/internal/event"
)

// A textScreen looks for a text in records as they stand, as event.Screen asks.
type textScreen struct {
	text  []byte // in lower case
	lower []byte
}

// newTextScreen returns nil for a term that a screen could miss: event.Screened
// may leave out what is written in unscreened characters alone, and letters
// that are not ASCII have several spellings.
func newTextScreen(t *searchTerm) *textScreen {
	if bytes.IndexFunc(t.text, func(r rune) bool { return r >= utf8.RuneSelf }) >= 0 {
		return nil
	}
	if len(bytes.Trim(t.text, unscreened)) == 0 {
		return nil
	}
	return &textScreen{text: t.text}
}

// unscreened are the characters of numbers, times, identifiers, booleans and
// binary, in lower case: a text of these alone may stand in what is left out.
const unscreened = "0123456789abcdefnilrstuxz.:+-{} /,_"

// longS is what a regular expression that ignores case takes for an s, which
// its lower case is not.
var longS = []byte("ſ")

// Text implements event.Screen.
func (s *textScreen) Text(text []byte) bool {
	if bytes.Contains(text, longS) {
		return true
	}
	s.lower = appendLower(s.lower[:0], text)
	return bytes.Contains(s.lower, s.text)
}

// UTF16 implements event.Screen. What is not ASCII may have an ASCII letter for
// its small one, as the Kelvin sign has, and so may be anything.
func (s *textScreen) UTF16(text []byte) bool {
	s.lower = s.lower[:0]
	for i := 0; i+1 < len(text); i += 2 {
		c := text[i]
		if text[i+1] != 0 || c >= utf8.RuneSelf {
			return true
		}
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		s.lower = append(s.lower, c)
	}
	return bytes.Contains(s.lower, s.text)
}

// searcher returns the sink of another worker.
func (s *search) searcher() *searcher {
	worker := &searcher{search: s, shelf: s.spool.Shelf()}
	for i := range s.terms {
		if screen := newTextScreen(&s.terms[i]); screen != nil {
			worker.screens = append(worker.screens, screen)
		}
	}
	return worker
}

// mayHold asks the record as a whole, before its columns are looked at one by
// one, and errs only on the side of yes.
func (s *searcher) mayHold(e *event.Event) bool {
	if len(s.screens) == 0 {
		return true
	}
	values, ok := e.Values.(event.Screened)
	if !ok {
		return true
	}
	s.text = append(s.text[:0], e.Host...)
	for _, screen := range s.screens {
		if !values.Screen(screen) && !screen.Text(s.text) {
			return false
		}
	}
	return true
}
