package ranking

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// A Model turns measures into probabilities. Its weights are data: see
// coefficients.json and kulla attribution evaluate --train.
type Model struct {
	// Undated is for queries without a time, Dated for those with one.
	Undated Stages `json:"undated"`
	Dated   Stages `json:"dated"`
	// Gate says which answers can be trusted.
	Gate Gate `json:"gate"`
}

// Stages are a conditional logit among the actors, and a logistic regression
// that says whether it is none of them. The first knows only differences
// between actors; the second sees how good the best is by itself.
type Stages struct {
	Actor   []float64 `json:"actor"`   // by measure
	Unknown []float64 `json:"unknown"` // by sign
	// Pair is a logistic regression that asks of one actor by itself whether it
	// is the one: by measure, the last a constant.
	Pair []float64 `json:"pair"`
}

// Prior is that of an actor who is not in the knowledge.
const Prior = .30

// ridges keep the weights of measures that say the same from growing apart.
const (
	ridgeActor   = 3.0
	ridgeUnknown = 3.0
)

// An Example is a query compared with all actors, whose answer may be known.
type Example struct {
	actors  []identity
	matrix  matrix
	at      time.Time
	size    float64 // e.size
	unheard float64 // share of features that no actor was seen with
	truth   int     // -1: none of the actors
}

type identity struct {
	id, state string
	cohesion  float64
}

// Example compares a query with the actors. The first of the given actors
// that the Ranker knows is the right answer; else it is none of them.
func (r *Ranker) Example(features []string, at time.Time, actors ...string) *Example {
	known, _, _ := r.parse(features)
	e := r.example(known, at)
	for i := range e.actors {
		if slices.Contains(actors, e.actors[i].id) {
			e.truth = i
			break
		}
	}
	return e
}

func (r *Ranker) example(features []int32, at time.Time) *Example {
	e := &Example{actors: r.view.identities, matrix: r.view.measure(query{features, at}), at: at, size: float64(max(1, len(features))), truth: -1}
	for _, f := range features {
		if len(r.view.exact[f]) == 0 {
			e.unheard += 1 / e.size
		}
	}
	return e
}

// Dated returns the example with its time, or as if it had none.
func (e *Example) Dated(dated bool) *Example {
	if dated {
		return e
	}
	undated := *e
	undated.at = time.Time{}
	return &undated
}

// Train fits a model to examples with known answers. What is not asked for, of
// queries with a time and without, is left as it is before training.
func Train(examples []*Example, undated, dated bool) *Model {
	model := plain()
	if undated {
		model.Undated = train(examples, undatedMeasures)
	}
	if dated {
		model.Dated = train(examples, measures)
	}
	return model
}

func train(examples []*Example, size int) Stages {
	scale := scales(examples, size)
	var choices []example
	for _, e := range examples {
		if e.truth >= 0 {
			choices = append(choices, example{rows: e.matrix.scaled(scale), truth: e.truth, weight: 1})
		}
	}
	stages := Stages{Actor: fit(choices, size, ridgeActor)}
	for j := range stages.Actor {
		stages.Actor[j] /= scale[j]
	}
	stages.Pair = trainPair(examples, stages.Actor, scale)
	stages.Unknown = trainUnknown(examples, &stages)
	return stages
}

// hardest is how many of an example's actors trainPair learns from: the others
// are told apart without it.
const hardest = 16

func trainPair(examples []*Example, actor, scale []float64) []float64 {
	constant := len(scale)
	nothing := make([]float64, constant+1)
	var choices []example
	for _, e := range examples {
		rows := e.matrix.scaled(append(slices.Clone(scale), 1))
		for n, i := range byScore(e.matrix.column(measureOkapi)) {
			if n >= hardest && i != e.truth {
				continue
			}
			rows[i][constant] = 1
			choices = append(choices, example{rows: [][]float64{rows[i], nothing}, truth: 1 - int(indicator(i == e.truth)), weight: 1})
		}
	}
	weights := fit(choices, constant+1, ridgeActor)
	for j := range scale {
		weights[j] /= scale[j]
	}
	return weights
}

// trainUnknown weighs the examples as Prior says, however many there are of each.
func trainUnknown(examples []*Example, stages *Stages) []float64 {
	known, unknown := 0.0, 0.0
	for _, e := range examples {
		if e.truth < 0 {
			unknown++
		} else {
			known++
		}
	}
	if unknown == 0 {
		stage := make([]float64, signs)
		stage[0] = math.Log(Prior / (1 - Prior))
		return stage
	}
	var choices []example
	nothing := make([]float64, signs)
	for _, e := range examples {
		row := e.signs(stages)
		choice := example{rows: [][]float64{row[:], nothing}, truth: 1, weight: (1 - Prior) * (known + unknown) / known}
		if e.truth < 0 {
			choice.truth, choice.weight = 0, Prior*(known+unknown)/unknown
		}
		choices = append(choices, choice)
	}
	return fit(choices, signs, ridgeUnknown)
}

// scales are the measures' root mean squares, so that one ridge is fair to all.
func scales(examples []*Example, size int) []float64 {
	scale, n := make([]float64, size), 0.0
	for _, e := range examples {
		for i := range e.matrix {
			for j := range scale {
				scale[j] += e.matrix[i][j] * e.matrix[i][j]
			}
			n++
		}
	}
	for j := range scale {
		scale[j] = math.Sqrt(scale[j]/n) + 1e-9
	}
	return scale
}

func (m matrix) scaled(scale []float64) [][]float64 {
	rows, flat := make([][]float64, len(m)), make([]float64, len(m)*len(scale))
	for i := range m {
		rows[i] = flat[i*len(scale) : (i+1)*len(scale)]
		for j := range min(len(scale), measures) {
			rows[i][j] = m[i][j] / scale[j]
		}
	}
	return rows
}

// column is one measure of all actors.
func (m matrix) column(j int) []float64 {
	column := make([]float64, len(m))
	for i := range m {
		column[i] = m[i][j]
	}
	return column
}

// scores are the logits of the actors.
func (m matrix) scores(weights []float64) []float64 {
	scores := make([]float64, len(m))
	for i := range m {
		for j, w := range weights {
			scores[i] += w * m[i][j]
		}
	}
	return scores
}

// judge gives the actors' posteriors and that of none of them.
func (m *Model) judge(e *Example) (posteriors []float64, unknown float64) {
	stages := &m.Undated
	if !e.at.IsZero() {
		stages = &m.Dated
	}
	if len(e.matrix) == 0 {
		return nil, 1
	}
	scores := e.matrix.scores(stages.Actor)
	logit := 0.0
	for j, sign := range e.signs(stages) {
		logit += stages.Unknown[j] * sign
	}
	unknown = 1 / (1 + math.Exp(-logit))
	posteriors = shares(scores)
	for i := range posteriors {
		posteriors[i] *= 1 - unknown
	}
	return posteriors, unknown
}

// shares are the probabilities that logits stand for.
func shares(scores []float64) []float64 {
	p, highest, sum := make([]float64, len(scores)), slices.Max(scores), 0.0
	for i, s := range scores {
		p[i] = math.Exp(s - highest)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

// byScore lists the actors, the highest first; ties in order of id.
func byScore(scores []float64) []int {
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	return order
}
