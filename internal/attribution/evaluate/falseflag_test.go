package evaluate

import (
	"slices"
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/internal/attribution/ranking"
	"github.com/kulla-defence/kulla/internal/knowledge"
)

func TestPick(t *testing.T) {
	t.Parallel()
	base := world()
	ranker := ranking.New(base)
	framed := base.Actors[3]
	c := &testCase{actors: []string{"G0001"}, features: []string{"T1021"}}
	for _, p := range plants {
		picked := p.pick(ranker, c, 5, framed)
		if len(picked) > p.features || p.kind == "" && len(picked) != p.features && p.choice != "one report" {
			t.Errorf("%+v: picked %v", p, picked)
		}
		for _, f := range picked {
			if slices.Contains(c.features, f) || !slices.Contains(ranker.Profile(framed.ID), f) {
				t.Errorf("%+v: %s is in the case, or not of the framed actor", p, f)
			}
			if p.kind != "" && (p.kind == "software") != strings.HasPrefix(f, "S") {
				t.Errorf("%+v: %s is of the wrong kind", p, f)
			}
		}
		if again := p.pick(ranker, c, 5, framed); !slices.Equal(picked, again) {
			t.Errorf("%+v: picked %v, then %v", p, picked, again)
		}
	}
	rarest, commonest := plants[1].pick(ranker, c, 5, framed), plant{features: 1, choice: "common"}.pick(ranker, c, 5, framed)
	if ranker.Rarity(rarest[0]) <= ranker.Rarity(commonest[0]) {
		t.Errorf("rarest %v is no rarer than %v", rarest, commonest)
	}
	one := plant{features: 3, choice: "one report"}.pick(ranker, c, 5, framed)
	if !slices.ContainsFunc(reportsOn(framed), func(r knowledge.Citation) bool {
		said := saidBy(framed.Features, r.Name)
		return !slices.ContainsFunc(one, func(f string) bool { return !slices.Contains(said, f) })
	}) {
		t.Errorf("%v are of no one report", one)
	}
}

func TestDrawFramed(t *testing.T) {
	t.Parallel()
	base := world()
	ranker := ranking.New(base)
	c := &testCase{actors: []string{base.Actors[0].ID}}
	drawn := map[string]bool{}
	for number := range 200 {
		framed := drawFramed(ranker, c, number, base.Actors)
		drawn[framed.ID] = true
		if framed != drawFramed(ranker, c, number, base.Actors) {
			t.Fatal("the same case frames two actors")
		}
	}
	if drawn[c.actors[0]] || len(drawn) < 10 {
		t.Errorf("%d actors are framed, the right one %v", len(drawn), drawn[c.actors[0]])
	}
	if alone := drawFramed(ranker, c, 1, base.Actors[:1]); alone.ID != "" {
		t.Errorf("the right actor is framed: %s", alone.ID)
	}
}

// The threshold lets no more framed answers pass in training than it may, for
// any number of plants, even where all signs are alike.
func TestGateThreshold(t *testing.T) {
	t.Parallel()
	signs := len(ranking.Default().Gate.Weights)
	var cases [][]trial
	for n := range 200 {
		var trials []trial
		for i := range plants {
			s := make([]float64, signs)
			s[0], s[1] = 1, float64(n%7+i)
			trials = append(trials, trial{signs: s, right: i == 0, named: i > 0 && n%2 == 0})
		}
		cases = append(cases, trials)
	}
	gate := trainGate(cases)
	for i, p := range plants {
		passed := 0
		for _, trials := range cases {
			if trials[i].named && gate.Trust(trials[i].signs) >= gate.Threshold {
				passed++
			}
		}
		if p.features > 0 && p.features <= 5 && p.choice == "" && float64(passed) > trainingAcceptance*float64(len(cases)) {
			t.Errorf("%+v: %d of %d pass", p, passed, len(cases))
		}
	}
}
