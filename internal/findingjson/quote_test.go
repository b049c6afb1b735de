package findingjson

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// Whatever the evidence holds, a line of output decodes to it, and holds
// nothing that a terminal acts on.
func FuzzString(f *testing.F) {
	for _, seed := range []string{"", `a"b\c`, "\x00\x1b\x7f\u0085", "\u202e\u2028\U000e0041\U0001f600", "\xff\xc3("} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		quoted := AppendString(nil, text)
		var decoded string
		if err := json.Unmarshal(quoted, &decoded); err != nil {
			t.Fatalf("%q became %q: %v", text, quoted, err)
		}
		if want := strings.ToValidUTF8(text, "\ufffd"); !sameText(decoded, text) {
			t.Errorf("%q came back as %q, want %q", text, decoded, want)
		}
		shown := string(quoted)
		if i := strings.IndexFunc(shown, func(r rune) bool { return r != utf8.RuneError && !Harmless(r) }); i >= 0 {
			t.Errorf("%q is shown as %q, with a character at %d that is not harmless", text, shown, i)
		}
		if !utf8.ValidString(shown) {
			t.Errorf("%q is shown as %q, which is no text", text, shown)
		}
	})
}

// sameText compares decoded text with evidence, each byte of which that is no
// text counts as one replacement character.
func sameText(decoded, text string) bool {
	return string([]rune(decoded)) == string([]rune(text))
}
