package evaluate

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/kulla-defence/kulla/internal/attribution/ranking"
)

// An outcome is what was answered in one case.
type outcome struct {
	name   string
	actors []string
	// rank of the right actor, from 1; how many share a rank counts against it.
	rank  int
	named string // the leading actor
	// share is the leader's probability among the actors, posterior that with
	// an unknown actor among the answers; truth is the right actor's share.
	share, posterior, truth float64
	unknown                 float64
	squares                 float64 // of all shares
	// labelled says that the right actor has a state, states are those; state
	// is the likeliest, with its posterior.
	labelled       bool
	state          string
	stateRight     bool
	statePosterior float64
}

func (o *outcome) right() bool { return o.rank == 1 }

// outcomeOf compares a ranking with the truth.
func outcomeOf(c *testCase, r ranking.Ranking) outcome {
	o := outcome{name: c.name, actors: c.actors, rank: len(r.Actors) + 1, unknown: r.Unknown}
	known := max(1-r.Unknown, 1e-12)
	best := -1.0
	for _, a := range r.Actors {
		if slices.Contains(c.actors, a.Actor) {
			best = max(best, a.Posterior)
			o.labelled = o.labelled || a.State != ""
		}
		o.squares += a.Posterior * a.Posterior / known / known
	}
	if len(r.Actors) > 0 {
		o.named, o.posterior = r.Actors[0].Actor, r.Actors[0].Posterior
		o.share = o.posterior / known
	}
	if best >= 0 {
		o.truth = best / known
		o.rank = 1
		for _, a := range r.Actors {
			if a.Posterior >= best && !slices.Contains(c.actors, a.Actor) {
				o.rank++
			}
		}
	}
	o.judgeState(c, r)
	return o
}

func (o *outcome) judgeState(c *testCase, r ranking.Ranking) {
	states := r.States()
	if len(states) == 0 {
		return
	}
	o.state, o.statePosterior = states[0].State, states[0].Posterior
	for _, a := range r.Actors {
		if slices.Contains(c.actors, a.Actor) && a.State == o.state {
			o.stateRight = true
		}
	}
}

// topShare is the share of outcomes with the right actor among the first n.
func topShare(n int) func([]outcome) float64 {
	return func(outcomes []outcome) float64 {
		return mean(outcomes, func(o *outcome) float64 { return indicator(o.rank <= n) })
	}
}

func reciprocalRank(outcomes []outcome) float64 {
	return mean(outcomes, func(o *outcome) float64 { return 1 / float64(o.rank) })
}

func stateRight(outcomes []outcome) float64 {
	return mean(labelled(outcomes), func(o *outcome) float64 { return indicator(o.stateRight) })
}

func labelled(outcomes []outcome) []outcome {
	var list []outcome
	for _, o := range outcomes {
		if o.labelled {
			list = append(list, o)
		}
	}
	return list
}

// brier is the multiclass score: the sum of squares of what is off, 0 to 2.
func brier(outcomes []outcome) float64 {
	return mean(outcomes, func(o *outcome) float64 { return o.squares - o.truth*o.truth + (1-o.truth)*(1-o.truth) })
}

func negativeLogLikelihood(outcomes []outcome) float64 {
	return mean(outcomes, func(o *outcome) float64 { return -math.Log(max(o.truth, 1e-12)) })
}

func mean(outcomes []outcome, of func(*outcome) float64) float64 {
	sum := 0.0
	for i := range outcomes {
		sum += of(&outcomes[i])
	}
	return sum / float64(max(1, len(outcomes)))
}

func indicator(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// A claim is a probability, and whether what it is of was so.
type claim struct {
	probability float64
	right       bool
	weight      float64
}

// A Bin of the reliability table: claims of about the same probability.
type Bin struct {
	From  float64 `json:"from"`
	To    float64 `json:"to"`
	Cases int     `json:"cases"`
	Said  float64 `json:"said"`  // mean probability
	Right float64 `json:"right"` // share that was so
}

// reliability sorts claims into ten bins, and gives the expected calibration
// error: the mean distance of what was said from what was so.
//
// Source: Guo et al., On Calibration of Modern Neural Networks, 2017.
func reliability(claims []claim) ([]Bin, float64) {
	bins, weights, total, off := make([]Bin, 10), make([]float64, 10), 0.0, 0.0
	for i := range bins {
		bins[i].From, bins[i].To = float64(i)/10, float64(i+1)/10
	}
	for _, c := range claims {
		i := min(int(c.probability*10), 9)
		bins[i].Cases++
		bins[i].Said += c.weight * c.probability
		bins[i].Right += c.weight * indicator(c.right)
		weights[i] += c.weight
		total += c.weight
	}
	for i := range bins {
		if weights[i] > 0 {
			off += math.Abs(bins[i].Said-bins[i].Right) / total
			bins[i].Said /= weights[i]
			bins[i].Right /= weights[i]
		}
	}
	return bins, off
}

// coverageAt is the largest share of claims, the surest first, of which a share
// of at least precision is right.
func coverageAt(claims []claim, precision float64) float64 {
	if len(claims) == 0 {
		return 0
	}
	sorted := slices.Clone(claims)
	slices.SortStableFunc(sorted, func(a, b claim) int { return cmp.Compare(b.probability, a.probability) })
	right, most := 0.0, 0
	for i, c := range sorted {
		right += indicator(c.right)
		if right >= precision*float64(i+1) {
			most = i + 1
		}
	}
	return float64(most) / float64(len(claims))
}

// auroc is the chance that a score of the one kind is above one of the other.
func auroc(above, below []float64) float64 {
	if len(above) == 0 || len(below) == 0 {
		return math.NaN()
	}
	sum := 0.0
	for _, a := range above {
		for _, b := range below {
			switch {
			case a > b:
				sum++
			case a == b:
				sum += .5
			}
		}
	}
	return sum / float64(len(above)*len(below))
}

// interval is the 95 % bootstrap interval of a statistic of n cases, drawn
// with replacement a thousand times from a frozen seed.
func interval(n int, statistic func(drawn []int) float64) (low, high float64) {
	const draws = 1000
	random := rand.New(rand.NewPCG(4, uint64(n)))
	values, drawn := make([]float64, draws), make([]int, n)
	for d := range values {
		for i := range drawn {
			drawn[i] = random.IntN(max(1, n))
		}
		values[d] = statistic(drawn)
	}
	slices.Sort(values)
	return values[draws*25/1000], values[draws*975/1000]
}

func intervalOf(outcomes []outcome, statistic func([]outcome) float64) (low, high float64) {
	sample := make([]outcome, len(outcomes))
	return interval(len(outcomes), func(drawn []int) float64 {
		for i, d := range drawn {
			sample[i] = outcomes[d]
		}
		return statistic(sample)
	})
}
