package casereport

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/kulla-defence/kulla/internal/attribution"
	"github.com/kulla-defence/kulla/internal/incident"
)

// An assessmentView is an assessment, laid out.
type assessmentView struct {
	*attribution.Assessment
	Answer, Likelihood, Confidence incident.Sentence
	// Leading are the likeliest of those that exclude one another.
	Leading []hypothesisView
	// Wider are states and services.
	Wider     []hypothesisView
	Gates     []gateView
	Waterfall []step
	Items     []itemView
	MoreItems int
	Without   []withoutView
}

// A gateView is what has to be so before an answer of one level is published.
type gateView struct {
	Level  string
	Passed bool // all of them, but for signatures
	Signed bool
	Gates  []attribution.Gate
}

type hypothesisView struct {
	attribution.Hypothesis
	// Bar, Low and High are places of a bar of 0 to 100.
	Bar, From, Span float64
}

// A step is one item's part of the way from nothing to the leading answer.
type step struct {
	Item           *attribution.Item
	Others         int // items that are put together here
	Nats, Sum      float64
	X, Width, Zero float64 // per cent
	For            bool
}

type itemView struct {
	attribution.Item
	Cells []weightCell
}

// A weightCell is what an item says of one hypothesis.
type weightCell struct {
	Nats, Size float64 // Size is Nats without its sign
	// Strength is -3 to 3; Sign the same in signs.
	Strength int
	Sign     string
	Silent   bool
}

type withoutView struct {
	attribution.Without
	Item    *attribution.Item
	Name    *attribution.Hypothesis
	Changes bool
	Bar     float64
}

const (
	maxHypotheses = 6
	maxWaterfall  = 14
	maxItems      = 60
	maxWithout    = 12
)

func (p *page) assessment() *assessmentView {
	a := p.Document.Assessment
	if a == nil {
		return nil
	}
	v := &assessmentView{Assessment: a,
		Answer: a.Answer.Sentence, Likelihood: a.Likelihood, Confidence: a.Confidence.Sentence}
	v.hypotheses()
	v.gates()
	v.items()
	v.waterfall()
	v.without()
	return v
}

func (v *assessmentView) hypotheses() {
	for _, h := range v.Assessment.Hypotheses {
		one := hypothesisView{h, h.Posterior * 100, h.Low * 100, max((h.High-h.Low)*100, .4)}
		if h.Kind == "state" || h.Kind == "service" {
			v.Wider = append(v.Wider, one)
		} else {
			v.Leading = append(v.Leading, one)
		}
	}
	slices.SortStableFunc(v.Leading, func(a, b hypothesisView) int { return cmp.Compare(b.Posterior, a.Posterior) })
	v.Leading = firstOf(v.Leading)
	v.Wider = v.Wider[:min(len(v.Wider), maxHypotheses)]
}

func (v *assessmentView) gates() {
	for _, gate := range v.Assessment.Answer.Gates {
		at := slices.IndexFunc(v.Gates, func(g gateView) bool { return g.Level == gate.Level })
		if at < 0 {
			at = len(v.Gates)
			v.Gates = append(v.Gates, gateView{Level: gate.Level, Passed: true, Signed: true})
		}
		v.Gates[at].Gates = append(v.Gates[at].Gates, gate)
		if gate.Human {
			v.Gates[at].Signed = v.Gates[at].Signed && gate.Passed
		} else {
			v.Gates[at].Passed = v.Gates[at].Passed && gate.Passed
		}
	}
}

// Unsigned says that nobody signed the answer yet where somebody has to.
func (v *assessmentView) Unsigned() bool {
	return slices.ContainsFunc(v.Gates, func(g gateView) bool { return g.Level == v.Assessment.Answer.Level && !g.Signed })
}

// leadingOf are the likeliest two hypotheses of a phase that exclude one another,
// and the likeliest state.
func leadingOf(list []attribution.Hypothesis) []attribution.Hypothesis {
	ordered := slices.Clone(list)
	slices.SortStableFunc(ordered, func(a, b attribution.Hypothesis) int { return cmp.Compare(b.Posterior, a.Posterior) })
	var actors, states []attribution.Hypothesis
	for _, h := range ordered {
		switch {
		case h.Kind == "state" && len(states) == 0:
			states = append(states, h)
		case h.Kind != "state" && h.Kind != "service" && len(actors) < 2:
			actors = append(actors, h)
		}
	}
	return slices.Concat(actors, states)
}

// firstOf keeps the likeliest, and the best unknown and false flag in any case.
func firstOf(list []hypothesisView) []hypothesisView {
	kept := slices.Clone(list[:min(len(list), maxHypotheses)])
	for _, kind := range []string{"unknown", "false_flag"} {
		is := func(h hypothesisView) bool { return h.Kind == kind }
		if at := slices.IndexFunc(list, is); at >= maxHypotheses {
			kept = append(kept, list[at])
		}
	}
	return kept
}

