package sigma

import (
	"slices"
	"strconv"
	"strings"
)

// A Route is one way in which the events a rule asks for are recorded: where
// to look, and what its fields are called there.
type Route struct {
	// LogSource is what events must say of themselves, see Accepts.
	LogSource LogSource
	// Where lists columns that must have one of some values, such as Channel
	// and EventID. All must hold.
	Where []Constraint
	// Fields says how a rule's field is found in these events. A field that
	// is not listed is the column of its own name.
	Fields map[string]FieldSource
	// Values replaces values a rule tests a field for, by their equivalents
	// in these events: field -> value (folded) -> replacements.
	Values map[string]map[string][]string
	// Hexadecimal lists fields of which a whole number in a rule is written
	// as 0x... in these events.
	Hexadecimal []string
}

// A Constraint requires a column to equal one of some values, without case.
type Constraint struct {
	Column string
	Values []string
}

// Accepts reports whether events of a log source may take this route. They
// must state every attribute that the route states, and the same: a route for
// category webserver takes neither Windows events nor those of a proxy. Events
// that state nothing at all are judged by their columns alone, so only a route
// with Where takes them.
func (r *Route) Accepts(events LogSource) bool {
	if statesNothing(events) {
		return len(r.Where) > 0 || statesNothing(r.LogSource)
	}
	return agrees(r.LogSource.Category, events.Category) &&
		agrees(r.LogSource.Product, events.Product) &&
		agrees(r.LogSource.Service, events.Service)
}

// Source says how a field of a rule is found in the events of this route; nil
// when it is the column of its own name.
func (r *Route) Source(field string) *FieldSource {
	if source, ok := r.Fields[field]; ok {
		return &source
	}
	return nil
}

// Rewrite returns the expression as these events need it: fields have their
// Source, and values without wildcards are replaced by their equivalents. The
// given expression is not changed; parts that stay as they are are shared.
func (r *Route) Rewrite(e Expression) Expression {
	return (&rewriter{r, r.Source}).expression(e)
}

// A rewriter rewrites expressions for a route.
type rewriter struct {
	*Route
	source func(field string) *FieldSource // of the route
}

func (r *rewriter) expression(e Expression) Expression {
	if len(r.Fields)+len(r.Values)+len(r.Hexadecimal) == 0 {
		return e
	}
	rewritten, _ := r.rewrite(e)
	return rewritten
}

// rewrite also says whether the expression is another one now.
func (r *rewriter) rewrite(e Expression) (Expression, bool) {
	switch e := e.(type) {
	case And:
		if terms, changed := r.rewriteTerms(e); changed {
			return And(terms), true
		}
	case Or:
		if terms, changed := r.rewriteTerms(e); changed {
			return Or(terms), true
		}
	case Not:
		if term, changed := r.rewrite(e.Term); changed {
			return Not{term}, true
		}
	case Named:
		if term, changed := r.rewrite(e.Term); changed {
			return Named{e.Name, term}, true
		}
	case *Predicate:
		return r.rewritePredicate(e)
	}
	return e, false
}

func (r *rewriter) rewriteTerms(terms []Expression) ([]Expression, bool) {
	shared := true
	result := terms
	for i, term := range terms {
		rewritten, changed := r.rewrite(term)
		if changed && shared {
			result, shared = slices.Clone(terms), false
		}
		if changed {
			result[i] = rewritten
		}
	}
	return result, !shared
}

func (r *rewriter) rewritePredicate(p *Predicate) (Expression, bool) {
	source := r.source(p.Field)
	replaces := slices.ContainsFunc(p.Values, func(v Value) bool { return r.replaces(p.Field, v) })
	if source == nil && !replaces {
		return p, false
	}
	rewritten := *p
	rewritten.Source = source
	if !replaces {
		return &rewritten, true
	}
	var several bool
	rewritten.Values, several = r.rewriteValues(p.Field, p.Values)
	if several && p.All {
		return allOfAny(rewritten, r, p), true
	}
	return &rewritten, true
}

// replaces reports whether a value of a field is another one in these events.
func (r *rewriter) replaces(field string, value Value) bool {
	switch v := value.(type) {
	case String:
		return len(r.replacements(field, v)) > 0
	case FieldReference:
		return r.source(v.Field) != nil
	}
	return false
}

// allOfAny is for a value of an "all" item that has several equivalents: each
// of the item's values must be there in any of its forms.
func allOfAny(rewritten Predicate, r *rewriter, p *Predicate) Expression {
	terms := make(And, len(p.Values))
	for i := range p.Values {
		term := rewritten
		term.All, term.Negate = false, false
		term.Values, _ = r.rewriteValues(p.Field, p.Values[i:i+1])
		terms[i] = &term
	}
	if p.Negate {
		return Not{terms}
	}
	return terms
}

