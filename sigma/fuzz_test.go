package sigma

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// Whatever is in a file, reading it ends, and every document is loaded or
// listed. What was loaded can be evaluated, and Explain agrees.
func FuzzParse(f *testing.F) {
	f.Add([]byte(setFiles))
	f.Add([]byte(header + "detection:\n  s:\n    A|contains|all|windash: [' -a', '/b*']\n    B|re|i: 'x.y'\n  k: [a, {B: c}]\n  condition: 1 of them"))
	f.Add([]byte("action: global\na: &a {b: *a}\n---\n<<: *a\n"))
	f.Add([]byte("\xff\xfet\x00"))
	f.Add([]byte("title: T\ncorrelation: {type: temporal, timespan: 1M, condition: not (a and b)}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		documents, err := Parse("f.yml", data)
		if (err != nil) != (len(documents.Problems) > 0) {
			t.Fatalf("error %v, but %d problems", err, len(documents.Problems))
		}
		if len(documents.Rules)+len(documents.Correlations)+len(documents.Filters)+len(documents.Problems) == 0 {
			if !strings.Contains(string(data), "action") {
				t.Fatal("nothing was loaded, and nothing listed")
			}
		}
		set := NewRuleSet(documents, Options{Placeholders: map[string][]string{"a": {"b", "c*"}}})
		Lint(documents)
		for _, rule := range set.Rules {
			checkExplanation(t, rule.Expression(), newRow("A", "x -a /b", "B", nil, "A", "xzy", "", "100"))
		}
	})
}

func checkExplanation(t *testing.T, expression Expression, event Event) {
	t.Helper()
	explanation := Explain(expression, event)
	if want := Evaluate(expression, event); explanation.Holds != want {
		t.Fatalf("Evaluate says %v, Explain:\n%v", want, explanation)
	}
	for line := range strings.Lines(explanation.String()) {
		if !prints(strings.TrimSuffix(line, "\n")) {
			t.Fatalf("%q does not print", line)
		}
	}
}

// A condition is read without a panic. One that is read means the same when
// it is written out with all its parentheses.
func FuzzCondition(f *testing.F) {
	for _, seed := range []string{
		"a", "a and not 1 of b*", "(a or _c) and all of them", "2 of *", "not not a", "1 of them or any of a",
		"a | count() > 5", "((a)", "b1 OR b2 AND NOT a", "all of b* and not b1",
	} {
		f.Add(seed)
	}
	d := &detection{searches: make(map[string]Expression)}
	for _, name := range []string{"a", "b1", "b2", "_c"} {
		d.names = append(d.names, name)
		d.searches[name] = Named{name, &Predicate{Field: name, Values: []Value{String{Parts: parsePattern("x")}}}}
	}
	f.Fuzz(func(t *testing.T, text string) {
		first, err := d.parser().parse(text)
		if err != nil {
			if err.offset < 0 || err.offset > len(text) {
				t.Fatalf("%q: offset %d", text, err.offset)
			}
			return
		}
		again, err := d.parser().parse(writeCondition(first))
		if err != nil {
			if strings.Contains(err.message, "nested deeper") {
				return // the parentheses of the written form
			}
			t.Fatalf("%q became %q, which is not a condition: %s", text, writeCondition(first), err.message)
		}
		for values := range 16 {
			event := newRow("a", values&1, "b1", values>>1&1, "b2", values>>2&1, "_c", values>>3&1)
			for i := range event.cells {
				event.cells[i].text = strings.Replace(event.cells[i].text, "1", "x", 1)
			}
			if Evaluate(first, event) != Evaluate(again, event) {
				t.Fatalf("%q became %q, which differs for %v", text, writeCondition(again), event.cells)
			}
		}
	})
}

func writeCondition(expression Expression) string {
	join := func(terms []Expression, word string) string {
		var written []string
		for _, term := range terms {
			written = append(written, writeCondition(term))
		}
		return "(" + strings.Join(written, word) + ")"
	}
	switch e := expression.(type) {
	case And:
		return join(e, " and ")
	case Or:
		return join(e, " or ")
	case Not:
		return "not " + writeCondition(e.Term)
	case Named:
		return e.Name
	}
	return "?"
}

// A pattern means what the regular expression made of it means.
func FuzzPattern(f *testing.F) {
	f.Add(`C:\Windows\*\cmd.exe`, `c:\windows*\CMD.exe`)
	f.Add(`*?é*\\?`, `xéÉ\a`)
	f.Add(`a*b*c?`, "aXbYc\n")
	f.Add(`?*?`, `€`)
	f.Add(`**a\`, `a\`)
	f.Add(`ſK`, "S\u212a")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if !utf8.ValidString(pattern) || !utf8.ValidString(text) || len(pattern) > 200 || len(text) > 1000 {
			return
		}
		parts := parsePattern(pattern)
		if diff := cmp.Diff(parts, parsePattern(String{Parts: parts}.String())); diff != "" {
			t.Fatalf("%q, written and read again: %s", pattern, diff)
		}
		for _, cased := range []bool{true, false} {
			value := String{Parts: parts, Cased: cased}
			want := value.asRegexp(t).MatchString(text)
			if got := value.matches([]byte(text)); got != want {
				t.Errorf("%q (with case: %v) of %q: %v, but %v as a regular expression", pattern, cased, text, got, want)
			}
		}
	})
}

func (s String) asRegexp(t *testing.T) *regexp.Regexp {
	source := `(?s)\A`
	if !s.Cased {
		source = `(?si)\A`
	}
	for _, part := range s.Parts {
		switch part.Kind {
		case AnyRun:
			source += `.*`
		case AnyOne:
			source += `.`
		default:
			source += regexp.QuoteMeta(part.Literal)
		}
	}
	compiled, err := regexp.Compile(source + `\z`)
	if err != nil {
		t.Skip(err)
	}
	return compiled
}

// Any chain of modifiers over any value is refused with a place, or can be
// evaluated.
func FuzzModifiers(f *testing.F) {
	f.Add("contains|all", "a", "b")
	f.Add("wide|base64offset|contains", "power", "shell")
	f.Add("windash|contains|cased", " -enc /a", "x")
	f.Add("re|i|m|s|startswith", "^a.b", "c")
	f.Add("hour|gte", "5", "17")
	f.Add("cidr", "10.0.0.0/8", "::1")
	f.Add("fieldref|endswith|neq", "B", "A")
	f.Add("expand|utf16|exists", "%a%", "true")
	f.Fuzz(func(t *testing.T, modifiers, first, second string) {
		at := &node{value: "A|" + modifiers, line: 1, column: 1}
		values := []*node{{value: first, quoted: true, line: 2, column: 1}, {value: second, line: 3, column: 1}}
		for range 2 {
			documents := &Documents{}
			p := parser{file: "f.yml", into: documents}
			expression := p.item(&detection{}, at, values)
			if p.problems == 0 {
				checkExplanation(t, expression, newRow("A", first, "B", second, "A", nil))
			} else if len(documents.Problems) == 0 || documents.Problems[0].At.Line == 0 {
				t.Fatalf("%d problems, listed: %v", p.problems, documents.Problems)
			}
			at = &node{value: "|" + modifiers, line: 1, column: 1}
		}
	})
}
