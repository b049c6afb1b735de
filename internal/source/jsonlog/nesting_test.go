package jsonlog

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/kulla-defence/kulla/internal/source/format"
)

// A source that ends while an array or an envelope is open was cut off, and what
// stands before the end is read. It is so however the source is cut into blocks.
func TestEndWithin(t *testing.T) {
	t.Parallel()
	const array, envelope, document = "truncated: the file ends within an array", "truncated: the file ends within an envelope", "document ends too early"
	for text, want := range map[string]struct {
		reason string
		events int
	}{
		`[`:                                    {array, 0},
		`[{"a":1}`:                             {array, 1},
		`[{"a":1},`:                            {array, 1},
		"[{\"a\":1},\n  {\"a\":[2]}\n \r\n\t":  {array, 2},
		`[[{"a":1}],[{"a":2}]`:                 {array, 2},
		"\xef\xbb\xbf[{\"a\":1}]\n[{\"a\":2},": {array, 2},
		strings.Repeat("[", 5_000):             {array, 0},
		`[{"a":1},{"b":"cu`:                    {document, 1},
		"[\n{\"a\":1},\n{\"b\":\n":             {document, 1},
		`{"a":1`:                               {document, 0},
		`{"Records":[`:                         {document, 0},
		`{"Records":[{"a":1}`:                  {array, 1},
		`{"Records":[{"a":1},{"b":{}}]`:        {envelope, 2},
		`{"Records":[{"a":1}],"next":"n"  `:    {envelope, 1},
		`{"took":1,"hits":{"total":{"value":2},"hits":[{"a":1},{"a":2}`:    {array, 2},
		`{"took":1,"hits":{"total":{"value":2},"hits":[{"a":1},{"a":2}]}`:  {envelope, 2},
		`{"took":1,"hits":{"total":{"value":2},"hits":[{"a":1},{"a":2}]}}`: {"", 2},
		`{"Records":[{"a":1}}`:                  {array, 1}, // of the wrong kind
		`{"Records":[{"a":1}]]`:                 {envelope, 1},
		`{"Records":[]}`:                        {"", 0},
		`[]`:                                    {"", 0},
		" [\n{\"a\":1},\n{\"a\":2}\n]\n":        {"", 2},
		`[[{"a":1}],[],{"a":2}]`:                {"", 2},
		"[{\"a\":1}]\n[{\"a\":2}]":              {"", 2},
		"{\"a\":1}\n{\"a\":[2]}\r\n{\"a\":3}\n": {"", 3},
		"{\n\"a\": [\n1]\n}\n{\n\"a\": 2\n}\n":  {"", 2},
	} {
		for _, size := range []int{len(text), 1, 2, 3, 7, len(text) - 1} {
			c := parseAll([]byte(text), max(size, 1), 1<<20)
			requireEnd(t, text, size, c, len(text), want.reason, want.events)
		}
	}
}

func requireEnd(t *testing.T, text string, size int, c *collector, end int, reason string, events int) {
	t.Helper()
	if len(c.records) != events {
		t.Errorf("%.60q in pieces of %d: %d events, want %d", text, size, len(c.records), events)
	}
	if reason == "" {
		if len(c.problems) > 0 {
			t.Errorf("%.60q in pieces of %d: %v", text, size, c.problems)
		}
		return
	}
	if len(c.problems) != 1 || c.problems[0].Reason != reason || c.problems[0].Kind != format.Truncated {
		t.Errorf("%.60q in pieces of %d: %+v, want %s", text, size, c.problems, reason)
		return
	}
	p := c.problems[0]
	if strings.HasPrefix(reason, "truncated") && (p.Offset != int64(end) || p.Line != int64(1+strings.Count(text, "\n"))) {
		t.Errorf("%.60q in pieces of %d: at %d, line %d", text, size, p.Offset, p.Line)
	}
}

// Where it ends is said in bytes of the source.
func TestEndWithinUTF16(t *testing.T) {
	t.Parallel()
	text := "\ufeff[{\"a\":\"é\"},\n{\"a\":\"\U0001f985\"}\n"
	var encoded []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		encoded = append(encoded, byte(unit), byte(unit>>8))
	}
	for size := 1; size <= len(encoded); size += 5 {
		c := parseAll(encoded, size+1, 1<<20)
		requireEnd(t, text, size, c, len(encoded), "truncated: the file ends within an array", 2)
	}
}

// Damage within an array does not hide that it was cut off, and does not make
// one that was closed look so.
func TestDamageWithinArray(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"[\n{\"a\":1},\n{\"b\":tru},\n{\"c\":1},":           "not valid JSON|truncated: the file ends within an array",
		"[\n{\"a\":1},\n{\"b\":tru},\n{\"c\":1}\n]":         "not valid JSON",
		"[{\"a\":1},{\"b\":tru},{\"c\":1}]":                 "not valid JSON",
		"[{\"a\":1},1,2]\n\n{\"c\":1}\n":                    "not a JSON object",
		"[{\"a\":1},1,[2],3\n":                              "not a JSON object|truncated: the file ends within an array",
		"{\"a\":1}\n[INFO] a line of text\n{\"a\":2}\n":     "not a JSON object",
		"{\"a\":1}\n}\n{\"a\":2}\n":                         "not a JSON object",
		"{\"a\":1}\n{\"a\":\"x\n{\"a\":2}\n{\"a\":\"y\"}\n": "not valid JSON",
	} {
		var reasons []string
		for _, p := range parseAll([]byte(text), len(text), 1<<20).problems {
			reasons = append(reasons, p.Reason)
		}
		if got := strings.Join(reasons, "|"); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

// Wherever an array or an envelope is cut off it is noticed, at the same place
// however it is cut into blocks.
func TestEveryEnd(t *testing.T) {
	t.Parallel()
	for text, complete := range map[string][]int{ // ends at which nothing is open, besides the last
		"[\n{\"a\":[1,{\"b\":[]}]},\r\n{\"c\":\"x]\\\"}\"} ,\n[{\"d\":{}}]\n]": nil,
		`{"Records":[{"a":1},{"b":{"c":[2]}}],"next":"n]}"}`:                   nil,
		`{"took":1,"hits":{"total":{"value":2},"hits":[{"a":1},{"a":2}]}}`:     nil,
		"{\"records\":[{\"a\":1}]}\n[{\"a\":2},{\"a\":3}]":                     {21, 22},
	} {
		for end := 1; end <= len(text); end++ {
			whole := parseAll([]byte(text[:end]), end, 1<<20)
			if want := end < len(text) && !slices.Contains(complete, end); want != (len(whole.problems) > 0) {
				t.Errorf("%q: %+v", text[:end], whole.problems)
			}
			for size := 1; size < end; size++ {
				requireSame(t, text[:end], size, whole)
			}
		}
	}
}

func requireSame(t *testing.T, text string, size int, whole *collector) {
	t.Helper()
	cut := parseAll([]byte(text), size, 1<<20)
	if !slices.EqualFunc(cut.records, whole.records, equalRecords) {
		t.Errorf("%q in pieces of %d: %d records, want %d", text, size, len(cut.records), len(whole.records))
	}
	if len(cut.problems) != len(whole.problems) {
		t.Errorf("%q in pieces of %d: %+v, want %+v", text, size, cut.problems, whole.problems)
	}
}
