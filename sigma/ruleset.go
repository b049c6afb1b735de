package sigma

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Options say how documents become a rule set. The zero value is fine.
type Options struct {
	// Placeholders are the values of %name% in items with the expand
	// modifier; they may have wildcards. A rule that needs one that is not
	// here is not loaded. ParsePlaceholders reads them from a file.
	Placeholders map[string][]string
}

// A RuleSet is a set of rules that belong together: names are resolved,
// filters applied, placeholders expanded. It is ordered by file and position,
// however it was read.
type RuleSet struct {
	Rules        []*Rule
	Correlations []*Correlation
	// Problems lists every document that could not be used, and why.
	Problems []Problem
}

// NewRuleSet brings documents together: it applies filters to the rules they
// name, expands placeholders, and leaves out, with a Problem for each, what
// lacks a placeholder, refers to a rule that is not there, or has the id of
// another document. A filter is used, with a Problem, where it does nothing for
// a rule that it names. The documents are not changed.
func NewRuleSet(documents *Documents, options Options) *RuleSet {
	set := &RuleSet{Problems: slices.Clone(documents.Problems)}
	b := ruleSetBuilder{set: set, options: options, ids: make(map[string]Position)}
	filters := b.filters(sortedByPlace(documents.Filters, func(f *Filter) Position { return f.At }))
	for _, filter := range filters {
		b.idle(filter, documents.Rules)
	}
	for _, rule := range sortedByPlace(documents.Rules, func(r *Rule) Position { return r.At }) {
		b.rule(rule, filters)
	}
	b.correlations(sortedByPlace(documents.Correlations, func(c *Correlation) Position { return c.At }))
	slices.SortStableFunc(set.Problems, func(a, b Problem) int { return comparePlaces(a.At, b.At) })
	return set
}

// Find returns the rule or the correlation that a reference, an id or a name,
// means; both nil when there is none.
func (s *RuleSet) Find(reference string) (*Rule, *Correlation) {
	for _, rule := range s.Rules {
		if rule.isCalled(reference) {
			return rule, nil
		}
	}
	for _, correlation := range s.Correlations {
		if correlation.isCalled(reference) {
			return nil, correlation
		}
	}
	return nil, nil
}

func sortedByPlace[D any](list []D, place func(D) Position) []D {
	sorted := slices.Clone(list)
	slices.SortStableFunc(sorted, func(a, b D) int { return comparePlaces(place(a), place(b)) })
	return sorted
}

func comparePlaces(a, b Position) int {
	return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
}

type ruleSetBuilder struct {
	set     *RuleSet
	options Options
	ids     map[string]Position // of the documents that are in the set
}

func (b *ruleSetBuilder) problem(at Position, m *Metadata, kind ProblemKind, format string, args ...any) {
	b.set.Problems = append(b.set.Problems, Problem{
		At: at, ID: m.ID, Title: m.Title, Kind: kind, Message: fmt.Sprintf(format, args...),
	})
}

// claim notes an id; it fails when another document has it already.
func (b *ruleSetBuilder) claim(at Position, m *Metadata) bool {
	if m.ID == "" {
		return true
	}
	if first, taken := b.ids[m.ID]; taken {
		b.problem(at, m, Duplicate, "%v has the same id", first)
		return false
	}
	b.ids[m.ID] = at
	return true
}

// expand replaces the placeholders of expressions. On failure it notes why the
// document cannot be used, at the first placeholder without values.
func (b *ruleSetBuilder) expand(expressions []Expression, placeholders []placed, at Position, m *Metadata) ([]Expression, bool) {
	if len(placeholders) == 0 {
		return expressions, true
	}
	e := expander{values: b.options.Placeholders}
	expanded := e.expressions(expressions)
	problem := e.problem()
	if problem == "" {
		return expanded, true
	}
	for _, p := range placeholders {
		if slices.Contains(e.missing, "%"+p.text+"%") {
			at = p.at
			break
		}
	}
	b.problem(at, m, Unresolved, "%s", problem)
	return nil, false
}

// filters returns those that can be used.
func (b *ruleSetBuilder) filters(filters []*Filter) []*Filter {
	var usable []*Filter
	for _, filter := range filters {
		if !b.claim(filter.At, &filter.Metadata) {
			continue
		}
		expanded, ok := b.expand([]Expression{filter.Condition}, filter.placeholders, filter.At, &filter.Metadata)
		if !ok {
			continue
		}
		ready := *filter
		ready.Condition = expanded[0]
		usable = append(usable, &ready)
	}
	return usable
}

