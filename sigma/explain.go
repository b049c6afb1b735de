package sigma

// An Explanation says why an expression holds for an event, or why it does
// not: a tree of the same form as the expression. Nothing is left out because
// another term had decided already.
type Explanation struct {
	Kind  ExplanationKind
	Holds bool
	// Name is the search identifier, for ExplainedSearch.
	Name string
	// Terms are what an and, or, not or search consists of.
	Terms []*Explanation
	// Check is what was tested, for ExplainedCheck; otherwise nil.
	Check *Check
}

// ExplanationKind is the kind of expression that is explained.
type ExplanationKind uint8

const (
	ExplainedAnd ExplanationKind = iota
	ExplainedOr
	ExplainedNot
	ExplainedSearch
	ExplainedCheck
)

// A Check is a detection item and what it met in the event.
type Check struct {
	// Predicate is the item as it was evaluated.
	Predicate *Predicate
	// Seen are the values that the field has in the event; none when it is
	// absent. Of a keyword that matched it is the matching column alone, of
	// one that did not, nothing: it has seen every column.
	Seen []Seen
	// Value is the value of the rule that decided: the first that matched, or,
	// where all must match, the first that did not. When none matched it is
	// the first of Predicate.Values.
	Value Value
	// Matched says whether Value matched what was seen.
	Matched bool
}

// Seen is a value of a field in an event.
type Seen struct {
	Column string
	State  State
	// Text is hostile: it is what the event says, byte for byte.
	Text string
}

// Explain evaluates an expression and tells how. Its Holds is always what
// Evaluate says.
func Explain(expression Expression, event Event) *Explanation {
	switch e := expression.(type) {
	case And:
		explanation := explainTerms(ExplainedAnd, e, event)
		explanation.Holds = true
		for _, term := range explanation.Terms {
			explanation.Holds = explanation.Holds && term.Holds
		}
		return explanation
	case Or:
		explanation := explainTerms(ExplainedOr, e, event)
		for _, term := range explanation.Terms {
			explanation.Holds = explanation.Holds || term.Holds
		}
		return explanation
	case Not:
		term := Explain(e.Term, event)
		return &Explanation{Kind: ExplainedNot, Holds: !term.Holds, Terms: []*Explanation{term}}
	case Named:
		term := Explain(e.Term, event)
		return &Explanation{Kind: ExplainedSearch, Name: e.Name, Holds: term.Holds, Terms: []*Explanation{term}}
	case *Predicate:
		return e.explain(event)
	}
	return &Explanation{Kind: ExplainedOr}
}

func explainTerms(kind ExplanationKind, terms []Expression, event Event) *Explanation {
	explanation := &Explanation{Kind: kind}
	for _, term := range terms {
		explanation.Terms = append(explanation.Terms, Explain(term, event))
	}
	return explanation
}

func (p *Predicate) explain(event Event) *Explanation {
	check := &Check{Predicate: p}
	field := p.fieldValues(event)
	// The value that decides is one that matches, or with All one that fails.
	check.Matched = p.All
	for i, value := range p.Values {
		matched := p.matches(value, field, event)
		if i == 0 {
			check.Value = value
		}
		if matched != p.All {
			check.Value, check.Matched = value, matched
			break
		}
	}
	check.Seen = p.seen(check, field, event)
	return &Explanation{Kind: ExplainedCheck, Holds: check.Matched != p.Negate, Check: check}
}

func (p *Predicate) seen(check *Check, field []fieldValue, event Event) []Seen {
	var seen []Seen
	for _, have := range field {
		if p.Field == "" && !(check.Matched && p.matches(check.Value, []fieldValue{have}, event)) {
			continue
		}
		seen = append(seen, Seen{have.column, have.state, string(have.text)})
	}
	return seen
}
