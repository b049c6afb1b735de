package sigma

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"testing"
	"unicode/utf16"
)

func screenFor(words ...string) *Screen {
	b := &indexBuilder{}
	for i, word := range words {
		b.add(atom{kind: atomContains, text: foldString(word)}, int32(i))
	}
	index := b.build(0, true, &gramShelf{known: map[string]*gramIndex{}})
	return (&Session{screens: map[gramSet]*Screen{}}).screenFor(&index)
}

func littleEndian(text string) []byte {
	var bytes []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		bytes = append(bytes, byte(unit), byte(unit>>8))
	}
	return bytes
}

// A screen says yes wherever a word stands, in each of the three forms. Where
// it says yes without need, the columns are looked at; here it does not.
func TestScreen(t *testing.T) {
	t.Parallel()
	s := screenFor("sekurlsa::", `\mimilib.dll`, "Kiwi Legit Printer")
	f := func(text string, want bool) {
		t.Helper()
		if got := s.Text([]byte(text)); got != want {
			t.Errorf("Text(%q) = %v, want %v", text, got, want)
		}
		if got := s.UTF16(littleEndian(text)); got != want {
			t.Errorf("UTF16(%q) = %v, want %v", text, got, want)
		}
		document, err := json.Marshal(map[string]string{"Key": text})
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := s.JSON(document); ok && got != want {
			t.Errorf("JSON(%s) = %v, want %v", document, got, want)
		}
	}
	f("", false)
	f("sekurlsa:", false)
	f("sekurlsa::", true)
	f("SEKURLSA::logonpasswords", true)
	for shift := range 20 {
		padding := "0123456789 paddings!"[:shift]
		f(padding+`C:\x\MimiLib.dll`+padding, true)
		f(padding+"xSekurlsa::x", true)
		f(padding+`C:\x\mimilib.dlx`, false)
	}
}

// A screen of any words says yes to any text in which one of them stands.
func TestScreenMissesNoWord(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 6))
	characters := []rune("abkstABKST:,\\ 1\u212a\u017fëäЖ\U0001f600")
	pick := func(length int) string {
		text := make([]rune, length)
		for i := range text {
			text[i] = characters[random.IntN(len(characters))]
		}
		return string(text)
	}
	for range 10000 {
		words := make([]string, 1+random.IntN(6))
		for i := range words {
			words[i] = pick(1 + random.IntN(16))
		}
		s := screenFor(words...)
		text := pick(random.IntN(24)) + words[0] + pick(random.IntN(24))
		if folded := Fold(nil, []byte(text)); !bytes.Contains(folded, []byte(foldString(words[0]))) {
			t.Fatalf("%q is not in %q", words[0], text)
		}
		for range 2 { // the second time with what is remembered of the first
			if !s.Text([]byte(text)) || !s.UTF16(littleEndian(text)) {
				t.Fatalf("%q: passed over in %q", words, text)
			}
		}
		if possible, ok := s.Window(append([]byte("x"), littleEndian(text)...), false); ok && !possible {
			t.Fatalf("%q: passed over in a window %q", words, text)
		}
		document, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		if possible, ok := s.JSON(document); ok && !possible {
			t.Fatalf("%q: passed over in JSON %s", words, document)
		}
	}
}

// The Kelvin sign is a k: text that is not ASCII may hold anything.
func TestScreenOfFoldedText(t *testing.T) {
	t.Parallel()
	s := screenFor("sekurlsa::")
	if text := "se\u212aurlsa::"; !s.Text([]byte(text)) || !s.UTF16(littleEndian(text)) {
		t.Errorf("%q was passed over", text)
	}
}

// Words that JSON may spell otherwise are not looked for in it as it stands.
func TestScreenOfJSONGivesUp(t *testing.T) {
	t.Parallel()
	for _, word := range []string{`path\to\mimikatz`, "http://kiwi", `"quoted"`, "përkthim", "two\nlines"} {
		if _, ok := screenFor(word).JSON([]byte(`{}`)); ok {
			t.Errorf("%q was looked for as it stands", word)
		}
	}
	if _, ok := screenFor("mimikatz").JSON([]byte(`{"a":"\u006dimikatz"}`)); ok {
		t.Error("a document with an escape was looked at as it stands")
	}
}

// What was looked at in vain is remembered for the words that it was looked at
// for, and not for others.
func TestScreenRemembers(t *testing.T) {
	t.Parallel()
	shelf := &gramShelf{known: map[string]*gramIndex{}}
	indexOf := func(word string) *fieldIndex {
		b := &indexBuilder{}
		b.add(atom{kind: atomContains, text: word}, 0)
		index := b.build(0, true, shelf)
		return &index
	}
	text := `C:\Windows\System32\sekurlsa::logonpasswords and more of it`
	session := &Session{screens: map[gramSet]*Screen{}}
	for range 3 {
		for word, want := range map[string]bool{"gentilkiwi": false, "sekurlsa::": true} {
			screen := session.screenFor(indexOf(word))
			for range 2 {
				if got := screen.Text([]byte(text)); got != want {
					t.Errorf("Text for %q = %v, want %v", word, got, want)
				}
				if got := screen.UTF16(littleEndian(text)); got != want {
					t.Errorf("UTF16 for %q = %v, want %v", word, got, want)
				}
			}
		}
	}
}

// Words that numbers, times, identifiers or booleans may hold are not screened
// for; all others are.
func TestWhatScreensMayLeaveOut(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]bool{
		"0x1f": true, "2024-02": true, "s-1-5-21": true, "{abcdef": true, "deadbeef": true, "true": true, "als": true, "nan": true, "inf": true,
		"brutel": false, "mimikatz": false, "::golden": false, "a b": false, "trues": false,
	} {
		if got := maybeLeftOut(word); got != want {
			t.Errorf("%q: %v, want %v", word, got, want)
		}
	}
}
