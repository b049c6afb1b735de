package ruletest

import (
	"archive/zip"
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/kulla-defence/kulla/rules"
	"github.com/kulla-defence/kulla/sigma"
)

var quotedText = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// selfTestAll runs the self-test of all rules. It counts the outcomes, and the
// reasons of those that did not pass, without the values in them. A failure
// fails the test.
func selfTestAll(t *testing.T, fsys fs.FS) (outcomes map[Outcome]int, reasons map[string]int) {
	t.Helper()
	set, err := sigma.LoadFS(fsys, sigma.Options{})
	if err != nil {
		t.Fatal(err)
	}
	taxonomy, err := sigma.DefaultTaxonomy()
	if err != nil {
		t.Fatal(err)
	}
	outcomes, reasons = map[Outcome]int{}, map[string]int{}
	for _, rule := range set.Rules {
		verdict, err := SelfTest(t.Context(), rule, taxonomy)
		if err != nil {
			t.Fatal(err)
		}
		outcomes[verdict.Outcome]++
		switch verdict.Outcome {
		case Failed:
			t.Errorf("%v: %s: %s", rule.At, rule.Title, verdict.Reason)
		case Found, Untried:
			t.Logf("%v: %s: %v: %s", rule.At, rule.Title, verdict.Outcome, verdict.Reason)
			reasons[quotedText.ReplaceAllString(verdict.Reason, "…")]++
		case Passed:
			if verdict.NearMisses == 0 {
				t.Errorf("%v: %s passed without a near miss", rule.At, rule.Title)
			}
		}
	}
	return outcomes, reasons
}

// Every rule of ours can fire, and leaves what is near.
func TestSelfTestBuiltIn(t *testing.T) {
	t.Parallel()
	outcomes, reasons := selfTestAll(t, rules.FS)
	if len(reasons) > 0 || outcomes[Passed] < 300 {
		t.Errorf("%d rules passed; others: %v", outcomes[Passed], reasons)
	}
}

// publicReasons are all reasons for which public rules do not pass. Each is a
// limit of a format, or of the rule.
var publicReasons = map[string]int{
	// The path has no host; a filter of the rule takes all of its channel.
	"no event was derived from the condition": 4,
	"pan-os: has no column TargetFilename":    1,
	"syslog: Message cannot hold …":           2,
	"w3c: cs-user-agent cannot hold …":        1,
}

func TestSelfTestPublicRules(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes minutes with race detection")
	}
	folder := cmp.Or(os.Getenv("KULLA_DATA"), "../../../shared/data")
	archive, err := zip.OpenReader(filepath.Join(folder, "sigma-rules.zip"))
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("sigma-rules.zip is not there; set KULLA_DATA to its folder")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	outcomes, reasons := selfTestAll(t, archive)
	if outcomes[Passed] < 3700 {
		t.Errorf("only %d rules passed", outcomes[Passed])
	}
	for reason, n := range reasons {
		if n > publicReasons[reason] {
			t.Errorf("%d rules do not pass, want %d: %s", n, publicReasons[reason], reason)
		}
	}
}

// untriedCorrelations is how many of ours no sequence is derived for. Their
// tests stand beside them.
const untriedCorrelations = 2

func TestSelfTestCorrelations(t *testing.T) {
	t.Parallel()
	set, err := sigma.LoadFS(rules.FS, sigma.Options{})
	if err != nil {
		t.Fatal(err)
	}
	taxonomy, err := sigma.DefaultTaxonomy()
	if err != nil {
		t.Fatal(err)
	}
	runner, outcomes := NewRunner(set, taxonomy), map[Outcome]int{}
	for _, correlation := range set.Correlations {
		verdict, err := runner.SelfTestCorrelation(t.Context(), correlation)
		if err != nil {
			t.Fatal(err)
		}
		outcomes[verdict.Outcome]++
		if verdict.Outcome != Passed {
			t.Logf("%v: %s: %v: %s", correlation.At, correlation.Title, verdict.Outcome, verdict.Reason)
		}
	}
	if outcomes[Failed] > 0 || outcomes[Found] > 0 || outcomes[Untried] > untriedCorrelations || outcomes[Passed] < 95 {
		t.Errorf("outcomes %v", outcomes)
	}
}
