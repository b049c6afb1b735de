package cli

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kulla-defence/kulla/internal/report"
	"github.com/kulla-defence/kulla/internal/store"
)

const failedByHost = `title: Logon failed
name: failed
id: 6e6b3a52-0000-4000-8000-000000000031
logsource: {product: windows, service: security}
detection: {a: {EventID: 4625, TargetUserName: user2}, condition: a}
level: low
---
title: Many failed logons of one user
id: 6e6b3a52-0000-4000-8000-000000000032
correlation: {type: event_count, rules: [failed], group-by: [Computer], timespan: 10m, condition: {gte: 5}}
level: medium
`

// correlated are the findings of a correlation rule, in words.
func correlated(t *testing.T, file, title string) (all []string) {
	t.Helper()
	kept(t, file, func(c *store.Case) {
		for f, err := range c.Findings(store.Filter{Rule: title}) {
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, fmt.Sprint(f.Correlation.First, f.Correlation.Last, f.Correlation.Count, f.Correlation.Group, len(f.Correlation.Events)))
		}
	})
	slices.Sort(all)
	return all
}

// uncovered is what a case says of evidence that took no part in correlations.
func uncovered(t *testing.T, file string) (said []string) {
	t.Helper()
	kept(t, file, func(c *store.Case) {
		for _, one := range must(recall[[]report.Unseen](c, metaUnseen)) {
			if one.What == report.Correlations {
				said = append(said, one.Why)
			}
		}
	})
	return said
}

// twoRuleSets gives where a log is to be, another one with more of the same, and
// two files of rules that correlate them, each in its way.
func twoRuleSets(t *testing.T) (log, other, byUser, byHost string) {
	t.Helper()
	folder := t.TempDir()
	log, other = filepath.Join(folder, "a", "Security.evtx"), filepath.Join(folder, "b", "Security.evtx")
	place(t, other, failedLogons(t, 41, 60, false))
	byUser, byHost = filepath.Join(folder, "user.yml"), filepath.Join(folder, "host.yml")
	write(t, byUser, failedOften)
	write(t, byHost, failedByHost)
	return log, other, byUser, byHost
}

// Rule sets that take turns on one case find what each finds alone.
func TestRuleSetsTakeTurns(t *testing.T) {
	t.Parallel()
	slow(t)
	log, other, byUser, byHost := twoRuleSets(t)
	titles := map[string]string{byUser: "Many failed logons", byHost: "Many failed logons of one user"}
	type run struct {
		rules, path string
		last        int // of the records in the log
	}
	for name, runs := range map[string][]run{
		"one after the other": {{byUser, log, 40}, {byHost, log, 40}, {byUser, other, 40}, {byHost, other, 40}},
		"again and again":     {{byUser, log, 40}, {byHost, log, 40}, {byUser, log, 40}, {byHost, other, 40}, {byHost, log, 40}, {byUser, other, 40}},
		"a log that grows":    {{byUser, log, 20}, {byHost, log, 20}, {byUser, log, 30}, {byHost, log, 40}, {byUser, log, 40}, {byHost, other, 40}, {byUser, other, 40}},
	} {
		file, alone := filepath.Join(t.TempDir(), "x"+caseExtension), map[string]string{}
		for at, run := range runs {
			if alone[run.rules] == "" {
				alone[run.rules] = filepath.Join(t.TempDir(), "x"+caseExtension)
			}
			place(t, log, failedLogons(t, 1, run.last, false))
			for _, file := range []string{file, alone[run.rules]} {
				extending(t, file, "--no-report", "--rules", run.rules, run.path)
			}
			want, got := correlated(t, alone[run.rules], titles[run.rules]), correlated(t, file, titles[run.rules])
			if diff := cmp.Diff(want, got); diff != "" || at == len(runs)-1 && len(want) == 0 {
				t.Errorf("%s, run %d: not as alone (-alone +in turns):\n%s", name, at+1, diff)
			}
		}
		if said := uncovered(t, file); len(said) > 0 {
			t.Errorf("%s: at the end of all turns something is not covered: %q", name, said)
		}
		if out, code := verified(t, file, log, other); code != exitDone {
			t.Errorf("%s: verify: code %d\n%s", name, code, out)
		}
	}
}

// What a rule set has kept of a log outlives that another set has read more of
// it, and not that it was read with other options.
func TestKeptMatchesOfOtherRuleSets(t *testing.T) {
	t.Parallel()
	log, other, byUser, byHost := twoRuleSets(t)
	count := func(file string) (counts string) {
		for _, one := range correlated(t, file, "Many failed logons of one user") {
			counts += one[strings.Index(one, "UTC ")+4:]
		}
		return counts
	}
	place(t, log, failedLogons(t, 1, 30, false))
	alone := filepath.Join(t.TempDir(), "x"+caseExtension)
	for _, path := range []string{log, other} {
		extending(t, alone, "--no-report", "--rules", byHost, path)
	}
	file := investigating(t, "--no-report", "--rules", byHost, log)
	place(t, log, failedLogons(t, 1, 40, false))
	extending(t, file, "--no-report", "--rules", byUser, log)
	extending(t, file, "--no-report", "--rules", byHost, other)
	if want, got := count(alone), count(file); got != want {
		t.Errorf("of the log before it grew %s, want %s", got, want)
	}
	if said := uncovered(t, file); len(said) != 1 {
		t.Errorf("what one of two rule sets has not covered: %q", said)
	}

	auth := filepath.Join(t.TempDir(), "auth.log")
	write(t, auth, authLog)
	write(t, byHost, `title: Shell
name: shell
id: 6e6b3a52-0000-4000-8000-000000000041
logsource: {product: linux}
detection: {a: [sshd, sudo, root], condition: a}
level: low
---
title: Many shells
id: 6e6b3a52-0000-4000-8000-000000000042
correlation: {type: event_count, rules: [shell], timespan: 1d, condition: {gte: 1}}
level: medium
`)
	file = investigating(t, "--no-report", "--rules", byHost, "--source-year", "2023", auth)
	if len(correlated(t, file, "Many shells")) == 0 {
		t.Fatal("nothing is correlated")
	}
	extending(t, file, "--no-report", "--rules", byUser, "--source-year", "2024", auth)
	extending(t, file, "--no-report", "--rules", byHost, other)
	if found := correlated(t, file, "Many shells"); len(found) > 0 {
		t.Errorf("matches of the wrong year are correlated: %q", found)
	}
}
