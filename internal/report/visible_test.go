package report

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/kulla-defence/kulla/internal/findingjson"
)

func TestVisible(t *testing.T) {
	t.Parallel()
	f := func(in, want string) {
		t.Helper()
		if got := Visible(in); got != want {
			t.Errorf("Visible(%q) = %q, want %q", in, got, want)
		}
	}
	f("", "")
	f(`C:\Windows\System32\cmd.exe /c dir`, `C:\Windows\System32\cmd.exe /c dir`)
	f("Përgjegjës — مسؤول — 管理員", "Përgjegjës — مسؤول — 管理員")
	f("red\x1b[31m", `red\x1b[31m`)
	f("\x9b31m", `\x9b31m`)
	f("\u009b31m", `\u009b31m`)
	f("a\r\nb\tc\x00\x7f", `a\r\nb\tc\x00\x7f`)
	f("exe.\u202etxt", `exe.\u202etxt`)
	f("a\u2028b\u200bc\ufeffd", `a\u2028b\u200bc\ufeffd`)
	f("tag\U000e0041", `tag\U000e0041`)
	f("broken\xff\xc3", `broken\xff\xc3`)
	f("replaced\ufffd", "replaced\ufffd")
}

func TestShorten(t *testing.T) {
	t.Parallel()
	f := func(in string, width int, want string) {
		t.Helper()
		if got := shorten(in, width); got != want {
			t.Errorf("shorten(%q, %d) = %q, want %q", in, width, got, want)
		}
	}
	f("abc", 3, "abc")
	f("abcd", 3, "ab…")
	f("ëëëë", 4, "ëëëë")
	f("ëëëë", 3, "ëë…")
	f("anything", 0, "anything")
	f("ab", 1, "…")
}

// Whatever the evidence holds, what is shown holds nothing that a terminal
// acts on.
func FuzzVisible(f *testing.F) {
	for _, seed := range []string{"", `a"b\c`, "\x00\x1b\x7f\u0085", "\u202e\u2028\U000e0041\U0001f600", "\xff\xc3("} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		shown := Visible(text)
		if i := strings.IndexFunc(shown, func(r rune) bool { return r != utf8.RuneError && !findingjson.Harmless(r) }); i >= 0 {
			t.Errorf("%q is shown as %q, with a character at %d that is not harmless", text, shown, i)
		}
		if !utf8.ValidString(shown) {
			t.Errorf("%q is shown as %q, which is no text", text, shown)
		}
	})
}
