package teddy

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"
)

var words = []string{"dpapi::masterkey", "event::drop", "gentilkiwi.com", "kiwi legit printer", `\mimilib.dll`, "sekurlsa::", "näher dran", "atk/", "pshlspy", "sie", "nas", "ksie"}

func finder(t testing.TB, words []string) *Finder {
	t.Helper()
	f := New(words)
	if f == nil && canScan() {
		t.Fatalf("no finder for %q", words)
	}
	if f == nil {
		t.Skip("the processor lacks the instructions")
	}
	return f
}

func wide(text string) []byte {
	var b []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		b = append(b, byte(unit), byte(unit>>8))
	}
	return b
}

// stands is the plain way: strings.EqualFold at every place.
func stands(text string, words []string) bool {
	for at := range text {
		for _, word := range words {
			end, characters := at, utf8.RuneCountInString(word)
			for range characters {
				_, size := utf8.DecodeRuneInString(text[end:])
				end += size
			}
			if strings.EqualFold(text[at:end], word) {
				return true
			}
		}
	}
	return false
}

func TestFindsEachLiteralAtEachPlace(t *testing.T) {
	t.Parallel()
	f := finder(t, words)
	for _, word := range words {
		for _, spelled := range []string{word, strings.ToUpper(word), strings.ReplaceAll(word, "k", "\u212a"), strings.ReplaceAll(word, "s", "\u017f")} {
			for before := range 100 {
				for _, after := range []int{0, 1, 31, 70} {
					text := strings.Repeat("a", before) + spelled + strings.Repeat(":", after)
					if !f.UTF8([]byte(text)) {
						t.Fatalf("%q is not found in UTF-8 behind %d and before %d", spelled, before, after)
					}
					for _, odd := range []string{"", "\x00", "\x7f"} {
						if !f.UTF16(append([]byte(odd), wide(text)...)) {
							t.Fatalf("%q is not found in UTF-16 behind %q and %d and before %d", spelled, odd, before, after)
						}
					}
				}
			}
		}
	}
}

// A comma joins texts, so what is before it may stand elsewhere; here the gram is
// in what is behind it.
func TestCommasMayJoinTexts(t *testing.T) {
	t.Parallel()
	f := finder(t, []string{"left,right"})
	dots := strings.Repeat(".", 60)
	for text, want := range map[string]bool{
		"left,right": true, "right": true, "right\x00left": true, "LEFT.RIGHT" + dots: true, dots + "right": true,
		"left": false, "left,righ": false, "left,ight": false, dots + "righ": false,
	} {
		if f.UTF8([]byte(text)) != want || f.UTF16(wide(text)) != want {
			t.Errorf("%q: want %v", text, want)
		}
	}
}

func TestFindsNothingWhereNothingStands(t *testing.T) {
	t.Parallel()
	f := finder(t, words)
	for _, text := range []string{"", "a", strings.Repeat("sekurlsa:", 30), strings.Repeat("event::drip ", 20), "::1", strings.Repeat("::", 100), "ekurlsa::" + strings.Repeat(" ", 90)} {
		if f.UTF8([]byte(text)) || f.UTF16(wide(text)) {
			t.Errorf("found in %q", text)
		}
	}
}

func TestAgreesWithThePlainWay(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	const letters = "abiABI:kS\u212a\u017fé"
	characters := []rune(letters)
	pick := func(length int) string {
		text := make([]rune, length)
		for i := range text {
			text[i] = characters[random.IntN(len(characters))]
		}
		return string(text)
	}
	found := 0
	for range 12000 {
		words := make([]string, 1+random.IntN(10))
		for i := range words {
			words[i] = strings.Map(func(r rune) rune {
				if 'A' <= r && r <= 'Z' {
					return r + 32
				}
				return r
			}, pick(3+random.IntN(4)))
		}
		f := New(words)
		if f == nil {
			continue
		}
		text := pick(random.IntN(400))
		if random.IntN(2) == 0 {
			text += strings.ToUpper(words[0]) + pick(random.IntN(100))
		}
		if !stands(text, words) {
			continue
		}
		found++
		if !f.UTF8([]byte(text)) || !f.UTF16(wide(text)) {
			t.Fatalf("%q not found in %q", words, text)
		}
	}
	if canScan() && found < 200 {
		t.Errorf("only %d texts held a literal", found)
	}
}

func TestScanAgreesWithOnePlaceAfterTheOther(t *testing.T) {
	t.Parallel()
	f := finder(t, words)
	random := rand.New(rand.NewPCG(3, 4))
	const letters = "eventclar:kiwimld\\.\x00"
	for range 2000 {
		text := make([]byte, blockSize*(1+random.IntN(5))+6)
		for i := range text {
			text[i] = letters[random.IntN(len(letters))]
		}
		for _, step := range []int{1, 2} {
			n := len(text) - 6
			wantBlock, want := n, uint32(0)
			for at := n - 1; at >= 0; at-- {
				buckets := f.tables[0].of(text[at])
				for i := range f.tables {
					buckets &= f.tables[i].of(text[at+i*step])
				}
				if block := at &^ (blockSize - 1); buckets != 0 {
					if block != wantBlock {
						wantBlock, want = block, 0
					}
					want |= 1 << (at - block)
				}
			}
			if block, candidates := scan(&text[0], n, step, &f.tables); block != wantBlock || candidates != want {
				t.Fatalf("%q: %d, %b; want %d, %b", text, block, candidates, wantBlock, want)
			}
		}
	}
}

func TestWhatCannotBeLookedFor(t *testing.T) {
	t.Parallel()
	many := make([]string, maxLiterals+1)
	for i := range many {
		many[i] = fmt.Sprintf("word%d", i)
	}
	for _, words := range [][]string{nil, {"ab"}, {"abcd", "kiks"}, {"aks"}, {"söße"}, many} {
		if New(words) != nil {
			t.Errorf("a finder of %q", words)
		}
	}
}

func FuzzFinder(f *testing.F) {
	f.Add("kiwi", "sekurlsa::", strings.Repeat("x", 40)+"SEKURL\u017fA::")
	f.Add(":::::", "a:b:", ":::::a:b:")
	f.Fuzz(func(t *testing.T, first, second, text string) {
		words := []string{strings.ToLower(first), strings.ToLower(second)}
		finder := New(words)
		if finder == nil || !utf8.ValidString(first) || !utf8.ValidString(second) || !utf8.ValidString(text) {
			return
		}
		for _, text := range []string{text, text + strings.ToUpper(words[0])} {
			if stands(text, words) && (!finder.UTF8([]byte(text)) || !finder.UTF16(wide(text))) {
				t.Errorf("%q not found in %q", words, text)
			}
		}
	})
}

func BenchmarkFinder(b *testing.B) {
	f := finder(b, words)
	text := bytes.Repeat([]byte(`{"EventID":4624,"Image":"C:\\Windows\\System32\\svchost.exe","User":"NT AUTHORITY\\SYSTEM"},`), 24)
	for name, look := range map[string]func([]byte) bool{"utf8": f.UTF8, "utf16": f.UTF16} {
		text := text
		if name == "utf16" {
			text = wide(string(text))
		}
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if look(text) {
					b.Fatal("found")
				}
			}
		})
	}
}
