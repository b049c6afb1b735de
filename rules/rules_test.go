package rules_test

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/kulla-defence/kulla/internal/ruletest"
	"github.com/kulla-defence/kulla/rules"
	"github.com/kulla-defence/kulla/sigma"
)

// document is what every rule of ours says of itself, correlations too.
type document struct {
	Title, ID, Name, Status, Description, Author, Date, License, Level string
	References, Tags, FalsePositives                                   []string
	Correlation                                                        map[string]any
}

// documents reads the rules as plain YAML, so that the test does not depend on
// what the engine makes of them.
func documents(t *testing.T) map[string]document {
	t.Helper()
	found := map[string]document{}
	for _, name := range ruleFiles(t) {
		text, err := fs.ReadFile(rules.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range strings.Split(string(text), "\n---\n") {
			var d document
			if err := yaml.Unmarshal([]byte(part), &d); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if found[d.Name].Name != "" {
				t.Errorf("%s: the name %q stands twice", name, d.Name)
			}
			found[d.Name] = d
		}
	}
	return found
}

func ruleFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	err := fs.WalkDir(rules.FS, ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && !ruletest.IsScript(name) {
			files = append(files, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestEveryRuleLoads(t *testing.T) {
	t.Parallel()
	set, err := sigma.LoadFS(rules.FS, sigma.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range set.Problems {
		t.Error(problem)
	}
	if got, want := len(set.Rules)+len(set.Correlations), len(documents(t)); got != want || want < 50 {
		t.Errorf("%d rules and correlations loaded of %d documents", got, want)
	}
}

var randomUUID = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func TestEveryRuleSaysWhatAnAnalystNeeds(t *testing.T) {
	t.Parallel()
	identifiers, titles := map[string]string{}, map[string]string{}
	for name, d := range documents(t) {
		for _, check := range []struct {
			ok   bool
			what string
		}{
			{name != "" && !strings.ContainsAny(name, " -"), "has no name to refer to"},
			{randomUUID.MatchString(d.ID), "has no random UUID"},
			{identifiers[d.ID] == "", "has the identifier of " + identifiers[d.ID]},
			{d.Title != "" && len(d.Title) <= 110, "has no title of a readable length"},
			{titles[d.Title] == "", "has the title of " + titles[d.Title]},
			{d.Author == "Kulla" && d.License == "Apache-2.0" && d.Date != "", "lacks author, licence or date"},
			{len(d.Description) > 80, "does not explain itself"},
			{slices.Contains([]string{"informational", "low", "medium", "high", "critical"}, d.Level), "has no level"},
			{len(d.FalsePositives) > 0, "does not name false positives"},
			{len(d.References) > 0 && !slices.ContainsFunc(d.References, notPublic), "has no public source"},
			{slices.ContainsFunc(d.Tags, isTechnique), "names no technique"},
		} {
			if !check.ok {
				t.Errorf("%s %s", name, check.what)
			}
		}
		identifiers[d.ID], titles[d.Title] = name, name
	}
}

func notPublic(reference string) bool { return !strings.HasPrefix(reference, "https://") }

func isTechnique(tag string) bool { return strings.HasPrefix(tag, "attack.t1") }

// A rule that only feeds a correlation must not raise an alarm by itself: what
// it sees is daily business.
func TestRulesThatOnlyCountStayQuiet(t *testing.T) {
	t.Parallel()
	all := documents(t)
	seen := 0
	for name, d := range all {
		if d.Correlation == nil || d.Correlation["generate"] == true {
			continue
		}
		for _, reference := range d.Correlation["rules"].([]any) {
			seen++
			fed, ok := all[reference.(string)]
			if !ok {
				t.Errorf("%s refers to %s, which is not there", name, reference)
			}
			if fed.Level != "informational" {
				t.Errorf("%s is silenced by %s, though its level is %s", reference, name, fed.Level)
			}
		}
	}
	if seen == 0 {
		t.Error("no correlation was looked at")
	}
}

// Every rule finds what it is for, and leaves alone what looks alike.
func TestScripts(t *testing.T) {
	t.Parallel()
	scripts, faults := ruletest.ParseFS(rules.FS, "")
	for _, fault := range faults {
		t.Error(fault)
	}
	set, taxonomy := loaded(t)
	report, err := ruletest.NewRunner(set, taxonomy).Run(t.Context(), scripts)
	if err != nil {
		t.Fatal(err)
	}
	for _, failure := range report.Failures {
		t.Errorf("%v: %s %s %d: %s", failure.At, failure.Rule, failure.Kind, failure.Item, failure.Reason)
	}
	for _, untested := range report.Untested {
		t.Errorf("%v: %s has no test of what it must %s", untested.At, untested.Rule, untested.Lacks)
	}
	if report.Rules < len(set.Rules) || report.Items < 2*report.Rules {
		t.Errorf("%d rules were tested with %d items", report.Rules, report.Items)
	}
}

func loaded(t *testing.T) (*sigma.RuleSet, *sigma.Taxonomy) {
	t.Helper()
	set, err := sigma.LoadFS(rules.FS, sigma.Options{})
	if err != nil {
		t.Fatal(err)
	}
	taxonomy, err := sigma.DefaultTaxonomy()
	if err != nil {
		t.Fatal(err)
	}
	return set, taxonomy
}
