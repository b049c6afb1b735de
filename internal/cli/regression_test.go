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
			if test.MatchCount == nil && got == 0 || test.MatchCount != nil && got != *test.MatchCount {
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
	engine, err := detect.New(set, taxonomy, detect.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	_, err = source.Read(context.Background(), paths, func(int) source.Sink { return engine.Sink() }, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	result, err := engine.Finish()
	if err != nil {
		t.Fatal(err)
	}
	found := map[foundKey]int{}
	for f, err := range result.Findings() {
		if err != nil {
			t.Fatal(err)
		}
		found[foundKey{f.Place.Source.Name, f.Rule.ID}]++
	}
	return found
}
