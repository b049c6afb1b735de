package ranking

import (
	"math"
	"slices"
)

// Signs that an answer can be trusted, in the order of the weights. Traces can
// be planted: a few features that point strongly at one actor, among others
// that do not. So most of them ask what is left of the answer without the
// features that it rests on most.
const (
	trustConstant = iota
	trustEvidence // log of the number of features
	trustMatched  // log of the features in common with the leader
	trustBeyond   // of those past the strongest five
	trustMargin0  // log odds of leader to second, less the strongest 0 to 6 features
	trustMargin1
	trustMargin2
	trustMargin3
	trustMargin4
	trustMargin5
	trustMargin6
	trustStands3 // still leads without the strongest three
	trustStands5
	trustUnknown   // posterior of an unknown actor
	trustUnknown5  // the same without the strongest five
	trustRest      // leader's coverage of what is left without the strongest five
	trustRival     // the best rival's coverage of the same
	trustSoftware  // the software by itself points at the leader: 1, at another: -1
	trustTechnique // the techniques
	trustPeculiar  // how peculiar the features in common are among all of the leader's, 0 to 1
	trustPeculiar5 // that of the strongest five
	trustTogether  // share of the features in common that one report has together
	trustSigns
)

const planted = 5 // features that an answer should survive the loss of

// trust gathers the signs. Ranking must have been made by Rank.
func (r Ranking) trust() (s [trustSigns]float64) {
	s[trustConstant] = 1
	if len(r.Actors) == 0 || len(r.Known) == 0 {
		return s
	}
	leader, v := r.Actors[0], r.ranker.view
	matched := leader.matched(v)
	s[trustEvidence] = math.Log(float64(len(r.Known)))
	s[trustMatched] = math.Log1p(float64(len(matched)))
	s[trustBeyond] = math.Log1p(float64(max(0, len(matched)-planted)))
	s[trustUnknown], s[trustUnknown5] = r.Unknown, 1
	for lost := 0; trustMargin0+lost <= trustMargin6; lost++ {
		rest, unknown, margin := r.withoutStrongest(matched, lost)
		s[trustMargin0+lost] = min(max(margin, -8), 8) / 4
		if lost == 3 {
			s[trustStands3] = indicator(margin > 0)
		}
		if lost == planted {
			s[trustStands5], s[trustUnknown5] = indicator(margin > 0), unknown
			s[trustRest], s[trustRival] = v.coverages(rest, leader.number)
		}
	}
	s[trustSoftware] = r.pointed(func(f int32) bool { return v.corpus.software[f] })
	s[trustTechnique] = r.pointed(func(f int32) bool { return !v.corpus.software[f] })
	s[trustPeculiar], s[trustPeculiar5] = v.peculiarity(leader.number, matched), v.peculiarity(leader.number, matched[:min(len(matched), planted)])
	s[trustTogether] = v.together(leader.number, matched)
	return s
}

// matched lists the features that the actor has, the strongest first.
func (s *Score) matched(v *view) []int32 {
	var list []int32
	for _, c := range s.Contributions {
		f := v.corpus.index[c.Feature]
		if slices.ContainsFunc(v.exact[f], func(p posting) bool { return int(p.actor) == s.number }) {
			list = append(list, f)
		}
	}
	return list
}

// withoutStrongest asks again without the leader's strongest features: what is
// left, how likely an unknown actor then is, and the leader's log odds against
// the best other.
func (r Ranking) withoutStrongest(matched []int32, lost int) (rest []int32, unknown, margin float64) {
	removed := matched[:min(lost, len(matched))]
	for _, id := range r.Known {
		if f := r.ranker.view.corpus.index[id]; !slices.Contains(removed, f) {
			rest = append(rest, f)
		}
	}
	if len(rest) == 0 {
		return nil, 1, math.Inf(-1)
	}
	posteriors, unknown := r.ranker.model.judge(r.ranker.example(rest, r.at))
	own, best := posteriors[r.Actors[0].number], 0.0
	for i, p := range posteriors {
		if i != r.Actors[0].number {
			best = max(best, p)
		}
	}
	return rest, unknown, math.Log((own + 1e-12) / (best + 1e-12))
}

