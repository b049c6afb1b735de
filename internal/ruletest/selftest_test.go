package ruletest

import (
	"archive/zip"
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/kulla-defence/kulla/rules"
	"github.com/kulla-defence/kulla/sigma"
)

// knownFailures ask for a header that is null, where W3C logs have a dash.
var knownFailures = map[string]bool{"Webshell ReGeorg Detection Via Web Logs": true}

// selfTestAll runs the self-test of all rules and counts the outcomes.
func selfTestAll(t *testing.T, fsys fs.FS) map[Outcome]int {
	t.Helper()
	set, err := sigma.LoadFS(fsys, sigma.Options{})
	if err != nil {
		t.Fatal(err)
	}
	taxonomy, err := sigma.DefaultTaxonomy()
	if err != nil {
		t.Fatal(err)
	}
	outcomes, misses, reasons := map[Outcome]int{}, 0, map[string]int{}
	for _, rule := range set.Rules {
		verdict, err := SelfTest(t.Context(), rule, taxonomy)
		if err != nil {
			t.Fatal(err)
		}
		outcomes[verdict.Outcome]++
		misses += verdict.NearMisses
		switch verdict.Outcome {
		case Failed:
			if knownFailures[rule.Title] {
				continue
			}
			t.Errorf("%v: %s: %s", rule.At, rule.Title, verdict.Reason)
		case Untried:
			reasons[verdict.Reason]++
		}
	}
	t.Logf("passed %d, failed %d, untried %d; %d near misses", outcomes[Passed], outcomes[Failed], outcomes[Untried], misses)
	for reason, n := range reasons {
		t.Logf("untried %d: %s", n, reason)
	}
	return outcomes
}

func TestSelfTestBuiltIn(t *testing.T) {
	t.Parallel()
	if outcomes := selfTestAll(t, rules.FS); outcomes[Passed] < 100 {
		t.Errorf("only %d rules passed", outcomes[Passed])
	}
}

func TestSelfTestPublicRules(t *testing.T) {
	t.Parallel()
	folder := cmp.Or(os.Getenv("KULLA_DATA"), "../../../shared/data")
	archive, err := zip.OpenReader(filepath.Join(folder, "sigma-rules.zip"))
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("sigma-rules.zip is not there; set KULLA_DATA to its folder")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	if outcomes := selfTestAll(t, archive); outcomes[Passed] < 2000 {
		t.Errorf("only %d rules passed", outcomes[Passed])
	}
}
