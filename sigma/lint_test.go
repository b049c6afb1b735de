package sigma

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// checksOf lints a text and returns the checks that found something, those of
// the whole document with severity style left out.
func checksOf(t *testing.T, text string) []string {
	t.Helper()
	documents, _ := Parse("lint.yml", []byte(text))
	var checks []string
	for _, flaw := range Lint(documents) {
		if flaw.At.Line == 0 || flaw.At.File != "lint.yml" {
			t.Errorf("%v has no place", flaw)
		}
		checks = append(checks, flaw.Check)
	}
	return checks
}

const cleanRule = `title: Clean
id: 5013198e-3e5c-4a20-bf2f-b3a2a8b5b6d1
status: test
level: high
description: Nothing to say about it.
date: 2022-07-15
modified: 2022-07-16
tags: [attack.t1059.001, attack.defense-evasion, tlp.clear]
logsource: {product: windows}
detection:
  selection:
    Image|endswith: '\cmd.exe'
    CommandLine|contains|all: [a, b]
  filter_one:
    User: x
  filter_two:
    User: y
  condition: selection and not 1 of filter_*
`

func TestLintOfACleanRule(t *testing.T) {
	t.Parallel()
	if checks := checksOf(t, cleanRule); len(checks) > 0 {
		t.Errorf("found %v", checks)
	}
}

// Each change of the clean rule gives one flaw.
func TestLint(t *testing.T) {
	t.Parallel()
	tests := []struct{ old, new, want string }{
		{"title: Clean\n", "", "title-missing"},
		{"title: Clean", "title: ''", "title-missing"},
		{"title: Clean", "title: " + strings.Repeat("é", 257), "title-long"},
		{"id: 5013198e-3e5c-4a20-bf2f-b3a2a8b5b6d1\n", "", "id-missing"},
		{"3e5c-4a20", "3e5c-1a20", "id-invalid"},
		{"status: test", "status: tset", "status-unknown"},
		{"level: high\n", "", "level-missing"},
		{"level: high", "level: severe", "level-unknown"},
		{"description: Nothing to say about it.\n", "", "description-missing"},
		{"date: 2022-07-15", "date: 2022/07/15", "date-format"},
		{"date: 2022-07-15", "date: 2022-13-15", "date-format"},
		{"modified: 2022-07-16", "modified: 2022-07-14", "modified-before-date"},
		{"tlp.clear", "colour.red", "tag-namespace"},
		{"tlp.clear", "clear", "tag-namespace"},
		{"defense-evasion", "defense_evasion", "tag-underscore"},
		{"tlp.clear", "tlp.CLEAR", "tag-capitals"},
		{"tlp.clear", "attack.t1059.001", "tag-duplicate"},
		{"logsource: {product: windows}", "logsource: {definition: x}", "logsource-empty"},
		{"logsource: {product: windows}\n", "", "logsource-empty"},
		{"not 1 of filter_*", "not filter_one", "identifier-unused"},
		{"filter_two", "_filter_two", "identifier-unused quantifier-of-one"},
		{"condition: selection and not 1 of filter_*", "condition: not 1 of filter_* and 1 of selec*", "quantifier-of-one"},
		{"condition: selection", "condition: selection and not selection", "condition-never"},
		{"condition: selection", "condition: (selection or not selection)", "condition-always"},
		{"condition: selection", "timeframe: 5m\n  condition: selection", "timeframe-unused"},
		{"filter_*", "filter_* | count() > 5", "aggregation-deprecated not-loaded"},
		{"[a, b]", "[a]", "all-of-one"},
		{"[a, b]", "[a, a]", "value-twice"},
		{"[a, b]", "[a, '']", "contains-nothing"},
		{"[a, b]", "[a, '*b']", "wildcard-redundant"},
		{"CommandLine|contains|all: [a, b]", "CommandLine|contains|contains: a", "modifier-twice"},
		{"CommandLine|contains|all: [a, b]", "CommandLine: '*a*'", "wildcard-modifier"},
		{"CommandLine|contains|all: [a, b]", "CommandLine|contains: 'C:\\*'", "wildcard-escaped"},
		{"CommandLine|contains|all: [a, b]", "CommandLine|startswith: 'a*'", "wildcard-redundant"},
		{"CommandLine|contains|all: [a, b]", "CommandLine|re: abc", "regexp-literal"},
		{"CommandLine|contains|all: [a, b]", "CommandLine|base64offset: abcd", "base64offset-whole"},
		{"CommandLine|contains|all: [a, b]", "' CommandLine': abcd", "field-blanks"},
		{"CommandLine|contains|all: [a, b]", "CommandLine|containing: a", "not-loaded"},
		{"CommandLine|contains|all: [a, b]", "CommandLine|hour: [23, 25]", "time-part-range"},
		{"CommandLine|contains|all: [a, b]", "CommandLine|month|lt: 0", "time-part-range"},
		{"CommandLine|contains|all: [a, b]", "CommandLine|hour|gte: 23", ""},
		{"filter_one:", "all:", "identifier-keyword identifier-unused quantifier-of-one"},
		{"level: high", "related: [{id: x, type: sibling}]\nlevel: high", "related-type"},
		{"level: high", "related: [{id: x}]\nlevel: high", "related-incomplete"},
	}
	for _, test := range tests {
		text := strings.Replace(cleanRule, test.old, test.new, 1)
		if text == cleanRule {
			t.Fatalf("%q is not in the rule", test.old)
		}
		checks := checksOf(t, text)
		slices.Sort(checks)
		if got := strings.Join(checks, " "); got != test.want {
			t.Errorf("%q for %q: %s, want %s", test.new, test.old, got, test.want)
		}
	}
}

