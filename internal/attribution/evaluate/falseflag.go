package evaluate

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/kulla-defence/kulla/internal/attribution/ranking"
	"github.com/kulla-defence/kulla/internal/knowledge"
)

// A plant is a number of features of another actor, added to a case.
type plant struct {
	features int
	kind     string // "technique", "software"; empty for either
	// choice is which of the features: the rarest if empty, else "common",
	// "random", or what "one report" has together. The gate is trained on the
	// rarest only, so that the others measure what it was not made for.
	choice string
}

// plants are the trials of each case. The first plants nothing.
var plants = []plant{{}, {features: 1}, {features: 2}, {features: 3}, {features: 4}, {features: 5}, {features: 10},
	{2, "technique", ""}, {5, "technique", ""}, {2, "software", ""}, {5, "software", ""}, {5, "", "random"}, {5, "", "common"}, {5, "", "one report"}}

// A trial is the answer to a case with something planted.
type trial struct {
	signs []float64
	right bool // the answer is the case's actor
	named bool // it is the actor who was framed
	fold  int
}

// tryPlants answers a case with each of the plants. The actor to frame is drawn
// from a frozen seed.
func tryPlants(ranker *ranking.Ranker, c *testCase, number int, actors []*knowledge.Actor) []trial {
	framed := drawFramed(ranker, c, number, actors)
	trials := make([]trial, len(plants))
	for i, p := range plants {
		ranking := ranker.Rank(append(slices.Clone(c.features), p.pick(ranker, c, number, framed)...))
		leader := ranking.Actors[0].Actor
		trials[i] = trial{signs: ranking.Signs(), right: slices.Contains(c.actors, leader), named: p.features > 0 && leader == framed.ID, fold: foldOf(c)}
	}
	return trials
}

// drawFramed draws one of the actors who have enough that could be planted.
func drawFramed(ranker *ranking.Ranker, c *testCase, number int, actors []*knowledge.Actor) *knowledge.Actor {
	random := rand.New(rand.NewPCG(7, uint64(number)))
	for range 1000 {
		actor := actors[random.IntN(len(actors))]
		if !slices.Contains(c.actors, actor.ID) && len(ranker.Profile(actor.ID)) >= 10 {
			return actor
		}
	}
	return &knowledge.Actor{}
}

// pick lists the features to plant, which the case has not.
func (p plant) pick(ranker *ranking.Ranker, c *testCase, number int, framed *knowledge.Actor) []string {
	var list []string
	for _, f := range ranker.Profile(framed.ID) {
		if !slices.Contains(c.features, f) && (p.kind == "" || (p.kind == "software") == strings.HasPrefix(f, "S")) {
			list = append(list, f)
		}
	}
	rarity := func(a, b string) int { return cmp.Compare(ranker.Rarity(b), ranker.Rarity(a)) }
	switch p.choice {
	case "":
		slices.SortStableFunc(list, rarity)
	case "common":
		slices.SortStableFunc(list, func(a, b string) int { return rarity(b, a) })
	case "random":
		random := rand.New(rand.NewPCG(13, uint64(number)))
		random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	case "one report":
		list = longestReport(framed, list)
		slices.SortStableFunc(list, rarity)
	}
	return list[:min(p.features, len(list))]
}

// longestReport keeps those features that the report on an actor has which has
// most of them.
func longestReport(actor *knowledge.Actor, features []string) []string {
	var longest []string
	for _, report := range reportsOn(actor) {
		said := saidBy(actor.Features, report.Name)
		kept := slices.DeleteFunc(slices.Clone(features), func(f string) bool { return !slices.Contains(said, f) })
		if len(kept) > len(longest) {
			longest = kept
		}
	}
	return longest
}

// plantWeight is what a case with something planted counts in training, beside
// one without.
const plantWeight = .1

// trainingAcceptance is what the gate may let pass in training, so that a
// little more holds on what it has not seen.
const trainingAcceptance = .015

// trainGate learns what to trust, and sets the threshold so that of no number
// of planted features up to five more than trainingAcceptance pass.
func trainGate(cases [][]trial) ranking.Gate {
	var signs [][]float64
	var right []bool
	var weights []float64
	for _, trials := range cases {
		for i := range trials {
			if plants[i].choice != "" {
				continue
			}
			signs, right = append(signs, trials[i].signs), append(right, trials[i].right)
			if i == 0 {
				weights = append(weights, 1)
			} else {
				weights = append(weights, plantWeight)
			}
		}
	}
	g := ranking.TrainGate(signs, right, weights)
	for i, p := range plants {
		if p.features == 0 || p.features > 5 || p.choice != "" {
			continue
		}
		var passing []float64
		for _, trials := range cases {
			if trials[i].named {
				passing = append(passing, g.Trust(trials[i].signs))
			}
		}
		slices.SortFunc(passing, func(a, b float64) int { return cmp.Compare(b, a) })
		if allowed := int(trainingAcceptance * float64(len(cases))); len(passing) > allowed {
			g.Threshold = max(g.Threshold, passing[allowed]+1e-9)
		}
	}
	return g
}
