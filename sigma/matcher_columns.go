package sigma

import (
	"cmp"
	"slices"
)

// AppendColumns appends the columns of the current event that made a rule
// match, ascending, each once: those of the predicates that held and speak for
// a match, and for keywords the columns they were found in. It is meant to be
// called for a rule that Match returned, before the next event.
func (s *Session) AppendColumns(dst []int, rule int) []int {
	start := len(dst)
	state := s.last.state
	candidates := state.bucket.candidates // in the order of their rules
	number, _ := slices.BinarySearchFunc(candidates, rule, func(c candidate, rule int) int { return cmp.Compare(c.rule, rule) })
	for ; number < len(candidates) && candidates[number].rule == rule; number++ {
		if s.holds(state, state.condition(int32(number))) {
			dst = s.appendHeld(dst, state, state.reasons(int32(number)))
		}
	}
	slices.Sort(dst[start:])
	return append(dst[:start], slices.Compact(dst[start:])...)
}

func (s *Session) appendHeld(dst []int, state *bucketState, n *step) []int {
	switch n.kind {
	case stepTest:
		if s.holds(state, n) {
			dst = s.appendTested(dst, &state.tests[n.test])
		}
	case stepAll, stepAny:
		for i := range n.terms {
			if s.holds(state, &n.terms[i]) {
				dst = s.appendHeld(dst, state, &n.terms[i])
			}
		}
	}
	return dst
}

// appendTested appends the columns of a test that held.
func (s *Session) appendTested(dst []int, t *test) []int {
	bound := s.last.field(s, s.event.Schema(), t.field)
	if bound.made != nil {
		for _, columns := range bound.made.columns {
			dst = append(dst, columns...)
		}
		return dst
	}
	wanted := &s.matcher.fields.fields[t.field]
	if wanted.name != "" {
		return append(dst, bound.direct...)
	}
	return s.appendKeywordColumns(dst, t)
}

// appendKeywordColumns appends the columns in which a keyword stands.
func (s *Session) appendKeywordColumns(dst []int, t *test) []int {
	for column := range s.event.Schema().Len() {
		text, state := s.event.AppendValue(nil, column)
		if state != Present {
			continue
		}
		value := []fieldText{{Present, text, Fold(nil, text)}}
		if t.exact[string(value[0].folded)] || s.anyOf(t, value) {
			dst = append(dst, column)
		}
	}
	return dst
}

// anyOf reports whether one of a test's values matches. It copies none of them,
// as what is made when it is first needed would be made each time.
func (s *Session) anyOf(t *test, value []fieldText) bool {
	for i := range t.values {
		if s.anyMatches(t, &t.values[i], value) {
			return true
		}
	}
	return false
}
