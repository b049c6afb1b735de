package ruletest

import (
	"slices"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/sigma"
)

// Solving a condition: find an event for which it holds. The condition is
// followed down to the predicates that one of its branches asks for; a value
// is built for each field from what is asked of it (construct.go); and where
// something that is not wanted holds for the event that comes out, one
// predicate of it is asked to fail, and the event is built anew. Whatever comes
// out is checked with sigma.Evaluate, so that the search may guess.

// solveBudget bounds how many events are tried for one condition, textBudget
// how many texts for all of their fields.
const (
	solveBudget = 2000
	textBudget  = 100_000
)

// keywordColumn is where the text stands that keywords look for.
const keywordColumn = "Message"

// A literal is a predicate that must, or must not, hold.
type literal struct {
	predicate *sigma.Predicate
	want      bool
}

// matching reports whether a value of the predicate must match.
func (l literal) matching() bool { return l.want != l.predicate.Negate }

// key is the same for all literals about one column.
func (l literal) key() string { return columnOf(l.predicate.Field, l.predicate.Source) }

// columnOf is the column that a field is as it is, and else the field.
func columnOf(field string, source *sigma.FieldSource) string {
	if source != nil && len(source.Columns) == 1 && source.Key == "" && len(source.Prefixes) == 0 {
		return source.Columns[0]
	}
	return field
}

type solver struct {
	whole  sigma.Expression
	budget int
	texts  int // that may still be tried
	found  row
}

// solve returns an event for which the expression holds; ok is false when none
// was found.
func solve(expression sigma.Expression) (found row, ok bool) {
	s := &solver{whole: expression, budget: solveBudget, texts: textBudget}
	ok = s.require([]sigma.Expression{expression}, attempt{})
	return s.found, ok
}

// An attempt is what one branch of the condition asks for.
type attempt struct {
	literals []literal
	// denied are expressions that must not hold.
	denied []sigma.Expression
}

func (a attempt) with(l literal) attempt {
	return attempt{append(slices.Clip(a.literals), l), a.denied}
}

// require tries the branches of goals, all of which must hold.
func (s *solver) require(goals []sigma.Expression, a attempt) bool {
	if len(goals) == 0 {
		return s.settle(a)
	}
	first, rest := goals[0], goals[1:]
	switch e := first.(type) {
	case sigma.And:
		return s.require(slices.Concat(e, rest), a)
	case sigma.Or:
		for _, term := range e {
			if s.budget <= 0 {
				return false
			}
			if s.require(slices.Concat([]sigma.Expression{term}, rest), a) {
				return true
			}
		}
	case sigma.Not:
		return s.require(rest, attempt{a.literals, append(slices.Clip(a.denied), e.Term)})
	case sigma.Named:
		return s.require(slices.Concat([]sigma.Expression{e.Term}, rest), a)
	case *sigma.Predicate:
		return s.require(rest, a.with(literal{e, true}))
	}
	return false
}

// settle builds the event that an attempt asks for.
func (s *solver) settle(a attempt) bool {
	if s.budget--; s.budget < 0 {
		return false
	}
	built, ok := build(a.literals, &s.texts)
	if !ok {
		return false
	}
	view := newView(built)
	for _, denied := range a.denied {
		if sigma.Evaluate(denied, view) {
			return s.falsify(denied, view, a)
		}
	}
	if !sigma.Evaluate(s.whole, view) {
		return false
	}
	s.found = built
	return true
}

// falsify asks a part of an expression that holds to fail.
func (s *solver) falsify(expression sigma.Expression, view sigma.Event, a attempt) bool {
	switch e := expression.(type) {
	case sigma.And:
		for _, term := range e {
			if s.falsify(term, view, a) {
				return true
			}
		}
	case sigma.Or:
		for _, term := range e {
			if sigma.Evaluate(term, view) {
				return s.falsify(term, view, a)
			}
		}
	case sigma.Not:
		return s.require([]sigma.Expression{e.Term}, a)
	case sigma.Named:
		return s.falsify(e.Term, view, a)
	case *sigma.Predicate:
		unwanted := literal{e, false}
		return !slices.Contains(a.literals, unwanted) && s.settle(a.with(unwanted))
	}
	return false
}

// build makes an event of what is asked of its fields. Fields that refer to
// others, or are made of several columns, come last.
func build(literals []literal, budget *int) (row, bool) {
	var keys []string
	groups := map[string][]literal{}
	for _, l := range literals {
		if groups[l.key()] == nil {
			keys = append(keys, l.key())
		}
		groups[l.key()] = append(groups[l.key()], l)
	}
	slices.SortStableFunc(keys, func(a, b string) int { return referring(groups[a]) - referring(groups[b]) })
	values := map[string][]Field{}
	c := &columns{}
	for _, key := range keys {
		group, ok := dereference(groups[key], values, c)
		if !ok {
			return nil, false
		}
		fields, ok := valuesFor(group, budget)
		if !ok {
			return nil, false
		}
		values[key] = fields
		c.add(groups[key][0].predicate, fields)
	}
	return c.row, true
}

func referring(group []literal) int {
	for _, l := range group {
		if source := l.predicate.Source; reference(l) != nil || source != nil && len(source.Columns) > 1 {
			return 1
		}
	}
	return 0
}

// reference is the field that a literal must match; nil without one.
func reference(l literal) *sigma.FieldReference {
	if !l.matching() || len(l.predicate.Values) == 0 {
		return nil
	}
	if r, ok := l.predicate.Values[0].(sigma.FieldReference); ok {
		return &r
	}
	return nil
}

// dereference replaces references to a field by its text, and gives a field
// that has none a text to refer to.
func dereference(group []literal, values map[string][]Field, c *columns) ([]literal, bool) {
	replaced := slices.Clone(group)
	for i, l := range group {
		r := reference(l)
		if r == nil {
			continue
		}
		key := columnOf(r.Field, r.Source)
		other := values[key]
		if len(other) == 0 {
			other = []Field{{Name: r.Field, Text: "value7"}}
			values[key] = other
			c.add(&sigma.Predicate{Field: r.Field, Source: r.Source}, other)
		}
		if other[0].Null || other[0].Text == "" {
			return nil, false
		}
		plain := *l.predicate
		plain.Values = []sigma.Value{sigma.String{Parts: []sigma.Part{{Kind: sigma.Literal, Literal: other[0].Text}}, Cased: r.Cased}}
		replaced[i].predicate = &plain
	}
	return replaced, true
}

// A view shows a row to package sigma.
type view struct {
	row       row
	logSource sigma.LogSource
}

func newView(r row) *view { return &view{row: r} }

func (v *view) Schema() sigma.Schema       { return v }
func (v *view) LogSource() sigma.LogSource { return v.logSource }
func (v *view) Len() int                   { return len(v.row) }
func (v *view) Column(i int) string        { return v.row[i].Name }

func (v *view) AppendValue(dst []byte, column int) ([]byte, sigma.State) {
	dst, state := v.row.AppendValue(dst, column)
	if state == event.Null {
		return dst, sigma.Null
	}
	return dst, sigma.Present
}
