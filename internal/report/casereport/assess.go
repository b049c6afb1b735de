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
	// HandOver has no message where there is none to tell.
	HandOver incident.Sentence
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
	// Withheld marks an actor whom the answer does not name, Closed the gates
	// that keep it back.
	Withheld bool
	Closed   []attribution.Gate
}

// A step is a part of the way from what was believed before the evidence to
// the likelihood that is shown, in log odds.
type step struct {
	// Kind is item, rest, prior, temperature or others.
	Kind           string
	Item           *attribution.Item
	Others         int     // items that are put together here
	Share          float64 // the probability that Sum stands for
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
	Item *attribution.Item
	Name *attribution.Hypothesis
	// Published is what could be published without the item; nil is a cluster.
	Published *attribution.Hypothesis
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
		Answer: a.Answer.Sentence, Likelihood: a.Likelihood, Confidence: a.Confidence.Sentence, HandOver: a.HandOver}
	v.hypotheses()
	v.gates()
	v.items()
	v.waterfall()
	v.without()
	return v
}

func (v *assessmentView) hypotheses() {
	for _, h := range v.Assessment.Hypotheses {
		one := hypothesisView{Hypothesis: h, Bar: h.Posterior * 100, From: h.Low * 100, Span: max((h.High-h.Low)*100, .4)}
		one.Withheld, one.Closed = v.Assessment.Withheld(&h)
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

// leadingOf are the likeliest hypotheses of a phase that exclude one another:
// those of one level, the unknown actor and false flags. Cases of before had
// those of several levels; of these, the most particular.
func leadingOf(list []attribution.Hypothesis) []attribution.Hypothesis {
	const most = 3
	is := func(kind string) func(attribution.Hypothesis) bool {
		return func(h attribution.Hypothesis) bool { return h.Kind == kind }
	}
	level := "state"
	for _, kind := range []string{"service", "group"} {
		if slices.ContainsFunc(list, is(kind)) {
			level = kind
		}
	}
	leading := slices.DeleteFunc(slices.Clone(list), func(h attribution.Hypothesis) bool {
		return h.Kind != level && h.Kind != "unknown" && h.Kind != "false_flag"
	})
	slices.SortStableFunc(leading, func(a, b attribution.Hypothesis) int { return cmp.Compare(b.Posterior, a.Posterior) })
	return leading[:min(len(leading), most)]
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

// Focus is the hypothesis that the likelihood is of.
func (v *assessmentView) Focus() *attribution.Hypothesis {
	return v.hypothesis(cmp.Or(v.Assessment.Focus, v.Assessment.Answer.Hypothesis, "unknown"))
}

// waterfall adds up what leads to the likelihood that is shown: what was
// believed before, what each item says, what the temperature takes of it, and
// what the same evidence says for the others.
func (v *assessmentView) waterfall() {
	focus := v.Focus()
	if focus.Posterior <= 0 || focus.Prior <= 0 {
		return
	}
	steps := v.itemSteps(focus.ID)
	var evidence float64
	for _, s := range steps {
		evidence += s.Nats
	}
	before := logOdds(focus.Prior)
	steps = append([]step{{Kind: "prior", Nats: before}}, steps...)
	sum := before + evidence
	if t := v.Assessment.Temperature; t > 0 && t != 1 {
		taken := evidence/t - evidence
		steps = append(steps, step{Kind: "temperature", Nats: taken})
		sum += taken
	}
	v.Waterfall = scaled(append(steps, step{Kind: "others", Nats: logOdds(focus.Posterior) - sum}))
}

// logOdds are those of a probability, within what millionths can tell.
func logOdds(p float64) float64 {
	const least = 1e-6
	p = min(max(p, least), 1-least)
	return math.Log(p / (1 - p))
}

// itemSteps are what items say of a hypothesis, the heaviest first.
func (v *assessmentView) itemSteps(hypothesis string) []step {
	var steps []step
	for i := range v.Assessment.Items {
		item := &v.Assessment.Items[i]
		if nats, said := weightFor(item, hypothesis); said && nats != 0 {
			steps = append(steps, step{Kind: "item", Item: item, Nats: nats})
		}
	}
	slices.SortStableFunc(steps, func(a, b step) int { return cmp.Compare(math.Abs(b.Nats), math.Abs(a.Nats)) })
	if len(steps) > maxWaterfall {
		rest := step{Kind: "rest", Others: len(steps) - maxWaterfall + 1}
		for _, s := range steps[maxWaterfall-1:] {
			rest.Nats += s.Nats
		}
		steps = append(steps[:maxWaterfall-1], rest)
	}
	return steps
}

// scaled gives each step its place between the lowest and the highest sum.
func scaled(steps []step) []step {
	low, high, sum := 0.0, 0.0, 0.0
	for i := range steps {
		sum += steps[i].Nats
		steps[i].Sum, steps[i].Share = sum, 1/(1+math.Exp(-sum))
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
	posterior := v.Focus().Posterior
	for _, w := range v.Assessment.Without {
		one := withoutView{Without: w, Item: byID[w.Item], Name: v.hypothesis(w.Leading)}
		if w.Published != "" {
			one.Published = v.hypothesis(w.Published)
		}
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
	if id == "unknown" {
		return &attribution.Hypothesis{ID: id, Kind: id}
	}
	return &attribution.Hypothesis{ID: id, Name: id, Kind: "group"}
}

// Shows says whether an item is among those of the page, and can be led to.
func (v *assessmentView) Shows(id string) bool {
	return slices.ContainsFunc(v.Items, func(i itemView) bool { return i.ID == id })
}

// percentPlace is a place or length in SVG.
func percentPlace(at float64) string { return fmt.Sprintf("%.2f%%", at) }
