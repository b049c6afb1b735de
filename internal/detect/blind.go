package detect

import (
	"cmp"
	"slices"
	"strings"

	"github.com/kulla-defence/kulla/sigma"
)

// blind asks the matcher which rules could not have fired, and gathers them by
// reason, with the correlations that need them.
func (e *Engine) blind() []Blind {
	reasons := map[*Rule]string{}
	for index, reason := range e.compiled.unreachable(e.sessions()) {
		reasons[e.rules[index]] = reason
	}
	blinded := blinding{engine: e, reasons: reasons, done: map[*sigma.Correlation]bool{}}
	for _, correlation := range e.correlations {
		blinded.look(correlation)
	}
	byReason := map[string][]*Rule{}
	for rule, reason := range reasons {
		byReason[reason] = append(byReason[reason], rule)
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

// A blinding finds the correlations that could not have fired, for the reason
// that the first blind rule that they need has.
type blinding struct {
	engine  *Engine
	reasons map[*Rule]string
	done    map[*sigma.Correlation]bool
}

func (b *blinding) look(correlation *sigma.Correlation) {
	if b.done[correlation] {
		return
	}
	b.done[correlation] = true
	first := ""
	able := correlation.CanFire(func(reference string) bool {
		reason := b.reasonOf(reference)
		first = cmp.Or(first, reason)
		return reason == ""
	})
	if !able && first != "" {
		b.reasons[b.engine.ofCorrelation[correlation]] = first
	}
}

// reasonOf says why the rule or correlation of a name could not have fired;
// empty where it could.
func (b *blinding) reasonOf(reference string) string {
	rule, inner := b.engine.set.Find(reference)
	switch {
	case rule != nil:
		return b.reasons[b.engine.ofRule[rule]]
	case inner != nil:
		b.look(inner)
		return b.reasons[b.engine.ofCorrelation[inner]]
	}
	return ""
}

func (e *Engine) sessions() []session {
	all := make([]session, len(e.sinks))
	for i, sink := range e.sinks {
		all[i] = sink.session
	}
	return all
}
