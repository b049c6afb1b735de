package cli

import (
	"context"
	"fmt"
	"maps"
	"os"
	"testing"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/source"
	"github.com/kulla-defence/kulla/sigma"
)

// The fast matcher finds on shared evidence exactly what the plain one finds,
// with all public rules, for the same reasons. The plain one is slow: unless
// KULLA_EXHAUSTIVE is set (then it takes minutes), both see every n-th event.
func TestFastFindsWhatPlainFinds(t *testing.T) {
	t.Parallel()
	slow(t)
	set, taxonomy, err := ruleOptions{paths: []string{sharedData(t, "sigma-rules.zip")}}.load()
	if err != nil {
		t.Fatal(err)
	}
	for name, every := range map[string]int64{"sigma-regression.zip": 1, "evtx-by-technique.zip": 17, "evtx-hard-cases.zip": 17,
		"host-aptsim-server2022.zip": 7, "host-clean-w10.zip": 19, "winlog-json.zip": 97} {
		if os.Getenv("KULLA_EXHAUSTIVE") != "" {
			every = 1
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			evidence := sharedData(t, name)
			fast, events := sampled(t, set, taxonomy, detect.Options{}, every, evidence)
			plain, _ := sampled(t, set, taxonomy, detect.Options{Plain: true}, every, evidence)
			if !maps.Equal(fast, plain) {
				reportDifference(t, fast, plain)
			}
			t.Logf("%s: %d rules on %d events (one of %d), %d different findings", name, len(set.Rules), events, every, len(plain))
		})
	}
}

// A reasonedKey is a rule that matched an event, and the columns why.
type reasonedKey struct {
	source, rule, columns string
	offset                int64
}

// sampled counts findings on every n-th event.
func sampled(t *testing.T, set *sigma.RuleSet, taxonomy *sigma.Taxonomy, options detect.Options, every int64, evidence string) (map[reasonedKey]int, int64) {
	t.Helper()
	engine, err := detect.New(set, taxonomy, options)
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	newSink := func(int) source.Sink { return sampling{engine.Sink(), every} }
	if _, err = source.Read(context.Background(), []string{evidence}, newSink, source.Options{}); err != nil {
		t.Fatal(err)
	}
	result, err := engine.Finish()
	if err != nil {
		t.Fatal(err)
	}
	found := map[reasonedKey]int{}
	for f, err := range result.Findings() {
		if err != nil {
			t.Fatal(err)
		}
		found[reasonedKey{f.Place.Source.Name, f.Rule.ID, fmt.Sprint(f.Fields), f.Place.Offset}]++
	}
	return found, result.Events
}

// sampling passes every n-th event on, chosen by where it stands.
type sampling struct {
	sink  *detect.Sink
	every int64
}

func (s sampling) Event(e *event.Event) error {
	if s.every > 1 && (e.Provenance.Offset/8+int64(e.Provenance.RecordID))%s.every != 0 {
		return nil
	}
	return s.sink.Event(e)
}

func reportDifference(t *testing.T, fast, plain map[reasonedKey]int) {
	t.Helper()
	for key, n := range plain {
		if fast[key] != n {
			t.Errorf("fast %d, plain %d: %+v", fast[key], n, key)
		}
	}
	for key, n := range fast {
		if plain[key] == 0 {
			t.Errorf("fast %d, plain 0: %+v", n, key)
		}
	}
}
