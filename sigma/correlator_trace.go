package sigma

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
	"time"
)

// A CorrelationTrace says what came of a correlation: which of its rules
// matched, and how near each group came to an alert.
type CorrelationTrace struct {
	Correlation *Correlation
	// Rules has one entry for each of Correlation.Rules.
	Rules []RuleTrace
	// Groups has the best window of each group, the best first: that of an
	// alert, or the one that came nearest to the condition.
	Groups []GroupTrace
	// MoreGroups is how many groups there were beyond the ten thousand that
	// are kept.
	MoreGroups int
}

// A RuleTrace counts the hits of a rule that a correlation is about.
type RuleTrace struct {
	Reference string
	// Hits came in, of which some had no value for a group-by field, or none
	// (or no number) for the condition's field.
	Hits, WithoutGroup, WithoutValue int
}

// A GroupTrace is the best window of a group.
type GroupTrace struct {
	Group       []FieldText
	First, Last time.Time // of its hits
	Count       int       // of hits
	Value       float64   // what was compared with the condition
	// Matched are the rules of a temporal correlation that have hits in it, as
	// positions in Correlation.Rules.
	Matched []int
	// Held says that it fulfils the condition.
	Held bool
	// Alerts is how many alerts the group had.
	Alerts int
}

// Traces returns what came of each correlation, in the order of flow. It is nil
// without CorrelatorOptions.Trace.
func (c *Correlator) Traces() []CorrelationTrace {
	var traces []CorrelationTrace
	for _, k := range c.correlations {
		if k.trace != nil {
			traces = append(traces, k.trace.result(k.rule))
		}
	}
	return traces
}

// maxTracedGroups bounds the groups of one correlation.
const maxTracedGroups = 10_000

// A trace is what is noted of a correlation at work.
type trace struct {
	rules  []RuleTrace
	groups map[string]*tracedGroup
	order  []*tracedGroup
	more   map[string]bool // keys of groups that are not kept
}

type tracedGroup struct {
	GroupTrace
	distance float64
}

func newTrace(c *Correlation) *trace {
	t := &trace{groups: map[string]*tracedGroup{}, more: map[string]bool{}}
	for _, reference := range c.Rules {
		t.rules = append(t.rules, RuleTrace{Reference: reference})
	}
	return t
}

// hit counts a hit of the rules in some positions.
func (t *trace) hit(positions uint64, count func(*RuleTrace)) {
	if t == nil {
		return
	}
	for ; positions != 0; positions &= positions - 1 {
		count(&t.rules[bits.TrailingZeros64(positions)])
	}
}

// judged notes a window that was judged.
func (t *trace) judged(k *correlating, g *group, since int64, value float64, held bool) {
	if t == nil || len(g.window()) == 0 {
		return
	}
	there := present(g.meter, since)
	distance := k.distance(value, there, held)
	best := t.groups[g.key]
	if best == nil {
		if len(t.order) >= maxTracedGroups {
			if len(t.more) < maxTracedGroups*10 {
				t.more[g.key] = true
			}
			return
		}
		best = &tracedGroup{GroupTrace{Group: k.groupValues(g)}, math.Inf(1)}
		t.groups[g.key], t.order = best, append(t.order, best)
	}
	if distance >= best.distance {
		return
	}
	best.distance, best.Held, best.Value, best.Count = distance, held, value, g.hits
	best.First, best.Last = timeOf(g.window()[0].time), timeOf(g.last)
	best.Matched = best.Matched[:0]
	for ; there != 0; there &= there - 1 {
		best.Matched = append(best.Matched, bits.TrailingZeros64(there))
	}
}

func (t *trace) alerted(g *group) {
	if t == nil {
		return
	}
	if known := t.groups[g.key]; known != nil {
		known.Alerts++
	}
}

// present are the rules that a temporal correlation saw since a time.
func present(m meter, since int64) uint64 {
	switch m := m.(type) {
	case *presenceMeter:
		return m.since(since)
	case *orderMeter:
		return m.since(since)
	}
	return 0
}

// distance says how far a window is from fulfilling the condition: 0 for one
// that does.
func (k *correlating) distance(value float64, there uint64, held bool) float64 {
	switch {
	case held:
		return 0
	case k.rule.Expression != nil:
		return 0.5 + float64(changes(k.rule.Expression, referencePositions(k.rule), there, true))
	}
	sum := 0.0
	for _, c := range k.rule.Conditions {
		if !c.Holds(value) {
			sum += 0.5 + math.Abs(value-c.Number)
		}
	}
	return sum
}

// changes is how many rules would have to match, or not to match, for an
// expression to be true or false.
func changes(e Expression, positions map[string]uint64, there uint64, want bool) int {
	sum, least := 0, math.MaxInt32
	add := func(terms ...Expression) {
		for _, term := range terms {
			n := changes(term, positions, there, want)
			sum, least = sum+n, min(least, n)
		}
	}
	switch e := e.(type) {
	case And:
		if add(e...); want {
			return sum
		}
		return least
	case Or:
		if add(e...); want {
			return least
		}
		return sum
	case Named:
		return changes(e.Term, positions, there, want)
	case Not:
		return changes(e.Term, positions, there, !want)
	case Reference:
		if (positions[e.Rule]&there != 0) != want {
			return 1
		}
	}
	return 0
}

func (t *trace) result(c *Correlation) CorrelationTrace {
	result := CorrelationTrace{Correlation: c, Rules: slices.Clone(t.rules), MoreGroups: len(t.more)}
	sorted := slices.Clone(t.order)
	slices.SortStableFunc(sorted, func(a, b *tracedGroup) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(b.Alerts, a.Alerts), a.First.Compare(b.First))
	})
	for _, g := range sorted {
		result.Groups = append(result.Groups, g.GroupTrace)
	}
	return result
}
