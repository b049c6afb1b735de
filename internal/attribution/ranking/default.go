package ranking

import (
	_ "embed" // coefficients.json
	"encoding/json"
)

//go:embed coefficients.json
var coefficients []byte

// Default is the model that this program comes with, trained on all of task
// B1 of internal/attribution/evaluate.
func Default() *Model {
	model := &Model{}
	if err := json.Unmarshal(coefficients, model); err != nil || !model.whole() {
		return plain()
	}
	return model
}

// whole says that there is a weight for all that is measured.
func (m *Model) whole() bool {
	return len(m.Gate.Weights) == trustSigns && len(m.Undated.Actor) == undatedMeasures && len(m.Dated.Actor) == measures && len(m.Undated.Unknown) == signs && len(m.Dated.Unknown) == signs &&
		len(m.Undated.Pair) == undatedMeasures+1 && len(m.Dated.Pair) == measures+1
}

// plain is a model that needs no training: the mean of four standardised
// measures, as in the published baselines.
func plain() *Model {
	stage := func(size int) Stages {
		s := Stages{Actor: make([]float64, size), Unknown: make([]float64, signs), Pair: make([]float64, size+1)}
		for _, j := range []int{measureOverlapZ, measureOkapiZ, measureMultinomialZ, measureRateZ} {
			s.Actor[j] = 1
		}
		return s
	}
	return &Model{Undated: stage(undatedMeasures), Dated: stage(measures), Gate: Gate{Weights: make([]float64, trustSigns), Threshold: 1}}
}

// Baselines are the names of standard methods, to measure against.
func Baselines() []string {
	return []string{"idf sum", "BM25", "multinomial naive Bayes", "Bernoulli naive Bayes over reports", "cosine", "mean of four"}
}

// Baseline returns a standard method as a model: one measure, or the mean of
// four. Its posteriors are not calibrated, and it knows no unknown actor.
func Baseline(name string) *Model {
	model := plain()
	by := map[string]int{"idf sum": measureOverlapZ, "BM25": measureOkapi, "multinomial naive Bayes": measureMultinomial,
		"Bernoulli naive Bayes over reports": measureRate, "cosine": measureCosine}
	if j, ok := by[name]; ok {
		clear(model.Undated.Actor)
		model.Undated.Actor[j] = 1
	}
	return model
}
