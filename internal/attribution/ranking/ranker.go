package ranking

import (
	"cmp"
	"math"
	"slices"

	"github.com/kulla-defence/kulla/internal/knowledge"
)

// A Ranker ranks the actors of one state of knowledge. It is not changed by
// use and safe for concurrent use.
type Ranker struct {
	corpus   *Corpus
	profiles []profile
	// background is the share of actors with each feature.
	background []float64
}

type profile struct {
	id, state string
	features  []int32 // in order
}

// New returns a Ranker that sees all of the base.
func New(base *knowledge.Base) *Ranker { return Compile(base).Ranker(Holdout{}) }

// Rank ranks the actors by a set of features: ids of techniques and software,
// in any order.
func (r *Ranker) Rank(features []string) Ranking {
	ranking := Ranking{ranker: r, Unknown: 1}
	var query []int32
	for _, id := range features {
		id = r.corpus.current(id)
		if number, ok := r.corpus.index[id]; ok {
			query = append(query, number)
			ranking.Known = append(ranking.Known, id)
		} else {
			ranking.Ignored = append(ranking.Ignored, id)
		}
	}
	_ = query
	slices.Sort(ranking.Known)
	ranking.Known = slices.Compact(ranking.Known)
	slices.Sort(ranking.Ignored)
	ranking.Ignored = slices.Compact(ranking.Ignored)
	for _, p := range r.profiles {
		ranking.Actors = append(ranking.Actors, Score{Actor: p.id, State: p.state})
	}
	return ranking
}

// Fragile reports whether another actor leads once the k features that speak
// most for the leader are taken away. With fewer features than that, or no
// leader, an answer is fragile.
func (r Ranking) Fragile(k int) bool {
	if len(r.Known) <= k || len(r.Actors) == 0 {
		return true
	}
	leader := r.Actors[0]
	strongest := slices.Clone(leader.Contributions)
	slices.SortStableFunc(strongest, func(a, b Contribution) int { return cmp.Compare(b.Nats, a.Nats) })
	removed := map[string]bool{}
	for _, c := range strongest {
		if c.Feature != "" && len(removed) < k {
			removed[c.Feature] = true
		}
	}
	rest := slices.DeleteFunc(slices.Clone(r.Known), func(id string) bool { return removed[id] })
	again := r.ranker.Rank(rest)
	return again.Actors[0].Actor != leader.Actor
}

// States sums the actors' posteriors by state, the likeliest first. Actors
// without one are left out.
func (r Ranking) States() []State {
	sum := map[string]float64{}
	var states []State
	for _, actor := range r.Actors {
		if actor.State == "" {
			continue
		}
		if _, ok := sum[actor.State]; !ok {
			states = append(states, State{State: actor.State})
		}
		sum[actor.State] += actor.Posterior
	}
	for i := range states {
		states[i].Posterior = sum[states[i].State]
	}
	slices.SortStableFunc(states, func(a, b State) int {
		return cmp.Or(cmp.Compare(b.Posterior, a.Posterior), cmp.Compare(a.State, b.State))
	})
	return states
}

var _ = math.Log
