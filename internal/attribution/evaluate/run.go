package evaluate

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/kulla-defence/kulla/internal/attribution/ranking"
	"github.com/kulla-defence/kulla/internal/knowledge"
)

// ErrTooSmall is returned for knowledge with too few cited facts to measure on.
var ErrTooSmall = errors.New("the knowledge has too few reports on actors; the evaluation needs all of ATT&CK")

// minCases are the fewest report cases from which anything is learned.
const minCases = 50

// Run measures attribution on a knowledge of ATT&CK, and returns with the
// report the model for use, which is trained on all report cases. The same
// knowledge gives the same. It fails with ErrLeak where a ranker knows what it
// must not, and with ErrTooSmall.
func Run(base *knowledge.Base) (*Report, *ranking.Model, error) { return newLab(base).run() }

func (l *lab) run() (*Report, *ranking.Model, error) {
	b1, err := l.educated(reportCases(l.base, false))
	if err != nil {
		return nil, nil, err
	}
	b2, err := l.educated(reportCases(l.base, true))
	if err != nil {
		return nil, nil, err
	}
	report := &Report{}
	for _, source := range l.base.Sources {
		report.Sources = append(report.Sources, strings.Join(strings.Fields(source.Name+" "+source.Version+" "+source.SHA256), " "))
	}
	if err := l.campaigns(report, b1); err != nil {
		return nil, nil, err
	}
	report.reports(b1, b2)
	gate, err := l.variations(report, b1)
	if err != nil {
		return nil, nil, err
	}
	model := train(b1.set, func(*testCase) bool { return false }, true)
	model.Gate = gate
	return report, model, nil
}

func (l *lab) educated(cases []testCase) (*school, error) {
	if len(cases) < minCases {
		return nil, fmt.Errorf("%w: %d", ErrTooSmall, len(cases))
	}
	set, err := l.examples(cases, true)
	if err != nil {
		return nil, err
	}
	return educate(set), nil
}

// campaigns does task A, with a model that saw no report on any campaign.
func (l *lab) campaigns(report *Report, b1 *school) error {
	sources := map[string]bool{}
	for _, c := range campaignCases(l.base, disjoint) {
		for source := range c.reports {
			sources[source] = true
		}
	}
	model := train(b1.set, func(c *testCase) bool { return overlap(c.reports, sources) }, true)
	for kept, task := range []string{leaky: "A0", without: "A1", disjoint: "A2"} {
		cases := campaignCases(l.base, isolation(kept))
		outcomes, err := l.judge(model, cases, nil)
		if err != nil {
			return err
		}
		report.named(task, outcomes)
		if isolation(kept) == disjoint {
			report.list(cases, outcomes)
		}
	}
	return l.campaignVariants(report, model)
}

func (l *lab) campaignVariants(report *Report, model *ranking.Model) error {
	for _, v := range variants[:2] {
		cases := campaignCases(l.base, disjoint)
		for i := range cases {
			cases[i].features = ofKind(cases[i].features, v.kind)
		}
		cases = slices.DeleteFunc(cases, func(c testCase) bool { return len(c.features) < minSoftware })
		outcomes, err := l.judge(model, cases, nil)
		if err != nil {
			return err
		}
		report.add("A2", v.name+": "+figureFirst, outcomes, topShare(1))
	}
	cases := campaignCases(l.base, disjoint)
	outcomes, err := l.judge(model, cases, func(c *testCase) bool { return !c.at.IsZero() })
	if err != nil {
		return err
	}
	report.add("A2", withTime+figureFirst, outcomes, topShare(1))
	report.add("A2", withTime+figureThree, outcomes, topShare(3))
	return nil
}

// judge ranks each case with a model, with its time where dated says so.
func (l *lab) judge(model *ranking.Model, cases []testCase, dated func(*testCase) bool) ([]outcome, error) {
	set, err := l.examples(cases, false)
	var outcomes []outcome
	for i := range set {
		c := &set[i].testCase
		if err == nil {
			outcomes = append(outcomes, outcomeOf(c, model.Rank(set[i].known.Dated(dated != nil && dated(c)))))
		}
	}
	return outcomes, err
}

