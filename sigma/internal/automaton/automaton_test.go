package automaton

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

var expressions = []string{
	``, `a`, `^a`, `a$`, `\Aab\z`, `(?m)^ab$`, `\bab\b`, `a\Bb`, `(?i)kS`, `(?s)a.b`, `a.b`, `[^a]b`, `a{2,4}b`, `(a|b)*c`, `a*?b`, `$^`, `^$`, `(?m)$\n^`,
	"\\w+`(\\w+|-|.)`[\\w+|\\s]", `"(\{\d\}){2,}"\s*-f`, `(Get|gci).{1,20}-P.{1,20}\\(run|policies)\\`, `\$\{?e?n?v?:`, `x*`, `[[:^ascii:]]`, `é`, `\pL+9`, `(a?){20}a{20}`,
}

func TestAgreesWithTheStandardLibrary(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	const letters = "abckKsS :\\`{}-f09\n\n.,éſ\xff"
	matches := 0
	for _, expression := range expressions {
		compiled := regexp.MustCompile(expression)
		a := New(compiled)
		for range 2000 {
			text := make([]byte, random.IntN(40))
			for i := range text {
				text[i] = letters[random.IntN(len(letters)-random.IntN(2)*5)]
			}
			want := compiled.Match(text)
			if got := a.Match(text); got != want {
				t.Fatalf("%q in %q: %v, want %v", expression, text, got, want)
			}
			if want {
				matches++
			}
		}
	}
	if matches < 5000 {
		t.Errorf("only %d texts matched", matches)
	}
}

// An expression with more states than are kept is the standard library's.
func TestTooManyStates(t *testing.T) {
	t.Parallel()
	compiled := regexp.MustCompile(`[aé].{12}b`)
	for _, characters := range []string{"ab", "éb", "aéb"} {
		a := New(compiled)
		random := rand.New(rand.NewPCG(1, 2))
		for range 300 {
			text := make([]rune, 60)
			for i := range text {
				runes := []rune(characters)
				text[i] = runes[random.IntN(len(runes))]
			}
			if got, want := a.Match([]byte(string(text))), compiled.MatchString(string(text)); got != want {
				t.Fatalf("%q: %v, want %v", string(text), got, want)
			}
		}
		if !a.exhausted || a.states != nil {
			t.Errorf("%s: exhausted %v with %d states", characters, a.exhausted, len(a.states))
		}
	}
}

// Few states may be large, and an expression of many parts may have them: rules of
// strangers must not fill the memory. What is too large is the standard library's.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	for expression, atOnce := range map[string]bool{`[ab]{0,900}c`: false, strings.Repeat("[ab]{0,1000}", 30) + "c": true} {
		a := New(regexp.MustCompile(expression))
		if a.exhausted != atOnce {
			t.Errorf("%.30s: exhausted %v at once", expression, a.exhausted)
		}
		text := []byte(strings.Repeat("ab", 100) + "-ab")
		if a.Match(text) || !a.Match(append(text, 'c')) {
			t.Errorf("%.30s: another answer", expression)
		}
		if !a.exhausted || a.states != nil || a.program != nil {
			t.Errorf("%.30s: exhausted %v with %d states", expression, a.exhausted, len(a.states))
		}
	}
}

func TestOtherSyntax(t *testing.T) {
	t.Parallel()
	a := New(regexp.MustCompilePOSIX(`(a|ab)(c|bcd)`))
	for text, want := range map[string]bool{"xabcdx": true, "xab": false} {
		if a.Match([]byte(text)) != want {
			t.Errorf("%q: want %v", text, want)
		}
	}
}

func FuzzAutomaton(f *testing.F) {
	for _, expression := range expressions {
		f.Add(expression, "ab-c `a`", "\n")
	}
	f.Fuzz(func(t *testing.T, expression, first, second string) {
		compiled, err := regexp.Compile(expression)
		if err != nil || len(expression) > 200 {
			return
		}
		a := New(compiled)
		for _, text := range []string{first, second, first + second, second + first} {
			if got, want := a.Match([]byte(text)), compiled.MatchString(text); got != want {
				t.Errorf("%q in %q: %v, want %v", expression, text, got, want)
			}
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	compiled := regexp.MustCompile("\\w+`(\\w+|-|.)`[\\w+|\\s]")
	text := []byte(strings.Repeat("Get-Item `\n -Path 'C:\\Program Files' | Where-Object { $_.Name -like \"*x\" }\n", 200))
	for name, match := range map[string]func([]byte) bool{"automaton": New(compiled).Match, "regexp": compiled.Match} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if match(text) {
					b.Fatal("matched")
				}
			}
		})
	}
}
