package jsonlog

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/kulla-defence/kulla/internal/source/charset"
)

var seeds = []string{
	`{"a":1,"b":"two","c":[true,false,null],"d":{"e":{"f":-1.5e3}},"g":{},"h":[]}`,
	`[{"a":"x"},{"a":"y"}]`, "[\n  {\"a\": \"x\\\\\"},\n  {\"a\": \"}\\n{\"}\n]\n",
	"{\"a\":1}\n{\"a\":2}\r\n{\"b\":[{\"c\":1},{\"c\":2}]}", `{"a":1}{"a":2} {"a":3}`,
	"{\n \"a\": \"\\u00e9\\ud83e\\udd85\\ud800 \\/ \\\"\",\n \"b\": [[1,2],[3]]\n}\n{\n \"a\": \"\"\n}\n",
	`{"":{"":1},"a.b":{"c":2},"a":{"b.c":3}}`, "\xef\xbb\xbf{\"a\":\"\xff\"}",
	`{"Event":{"EventData":{"Data":[{"@Name":"A","#text":"1"},{"@Name":"B"},{"c":[]}]}}}`,
	`{"EventData":"{\"A\":\"1\",\"B\":[2]}","Channel":"x"}`, `{"EventData":"<EventData><Data Name='A'>1 &amp; 2</Data><Data/></EventData>"}`,
	"{\"\":1}\n{}", `{"a\u0000b":1}{"a":1,"b":2}`,
	`{"Records":[{"a":1},{"b":2}],"more":{"c":[3]}}`, `{"@odata.context":"x","value":[{"a":1}]}`, `{"kind":"k","items":[`,
	`{"SyslogMessage":"<Event><System><EventID>1</EventID></System></Event>"}`, `{"SyslogMessage":"type=A audit(1:2): a=1 b=\"x y\" c="}`,
	`{"request":{"method":"G","uri":"/a?b"},"status":1,"ts":1}`,
	`{"a":"cut`, `{"a":tru}`, `{"a" 1}`, "{\"a\":\"x\n{\"b\":1}\n{\"c\":2}\n", `[1,2]`, `{{{{`, `]}`, `{"a":1,}`, `{,}`,
}

// What encoding/json accepts is read as it reads it.
func FuzzDocument(f *testing.F) {
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got := parseAll(text, len(text)+1, 1<<20)
		want, ok := comparable(text)
		if !ok {
			return
		}
		if len(got.records) != len(want) || len(got.problems) > 0 {
			t.Fatalf("%q: %d records of %d, problems %v", text, len(got.records), len(want), got.problems)
		}
		for i := range want {
			if !slices.Equal(texts(got.records[i].pairs), texts(want[i])) {
				t.Fatalf("%q: document %d:\n got %q\nwant %q", text, i, got.records[i].pairs, want[i])
			}
		}
	})
}

// comparable decodes text the usual way, when it is a sequence of objects that
// are within the limits and have no documents in strings.
func comparable(text []byte) ([][]pair, bool) {
	opening := string(skipped(text))
	if charset.Of(text) != charset.UTF8 || !strings.HasPrefix(opening, "{") || strings.Contains(string(text), "Data") || strings.Contains(string(text), "Payload") || strings.Contains(string(text), `\u`) {
		return nil, false
	}
	if envelope([]byte(opening), 0) != 0 || strings.Contains(opening, `"hits"`) || strings.Contains(opening, `"value"`) || strings.Contains(opening, "ecords") || strings.Contains(opening, "esults") || strings.Contains(opening, `"items"`) {
		return nil, false
	}
	depth := strings.Count(opening, "{") + strings.Count(opening, "[")
	if depth > maxDepth || strings.Count(opening, ",") > maxColumns {
		return nil, false
	}
	want, err := reference(text)
	for _, pairs := range want {
		if slices.ContainsFunc(pairs, isOpened) {
			return nil, false
		}
	}
	return want, err == nil && !slices.ContainsFunc(topLevel(text), func(c byte) bool { return c != '{' })
}

func skipped(text []byte) []byte {
	text = []byte(strings.TrimPrefix(string(text), string(charset.Mark)))
	return text[skipSpace(text, 0):]
}

