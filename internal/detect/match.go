package detect

import (
	"fmt"
	"slices"

	"github.com/kulla-defence/kulla/sigma"
)

// compiled is a rule set that is ready to be matched.
type compiled interface {
	session() session
	// unreachable says of rules, by index, why none of the events that the
	// sessions saw could have matched them.
	unreachable(sessions []session) map[int]string
}

// A session matches events for one goroutine.
type session interface {
	// Match returns the indexes of the rules that match, ascending. The
	// result is valid until the next call.
	Match(event sigma.Event) []int
	// AppendColumns appends the columns of the event that made a rule match,
	// ascending. It goes with the last call of Match.
	AppendColumns(dst []int, rule int) []int
}

// plain evaluates every rule by itself: slow, and obviously right. It only
// spares itself to ask again, for each rule of a log source, whether a route
// takes the event.
type plain struct{ routes []plainRoute }

// A plainRoute is a way in which the events of a log source are recorded, with
// the rules over that log source as they are there.
type plainRoute struct {
	takes      sigma.Route
	rules      []int
	conditions []sigma.Expression
}

func newPlain(rules []*sigma.Rule, taxonomy *sigma.Taxonomy) *plain {
	bySource := map[string][]int{}
	var order []string
	for i, rule := range rules {
		key := fmt.Sprintf("%q %q %q", rule.LogSource.Category, rule.LogSource.Product, rule.LogSource.Service)
		if bySource[key] == nil {
			order = append(order, key)
		}
		bySource[key] = append(bySource[key], i)
	}
	p := &plain{}
	for _, key := range order {
		numbers := bySource[key]
		for _, way := range taxonomy.Routes(rules[numbers[0]].LogSource) {
			route := plainRoute{takes: way, rules: numbers}
			for _, i := range numbers {
				route.conditions = append(route.conditions, way.Rewrite(rules[i].Expression()))
			}
			p.routes = append(p.routes, route)
		}
	}
	return p
}

func (p *plain) session() session { return &plainSession{rules: p} }

func (p *plain) unreachable([]session) map[int]string { return nil }

type plainSession struct {
	rules *plain
	event sigma.Event
	found []int
}

func (s *plainSession) Match(event sigma.Event) []int {
	s.event, s.found = event, s.found[:0]
	for i := range s.rules.routes {
		route := &s.rules.routes[i]
		if !route.takes.Takes(event) {
			continue
		}
		for j, condition := range route.conditions {
			if sigma.Evaluate(condition, event) {
				s.found = append(s.found, route.rules[j])
			}
		}
	}
	slices.Sort(s.found)
	s.found = slices.Compact(s.found)
	return s.found
}

func (s *plainSession) AppendColumns(dst []int, rule int) []int {
	start := len(dst)
	for i := range s.rules.routes {
		route := &s.rules.routes[i]
		if at := slices.Index(route.rules, rule); at >= 0 && route.takes.Takes(s.event) {
			if explanation := sigma.Explain(route.conditions[at], s.event); explanation.Holds {
				dst = s.appendHeld(dst, explanation)
			}
		}
	}
	slices.Sort(dst[start:])
	return append(dst[:start], slices.Compact(dst[start:])...)
}

// appendHeld appends the columns of the conditions that held and speak for a
// match.
func (s *plainSession) appendHeld(dst []int, e *sigma.Explanation) []int {
	if !e.Holds || e.Kind == sigma.ExplainedNot {
		return dst
	}
	for _, term := range e.Terms {
		dst = s.appendHeld(dst, term)
	}
	if e.Check == nil {
		return dst
	}
	schema := s.event.Schema()
	for column := range schema.Len() {
		if s.tested(e.Check, column) {
			dst = append(dst, column)
		}
	}
	return dst
}

// tested reports whether a check is about a column: by the name of its field,
// or for keywords by the name and the text that they were found in.
func (s *plainSession) tested(check *sigma.Check, column int) bool {
	name := s.event.Schema().Column(column)
	if source := check.Predicate.Source; source != nil {
		return slices.Contains(source.Columns, name)
	}
	if check.Predicate.Field != "" {
		return check.Predicate.Field == name
	}
	text, _ := s.event.AppendValue(nil, column)
	return slices.ContainsFunc(check.Seen, func(seen sigma.Seen) bool { return seen.Column == name && seen.Text == string(text) })
}