func (v *assessmentView) items() {
	items := v.Assessment.Items
	for i := range items[:min(len(items), maxItems)] {
		item := &items[i]
		one := itemView{Item: *item}
		for _, h := range v.Leading {
			one.Cells = append(one.Cells, cellOf(item, h.ID))
		}
		v.Items = append(v.Items, one)
	}
	v.MoreItems = len(items) - len(v.Items)
}

func cellOf(item *attribution.Item, hypothesis string) weightCell {
	nats, said := weightFor(item, hypothesis)
	c := weightCell{Nats: nats, Size: math.Abs(nats), Silent: !said}
	switch size := c.Size; {
	case size >= 1.5:
		c.Strength = 3
	case size >= .5:
		c.Strength = 2
	case size >= .05:
		c.Strength = 1
	}
	c.Sign = []string{"0", "+", "++", "+++"}[c.Strength]
	if nats < 0 && c.Strength > 0 {
		c.Sign = []string{"0", "−", "−−", "−−−"}[c.Strength]
		c.Strength = -c.Strength
	}
	return c
}

func weightFor(item *attribution.Item, hypothesis string) (float64, bool) {
	for _, w := range item.Weights {
		if w.Hypothesis == hypothesis {
			return w.Nats, true
		}
	}
	return 0, false
}

// waterfall adds up what speaks for and against the likeliest hypothesis.
func (v *assessmentView) waterfall() {
	if len(v.Leading) == 0 {
		return
	}
	leading := v.Leading[0].ID
	var steps []step
	for i := range v.Assessment.Items {
		item := &v.Assessment.Items[i]
		if nats, said := weightFor(item, leading); said && nats != 0 {
			steps = append(steps, step{Item: item, Nats: nats})
		}
	}
	slices.SortStableFunc(steps, func(a, b step) int { return cmp.Compare(math.Abs(b.Nats), math.Abs(a.Nats)) })
	if len(steps) > maxWaterfall {
		rest := step{Others: len(steps) - maxWaterfall + 1}
		for _, s := range steps[maxWaterfall-1:] {
			rest.Nats += s.Nats
		}
		steps = append(steps[:maxWaterfall-1], rest)
	}
	v.Waterfall = scaled(steps)
}

// scaled gives each step its place between the lowest and the highest sum.
func scaled(steps []step) []step {
	low, high, sum := 0.0, 0.0, 0.0
	for i := range steps {
		sum += steps[i].Nats
		steps[i].Sum = sum
		low, high = min(low, sum), max(high, sum)
	}
	room := max(high-low, 1e-9)
	place := func(at float64) float64 { return (at - low) / room * 100 }
	for i := range steps {
		s := &steps[i]
		s.For = s.Nats > 0
		s.Zero = place(0)
		s.X = place(min(s.Sum, s.Sum-s.Nats))
		s.Width = max(math.Abs(s.Nats)/room*100, .4)
	}
	return steps
}

// without are the items whose absence would change the answer most.
func (v *assessmentView) without() {
	byID := map[string]*attribution.Item{}
	for i := range v.Assessment.Items {
		byID[v.Assessment.Items[i].ID] = &v.Assessment.Items[i]
	}
	leading, posterior := "", 0.0
	if len(v.Leading) > 0 {
		leading, posterior = v.Leading[0].ID, v.Leading[0].Posterior
	}
	for _, w := range v.Assessment.Without {
		one := withoutView{Without: w, Item: byID[w.Item], Name: v.hypothesis(w.Leading), Changes: w.Leading != leading, Bar: w.Posterior * 100}
		if one.Item != nil {
			v.Without = append(v.Without, one)
		}
	}
	effect := func(w withoutView) float64 {
		if w.Changes {
			return 2
		}
		return math.Abs(w.Posterior - posterior)
	}
	slices.SortStableFunc(v.Without, func(a, b withoutView) int { return cmp.Compare(effect(b), effect(a)) })
	v.Without = v.Without[:min(len(v.Without), maxWithout)]
}

func (v *assessmentView) hypothesis(id string) *attribution.Hypothesis {
	for i := range v.Assessment.Hypotheses {
		if v.Assessment.Hypotheses[i].ID == id {
			return &v.Assessment.Hypotheses[i]
		}
	}
	return &attribution.Hypothesis{ID: id, Name: id, Kind: "group"}
}

// Shows says whether an item is among those of the page, and can be led to.
func (v *assessmentView) Shows(id string) bool {
	return slices.ContainsFunc(v.Items, func(i itemView) bool { return i.ID == id })
}

// percentPlace is a place or length in SVG.
func percentPlace(at float64) string { return fmt.Sprintf("%.2f%%", at) }
