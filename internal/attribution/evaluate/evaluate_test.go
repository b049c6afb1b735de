package evaluate

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/kulla-defence/kulla/internal/attribution/ranking"
	"github.com/kulla-defence/kulla/internal/knowledge"
)

// world makes knowledge in which each actor has habits that its reports tell
// of, with some of what everybody does.
func world() *knowledge.Base {
	random := rand.New(rand.NewPCG(1, 2))
	base := &knowledge.Base{}
	states := []string{"AA", "BB", "CC", ""}
	for a := range 18 {
		actor := &knowledge.Actor{ID: fmt.Sprintf("G%04d", a), State: states[a%len(states)]}
		said := map[string][]knowledge.Citation{}
		for r := range 4 {
			report := knowledge.Citation{Name: fmt.Sprintf("report %d-%d", a, r), Published: time.Date(2015+r*2, 1+time.Month(a%12), 1, 0, 0, 0, 0, time.UTC)}
			for range 8 {
				id := fmt.Sprintf("T%04d", random.IntN(40))
				switch random.IntN(4) {
				case 0, 1:
					id = fmt.Sprintf("T%04d", 1000+a*7+random.IntN(7))
				case 2:
					id = fmt.Sprintf("S%04d", a*3+random.IntN(4))
				}
				said[id] = append(said[id], report)
			}
		}
		for id, citations := range said {
			kind := "technique"
			if id[0] == 'S' {
				kind = "software"
			}
			actor.Features = append(actor.Features, knowledge.Feature{Kind: kind, ID: id, Citations: citations})
		}
		base.Actors = append(base.Actors, actor)
		if a%4 == 0 {
			base.Campaigns = append(base.Campaigns, &knowledge.Campaign{ID: fmt.Sprintf("C%04d", a), Name: "Operation", Actors: []string{actor.ID}, Features: firstFeatures(actor, 6)})
		}
	}
	return base
}

func firstFeatures(actor *knowledge.Actor, n int) []knowledge.Feature {
	var list []knowledge.Feature
	for _, id := range saidBy(actor.Features, "report "+fmt.Sprint(int(actor.ID[3]-'0')+10*int(actor.ID[2]-'0'))+"-0") {
		for _, f := range actor.Features {
			if f.ID == id && len(list) < n {
				list = append(list, f)
			}
		}
	}
	return list
}

func TestRunIsDeterministicAndWhole(t *testing.T) {
	t.Parallel()
	base := world()
	first, model, err := Run(base)
	if err != nil {
		t.Fatal(err)
	}
	second, again, err := Run(base)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(first, second) || !reflect.DeepEqual(model, again) {
		t.Error("two runs on the same knowledge differ")
	}
	if _, err := json.Marshal(first); err != nil {
		t.Errorf("the report is no JSON: %v", err)
	}
	have := map[[2]string]Row{}
	for _, row := range first.Rows {
		have[[2]string{row.Task, row.Figure}] = row
		if row.Low > row.Value+1e-9 && row.Figure != figureCalibration && row.Figure != figureOpenCalib || row.Low > row.High || row.Cases == 0 {
			t.Errorf("interval of %s, %s: %v in [%v, %v], %d cases", row.Task, row.Figure, row.Value, row.Low, row.High, row.Cases)
		}
	}
	for key := range targets {
		if _, ok := have[key]; !ok {
			t.Errorf("no row for target %v", key)
		}
	}
	if got := have[[2]string{"B1", figureFirst}].Value; got < .8 {
		t.Errorf("actors with plain habits are recognised in %v of cases, wanted .8", got)
	}
	if got := have[[2]string{"A0", figureFirst}].Value; got < have[[2]string{"A2", figureFirst}].Value {
		t.Errorf("the leaky task is harder than the honest one: %v", got)
	}
}

// A ranker that saw what was held out must end the evaluation.
func TestPlantedLeakIsFound(t *testing.T) {
	t.Parallel()
	leaks := map[string]func(ranking.Holdout) ranking.Holdout{
		"all":       func(ranking.Holdout) ranking.Holdout { return ranking.Holdout{} },
		"citations": func(h ranking.Holdout) ranking.Holdout { h.Citations = nil; return h },
		"one citation of two": func(h ranking.Holdout) ranking.Holdout {
			h.Citations = map[string]bool{"another": true}
			return h
		},
		"later reports": func(h ranking.Holdout) ranking.Holdout {
			if !h.Before.IsZero() {
				h.Before = h.Before.AddDate(20, 0, 0)
			}
			return h
		},
		"campaigns": func(h ranking.Holdout) ranking.Holdout { h.Campaigns = nil; return h },
	}
	for name, leak := range leaks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base := world()
			for _, campaign := range base.Campaigns {
				campaign.Features = append(campaign.Features, knowledge.Feature{Kind: "technique", ID: "T9999"})
			}
			lab := newLab(base)
			lab.ranker = func(h ranking.Holdout) *ranking.Ranker { return lab.corpus.Ranker(leak(h)) }
			if _, _, err := lab.run(); !errors.Is(err, ErrLeak) {
				t.Errorf("error %v, wanted ErrLeak", err)
			}
		})
	}
}

