package detect

import (
	"cmp"
	"slices"
	"strings"
)

// blind asks the matcher which rules could not have fired, and gathers them by
// reason.
func (e *Engine) blind() []Blind {
	byReason := map[string][]*Rule{}
	for index, reason := range e.compiled.unreachable(e.sessions()) {
		byReason[reason] = append(byReason[reason], e.rules[index])
	}
	blind := make([]Blind, 0, len(byReason))
	for reason, rules := range byReason {
		slices.SortFunc(rules, func(a, b *Rule) int { return cmp.Compare(a.rank, b.rank) })
		blind = append(blind, Blind{Reason: reason, Rules: rules})
	}
	slices.SortFunc(blind, func(a, b Blind) int {
		return cmp.Or(cmp.Compare(len(b.Rules), len(a.Rules)), strings.Compare(a.Reason, b.Reason))
	})
	return blind
}

func (e *Engine) sessions() []session {
	all := make([]session, len(e.sinks))
	for i, sink := range e.sinks {
		all[i] = sink.session
	}
	return all
}
