package ranking

import (
	"cmp"
	"slices"
	"time"

	"github.com/kulla-defence/kulla/internal/knowledge"
)

// A Ranker ranks the actors of one state of knowledge. It is not changed by
// use and safe for concurrent use.
type Ranker struct {
	view  *view
	model *Model
}

// Ranker returns what ranks by all of the corpus that is not held out.
func (c *Corpus) Ranker(holdout Holdout) *Ranker {
	return &Ranker{view: c.view(holdout), model: Default()}
}

// New returns a Ranker that sees all of the base.
func New(base *knowledge.Base) *Ranker { return Compile(base).Ranker(Holdout{}) }

// With returns the same with other weights.
func (r *Ranker) With(model *Model) *Ranker { return &Ranker{view: r.view, model: model} }

// Rank ranks the actors by a set of features: ids of techniques and software,
// in any order.
func (r *Ranker) Rank(features []string) Ranking { return r.RankAt(features, time.Time{}) }

// RankAt also weighs when the features were seen: an actor of whom there were
// reports about then is likelier than one who has not been heard of for years.
func (r *Ranker) RankAt(features []string, at time.Time) Ranking {
	ranking := r.model.Rank(r.Example(features, at))
	_, ranking.Known, ranking.Ignored = r.parse(features)
	ranking.ranker = r
	for i := range ranking.Actors {
		ranking.Actors[i].explain(r.view, ranking.Known)
	}
	return ranking
}

// parse sorts a query into features that the corpus has, and others.
func (r *Ranker) parse(features []string) (numbers []int32, known, ignored []string) {
	for _, id := range features {
		id = r.view.corpus.current(id)
		if _, ok := r.view.corpus.index[id]; ok {
			known = append(known, id)
		} else {
			ignored = append(ignored, id)
		}
	}
	slices.Sort(known)
	known = slices.Compact(known)
	slices.Sort(ignored)
	for _, id := range known {
		numbers = append(numbers, r.view.corpus.index[id])
	}
	return numbers, known, slices.Compact(ignored)
}

// Profile lists the features that an actor, or what a software does, is known
// for here; in order.
func (r *Ranker) Profile(id string) []string {
	var list []string
	if i, ok := slices.BinarySearchFunc(r.view.actors, id, func(p profile, id string) int { return cmp.Compare(p.id, id) }); ok {
		for _, f := range r.view.actors[i].features {
			list = append(list, r.view.corpus.features[f])
		}
	}
	if number, ok := r.view.corpus.index[id]; ok {
		for _, f := range r.view.does[number] {
			list = append(list, r.view.corpus.features[f])
		}
	}
	return list
}

// Rarity is a feature's inverse frequency over actors, in nats; 0 for what no
// knowledge lists.
func (r *Ranker) Rarity(feature string) float64 {
	number, ok := r.view.corpus.index[r.view.corpus.current(feature)]
	if !ok {
		return 0
	}
	return r.view.idf[number]
}

// Rank ranks the actors for an example, without explaining it.
func (m *Model) Rank(e *Example) Ranking {
	posteriors, unknown := m.judge(e)
	ranking := Ranking{Unknown: unknown, at: e.at}
	for _, i := range byScore(posteriors) {
		p := &e.actors[i]
		ranking.Actors = append(ranking.Actors, Score{Actor: p.id, State: p.state, Nats: e.matrix[i][measureRate], Posterior: posteriors[i], number: i})
	}
	return ranking
}

// explain splits the log likelihood ratio among the features.
func (s *Score) explain(v *view, features []string) {
	for _, id := range features {
		f := v.corpus.index[id]
		nats := v.unseen(s.number)
		for _, post := range v.exact[f] {
			if int(post.actor) == s.number {
				nats += v.seen(post, f)
			}
		}
		s.Contributions = append(s.Contributions, Contribution{id, nats})
	}
	slices.SortStableFunc(s.Contributions, func(a, b Contribution) int { return cmp.Compare(b.Nats, a.Nats) })
}

// Fragile reports whether another actor leads once the k features that speak
// most for the leader are taken away. With fewer features than that, or no
// leader, an answer is fragile.
func (r Ranking) Fragile(k int) bool {
	if len(r.Known) <= k || len(r.Actors) == 0 {
		return true
	}
	leader := r.Actors[0]
	removed := map[string]bool{}
	for _, c := range leader.Contributions[:k] {
		removed[c.Feature] = true
	}
	rest := slices.DeleteFunc(slices.Clone(r.Known), func(id string) bool { return removed[id] })
	again := r.ranker.RankAt(rest, r.at)
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