// Each correlation has the flaws that are named, each at its word.
func TestLintOfCorrelations(t *testing.T) {
	t.Parallel()
	tests := []struct{ keys, want string }{
		{"type: event_count, rules: [clean], condition: {gte: 3}", ""},
		{"type: event_count, rules: [5013198e-3e5c-4a20-bf2f-b3a2a8b5b6d1], condition: {gte: 3}, aliases: {ip: {clean: a}}", ""},
		{"type: event_count, rules: [clean], condition: {gte: 3, field: x}", "84 field-unused"},
		{"type: value_sum, rules: [clean], condition: {gte: 3, field: x, percentile: 5}", "92 percentile-unused"},
		{"type: event_count, rules: [clean], condition: {gt: 5, lt: 3}", "75 condition-never"},
		{"type: event_count, rules: [clean], condition: {gt: 5, lt: 6}", "75 condition-never"},
		{"type: event_count, rules: [clean], condition: {gt: 5, lt: 7}", ""},
		{"type: event_count, rules: [clean], condition: {lt: 1}", "75 condition-never"},
		{"type: event_count, rules: [clean], condition: {eq: 3, neq: 3}", "75 condition-never"},
		{"type: event_count, rules: [clean], condition: {neq: 3}", ""},
		{"type: value_avg, rules: [clean], condition: {gt: 5, lt: 6, field: x}", ""},
		{"type: value_avg, rules: [clean], condition: {gt: 6, lt: 5, field: x}", "73 condition-never"},
		{"type: value_avg, rules: [clean], condition: {lt: -5, field: x}", ""},
		{"type: temporal, rules: [clean, filter], condition: {gte: 3}", "80 condition-never"},
		{"type: event_count, rules: [clean], condition: {gte: 3}, aliases: {ip: {clean: a, other: b}}", "110 alias-stray"},
		{"type: temporal, condition: clean and filter, aliases: {ip: {clean: a, other: b}}", "99 alias-stray"},
		{"type: temporal, rules: [clean, clean]", "60 rule-twice"},
		{"type: temporal_ordered, rules: [clean, clean]", ""},
		{"type: event_count, rules: [clean], condition: {gte: 1000000}", "1 not-loaded"},
		{"type: event_count, rules: [clean, third], condition: {gte: 2}", "63 not-loaded"},
	}
	for _, test := range tests {
		text := strings.Replace(cleanRule, "title: Clean", "title: Clean\nname: clean", 1) + "---\n" + strings.NewReplacer(
			"title: Clean", "title: Other\nname: filter", "3e5c-4a20", "3e5c-4a21").Replace(cleanRule) +
			"---\ntitle: Third\nname: third\nid: 5013198e-3e5c-4a20-bf2f-b3a2a8b5b6d9\nlevel: low\ndescription: x\ncorrelation: {timespan: 5m, " + test.keys + "}\n"
		documents, err := Parse("lint.yml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, flaw := range Lint(documents) {
			got = append(got, fmt.Sprintf("%d %s", flaw.At.Column, flaw.Check))
		}
		if got := strings.Join(got, " "); got != test.want {
			t.Errorf("%s: %s, want %s", test.keys, got, test.want)
		}
	}
}

// A filter that cannot narrow its rule, and a placeholder without values, are
// found; with values, the latter is fine.
func TestLintOfFiltersAndPlaceholders(t *testing.T) {
	t.Parallel()
	documents, err := Parse("lint.yml", []byte(strings.Replace(cleanRule, "User: x", "User|expand: '%admins%'", 1)+`---
title: Filter
id: 5013198e-3e5c-4a20-bf2f-b3a2a8b5b6d2
description: For another system.
logsource: {product: linux}
filter:
  rules: [5013198e-3e5c-4a20-bf2f-b3a2a8b5b6d1]
  known: {A: x}
  condition: not known
`))
	if err != nil {
		t.Fatal(err)
	}
	for values, want := range map[string]string{"": "15:18 not-loaded, 25:11 filter-elsewhere", "root": "25:11 filter-elsewhere"} {
		options := Options{Placeholders: map[string][]string{}}
		if values != "" {
			options.Placeholders["admins"] = []string{values}
		}
		var got []string
		for _, flaw := range LintWith(documents, options) {
			got = append(got, fmt.Sprintf("%d:%d %s", flaw.At.Line, flaw.At.Column, flaw.Check))
		}
		if got := strings.Join(got, ", "); got != want {
			t.Errorf("with values %q: %s, want %s", values, got, want)
		}
	}
}

func TestLintAcrossDocuments(t *testing.T) {
	t.Parallel()
	documents, err := Parse("lint.yml", []byte(cleanRule+"---\n"+cleanRule+`---
title: Filter
id: 5013198e-3e5c-4a20-bf2f-b3a2a8b5b6d2
description: For no rule.
logsource: {product: windows}
filter:
  rules: [5013198E-3e5c-4a20-bf2f-b3a2a8b5b6d1, nobody]
  known: {A: x}
  condition: known
---
title: Correlation
id: 5013198e-3e5c-4a20-bf2f-b3a2a8b5b6d3
description: For no rule.
level: low
correlation: {type: event_count, rules: [absent], timespan: 5m, condition: {gt: 1}}
`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, flaw := range Lint(documents) {
		got = append(got, flaw.String())
	}
	want := []string{
		"lint.yml:20:8: style: lint.yml:1:8 has the same title (title-duplicate)",
		"lint.yml:21:5: unusable: lint.yml:2:5 has the same id (id-duplicate)",
		`lint.yml:44:49: doubtful: no rule here has the id or name "nobody" (reference-unknown)`,
		"lint.yml:46:14: doubtful: the filter keeps only the events that fit it; to leave them out, write not (filter-without-not)",
		`lint.yml:52:42: unusable: no rule here has the id or name "absent" (reference-unknown)`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
