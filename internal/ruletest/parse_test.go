package ruletest

import (
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/sigma"
)

func TestParseFaults(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                    "holds no tests",
		"a: {find: []}":                       "f:1:11: find is empty",
		"a: {fnd: [{A: 1}]}":                  `f:1:5: unknown key "fnd"`,
		"a: {find: [{A: {B: 1}}]}":            "f:1:16: the value of a field",
		"a: {find: [{events: [], lines: x}]}": "not both",
		"a: {find: [{events: [{fields: {A: 1}, at: 5}]}]}":                             "at wants a duration",
		"a: {find: [{events: [{at: 5s}]}]}":                                            "the event has no fields",
		"a: {find: [{events: [{fields: {A: 1}, repeat: 0}]}]}":                         "repeat wants a number from 1",
		"a: {find: [{events: [{fields: {A: 1}, rule: b, source: {product: linux}}]}]}": "not both",
		"a: {find: [{A: 1}]}\na: {find: [{A: 1}]}":                                     `f:2:1: "a" stands in line 1 already`,
		"a: {find: [{A: 1}]}\n---\nb: {find: [{A: 1}]}":                                "want one YAML document",
		"a: &x {find: *x}": "alias",
	} {
		script, err := Parse("f", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v; want %q", text, script, err, want)
		}
	}
}

const rulesText = `title: Failed logon
name: failed
logsource: {product: windows, service: security}
detection: {s: {EventID: 4625}, condition: s}
level: low
---
title: Burst
name: burst
correlation:
  type: event_count
  rules: [failed]
  group-by: [Computer]
  timespan: 1m
  condition: {gte: 3}
level: high
`

// Each kind of failure is seen: a test that cannot fail proves nothing.
func TestRun(t *testing.T) {
	t.Parallel()
	documents, err := sigma.Parse("r", []byte(rulesText))
	if err != nil {
		t.Fatal(err)
	}
	taxonomy, err := sigma.DefaultTaxonomy()
	if err != nil {
		t.Fatal(err)
	}
	runner := NewRunner(sigma.NewRuleSet(documents, sigma.Options{}), taxonomy)
	const burst = "burst: {find: [{events: [{rule: failed, host: a, every: 1s, repeat: %, fields: {EventID: 4625}}]}]}"
	for text, want := range map[string]string{
		"failed: {find: [{EventID: 4625}], leave: [{EventID: 4624}]}":                  "",
		"failed: {find: [{EventID: 4624}]}":                                            "not found: EventID is '4625': '4624'",
		"failed: {leave: [{EventID: 4625}]}":                                           "found: EventID is '4625': '4625'",
		"faild: {leave: [{EventID: 4625}]}":                                            "no rule has this name",
		strings.Replace(burst, "%", "3", 1):                                            "",
		strings.Replace(burst, "%", "2", 1):                                            `not found: 2 events, of which match: 2 of "failed"`,
		"failed: {find: [{events: [{fields: {EventID: 4625}, repeat: 2}], count: 1}]}": "2 findings, want 1",
		"failed: {find: [{lines: nothing, as: json}]}":                                 "the lines cannot be read as json",
	} {
		script, err := Parse("f", []byte(text))
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		report, err := runner.Run(t.Context(), []*Script{script})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, failure := range report.Failures {
			got += failure.Reason
		}
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
