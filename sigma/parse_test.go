package sigma

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestParsePattern(t *testing.T) {
	t.Parallel()
	run, one := Part{Kind: AnyRun}, Part{Kind: AnyOne}
	lit := func(text string) Part { return Part{Literal, text} }
	tests := []struct {
		text string
		want []Part
	}{
		{``, nil},
		{`test`, []Part{lit(`test`)}},
		{`*test?`, []Part{run, lit(`test`), one}},
		{`te**st`, []Part{lit(`te`), run, run, lit(`st`)}},
		{`a\*b`, []Part{lit(`a*b`)}},
		{`a\?b`, []Part{lit(`a?b`)}},
		{`a\\b`, []Part{lit(`a\b`)}},
		{`a\b`, []Part{lit(`a\b`)}},
		{`a\\\b`, []Part{lit(`a\\b`)}},
		{`a\\\\b`, []Part{lit(`a\\b`)}},
		{`a\\*b`, []Part{lit(`a\`), run, lit(`b`)}},
		{`a\\\*b`, []Part{lit(`a\*b`)}},
		{`a\\\\*`, []Part{lit(`a\\`), run}},
		{`a\`, []Part{lit(`a\`)}},
		{`\`, []Part{lit(`\`)}},
		{`\\`, []Part{lit(`\`)}},
		{`\\\`, []Part{lit(`\\`)}},
		{`\\server\share`, []Part{lit(`\server\share`)}},
		{`C:\Windows\*\x`, []Part{lit(`C:\Windows*\x`)}},
		{`é?*`, []Part{lit(`é`), one, run}},
	}
	for _, test := range tests {
		got := parsePattern(test.text)
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%q: %s", test.text, diff)
		}
		again := parsePattern(String{Parts: got}.String())
		if diff := cmp.Diff(got, again); diff != "" {
			t.Errorf("%q, written and read again: %s", test.text, diff)
		}
	}
}

const header = "title: Test\nid: 5013198e-3e5c-4a20-bf2f-b3a2a8b5b6d1\nlogsource:\n  category: test\n"

// Every fault says where it is: file, line and column.
func TestProblemsSayWhere(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text, want string
	}{
		{"unknown modifier", header + "detection:\n  s:\n    A|contain: x\n  condition: s",
			`r.yml:7:5: unknown modifier "contain", did you mean "contains"?`},
		{"modifier with capitals", header + "detection:\n  s:\n    A|Contains: x\n  condition: s",
			`r.yml:7:5: unknown modifier "Contains", did you mean "contains"?`},
		{"empty modifier", header + "detection:\n  s:\n    A|: x\n  condition: s",
			`r.yml:7:5: unknown modifier ""`},
		{"unknown identifier", header + "detection:\n  selection:\n    A: x\n  condition: selection and not selektion",
			`r.yml:8:32: condition: there is no search identifier "selektion", did you mean "selection"?`},
		{"pattern without identifiers", header + "detection:\n  s:\n    A: x\n  condition: s and not 1 of filter_*",
			`r.yml:8:29: condition: no search identifier fits "filter_*"`},
		{"condition in quotes", header + "detection:\n  s:\n    A: x\n  condition: 's or'",
			`r.yml:8:19: condition: the condition ends where an identifier is expected`},
		{"open parenthesis", header + "detection:\n  s:\n    A: x\n  condition: (s or s",
			`r.yml:8:21: condition: the parenthesis opened in column 1 is not closed`},
		{"two identifiers", header + "detection:\n  s:\n    A: x\n  condition: s s",
			`r.yml:8:16: condition: unexpected "s", want and, or, or the end of the condition`},
		{"quantifier 0", header + "detection:\n  s:\n    A: x\n  condition: 0 of s*",
			`r.yml:8:14: condition: unknown quantifier "0", want 1, any, all or a number`},
		{"more than there are", header + "detection:\n  s:\n    A: x\n  condition: 2 of s*",
			`r.yml:8:14: condition: 2 of "s*" can never hold, as it fits only 1 identifiers`},
		{"no condition", header + "detection:\n  s:\n    A: x\n", `r.yml:6:3: there is no condition`},
		{"no identifiers", header + "detection:\n  condition: s\n", `r.yml:6:3: there is no search identifier`},
		{"empty map", header + "detection:\n  s: {}\n  condition: s\n", `r.yml:6:6: the map is empty`},
		{"empty list", header + "detection:\n  s:\n    A: []\n  condition: s\n", `r.yml:7:8: the list of values of "A" is empty`},
		{"map as value", header + "detection:\n  s:\n    A:\n      B: c\n  condition: s\n",
			`r.yml:8:7: the values of field "A" must be a single value or a list, not a map`},
		{"key twice", header + "detection:\n  s:\n    A: x\n    A: y\n  condition: s\n", `r.yml:8:5: "A" is here twice, first in line 7`},
		{"null keyword", header + "detection:\n  s: [a, null]\n  condition: s\n", `r.yml:6:10: null needs a field`},
		{"null contains", header + "detection:\n  s:\n    A|contains: null\n  condition: s\n",
			`r.yml:7:17: modifier contains cannot be applied to null`},
		{"lookahead", header + "detection:\n  s:\n    A|re: 'a(?!b)'\n  condition: s\n",
			`r.yml:7:11: the regular expression needs lookaround or a back reference, which the specification does not allow: 'a(?!b)'`},
		{"back reference", header + "detection:\n  s:\n    A|re: '(a)\\1'\n  condition: s\n",
			`r.yml:7:11: the regular expression needs lookaround or a back reference, which the specification does not allow: '(a)\1'`},
		{"broken expression", header + "detection:\n  s:\n    A|re: '(a'\n  condition: s\n",
			`r.yml:7:11: missing closing ): ` + "`(a`" + `: '(a'`},
		{"re not first", header + "detection:\n  s:\n    A|contains|re: 'a'\n  condition: s\n",
			`r.yml:7:5: modifier re must stand before contains`},
		{"flag without re", header + "detection:\n  s:\n    A|i: 'a'\n  condition: s\n", `r.yml:7:5: modifier i needs re before it`},
		{"base64 with a wildcard", header + "detection:\n  s:\n    A|base64: 'a*'\n  condition: s\n",
			`r.yml:7:15: modifier base64 cannot be applied to a value with wildcards: 'a*'`},
		{"base64offset too short", header + "detection:\n  s:\n    A|base64offset|contains: a\n  condition: s\n",
			`r.yml:7:30: 'a' is too short to be found in base64`},
		{"not a network", header + "detection:\n  s:\n    A|cidr: 10.0.0/8\n  condition: s\n",
			`r.yml:7:13: '10.0.0/8' is not a network: want an address and a prefix length, as in 10.0.0.0/8`},
		{"bits after the prefix", header + "detection:\n  s:\n    A|cidr: 10.1.0.0/8\n  condition: s\n",
			`r.yml:7:13: '10.1.0.0/8' is not a network: bits are set after the prefix, the network is 10.0.0.0/8`},
		{"not a number", header + "detection:\n  s:\n    A|gt: many\n  condition: s\n", `r.yml:7:11: 'many' is not a number`},
		{"exists of text", header + "detection:\n  s:\n    A|exists: maybe\n  condition: s\n",
			`r.yml:7:15: modifier exists needs true or false, not 'maybe'`},
		{"too many dashes", header + "detection:\n  s:\n    A|windash: '" + strings.Repeat(" -a", 20) + "'\n  condition: s\n",
			`r.yml:7:5: the modifiers make more than 20000 values`},
		{"logsource of the wrong shape", "title: T\nlogsource: windows\ndetection:\n  s:\n    A: x\n  condition: s\n",
			`r.yml:2:12: logsource must be a map, not a single value`},
		{"Latin-1", header + "detection:\n  s: 'xé caf\xe9'\n", `r.yml:6:13: byte 0xe9 is not UTF-8: save the file as UTF-8`},
		{"broken YAML", header + "detection:\n  s: 'x\n", `r.yml:7:1: not valid YAML: found unexpected end of stream`},
		{"not a rule", "a: b\n", `r.yml:1:1: not a Sigma document: it has no detection, correlation or filter`},
		{"aggregation of old", header + "detection:\n  s:\n    A: x\n  timeframe: 5m\n  condition: s | near t\n",
			`r.yml:9:14: the aggregation "near t", a deprecated form, is not supported: want count(field) by group > number`},
		{"correlation without type", "title: T\ncorrelation:\n  rules: [a]\n  timespan: 5m\n", `r.yml:3:3: a correlation needs a type`},
		{"correlation of no type", "title: T\ncorrelation:\n  type: event_cuont\n  rules: [a]\n  timespan: 5m\n  condition: {gt: 1}\n",
			`r.yml:3:9: unknown correlation type "event_cuont", did you mean "event_count"?`},
		{"timespan", "title: T\ncorrelation:\n  type: event_count\n  rules: [a]\n  timespan: 5 minutes\n  condition: {gt: 1}\n",
			`r.yml:5:13: "5 minutes" is not a time span, want a number and s, m, h or d`},
		{"filter without rules", "title: T\nlogsource:\n  category: x\nfilter:\n  s:\n    A: x\n  condition: not s\n",
			`r.yml:5:3: a filter needs rules: a list of ids or names, or any`},
		{"related without maps", "related: [a]\n" + header + "detection:\n  s:\n    A: x\n  condition: s",
			`r.yml:1:11: related must be a list of maps with id and type, not of a single value`},
		{"related as text", "related: a\n" + header + "detection:\n  s:\n    A: x\n  condition: s",
			`r.yml:1:10: related must be a list of maps with id and type, not a single value`},
		{"title as list", "title: [a]\ndetection:\n  s:\n    A: x\n  condition: s", `r.yml:1:8: title must be a single value, not a list`},
		{"detection as text", "title: T\ndetection: x\n", `r.yml:2:12: detection must be a map, not a single value`},
		{"conditions as map", header + "detection:\n  s:\n    A: x\n  condition: {a: b}", `r.yml:8:14: a condition must be a text, not a map`},
		{"no conditions", header + "detection:\n  s:\n    A: x\n  condition: []", `r.yml:8:14: the list of conditions is empty`},
		{"aggregation in a list", header + "detection:\n  s:\n    A: x\n  condition: [s, 's | count() > 5']",
			`r.yml:8:18: an aggregation in a list of conditions, a deprecated form, is not supported`},
		{"aggregation without timeframe", header + "detection:\n  s:\n    A: x\n  condition: s | count() > 5",
			`r.yml:8:14: the aggregation "count() > 5", a deprecated form, needs a timeframe`},
		{"timeframe", header + "detection:\n  s:\n    A: x\n  timeframe: soon\n  condition: s | count() > 5",
			`r.yml:8:14: "soon" is not a time span, want a number and s, m, h or d`},
		{"list within a list of values", header + "detection:\n  s:\n    A: [x, [y]]\n  condition: s",
			`r.yml:7:8: the list of values of "A" holds lists or maps`},
		{"no keywords", header + "detection:\n  s: []\n  condition: s", `r.yml:6:6: the list is empty`},
		{"nothing after of", header + "detection:\n  s:\n    A: x\n  condition: 1 of", `r.yml:8:18: condition: want an identifier, a pattern or them after of`},
		{"operator first", header + "detection:\n  s:\n    A: x\n  condition: and s", `r.yml:8:14: condition: unexpected "and", want an identifier`},
		{"part of part", header + "detection:\n  s:\n    A|hour|day: 5\n  condition: s", `r.yml:7:5: only one part of a time can be compared`},
		{"hour of text", header + "detection:\n  s:\n    A|hour: noon\n  condition: s", `r.yml:7:13: 'noon' is not a number`},
		{"number without field", header + "detection:\n  s:\n    '|gt': 5\n  condition: s", `r.yml:7:5: a numeric comparison needs a field`},
		{"exists without field", header + "detection:\n  s:\n    '|exists': true\n  condition: s", `r.yml:7:5: modifier exists needs a field`},
		{"cased expression", header + "detection:\n  s:\n    A|re|cased: x\n  condition: s",
			`r.yml:7:17: modifier cased cannot be applied to a regular expression`},
		{"contains a number", header + "detection:\n  s:\n    A|gt|contains: 5\n  condition: s",
			`r.yml:7:20: modifier contains cannot be applied to a number`},
		{"wide network", header + "detection:\n  s:\n    A|cidr|wide: 10.0.0.0/8\n  condition: s",
			`r.yml:7:18: modifier wide cannot be applied to a network`},
		{"field reference without field", header + "detection:\n  s:\n    '|fieldref': B\n  condition: s",
			`r.yml:7:18: modifier fieldref needs a field on both sides`},
		{"two comparisons", header + "detection:\n  s:\n    A|lt|gt: 5\n  condition: s", `r.yml:7:5: a value can be compared in one way only`},
		{"combinations", header + "detection:\n" + manySearches(20) + "  condition: 10 of them",
			`r.yml:26:14: condition: 10 of 20 identifiers are more than 1000 combinations`},
		{"filter as text", "title: T\nfilter: x\n", `r.yml:2:9: filter must be a map, not a single value`},
		{"filter with two conditions", "title: T\nfilter:\n  rules: any\n  s: x\n  condition: [s, s]\n",
			`r.yml:5:14: the condition of a filter must be one text, not a list`},
		{"filter whose rules were forgotten", "title: T\nfilter:\n  rules:\n  s: x\n  condition: s\n",
			`r.yml:3:9: rules of a filter is empty: want a list of ids or names, or any`},
		{"filter with no rule's name", "title: T\nfilter:\n  rules: ''\n  s: x\n  condition: s\n",
			`r.yml:3:10: rules of a filter is empty: want a list of ids or names, or any`},
		{"unknown action", "action: globe\ntitle: T\n", `r.yml:1:9: unknown action "globe", want global, repeat or reset`},
		{"rule without detection", "title: T\nlogsource: {product: x}\n", `r.yml:1:1: a rule needs a detection`},
		{"action repeat", "action: repeat\ntitle: T\n", `r.yml:1:9: action repeat without a document before it`},
	}
	for _, test := range tests {
		documents, err := Parse("r.yml", []byte(test.text))
		if len(documents.Problems) == 0 {
			t.Errorf("%s: no problem", test.name)
			continue
		}
		if got := documents.Problems[0].String(); got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.name, got, test.want)
		}
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || syntax.Problem != documents.Problems[0] {
			t.Errorf("%s: the error is %v", test.name, err)
		}
		if len(documents.Rules)+len(documents.Correlations)+len(documents.Filters) > 0 {
			t.Errorf("%s: something was loaded all the same", test.name)
		}
	}
}

func manySearches(count int) string {
	var text strings.Builder
	for i := range count {
		fmt.Fprintf(&text, "  s%d: x\n", i)
	}
	return text.String()
}

func TestOneBadDocumentDoesNotLoseTheOthers(t *testing.T) {
	t.Parallel()
	const good = "title: T\ndetection:\n  s:\n    A: x\n  condition: s\n"
	text := good + "---\n# only a comment\n---\ntitle: [\n---\n" + good + "...\n--- # more\n" + good
	documents, err := Parse("many.yml", []byte(text))
	if len(documents.Rules) != 3 || len(documents.Problems) != 1 || err == nil {
		t.Fatalf("%d rules, problems %v", len(documents.Rules), documents.Problems)
	}
	if got := documents.Problems[0].At.Line; got < 9 || got > 10 {
		t.Errorf("the problem is in line %d", got)
	}
	var lines []int
	for _, rule := range documents.Rules {
		lines = append(lines, rule.At.Line)
	}
	if want := []int{1, 11, 18}; !slices.Equal(lines, want) {
		t.Errorf("rules in lines %v, want %v", lines, want)
	}
}

func TestParseMetadata(t *testing.T) {
	t.Parallel()
	documents, err := Parse("m.yml", []byte("\ufefftitle: Title\r\nid: 5013198E-3E5C-4A20-BF2F-B3A2A8B5B6D1\r\n"+
		"name: handle\r\nstatus: test\r\nlevel: High\r\ndate: 2022-07-15\r\nreferences:\r\n  - https://example.org\r\n"+
		"tags: [attack.t1059, tlp.clear]\r\nrelated:\r\n  - {id: A, type: derived}\r\nfalsepositives: unknown\r\n"+
		"scope: [server]\r\nfields: [Image]\r\nauthor: Someone\r\nlicense: MIT\r\ntaxonomy: sigma\r\nvendor:\r\n  x: [1, true, text, null]\r\n"+
		"logsource:\r\n  product: windows\r\n  definition: needs auditing\r\n  vendor: v\r\ndetection:\r\n  s:\r\n    A: x\r\n  condition: s\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := &Rule{
		Metadata: Metadata{
			Title: "Title", ID: "5013198e-3e5c-4a20-bf2f-b3a2a8b5b6d1", Name: "handle", Taxonomy: "sigma",
			Status: Test, Level: High, Author: "Someone", Date: "2022-07-15", License: "MIT",
			References: []string{"https://example.org"}, Tags: []string{"attack.t1059", "tlp.clear"},
			Related: []Related{{"a", "derived"}}, FalsePositives: []string{"unknown"},
			Custom: map[string]any{"vendor": map[string]any{"x": []any{1.0, true, "text", nil}}},
		},
		Scope: []string{"server"}, Fields: []string{"Image"},
		LogSource: LogSource{Product: "windows", Definition: "needs auditing", Custom: map[string]string{"vendor": "v"}},
		Conditions: []Expression{Named{"s", &Predicate{
			Field: "A", Values: []Value{String{Parts: []Part{{Literal, "x"}}}}, At: Position{"m.yml", 26, 5},
		}}},
		At: Position{"m.yml", 1, 1},
	}
	if diff := cmp.Diff(want, documents.Rules[0], cmpopts.IgnoreUnexported(Rule{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestUTF16File(t *testing.T) {
	t.Parallel()
	text := "title: Çelësi\ndetection:\n  s:\n    A: x\n  condition: s\n"
	for name, data := range map[string]string{
		"little endian": "\xff\xfe" + utf16LittleEndian(text),
		"big endian":    "\xfe\xff" + utf16BigEndian(text),
	} {
		documents, err := Parse("u.yml", []byte(data))
		if err != nil || len(documents.Rules) != 1 || documents.Rules[0].Title != "Çelësi" {
			t.Errorf("%s: %v, %v", name, documents.Rules, err)
		}
	}
}

func TestCollectionActions(t *testing.T) {
	t.Parallel()
	documents, err := Parse("a.yml", []byte(`
action: global
title: Shared
level: high
detection:
  condition: s
---
logsource: {product: one}
detection:
  s: {A: x}
---
action: repeat
logsource: {service: two}
---
action: reset
---
title: Alone
detection:
  s: {A: x}
  condition: s
`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, rule := range documents.Rules {
		got = append(got, rule.Title+" "+rule.LogSource.Product+" "+rule.LogSource.Service+" "+rule.Level.String())
	}
	if want := []string{"Shared one  high", "Shared one two high", "Alone   "}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAliasesAndMergeKeys(t *testing.T) {
	t.Parallel()
	rule := ruleOf(t, "a: &a\n  A: x\n  B: y\nb:\n  <<: *a\n  B: z\nc: *a\ncondition: all of them")
	b := rule.Conditions[0].(And)[1].(Named).Term.(And)
	if len(b) != 2 {
		t.Fatalf("b is %v", b)
	}
	if !Evaluate(b, newRow("A", "x", "B", "z")) {
		t.Error("the merged entries do not match")
	}
}

func TestBombsAreRefused(t *testing.T) {
	t.Parallel()
	aliases := "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
	for i := 1; i < 10; i++ {
		before, name := string(rune('0'+i-1)), string(rune('0'+i))
		aliases += "a" + name + ": &a" + name + " [" + strings.Repeat("*a"+before+", ", 8) + "*a" + before + "]\n"
	}
	condition := func(text string) string {
		return header + "detection:\n  s:\n    A: [" + strings.Repeat("x, ", 1000) + "x]\n  condition: " + text + "\n"
	}
	var keys strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&keys, "k%d: x\n", i)
	}
	for name, bomb := range map[string]string{
		"aliases":     aliases,
		"recursion":   "a: &a [*a]\ndetection: x\n",
		"brackets":    strings.Repeat("[", 100_000),
		"maps":        strings.Repeat("{a: ", 50_000),
		"dashes":      strings.Repeat("- ", 100_000),
		"nots":        condition(strings.Repeat("not ", 100_000) + "s"),
		"parentheses": condition(strings.Repeat("(", 100_000) + "s"),
		"identifiers": condition(strings.Repeat("s or ", 10_000) + "s"),
		"quantifiers": condition(strings.Repeat("1 of * or ", 10_000) + "s"),
		"repetitions": header + "detection:\n  s:\n    A|re: '((a{100}){10}){999}'\n  condition: s\n",
		"expressions": header + "detection:\n  s:\n    A|re: [" + strings.Repeat("'a{1000}', ", 1000) + "]\n  condition: s\n",
		"documents":   strings.Repeat("---\nx\n", 20_000),
		"actions":     "action: global\n" + keys.String() + strings.Repeat("---\ny: z\n", 1000),
	} {
		documents, err := Parse("bomb.yml", []byte(bomb))
		if err == nil || len(documents.Problems) == 0 {
			t.Errorf("%s: loaded", name)
		}
		if len(documents.Problems) > maxDocuments+1 {
			t.Errorf("%s: %d problems", name, len(documents.Problems))
		}
	}
}

func TestLegacyAggregation(t *testing.T) {
	t.Parallel()
	documents, err := Parse("legacy.yml", []byte(header+"detection:\n  s:\n    A: x\n  timeframe: 5m\n"+
		"  condition: s | count(User) by Computer, Domain >= 10\n"))
	if err != nil {
		t.Fatal(err)
	}
	set := NewRuleSet(documents, Options{})
	if len(set.Correlations) != 1 || len(set.Rules) != 1 {
		t.Fatalf("%d rules, %d correlations, %v", len(set.Rules), len(set.Correlations), set.Problems)
	}
	got := set.Correlations[0]
	want := &Correlation{
		Metadata: Metadata{Title: "Test", ID: "5013198e-3e5c-4a20-bf2f-b3a2a8b5b6d1"},
		Type:     ValueCount, Fields: []string{"User"}, GroupBy: []string{"Computer", "Domain"},
		Rules: []string{set.Rules[0].Name}, Timespan: 5 * time.Minute,
		Conditions: []CorrelationCondition{{Operator: GreaterOrEqual, Number: 10}}, At: set.Rules[0].At,
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Correlation{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// A filter that names the document reaches the rule under its aggregation.
func TestFilterOfLegacyAggregation(t *testing.T) {
	t.Parallel()
	for _, reference := range []string{"5013198e-3e5c-4a20-bf2f-b3a2a8b5b6d1", "any"} {
		documents, err := Parse("legacy.yml", []byte(header+"detection:\n  s:\n    A: x\n  timeframe: 5m\n  condition: s | count() > 5\n"+
			"---\ntitle: F\nlogsource: {category: test}\nfilter:\n  rules: "+reference+"\n  f: {B: y}\n  condition: not f\n"))
		if err != nil {
			t.Fatal(err)
		}
		set := NewRuleSet(documents, Options{})
		if len(set.Problems) > 0 || len(set.Rules) != 1 || len(set.Correlations) != 1 {
			t.Fatalf("%s: %d rules, %d correlations, %v", reference, len(set.Rules), len(set.Correlations), set.Problems)
		}
		for filtered, event := range map[bool]Event{true: newRow("A", "x", "B", "y"), false: newRow("A", "x", "B", "z")} {
			if got := Evaluate(set.Rules[0].Expression(), event); got == filtered {
				t.Errorf("%s: the filter holds: %v, but the rule matches: %v", reference, filtered, got)
			}
		}
	}
}

func TestParseCorrelation(t *testing.T) {
	t.Parallel()
	documents, err := Parse("c.yml", []byte(`
title: Many failures, then a success
name: breach
level: high
correlation:
  type: temporal_ordered
  rules: [many_failures, success]
  group-by: [user, Computer]
  timespan: 1h
  generate: true
  aliases:
    user:
      many_failures: TargetUserName
      success: User
---
title: Percentile
correlation:
  type: value_percentile
  rules: success
  timespan: 2d
  condition:
    field: Size
    percentile: 95
    gte: 1000
    lt: 5000
    neq: 2000
---
title: Extended
correlation:
  type: temporal
  timespan: 30s
  condition: (a or b) and not c
`))
	if err != nil {
		t.Fatal(err)
	}
	at := func(line int) Position { return Position{"c.yml", line, 1} }
	want := []*Correlation{
		{
			Metadata: Metadata{Title: "Many failures, then a success", Name: "breach", Level: High},
			Type:     TemporalOrdered, Rules: []string{"many_failures", "success"}, GroupBy: []string{"user", "Computer"},
			Timespan: time.Hour, Generate: true, At: at(2),
			Aliases:    map[string]map[string]string{"user": {"many_failures": "TargetUserName", "success": "User"}},
			Conditions: []CorrelationCondition{{Operator: GreaterOrEqual, Number: 2}},
		},
		{
			Metadata: Metadata{Title: "Percentile"}, Type: ValuePercentile, Rules: []string{"success"},
			Timespan: 48 * time.Hour, Fields: []string{"Size"}, Percentile: 95, At: at(16),
			Conditions: []CorrelationCondition{{GreaterOrEqual, 1000, false}, {Less, 5000, false}, {Equal, 2000, true}},
		},
		{
			Metadata: Metadata{Title: "Extended"}, Type: Temporal, Rules: []string{"a", "b", "c"}, At: at(28),
			Timespan:   30 * time.Second,
			Expression: And{Or{Reference{"a"}, Reference{"b"}}, Not{Reference{"c"}}},
		},
	}
	if diff := cmp.Diff(want, documents.Correlations, cmpopts.IgnoreUnexported(Correlation{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

const correlationHeader = "title: T\ncorrelation:\n  type: %s\n  rules: [a, b]\n  timespan: 5m\n  %s\n"

func TestCorrelationProblems(t *testing.T) {
	t.Parallel()
	tests := []struct{ kind, rest, want string }{
		{"event_count", "", "3:3: a correlation of type event_count needs a condition"},
		{"event_count", "condition: a and b", "6:14: only temporal and temporal_ordered take an expression as condition"},
		{"event_count", "condition: [a]", "6:14: the condition must be a map of operators, not a list"},
		{"event_count", "condition: {}", "6:14: the condition has no operator: want gt, gte, lt, lte, eq or neq"},
		{"event_count", "condition: {above: 5}", `6:15: unknown operator "above", want gt, gte, lt, lte, eq or neq`},
		{"event_count", "condition: {gt: many}", `6:19: gt must be a number, not "many"`},
		{"value_count", "condition: {gt: 5}", "6:14: a correlation of type value_count needs a field in its condition"},
		{"value_percentile", "condition: {gt: 5, field: a}", "6:14: a correlation of type value_percentile needs a percentile in its condition"},
		{"value_percentile", "condition: {gt: 5, field: a, percentile: 101}", "6:44: a percentile is between 0 and 100"},
		{"temporal", "condition: a and c", `6:20: condition: "c" is not among the rules of the correlation`},
		{"temporal", "condition: 1 of them", `6:14: condition: "1" is not among the rules of the correlation`},
		{"temporal", "groupby: [x]", `6:3: unknown key "groupby" in correlation, did you mean "group-by"?`},
		{"temporal", "generate: maybe", "6:13: generate must be true or false"},
		{"temporal", "aliases: [x]", "6:12: aliases must be a map, not a list"},
		{"temporal", "aliases: {x: y}", `6:16: alias "x" must be a map of rules and fields, not a single value`},
		{"temporal", "group-by: {x: y}", "6:13: group-by must be a list, not a map"},
		{"temporal", "timeframe: 0s", `6:14: "0s" is not a time span, want a number and s, m, h or d`},
	}
	for _, test := range tests {
		documents, _ := Parse("r", fmt.Appendf(nil, correlationHeader, test.kind, test.rest))
		if len(documents.Problems) == 0 {
			t.Errorf("%s with %s: no problem", test.kind, test.rest)
			continue
		}
		if got := documents.Problems[0].String(); got != "r:"+test.want {
			t.Errorf("%s with %s:\n got %s\nwant r:%s", test.kind, test.rest, got, test.want)
		}
	}
}

func TestParseTimespan(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"30s": 30 * time.Second, "5m": 5 * time.Minute, "12h": 12 * time.Hour, "7d": 7 * 24 * time.Hour,
		"2w": 14 * 24 * time.Hour, "1M": 2629746 * time.Second, "1y": 31556952 * time.Second,
		"": 0, "5": 0, "m": 0, "-5m": 0, "5 m": 0, "5min": 0, "1.5h": 0, "0s": 0, "4000000000y": 0, "99999999999s": 0,
	} {
		if got, ok := parseTimespan(text); got != want || ok != (want > 0) {
			t.Errorf("%q: %v, %v, want %v", text, got, ok, want)
		}
	}
}

func TestAggregationsOfOld(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"count() > 5":            "event_count [] [] > 5 false",
		"count() by A >= 5":      "event_count [] [A] >= 5 false",
		"count(X) by A,B < 5":    "value_count [X] [A B] < 5 false",
		"COUNT( X ) BY A <= 5":   "value_count [X] [A] <= 5 false",
		"sum(Bytes) by A == 1e6": "value_sum [Bytes] [A] = 1e+06 false",
		"avg(Bytes) != 5":        "value_avg [Bytes] [] = 5 true",
		"count() = 5":            "event_count [] [] = 5 false",
		"min(X) > 5":             "there is no correlation for min",
		"count() > x":            "x is not a number",
		"near a and b":           "want count(field) by group > number",
		"":                       "want count(field) by group > number",
	} {
		got, problem := parseAggregation(text)
		if got != nil {
			c := got.Conditions[0]
			problem = fmt.Sprintf("%v %v %v %v %v %v", got.Type, got.Fields, got.GroupBy, c.Operator, c.Number, c.Negate)
		}
		if problem != want {
			t.Errorf("%q: %s, want %s", text, problem, want)
		}
	}
}

func TestFitsGlob(t *testing.T) {
	t.Parallel()
	tests := []struct {
		pattern, name string
		want          bool
	}{
		{"a", "a", true}, {"a", "ab", false}, {"a*", "a", true}, {"a*", "ab", true}, {"*a", "ba", true}, {"*a", "ab", false},
		{"*", "", true}, {"a*b*c", "aXbYc", true}, {"a*b*c", "acb", false}, {"ab*ba", "aba", false}, {"*a*", "xay", true},
		{"*a*a*", "a", false}, {"**", "x", true}, {"a*bc*d", "abcbcd", true},
	}
	for _, test := range tests {
		if got := fitsGlob(test.pattern, test.name); got != test.want {
			t.Errorf("%q of %q: %v", test.pattern, test.name, got)
		}
	}
}
