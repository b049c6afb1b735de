package sigma

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

const setFiles = `
title: Windows rule
id: 00000000-0000-4000-8000-000000000001
name: win
logsource: {product: windows, category: process_creation}
detection:
  s: {A: x}
  condition: s
---
title: Linux rule
id: 00000000-0000-4000-8000-000000000002
logsource: {product: linux, category: process_creation}
detection:
  s: {A: x}
  condition: s
---
title: Same id
id: 00000000-0000-4000-8000-000000000002
logsource: {product: linux}
detection:
  s: {A: x}
  condition: s
---
title: Needs a list
logsource: {product: linux}
detection:
  s: {A|expand: '%servers% and %unknown%'}
  condition: s
---
title: Named filter
logsource: {product: windows}
filter:
  rules: [WIN, win]
  known: {B: good}
  condition: not known
---
title: Filter of a log source
logsource: {category: process_creation}
filter:
  rules: any
  known_1: {B: "%corp%"}
  known_2: {B|expand: "%corp%"}
  condition: not 1 of known_*
---
title: Needs too much
logsource: {product: windows}
filter:
  rules: any
  known: {B|expand: "%nothing%"}
  condition: not known
---
title: Correlation
name: chained
correlation:
  type: event_count
  rules: [inner, 00000000-0000-4000-8000-000000000002]
  timespan: 5m
  condition: {gte: 5}
---
title: Inner
name: inner
correlation: {type: event_count, rules: win, timespan: 5m, condition: {gte: 5}}
---
title: Lost
correlation: {type: event_count, rules: nowhere, timespan: 5m, condition: {gte: 5}}
---
title: Circle
name: circle
correlation: {type: event_count, rules: circle, timespan: 5m, condition: {gte: 5}}
`

func TestNewRuleSet(t *testing.T) {
	t.Parallel()
	documents, err := Parse("set.yml", []byte(setFiles))
	if err != nil {
		t.Fatal(err)
	}
	set := NewRuleSet(documents, Options{Placeholders: map[string][]string{"corp": {"corp*"}, "servers": {"a"}}})
	var problems []string
	for _, problem := range set.Problems {
		problems = append(problems, problem.Title+": "+problem.Message)
	}
	want := []string{
		"Same id: set.yml:10:1 has the same id",
		"Needs a list: no values for placeholder %unknown%",
		`Named filter: no rule has the id or name "WIN", which the filter is about`,
		"Needs too much: no values for placeholder %nothing%",
		`Lost: no rule has the id or name "nowhere"`,
		`Circle: the correlation is made of itself, in a circle: it is about "circle"`,
	}
	if !slices.Equal(problems, want) {
		t.Errorf("problems\n%s\nwant\n%s", strings.Join(problems, "\n"), strings.Join(want, "\n"))
	}
	if len(set.Rules) != 2 || len(set.Correlations) != 2 {
		t.Fatalf("%d rules and %d correlations", len(set.Rules), len(set.Correlations))
	}
	tests := []struct {
		rule  int
		event *row
		want  bool
	}{
		{0, newRow("A", "x", "B", "bad"), true},
		{0, newRow("A", "x", "B", "good"), false},
		{0, newRow("A", "x", "B", "Corporate"), false},
		{0, newRow("A", "x", "B", "%corp%"), false},
		{1, newRow("A", "x", "B", "good"), true}, // the named filter is for Windows
		{1, newRow("A", "x", "B", "corp"), false},
	}
	for _, test := range tests {
		if got := Evaluate(set.Rules[test.rule].Expression(), test.event); got != test.want {
			t.Errorf("rule %d, %v: %v", test.rule, test.event.cells, got)
		}
	}
	if rule, _ := set.Find("win"); rule != set.Rules[0] {
		t.Error("the rule is not found by its name")
	}
	if _, correlation := set.Find("chained"); correlation == nil {
		t.Error("the correlation is not found by its name")
	}
}

