package sigma

import (
	"slices"
	"time"
)

// A Correlation is a rule over the matches of other rules (Sigma correlation
// rules specification 2.1).
type Correlation struct {
	Metadata
	Type CorrelationType
	// Rules are the ids or names of the rules and correlations it is about,
	// as written. It is empty where only Expression names them.
	Rules []string
	// Conditions must all hold for the count, sum, ... of a window: several
	// make a range.
	Conditions []CorrelationCondition
	// Fields are what value_count, value_sum and the others look at. Several
	// are counted as one tuple.
	Fields []string
	// Percentile is between 0 and 100, for value_percentile.
	Percentile float64
	// Expression is the extended condition of a temporal correlation. Its
	// leaves are Reference values; nil where there is none.
	Expression Expression
	// GroupBy lists fields or aliases whose values must be equal within a
	// window.
	GroupBy []string
	// Timespan is the length of the sliding window.
	Timespan time.Duration
	// Aliases gives a field its name in each rule: alias -> rule -> field.
	Aliases map[string]map[string]string
	// Generate says that the rules named here also report on their own.
	Generate bool
	At       Position

	references []placed // as in Rules; none where the rules are implied
}

// CorrelationType says what is computed over a window.
type CorrelationType uint8

const (
	EventCount CorrelationType = iota
	ValueCount
	ValueSum
	ValueAverage
	ValuePercentile
	ValueMedian
	Temporal
	TemporalOrdered
)

// A CorrelationCondition compares what was computed with a number.
type CorrelationCondition struct {
	Operator Operator
	Number   float64
	// Negate turns the result around (the neq operator).
	Negate bool
}

// Holds reports whether a value meets the condition.
func (c CorrelationCondition) Holds(value float64) bool {
	return c.Operator.holds(value, c.Number) != c.Negate
}

// Reference is a leaf of an extended correlation condition. It holds when the
// rule of that id or name matched within the window.
type Reference struct{ Rule string }

func (Reference) isExpression() {}

// CanFire reports whether the condition can be fulfilled where only those of
// the rules can have hits of which that is said.
func (c *Correlation) CanFire(hits func(reference string) bool) bool {
	if c.Expression != nil {
		return canHold(c.Expression, hits)
	}
	able := 0
	for _, reference := range c.Rules {
		if hits(reference) {
			able++
		}
	}
	if c.Type != Temporal && c.Type != TemporalOrdered {
		return able > 0
	}
	for matched := 1; matched <= able; matched++ {
		if fulfilled(c.Conditions, float64(matched)) {
			return true
		}
	}
	return false
}

// canHold is true of what is under a not: that a rule can have hits does not
// mean that it has some in each window.
func canHold(e Expression, hits func(string) bool) bool {
	holds := func(term Expression) bool { return canHold(term, hits) }
	switch e := e.(type) {
	case And:
		return !slices.ContainsFunc(e, func(term Expression) bool { return !holds(term) })
	case Or:
		return slices.ContainsFunc(e, holds)
	case Named:
		return holds(e.Term)
	case Reference:
		return hits(e.Rule)
	}
	return true
}
