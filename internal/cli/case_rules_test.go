package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/sigma"
)

const shareableRule = `title: %s
id: 5b1b1f2a-5a51-4b4e-9a53-1f2d3c4b5a69
status: experimental
logsource: {category: process_creation, product: windows}
detection:
  selection: {Image|contains: '.'}
  condition: selection
level: high
tags: [attack.t1059]
`

// The bundle has the rules that found something as they were loaded, and none
// where others are at hand under the same id.
func TestBundleHasTheRulesOfTheCase(t *testing.T) {
	t.Parallel()
	slow(t)
	folder := t.TempDir()
	write := func(name, title string) string {
		file := filepath.Join(folder, name)
		if err := os.WriteFile(file, []byte(strings.Replace(shareableRule, "%s", title, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	mine, other := write("mine.yml", "Any program"), write("other.yml", "Another thing")
	file := investigating(t, "--rules", mine, "--no-report", sampleEvidence())
	patterns := func(arguments ...string) []string { return sigmaPatterns(t, file, arguments...) }
	if list := patterns("--rules", mine); len(list) != 1 || !strings.HasPrefix(list[0], "title: Any program\nid: 5b1b1f2a") {
		t.Errorf("the case's own rules: %q", list)
	}
	if list := patterns("--rules", other); len(list) != 0 {
		t.Errorf("others under the same id: %q", list)
	}
	if list := patterns(); len(list) != 0 {
		t.Errorf("those in the binary: %q", list)
	}
}

// sigmaPatterns are the rules in the bundle of a case.
func sigmaPatterns(t *testing.T, file string, arguments ...string) (list []string) {
	t.Helper()
	out, code := kulla(t, append([]string{"case", "report", "-f", "stix", file}, arguments...)...)
	if code != exitDone {
		t.Fatalf("code %d", code)
	}
	var bundle struct {
		Objects []struct {
			Type    string
			Pattern string
			Kind    string `json:"pattern_type"`
		}
	}
	if err := json.Unmarshal([]byte(out), &bundle); err != nil {
		t.Fatal(err)
	}
	for _, o := range bundle.Objects {
		if o.Kind == "sigma" {
			list = append(list, o.Pattern)
		}
	}
	return list
}

const shareableCorrelation = `title: Logon failed
name: failed
logsource: {product: windows, service: security}
detection: {a: {EventID: 4625}, condition: a}
level: low
---
title: Never
name: never
id: 5b1b1f2a-5a51-4b4e-9a53-1f2d3c4b5a71
logsource: {product: windows, service: security}
detection: {a: {EventID: 1}, condition: a}
---
title: Several failed logons
name: several
id: 5b1b1f2a-5a51-4b4e-9a53-1f2d3c4b5a72
correlation: {type: event_count, rules: [failed], group-by: [TargetUserName], timespan: 10m, condition: {gte: 3}}
level: medium
---
title: Several failed logons of several
id: 5b1b1f2a-5a51-4b4e-9a53-1f2d3c4b5a73
correlation: {type: temporal, rules: [several, failed], timespan: 10m}
level: high
`

// A correlation is shared with the rules that it is about, and those that these
// are about: by itself it says nothing to anybody.
func TestBundleHasWhatCorrelationsReferTo(t *testing.T) {
	t.Parallel()
	log, rules := filepath.Join(t.TempDir(), "Security.evtx"), filepath.Join(t.TempDir(), "several.yml")
	place(t, log, failedLogons(t, 1, 20, false))
	place(t, rules, []byte(shareableCorrelation))
	list := sigmaPatterns(t, investigating(t, "--rules", rules, "--no-report", log), "--rules", rules)
	if len(list) != 1 {
		t.Fatalf("%d rules: %q", len(list), list)
	}
	documents := must(sigma.Parse("pattern.yml", []byte(list[0])))
	set := sigma.NewRuleSet(documents, sigma.Options{})
	if len(set.Problems) > 0 || len(set.Rules) != 1 || len(set.Correlations) != 2 || !strings.HasPrefix(list[0], "title: Several failed logons of several\n") {
		t.Errorf("%d rules, %d correlations, %v:\n%s", len(set.Rules), len(set.Correlations), set.Problems, list[0])
	}
}

// A case made with the rules in the binary has them without being told.
func TestBundleHasTheBuiltInRules(t *testing.T) {
	t.Parallel()
	slow(t)
	file := investigating(t, "--no-report", sampleEvidence())
	for _, format := range []string{"stix", "stix-interop"} {
		out, code := kulla(t, "case", "report", "-f", format, file)
		if count := strings.Count(out, `"pattern_type": "sigma"`); code != exitDone || count < 50 {
			t.Errorf("%s: code %d, %d rules", format, code, count)
		}
	}
}