// However a source is cut into blocks, valid documents come out the same.
func FuzzSplit(f *testing.F) {
	for i, seed := range seeds {
		f.Add([]byte(seed), uint8(i))
	}
	f.Fuzz(func(t *testing.T, text []byte, size uint8) {
		whole := parseAll(text, len(text)+1, 1<<20)
		cut := parseAll(text, int(size)+1, 1<<20)
		parseAll(text, int(size)+1, 1+int(size)/2) // must end, and not panic
		if _, ok := comparable(text); !ok {
			return
		}
		if !slices.EqualFunc(whole.records, cut.records, equalRecords) {
			t.Fatalf("%q in pieces of %d:\n got %+v\nwant %+v", text, size, cut.records, whole.records)
		}
		if len(cut.problems) > 0 {
			t.Fatalf("%q in pieces of %d: %+v", text, size, cut.problems)
		}
	})
}

func equalRecords(a, b record) bool {
	return slices.Equal(a.pairs, b.pairs) && a.event.Provenance.Offset == b.event.Provenance.Offset &&
		a.event.Provenance.Size == b.event.Provenance.Size && a.event.Provenance.Line == b.event.Provenance.Line
}

// UTF-16 gives the events of UTF-8, at offsets in the bytes of the source.
func FuzzEncodings(f *testing.F) {
	f.Add(`{"a":"zoë 🦅","b":1}`+"\n"+`{"a":"x"}`, uint8(3), true, true)
	f.Add("\ufeff[{\"a\":\"b\"},\n{\"a\":\"c\"}]", uint8(0), false, false)
	f.Fuzz(func(t *testing.T, text string, size uint8, bigEndian, mark bool) {
		text = strings.ToValidUTF8(strings.TrimPrefix(text, "\ufeff"), "?")
		if len(text) == 0 || text[0] != '{' && text[0] != '[' {
			return
		}
		want := parseAll([]byte(text), len(text)+1, 1<<20)
		if _, ok := comparable([]byte(text)); !ok {
			return
		}
		if mark {
			text = "\ufeff" + text
		}
		var encoded []byte
		for _, unit := range utf16.Encode([]rune(text)) {
			if bigEndian {
				encoded = append(encoded, byte(unit>>8), byte(unit))
			} else {
				encoded = append(encoded, byte(unit), byte(unit>>8))
			}
		}
		got := parseAll(encoded, int(size)+2, 1<<20)
		if len(got.records) != len(want.records) {
			t.Fatalf("%q: %d records of %d", text, len(got.records), len(want.records))
		}
		for i := range got.records {
			if !slices.Equal(got.records[i].pairs, want.records[i].pairs) {
				t.Errorf("%q: got %q, want %q", text, got.records[i].pairs, want.records[i].pairs)
			}
			if at := got.records[i].event.Provenance; at.Line != want.records[i].event.Provenance.Line {
				t.Errorf("%q: line %d, want %d", text, at.Line, want.records[i].event.Provenance.Line)
			} else if first := encoded[at.Offset] | encoded[at.Offset+1]; first != '{' {
				t.Errorf("%q: no brace at offset %d", text, at.Offset)
			}
		}
	})
}

// However the bytes of a string fall, it is unescaped as it is byte by byte.
func FuzzUnescape(f *testing.F) {
	for _, seed := range []string{"", `C:\\Windows\\System32\\cmd.exe`, `1234567\n`, `12345678\t`, "abcdefgé\\u00e9", `\`, `a\`, `\x`,
		`\u12`, `\ud83e\udd85`, `\ud83e`, "\xe2\x82a", "a\xff\xfe\\\\b", "é\\\"é", `[\\]{\/}` + "\x80\x01\x5d\x5b"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got := appendUnescaped([]byte("before"), text)
		if want := string(unescaped([]byte("before"), text)); string(got) != want {
			t.Errorf("%q:\n got %q\nwant %q", text, got, want)
		}
	})
}

// unescaped is appendUnescaped, a character at a time.
func unescaped(dst, text []byte) []byte {
	for len(text) > 0 {
		size := 1
		if text[0] == '\\' {
			dst, size = appendEscape(dst, text)
		} else {
			var r rune
			r, size = utf8.DecodeRune(text)
			dst = utf8.AppendRune(dst, r)
		}
		text = text[size:]
	}
	return dst
}