// The held-out reports are disjoint from what is trained on.
func TestTrainingIsDisjoint(t *testing.T) {
	t.Parallel()
	cases := reportCases(world(), false)
	for i := range cases {
		for j := range cases {
			if foldOf(&cases[i]) != foldOf(&cases[j]) && cases[i].actors[0] == cases[j].actors[0] {
				t.Fatalf("%s and %s are of one actor, in two parts", cases[i].name, cases[j].name)
			}
		}
	}
	if !overlap(map[string]bool{"a": true}, map[string]bool{"a": true, "b": true}) || overlap(map[string]bool{"a": true}, map[string]bool{"b": true}) {
		t.Error("overlap is wrong")
	}
}

func TestTooLittleKnowledge(t *testing.T) {
	t.Parallel()
	base := world()
	base.Actors = base.Actors[:3]
	if _, _, err := Run(base); !errors.Is(err, ErrTooSmall) {
		t.Errorf("error %v, wanted ErrTooSmall", err)
	}
	if _, _, err := Run(&knowledge.Base{}); !errors.Is(err, ErrTooSmall) {
		t.Errorf("error %v, wanted ErrTooSmall", err)
	}
}

func TestReliability(t *testing.T) {
	t.Parallel()
	bins, off := reliability([]claim{{.95, true, 1}, {.95, true, 1}, {.95, false, 1}, {.15, false, 1}, {1, true, 0}})
	if bins[9].Cases != 4 || bins[1].Cases != 1 || math.Abs(bins[9].Right-2./3) > 1e-9 {
		t.Errorf("bins %+v", bins)
	}
	if want := (3*(.95-2./3) + .15) / 4; math.Abs(off-want) > 1e-9 {
		t.Errorf("error %v, wanted %v", off, want)
	}
}

func TestCoverageAt(t *testing.T) {
	t.Parallel()
	claims := []claim{{.9, true, 1}, {.8, true, 1}, {.7, false, 1}, {.6, true, 1}}
	for precision, want := range map[float64]float64{1: .5, .75: 1, .7: 1} {
		if got := coverageAt(claims, precision); got != want {
			t.Errorf("coverage at %v = %v, wanted %v", precision, got, want)
		}
	}
	if got := coverageAt([]claim{{.9, false, 1}}, .5); got != 0 {
		t.Errorf("coverage of what is all wrong = %v", got)
	}
}

func TestAUROC(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		above, below []float64
		want         float64
	}{{[]float64{2, 3}, []float64{0, 1}, 1}, {[]float64{0}, []float64{1}, 0}, {[]float64{1}, []float64{1}, .5}, {[]float64{1, 3}, []float64{2, 0}, .75}} {
		if got := auroc(c.above, c.below); got != c.want {
			t.Errorf("auroc(%v, %v) = %v, wanted %v", c.above, c.below, got, c.want)
		}
	}
}

// The ranking of a case must not hang on who shares its rank.
func TestTiesCountAgainst(t *testing.T) {
	t.Parallel()
	c := &testCase{actors: []string{"G1"}}
	r := ranking.Ranking{Actors: []ranking.Score{{Actor: "G1", Posterior: .4}, {Actor: "G2", Posterior: .4}, {Actor: "G3", Posterior: .1}}, Unknown: .1}
	if o := outcomeOf(c, r); o.rank != 2 || o.right() {
		t.Errorf("rank %d of two that are first together, wanted 2", o.rank)
	}
	c.actors = []string{"G1", "G2"}
	if o := outcomeOf(c, r); o.rank != 1 {
		t.Errorf("rank %d where both are right, wanted 1", o.rank)
	}
	c.actors = []string{"G9"}
	if o := outcomeOf(c, r); o.rank != 4 || o.truth != 0 {
		t.Errorf("rank %d of an actor that is not there, wanted 4", o.rank)
	}
}

// openATTACK opens version 18.1, where the machine has it.
func openATTACK(t *testing.T) *knowledge.Base {
	t.Helper()
	folder := os.Getenv("KULLA_DATA")
	if folder == "" {
		folder = "../../../../shared/data"
	}
	file, err := os.Open(filepath.Join(folder, "attack", "enterprise-attack-18.1.stix20.json.gz"))
	if err != nil {
		t.Skipf("ATT&CK is not here: %v", err)
	}
	defer file.Close()
	base, err := knowledge.ImportATTACK(file)
	if err != nil {
		t.Fatal(err)
	}
	return base
}

// A few of the real cases: the whole is kulla attribution evaluate.
func TestRealReports(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes minutes with race detection")
	}
	base := openATTACK(t)
	lab := newLab(base)
	var few []testCase
	cases := reportCases(base, false)
	for i := 0; i < len(cases); i += 4 {
		if cases[i].judged() {
			few = append(few, cases[i])
		}
	}
	set, err := lab.examples(few, false)
	if err != nil {
		t.Fatal(err)
	}
	var byMean, byModel []outcome
	for i := range set {
		c := &set[i]
		byModel = append(byModel, outcomeOf(&c.testCase, ranking.Default().Rank(c.known.Dated(false))))
		byMean = append(byMean, outcomeOf(&c.testCase, ranking.Baseline("mean of four").Rank(c.known.Dated(false))))
	}
	model, mean := topShare(1)(byModel), topShare(1)(byMean)
	t.Logf("%d reports: %.2f by the model, which has seen them in training, %.2f by the mean of four measures", len(few), model, mean)
	if model < .55 || model < mean {
		t.Errorf("the model names the right actor in %.2f of the reports, the mean of four in %.2f", model, mean)
	}
}
