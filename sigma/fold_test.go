package sigma

import (
	"bytes"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestFold(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"empty", "", ""},
		{"ascii", "C:\\Windows\\System32\\CMD.EXE [@`{]", "c:\\windows\\system32\\cmd.exe [@`{]"},
		{"neighbours of the capitals", "@A[@Z[`a{`z{", "@a[@z[`a{`z{"},
		{"kelvin sign", "\u212a", "k"},
		{"long s", "\u017f", "s"},
		{"sharp s is not ss", "ß", "ß"},
		{"capital sharp s", "ẞ", "ß"},
		{"dotted capital i stays", "\u0130", "\u0130"},
		{"dotless i stays", "\u0131", "\u0131"},
		{"albanian", "Ëndërr ÇELËS", foldString("ëNDËRR çelës")},
		{"greek final sigma", "ΣΑΣ", foldString("σας")},
		{"cyrillic", "Привет", foldString("ПРИВЕТ")},
		{"invalid bytes stay", "A\xffB\xc3", "a\xffb\xc3"},
		{"cut character before a letter", "\xe2\x84\u212a", "\xe2\x84k"},
		{"replacement character", "\ufffd", "\ufffd"},
		{"nul", "A\x00B", "a\x00b"},
	}
	for _, test := range tests {
		if got := foldString(test.text); got != test.want {
			t.Errorf("%s: Fold(%q) = %q, want %q", test.name, test.text, got, test.want)
		}
	}
}

// Every rune is folded to a rune that EqualFold takes for the same, and all
// runes of an orbit to the identical one.
func TestFoldAgreesWithUnicodeOnEveryRune(t *testing.T) {
	t.Parallel()
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		folded := foldRune(r)
		if !strings.EqualFold(string(r), string(folded)) {
			t.Fatalf("foldRune(%U) = %U, which is another letter", r, folded)
		}
		if next := foldRune(unicode.SimpleFold(r)); next != folded {
			t.Fatalf("foldRune(%U) = %U, but the next of its orbit gives %U", r, folded, next)
		}
		if utf8.RuneLen(folded) > utf8.RuneLen(r) {
			t.Fatalf("foldRune(%U) = %U is longer", r, folded)
		}
	}
}

func TestFoldInPlace(t *testing.T) {
	t.Parallel()
	text := []byte("ABCDEFGHIJKLMNOP\u212aQRSTUVWXYZ Ç")
	want := foldString(string(text))
	if got := Fold(text[:0], text); string(got) != want {
		t.Errorf("in place: %q, want %q", got, want)
	}
}

func FuzzFold(f *testing.F) {
	f.Add("CMD.exe", "cmd.EXE")
	f.Add("\u212aelvin", "KELVIN")
	f.Add("ß", "SS")
	f.Add("\xff\xe2\x84", "\xff\xe2\x84K")
	f.Fuzz(func(t *testing.T, a, b string) {
		foldedA, foldedB := Fold(nil, []byte(a)), Fold(nil, []byte(b))
		if again := Fold(nil, foldedA); !bytes.Equal(again, foldedA) {
			t.Errorf("folding %q twice: %q, then %q", a, foldedA, again)
		}
		if len(foldedA) > len(a) {
			t.Errorf("Fold(%q) = %q is longer", a, foldedA)
		}
		if !utf8.ValidString(a) || !utf8.ValidString(b) {
			return
		}
		if got, want := bytes.Equal(foldedA, foldedB), strings.EqualFold(a, b); got != want {
			t.Errorf("Fold says %v and EqualFold says %v for %q and %q", got, want, a, b)
		}
	})
}

func BenchmarkFold(b *testing.B) {
	texts := map[string]string{
		"ascii":    `"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe" -NoProfile -ExecutionPolicy Bypass`,
		"albanian": `C:\Përdoruesit\Çelësi\Dëshmi e Rëndë\programi.exe -Ekzekuto Çdo Gjë që të thonë`,
	}
	for name, text := range texts {
		b.Run(name, func(b *testing.B) {
			dst, src := make([]byte, 0, len(text)), []byte(text)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				dst = Fold(dst[:0], src)
			}
		})
	}
}