// pointed says whether the features of one kind lead to the leader (1), to
// another (-1), or are none (0).
func (r Ranking) pointed(kind func(int32) bool) float64 {
	var features []int32
	for _, id := range r.Known {
		if f := r.ranker.view.corpus.index[id]; kind(f) {
			features = append(features, f)
		}
	}
	if len(features) == 0 {
		return 0
	}
	posteriors, _ := r.ranker.model.judge(r.ranker.example(features, r.at))
	if byScore(posteriors)[0] == r.Actors[0].number {
		return 1
	}
	return -1
}

// coverages are the shares of the features' idf that an actor has, and that the
// best other has.
func (v *view) coverages(features []int32, actor int) (own, rival float64) {
	covered, total := make([]float64, len(v.actors)), 0.0
	for _, f := range features {
		total += v.idf[f]
		for _, post := range v.exact[f] {
			covered[post.actor] += v.idf[f]
		}
	}
	for i := range covered {
		if i != actor {
			rival = max(rival, covered[i])
		}
	}
	return covered[actor] / (total + 1e-9), rival / (total + 1e-9)
}

// peculiarity is the mean place of features among those of an actor, by idf,
// from 0, the commonest, to 1. Who plants takes what is most peculiar.
func (v *view) peculiarity(actor int, features []int32) float64 {
	sum := 0.0
	for _, f := range features {
		below := 0.0
		for _, other := range v.actors[actor].features {
			if v.idf[other] < v.idf[f] {
				below++
			}
		}
		sum += below / v.actors[actor].size
	}
	return sum / float64(max(1, len(features)))
}

// together is the largest share of features that one report on the actor has.
func (v *view) together(actor int, features []int32) float64 {
	count, most := map[int32]int{}, 0
	for _, f := range features {
		for _, r := range v.inReports[f] {
			if int(v.reports[r].actor) == actor {
				count[r]++
				most = max(most, count[r])
			}
		}
	}
	return float64(most) / float64(max(1, len(features)))
}

func indicator(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// Trust is the probability that the leader is right and was not framed by
// planted traces; Trusted says that it is past the gate, which lets about one
// case in a hundred pass with another actor's rarest features planted, see docs/attribution-evaluation.md.
func (r Ranking) Trust() float64 { return r.ranker.model.Gate.Trust(r.Signs()) }

// Trusted: see Trust.
func (r Ranking) Trusted() bool { return r.Trust() >= r.ranker.model.Gate.Threshold }

// Signs are what Trust rests on, for training.
func (r Ranking) Signs() []float64 {
	signs := r.trust()
	return signs[:]
}

// A Gate accepts answers that are trusted enough: a logistic regression.
type Gate struct {
	Weights   []float64 `json:"weights"` // by sign
	Threshold float64   `json:"threshold"`
}

// TrainGate finds the weights from signs of answers of which it is known
// whether they are right. It sets no threshold.
func TrainGate(signs [][]float64, right []bool, weights []float64) Gate {
	nothing := make([]float64, trustSigns)
	var choices []example
	for i := range signs {
		truth := 1
		if right[i] {
			truth = 0
		}
		choices = append(choices, example{rows: [][]float64{signs[i], nothing}, truth: truth, weight: weights[i]})
	}
	return Gate{Weights: fit(choices, trustSigns, ridgeUnknown)}
}

// Trust is the probability that signs stand for.
func (g *Gate) Trust(signs []float64) float64 {
	logit := 0.0
	for j, w := range g.Weights {
		logit += w * signs[j]
	}
	return 1 / (1 + math.Exp(-logit))
}