// rewriteValues also says whether some value became several.
func (r *rewriter) rewriteValues(field string, values []Value) ([]Value, bool) {
	rewritten := make([]Value, 0, len(values))
	several := false
	for _, value := range values {
		switch v := value.(type) {
		case String:
			replacements := r.replacements(field, v)
			if len(replacements) == 0 {
				break
			}
			several = several || len(replacements) > 1
			for _, text := range replacements {
				rewritten = append(rewritten, String{Parts: literalParts(text), Cased: v.Cased})
			}
			continue
		case FieldReference:
			v.Source = r.source(v.Field)
			value = v
		}
		rewritten = append(rewritten, value)
	}
	return rewritten, several
}

// replacements are the equivalents of a value; none where it is the same.
func (r *Route) replacements(field string, value String) []string {
	if !r.hasEquivalents(field) {
		return nil
	}
	return r.equivalents(field, foldedText(value))
}

// hasEquivalents reports whether values of a field may be others in these events.
func (r *Route) hasEquivalents(field string) bool {
	return r.Values[field] != nil || slices.Contains(r.Hexadecimal, field)
}

// equivalents are what a value is in these events; none where it is the same.
func (r *Route) equivalents(field, folded string) []string {
	if equivalents, ok := r.Values[field][folded]; ok {
		return equivalents
	}
	if slices.Contains(r.Hexadecimal, field) {
		if number, err := strconv.ParseUint(folded, 10, 64); err == nil {
			return []string{"0x" + strconv.FormatUint(number, 16)}
		}
	}
	return nil
}

// foldedText is the text of a value without wildcards. A value with wildcards
// gives a text that no mapping has.
func foldedText(s String) string {
	switch {
	case len(s.Parts) == 0:
		return ""
	case len(s.Parts) == 1 && s.Parts[0].Kind == Literal:
		return foldString(s.Parts[0].Literal)
	}
	return "\xff"
}

func literalParts(text string) []Part {
	if text == "" {
		return nil
	}
	return []Part{{Kind: Literal, Literal: text}}
}

// meet returns the route of the events that take both; false when there can be
// none. Where both say how a field is found, r is the one that counts.
func (r *Route) meet(other *Route) (Route, bool) {
	both := Route{Fields: union(r.Fields, other.Fields), Values: union(r.Values, other.Values),
		Hexadecimal: slices.Concat(r.Hexadecimal, other.Hexadecimal)}
	var ok [4]bool
	both.LogSource.Category, ok[0] = meetAttribute(r.LogSource.Category, other.LogSource.Category)
	both.LogSource.Product, ok[1] = meetAttribute(r.LogSource.Product, other.LogSource.Product)
	both.LogSource.Service, ok[2] = meetAttribute(r.LogSource.Service, other.LogSource.Service)
	both.Where, ok[3] = meetWhere(r.Where, other.Where)
	return both, ok == [4]bool{true, true, true, true}
}

func meetAttribute(a, b string) (string, bool) {
	if a == "" {
		return b, true
	}
	return a, agrees(b, a)
}

func meetWhere(a, b []Constraint) ([]Constraint, bool) {
	both := slices.Clone(a)
	for _, constraint := range b {
		i := slices.IndexFunc(both, func(c Constraint) bool { return c.Column == constraint.Column })
		if i < 0 {
			both = append(both, constraint)
			continue
		}
		both[i].Values = meetValues(both[i].Values, constraint.Values)
		if len(both[i].Values) == 0 {
			return nil, false
		}
	}
	return both, true
}

func meetValues(a, b []string) []string {
	var both []string
	for _, value := range a {
		if slices.ContainsFunc(b, func(other string) bool { return strings.EqualFold(value, other) }) {
			both = append(both, value)
		}
	}
	return both
}

func union[V any](a, b map[string]V) map[string]V {
	if len(b) == 0 {
		return a
	}
	both := make(map[string]V, len(a)+len(b))
	for key, value := range b {
		both[key] = value
	}
	for key, value := range a {
		both[key] = value
	}
	return both
}

// agrees reports whether an attribute is as wanted; an empty one is not wanted.
func agrees(want, have string) bool { return want == "" || strings.EqualFold(want, have) }

func statesNothing(source LogSource) bool {
	return source.Category == "" && source.Product == "" && source.Service == ""
}

// Takes reports whether one event is recorded in this way: Accepts and Where.
func (r *Route) Takes(event Event) bool {
	if !r.Accepts(event.Schema().LogSource()) {
		return false
	}
	for i := range r.Where {
		if !r.Where[i].holds(event) {
			return false
		}
	}
	return true
}

func (c *Constraint) holds(event Event) bool {
	schema := event.Schema()
	for column := range schema.Len() {
		if schema.Column(column) != c.Column {
			continue
		}
		if text, state := event.AppendValue(nil, column); state == Present && c.allows(text) {
			return true
		}
	}
	return false
}

func (c *Constraint) allows(text []byte) bool {
	return slices.ContainsFunc(c.Values, func(want string) bool { return strings.EqualFold(string(text), want) })
}

// FieldValues returns the values that a field of a rule has in an event; none
// when the event is not recorded in this way. It allocates, and is meant for
// events that matched.
func (r *Route) FieldValues(event Event, field string) []string {
	if !r.Takes(event) {
		return nil
	}
	source, ok := r.Fields[field]
	if !ok {
		source.Columns = []string{field}
	}
	return source.values(event)
}