func ofKind(features []string, kind string) []string {
	return slices.DeleteFunc(slices.Clone(features), func(f string) bool { return strings.HasPrefix(f, "S") != (kind == "software") })
}

// reports does task B, and what is measured on it.
func (r *Report) reports(b1, b2 *school) {
	known, removed := b1.outcomes(false)
	r.named("B1", known)
	r.baselines(b1)
	r.calibrated(known, removed)
	r.open("B1", known, removed)
	r.risks(known)
	dated, datedRemoved := b1.outcomes(true)
	r.add("B1", withTime+figureFirst, dated, topShare(1))
	r.add("B1", withTime+figureThree, dated, topShare(3))
	r.open("B1, with the time", dated, datedRemoved)
	known, removed = b2.outcomes(false)
	r.named("B2", known)
	r.open("B2", known, removed)
	dated, _ = b2.outcomes(true)
	r.add("B2", withTime+figureFirst, dated, topShare(1))
}

// variations does what changes the cases of task B1: less, noise, and traces
// that somebody planted. It returns the gate, trained on all.
func (l *lab) variations(report *Report, b1 *school) (ranking.Gate, error) {
	var judged []*testCase
	for i := range b1.set {
		if b1.set[i].judged() {
			judged = append(judged, &b1.set[i].testCase)
		}
	}
	common := l.commonTechniques()
	trials := make([][]trial, len(judged))
	varied := make([][]outcome, len(judged))
	err := parallel(len(judged), func(n int) error {
		c := judged[n]
		ranker, err := l.isolated(c.holdout)
		if err != nil {
			return err
		}
		ranker = ranker.With(b1.model(c))
		trials[n] = tryPlants(ranker, c, n, l.base.Actors)
		for _, v := range variants {
			varied[n] = append(varied[n], v.answer(ranker, b1.model(c), c, n, common))
		}
		return nil
	})
	if err != nil {
		return ranking.Gate{}, err
	}
	report.varied(varied)
	report.planted(trials)
	return trainGate(trials), nil
}

// commonTechniques are the fifty that most actors use: what noise is made of.
func (l *lab) commonTechniques() []string {
	count := map[string]int{}
	for _, actor := range l.base.Actors {
		for _, f := range actor.Features {
			if f.Kind == "technique" {
				count[f.ID]++
			}
		}
	}
	var list []string
	for id := range count {
		list = append(list, id)
	}
	slices.SortFunc(list, func(a, b string) int {
		if count[a] != count[b] {
			return count[b] - count[a]
		}
		return compare(a, b)
	})
	return list[:min(50, len(list))]
}

// A variant changes the features of a case.
type variant struct {
	name   string
	kind   string  // only this kind
	share  float64 // of the features, at random
	common int     // this many common techniques are added
}

var variants = []variant{
	{name: "techniques only", kind: "technique", share: 1}, {name: "software only", kind: "software", share: 1},
	{name: "75 % of the features", share: .75}, {name: "50 % of the features", share: .5}, {name: "25 % of the features", share: .25},
	{name: "5 common techniques more", share: 1, common: 5}, {name: "10 common techniques more", share: 1, common: 10}, {name: "20 common techniques more", share: 1, common: 20},
}

// answer ranks the changed case; one with nothing left has no name.
func (v variant) answer(ranker *ranking.Ranker, model *ranking.Model, c *testCase, number int, common []string) outcome {
	random := rand.New(rand.NewPCG(11, uint64(number)))
	features := slices.Clone(c.features)
	if v.kind != "" {
		features = ofKind(features, v.kind)
	}
	random.Shuffle(len(features), func(i, j int) { features[i], features[j] = features[j], features[i] })
	features = features[:int(v.share*float64(len(features))+.5)]
	for _, i := range random.Perm(len(common))[:min(v.common, len(common))] {
		features = append(features, common[i])
	}
	if len(features) == 0 || v.kind == "software" && len(features) < minSoftware {
		return outcome{}
	}
	return outcomeOf(c, model.Rank(ranker.Example(features, c.at).Dated(false)))
}

// minSoftware is the fewest tools that a case by software only has.
const minSoftware = 2