// Each problem stands at the word that is wrong.
func TestPlacesOfProblems(t *testing.T) {
	t.Parallel()
	documents, err := Parse("set.yml", []byte(`title: Needs values
name: needs
logsource: {product: linux}
detection:
  s:
    A|expand: [x, '%known%', 'a%unknown%']
    B|contains|expand:
      - '%unknown%'
  condition: s
---
title: Linux
name: linux
logsource: {product: linux}
detection: {s: {A: x}, condition: s}
---
title: Filter
logsource: {product: windows}
filter:
  rules: [linux, nobody]
  s: {A: y}
  condition: not s
---
title: First
name: first
correlation:
  type: temporal
  rules:
    - linux
    - second
  timespan: 5m
---
title: Second
name: second
correlation:
  type: temporal
  condition: linux and (first or third)
  timespan: 5m
---
title: Third
name: third
correlation: {type: event_count, rules: [first], timespan: 5m, condition: {gte: 5}}
---
title: Lost
correlation: {type: event_count, rules: [linux, nowhere], timespan: 5m, condition: {gte: 5}}
---
title: On the circle's edge
correlation: {type: event_count, rules: [third], timespan: 5m, condition: {gte: 5}}
`))
	if err != nil {
		t.Fatal(err)
	}
	set := NewRuleSet(documents, Options{Placeholders: map[string][]string{"known": {"x"}}})
	var got []string
	for _, problem := range set.Problems {
		got = append(got, problem.String())
	}
	want := []string{
		"set.yml:6:30: no values for placeholder %unknown%",
		`set.yml:19:11: the filter is about "linux", but its log source "windows" does not cover that of the rule, "linux": it does nothing for it`,
		`set.yml:19:18: no rule has the id or name "nobody", which the filter is about`,
		`set.yml:29:7: the correlation is made of itself, in a circle: it is about "second", which is about "first"`,
		`set.yml:36:25: the correlation is made of itself, in a circle: it is about "first", which is about "second"`,
		`set.yml:41:42: the correlation is made of itself, in a circle: it is about "first", which is about "second", which is about "third"`,
		`set.yml:44:49: no rule has the id or name "nowhere"`,
		`set.yml:47:42: correlation "third", which it is about, cannot be used`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// The documents are shared by sets with different options.
func TestNewRuleSetLeavesDocumentsAlone(t *testing.T) {
	t.Parallel()
	documents, _ := Parse("set.yml", []byte(setFiles))
	few := NewRuleSet(documents, Options{})
	many := NewRuleSet(documents, Options{Placeholders: map[string][]string{
		"corp": {"a"}, "servers": {"b"}, "unknown": {"c"}, "nothing": {"d"},
	}})
	if len(few.Rules) != 2 || len(many.Rules) != 3 {
		t.Errorf("%d and %d rules, want 2 and 3", len(few.Rules), len(many.Rules))
	}
	again := NewRuleSet(documents, Options{})
	if len(again.Problems) != len(few.Problems) {
		t.Errorf("%d problems, then %d", len(few.Problems), len(again.Problems))
	}
}

// The order of the files does not matter, nor how many are read at once.
func TestRuleSetIsOrdered(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{}
	for _, name := range []string{"c.yml", "a/z.yml", "b.yml", "a.yml"} {
		files[name] = &fstest.MapFile{Data: []byte("title: " + name + "\ndetection:\n  s: {A: x}\n  condition: s\n")}
	}
	set, err := LoadFS(files, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var titles []string
	for _, rule := range set.Rules {
		titles = append(titles, rule.Title)
	}
	if want := []string{"a.yml", "a/z.yml", "b.yml", "c.yml"}; !slices.Equal(titles, want) {
		t.Errorf("order %v, want %v", titles, want)
	}
}

func TestPlaceholders(t *testing.T) {
	t.Parallel()
	tests := []struct {
		item, value string
		want        bool
	}{
		{`A|expand: '%admins%'`, "root", true},
		{`A|expand: '%admins%'`, "ADMIN", true},
		{`A|expand: '%admins%'`, "user", false},
		{`A|expand: 'x-%admins%-%one%'`, "x-root-1", true},
		{`A|expand: 'x-%admins%-%one%'`, "x-administrator-1", true},
		{`A|expand: 'x-%admins%-%one%'`, "x-root-2", false},
		{`A|contains|expand: '%one%'`, "a1b", true},
		{`A|expand|contains: '%one%'`, "a1b", true},
		{`A: '%one%'`, "1", false},
		{`A: '%one%'`, "%one%", true},
		{`A|expand: '\%one\%'`, "%one%", true},
		{`A|expand: '%percent%'`, "100%", true},
		{`A|expand: '50% and 60'`, "50% and 60", true},
		{`A|contains|all|expand: ['%admins%', 'x']`, "x and root", true},
		{`A|contains|all|expand: ['%admins%', 'x']`, "x and user", false},
		{`A|contains|all|expand|neq: ['%admins%', 'x']`, "x and user", true},
		{`A|expand|cased: '%admins%'`, "ROOT", false},
	}
	for _, test := range tests {
		rule := ruleOf(t, search(test.item))
		if got := Evaluate(rule.Expression(), newRow("A", test.value)); got != test.want {
			t.Errorf("%s of %q: %v", test.item, test.value, got)
		}
	}
}

func TestPlaceholderBombIsRefused(t *testing.T) {
	t.Parallel()
	documents, err := Parse("bomb.yml", []byte(header+"detection:\n  s:\n    A|expand: ["+
		strings.Repeat("'%many%', ", 300)+"]\n  condition: s\n"))
	if err != nil {
		t.Fatal(err)
	}
	set := NewRuleSet(documents, Options{Placeholders: map[string][]string{"many": make([]string, 1000)}})
	if len(set.Rules) > 0 || len(set.Problems) != 1 {
		t.Errorf("%d rules, %v", len(set.Rules), set.Problems)
	}
}

func TestParsePlaceholders(t *testing.T) {
	t.Parallel()
	got, err := ParsePlaceholders("p.yml", []byte("Admins: [root, 'adm-*']\nServers:\n  - a\n  - 10\n---\nOne: x\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{"Admins": {"root", "adm-*"}, "Servers": {"a", "10"}, "One": {"x"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for text, want := range map[string]string{
		"- a\n":           "sigma: p.yml:1:1: want a map of placeholders and their values, not a list",
		"A: {b: c}\n":     "sigma: p.yml:1:4: A must be a list, not a map\nsigma: p.yml:1:4: placeholder A has no values",
		"A:\n":            "sigma: p.yml:1:3: placeholder A has no values",
		"A: x\nA: y\n":    `sigma: p.yml:2:1: "A" is here twice, first in line 1`,
		"A: [x]\nB: 'y\n": "sigma: p.yml:3:1: not valid YAML: found unexpected end of stream",
	} {
		if _, err := ParsePlaceholders("p.yml", []byte(text)); err == nil || err.Error() != want {
			t.Errorf("%q:\n got %v\nwant %s", text, err, want)
		}
	}
}
