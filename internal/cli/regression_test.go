package cli

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/source"
	"github.com/kulla-defence/kulla/sigma"
)

// regressionInfo is what the public rules say of their own samples.
type regressionInfo struct {
	Rules []struct {
		ID string `yaml:"id"`
	} `yaml:"rule_metadata"`
	Tests []struct {
		Path       string `yaml:"path"`
		MatchCount *int   `yaml:"match_count"`
	} `yaml:"regression_tests_info"`
}

// Each public rule with a sample matches it as often as its author says, in
// the event log file and in its JSON form alike.
func TestRegressionSamples(t *testing.T) {
	t.Parallel()
	folder := unpacked(t, "sigma-regression.zip")
	found := huntAll(t, sharedData(t, "sigma-rules.zip"), folder)
	samples := 0
	err := filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Name() != "info.yml" {
			return err
		}
		samples++
		checkSample(t, name, found)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d samples of sigma-regression.zip, all rules of sigma-rules.zip", samples)
	if samples < 90 {
		t.Errorf("%d samples, expected 90 or more", samples)
	}
}

// samplesWithMore are samples whose info file says one match, but which hold
// more events that satisfy the rule, word by word ("kulla explain" shows it):
// AnyDesk's user.conf is written three times, as .new and .TMP too; three tools
// are dropped; three zones are changed; two administrative shares are disabled.
var samplesWithMore = map[string]int{
	"0b9ad457-2554-44c1-82c2-d56a99c42377": 3,
	"8fbf3271-1ef6-4e94-8210-03c2317947f6": 3,
	"45e112d0-7759-4c2a-aa36-9f8fb79d3393": 3,
	"c7dcacd0-cc59-4004-b0a4-1d6cdebe6f3e": 2,
}

func checkSample(t *testing.T, infoFile string, found map[foundKey]int) {
	t.Helper()
	data, err := os.ReadFile(infoFile)
	if err != nil {
		t.Fatal(err)
	}
	var info regressionInfo
	if err := yaml.Unmarshal(data, &info); err != nil {
		t.Fatalf("%s: %v", infoFile, err)
	}
	for _, test := range info.Tests {
		stem := filepath.Join(filepath.Dir(infoFile), strings.TrimSuffix(filepath.Base(test.Path), ".evtx"))
		for _, sample := range []string{stem + ".evtx", stem + ".json"} {
			if _, err := os.Stat(sample); err != nil {
				t.Logf("sample %s is not in the archive", filepath.Base(sample))
				continue
			}
			got := found[foundKey{filepath.ToSlash(sample), info.Rules[0].ID}]
			want := test.MatchCount
			if more, ok := samplesWithMore[info.Rules[0].ID]; ok {
				want = &more
			}
			if want == nil && got == 0 || want != nil && got != *want {
				t.Errorf("rule %s matched %d times in %s", info.Rules[0].ID, got, filepath.Base(sample))
			}
		}
	}
}

type foundKey struct{ source, rule string }

// huntAll counts findings by source and rule.
func huntAll(t testing.TB, rules string, paths ...string) map[foundKey]int {
	t.Helper()
	set, taxonomy, err := ruleOptions{paths: []string{rules}}.load()
	if err != nil {
		t.Fatal(err)
	}
	return findingsOf(t, set, taxonomy, detect.Options{}, paths...)
}

func findingsOf(t testing.TB, set *sigma.RuleSet, taxonomy *sigma.Taxonomy, options detect.Options, paths ...string) map[foundKey]int {
	t.Helper()
	found := map[foundKey]int{}
	hunted(t, set, taxonomy, options, func(f *detect.Finding) { found[foundKey{f.Place.Source.Name, f.Rule.ID}]++ }, paths...)
	return found
}

// hunted hunts without a command line around it, and passes on each finding.
func hunted(t testing.TB, set *sigma.RuleSet, taxonomy *sigma.Taxonomy, options detect.Options, each func(*detect.Finding), paths ...string) (*source.Register, *detect.Result) {
	t.Helper()
	engine, err := detect.New(set, taxonomy, options)
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	return huntedBy(t, engine, each, paths...)
}

// huntedBy is hunted with rules that are compiled already.
func huntedBy(t testing.TB, engine *detect.Engine, each func(*detect.Finding), paths ...string) (*source.Register, *detect.Result) {
	t.Helper()
	register, err := source.Read(context.Background(), paths, func(int) source.Sink { return engine.Sink() }, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	result, err := engine.Finish()
	if err != nil {
		t.Fatal(err)
	}
	for f, err := range result.Findings() {
		if err != nil {
			t.Fatal(err)
		}
		each(f)
	}
	return register, result
}
