package detect

import "github.com/kulla-defence/kulla/sigma"

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
}

// plain evaluates every rule by itself: slow, and obviously right.
type plain struct {
	rules  []*sigma.Rule
	routes [][]route
}

// A route is a way in which a rule's events are recorded, and what the rule is
// there.
type route struct {
	takes     sigma.Route
	condition sigma.Expression
}

func newPlain(rules []*sigma.Rule, taxonomy *sigma.Taxonomy) *plain {
	p := &plain{rules: rules}
	for _, rule := range rules {
		var routes []route
		for _, way := range taxonomy.Routes(rule.LogSource) {
			routes = append(routes, route{way, way.Rewrite(rule.Expression())})
		}
		p.routes = append(p.routes, routes)
	}
	return p
}

func (p *plain) session() session { return &plainSession{rules: p} }

func (p *plain) unreachable([]session) map[int]string { return nil }

type plainSession struct {
	rules *plain
	found []int
}

func (s *plainSession) Match(event sigma.Event) []int {
	s.found = s.found[:0]
	for i, routes := range s.rules.routes {
		for j := range routes {
			if routes[j].takes.Takes(event) && sigma.Evaluate(routes[j].condition, event) {
				s.found = append(s.found, i)
				break
			}
		}
	}
	return s.found
}
