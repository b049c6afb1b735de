package sigma

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Unreachable says, by rule number, why none of the events that sessions saw
// could have matched a rule: no event was of a kind that it looks at, or none
// had a field that it cannot do without. A rule that is not in the map could
// have matched.
func (m *Matcher) Unreachable(sessions ...*Session) map[int]string {
	reached := map[int]bool{}
	missing := map[int]string{}
	for _, merged := range mergeStates(sessions) {
		for i := range merged.bucket.candidates {
			c := &merged.bucket.candidates[i]
			field, ok := m.missingField(c.simplified, merged)
			switch {
			case ok:
				reached[c.rule] = true
			case slices.Contains(merged.bucket.key.values[:], valueAmbiguous):
				// Such events were tried with every rule, also with those
				// that look at events of another kind.
			case missing[c.rule] == "" || field < missing[c.rule]:
				missing[c.rule] = field
			}
		}
	}
	reasons := map[int]string{}
	for rule := range m.rules {
		switch field := missing[rule]; {
		case reached[rule]:
		case field != "":
			reasons[rule] = fmt.Sprintf("no event it looks at has the field %s", field)
		default:
			reasons[rule] = "no events of " + m.looksAt(rule)
		}
	}
	return reasons
}

// mergeStates adds up what sessions saw of each bucket that had events.
func mergeStates(sessions []*Session) []*bucketState {
	merged := map[*bucket]*bucketState{}
	for _, session := range sessions {
		for _, state := range session.buckets {
			if state.events == 0 {
				continue
			}
			sum, ok := merged[state.bucket]
			if !ok {
				sum = &bucketState{bucket: state.bucket, seen: make([]bool, len(state.seen))}
				merged[state.bucket] = sum
			}
			for i, seen := range state.seen {
				sum.seen[i] = sum.seen[i] || seen
			}
		}
	}
	all := make([]*bucketState, 0, len(merged))
	for _, state := range merged {
		all = append(all, state)
	}
	return all
}

// missingField reports whether an expression can hold for the events of a
// bucket, or else the name of a field that it lacks.
func (m *Matcher) missingField(e Expression, state *bucketState) (string, bool) {
	switch e := e.(type) {
	case And:
		for _, term := range e {
			if field, ok := m.missingField(term, state); !ok {
				return field, false
			}
		}
	case Or:
		field, ok := "", false
		for _, term := range e {
			lacks, holds := m.missingField(term, state)
			if holds {
				return "", true
			}
			if field == "" || lacks < field {
				field = lacks
			}
		}
		return field, ok
	case Named:
		return m.missingField(e.Term, state)
	case *Predicate:
		return m.missingPredicate(e, state)
	}
	return "", true
}

func (m *Matcher) missingPredicate(p *Predicate, state *bucketState) (string, bool) {
	if p.Negate || p.Field == "" && p.Source == nil {
		return "", true
	}
	for _, value := range p.Values {
		switch value.(type) {
		case NullValue, Exists: // members of an object make a field exist
			return "", true
		}
	}
	number := m.fields.number(p.Field, p.Source)
	if at, ok := slices.BinarySearch(state.bucket.fields, number); ok && state.seen[at] {
		return "", true
	}
	return m.fields.fields[number].String(), false
}

// looksAt describes where a rule looks. Where a rule names a product whose events
// are known by their channel, ways for readers that know the log source by
// itself are not named.
func (m *Matcher) looksAt(rule int) string {
	var named, others []string
	first, _ := slices.BinarySearchFunc(m.ways, rule, func(w way, rule int) int { return cmp.Compare(w.rule, rule) })
	for i := first; i < len(m.ways) && m.ways[i].rule == rule; i++ {
		w := &m.ways[i]
		switch {
		case w.allowed[channelColumn] != nil, m.rules[rule].LogSource.Product == "":
			named = append(named, m.describeWay(w))
		default:
			others = append(others, m.describeWay(w))
		}
	}
	if len(named) == 0 {
		named = others
	}
	slices.Sort(named)
	return strings.Join(slices.Compact(named), ", or ")
}

// describeWay names a way by its channels and event ids, as far as the rule
// and the taxonomy name any, or else by its log source.
func (m *Matcher) describeWay(w *way) string {
	var parts []string
	if w.allowed[channelColumn] == nil {
		parts = append(parts, w.route.String())
	}
	for i := range m.discriminators {
		if w.allowed[i] == nil {
			continue
		}
		name := m.discriminators[i].column + " "
		if i == channelColumn {
			name = "" // a channel is known by its name
		}
		parts = append(parts, name+m.describeValues(w, i))
	}
	return strings.Join(parts, " ")
}

// describeValues spells values as the rule or the taxonomy does.
func (m *Matcher) describeValues(w *way, i int) string {
	const most = 6
	spelled := map[string]string{}
	said := And(w.route.where)
	if w.asksKind {
		said = append(slices.Clip(said), m.own(w))
	}
	eachPredicate(said, func(p *Predicate) {
		if p.Field != m.discriminators[i].column || p.Source != nil {
			return
		}
		for _, value := range p.Values {
			if text, ok := plainText(value); ok && text != "" {
				spelled[text] = value.(String).Parts[0].Literal
			}
		}
	})
	var words []string
	for _, number := range w.allowed[i] {
		words = append(words, spelled[m.discriminators[i].texts[number]])
	}
	slices.Sort(words)
	if len(words) > most {
		words = append(words[:most], "…")
	}
	return strings.Join(words, "|")
}