// idle notes which of the rules that a filter names it does nothing for.
func (b *ruleSetBuilder) idle(filter *Filter, rules []*Rule) {
	for _, reference := range filter.references {
		if _, problem := filter.reaches(reference.text, rules); problem != "" {
			b.problem(reference.at, &filter.Metadata, Unresolved, "%s", problem)
		}
	}
}

func (b *ruleSetBuilder) rule(rule *Rule, filters []*Filter) {
	if !b.claim(rule.At, &rule.Metadata) {
		return
	}
	ready := *rule
	var ok bool
	if ready.Conditions, ok = b.expand(rule.Conditions, rule.placeholders, rule.At, &rule.Metadata); !ok {
		return
	}
	for _, filter := range filters {
		if filter.appliesTo(rule) {
			ready.Conditions = filter.narrow(ready.Conditions)
		}
	}
	b.set.Rules = append(b.set.Rules, &ready)
}

// narrow puts the condition of the filter behind each condition of a rule.
func (f *Filter) narrow(conditions []Expression) []Expression {
	name := "filter " + cmp.Or(f.Name, f.Title, f.ID)
	narrowed := make([]Expression, len(conditions))
	for i, condition := range conditions {
		narrowed[i] = And{condition, Named{name, f.Condition}}
	}
	return narrowed
}

// correlations adds those whose rules are all there, again and again, as a
// correlation may refer to other ones. What is left over in the end refers to
// nothing, or round in a circle.
func (b *ruleSetBuilder) correlations(left []*Correlation) {
	known := make(map[string]bool)
	for _, rule := range b.set.Rules {
		known[rule.ID], known[rule.Name] = true, true
	}
	left = slices.DeleteFunc(left, func(c *Correlation) bool { return !b.claim(c.At, &c.Metadata) })
	for again := true; again; {
		again = false
		left = slices.DeleteFunc(left, func(c *Correlation) bool {
			if missing(c, known) != "" {
				return false
			}
			b.set.Correlations = append(b.set.Correlations, c)
			known[c.ID], known[c.Name], again = true, true, true
			return true
		})
	}
	b.unresolved(left, known)
	b.set.Correlations = sortedByPlace(b.set.Correlations, func(c *Correlation) Position { return c.At })
}

func (b *ruleSetBuilder) unresolved(left []*Correlation, known map[string]bool) {
	waiting := make(map[string]*Correlation)
	for _, c := range left {
		waiting["id "+strings.ToLower(c.ID)], waiting["name "+c.Name] = c, c
	}
	find := func(reference string) *Correlation {
		return cmp.Or(waiting["name "+reference], waiting["id "+strings.ToLower(reference)])
	}
	for _, c := range left {
		reference := missing(c, known)
		at := c.placeOf(reference)
		switch circle := circleOf(c, find); {
		case circle != nil:
			b.problem(c.placeOf(circle[0]), &c.Metadata, Unresolved,
				"the correlation is made of itself, in a circle: it is about \"%s\"", strings.Join(circle, `", which is about "`))
		case find(reference) != nil:
			b.problem(at, &c.Metadata, Unresolved, "correlation %q, which it is about, cannot be used", reference)
		default:
			b.problem(at, &c.Metadata, Unresolved, "no rule has the id or name %q", reference)
		}
	}
}

// circleOf returns the references that lead from a correlation back to itself,
// and nil where none do.
func circleOf(c *Correlation, find func(reference string) *Correlation) []string {
	seen := map[*Correlation]bool{}
	var follow func(from *Correlation) []string
	follow = func(from *Correlation) []string {
		for _, reference := range from.Rules {
			next := find(reference)
			switch {
			case reference == "" || next == nil || seen[next]:
				continue
			case next == c:
				return []string{reference}
			}
			seen[next] = true
			if rest := follow(next); rest != nil {
				return append([]string{reference}, rest...)
			}
		}
		return nil
	}
	return follow(c)
}

// placeOf is where a correlation refers to a rule.
func (c *Correlation) placeOf(reference string) Position {
	for _, r := range c.references {
		if r.text == reference {
			return r.at
		}
	}
	return c.At
}

// missing is the first reference of a correlation that is not known.
func missing(c *Correlation, known map[string]bool) string {
	for _, reference := range c.Rules {
		if reference == "" || !known[reference] && !known[strings.ToLower(reference)] {
			return cmp.Or(reference, "(empty)")
		}
	}
	return ""
}
