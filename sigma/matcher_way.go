package sigma

import "slices"

// A way is one route of one rule: where it looks, and what for. What the rule
// says there is worked out when a bucket takes the way (see own): evidence has
// events for few of them.
type way struct {
	rule  int
	route *compiledRoute
	// allowed are the values of each discriminator that the rule needs there,
	// ascending; nil is any.
	allowed [len(discriminatorColumns)][]int32
	// asksKind is set where the rule itself has an item on a discriminator.
	asksKind bool
}

// A compiledRoute is a Route of the rules of one log source.
type compiledRoute struct {
	Route
	where []Expression // its Where
	needs needs        // of its Where
	// sources are its Fields, of those that rules ask for.
	sources map[string]*FieldSource
	// rephrases is set where a rule says something else of a discriminator
	// once it is rewritten for the route.
	rephrases bool
}

// needs are the values of each discriminator of which an event must have one.
type needs struct {
	of    [len(discriminatorColumns)]need
	named bool // a discriminator is asked for
}

// A need is a set of numbers of values, ascending; it is of no account where
// any value will do.
type need struct {
	numbers []int32
	real    bool
}

// narrower is the need that leaves fewer values, the first if both are alike.
func (n need) narrower(other need) need {
	if other.real && (!n.real || len(other.numbers) < len(n.numbers)) {
		return other
	}
	return n
}

// A ruleSource is a log source of rules: how its events are recorded, and the
// names of fields that its rules ask for, in order of their appearance.
type ruleSource struct {
	routes []*compiledRoute
	asked  map[string]bool
	names  []string
}

func (s *ruleSource) ask(name string) {
	if !s.asked[name] {
		s.asked[name] = true
		s.names = append(s.names, name)
	}
}

// A compiler finds the ways of rules.
type compiler struct {
	matcher  *Matcher
	taxonomy *Taxonomy
	known    map[logSourceKey]*ruleSource
	sources  []*ruleSource // in order of appearance
}

func (c *compiler) addRule(number int, rule *Rule) {
	source := c.source(rule.LogSource)
	expression := rule.Expression()
	c.ask(source, expression)
	unchanged := c.needs(expression)
	for _, route := range source.routes {
		own := unchanged
		if route.rephrases {
			own = c.needs(route.Rewrite(expression))
		}
		w := way{rule: number, route: route, asksKind: own.named}
		for i := range own.of {
			w.allowed[i] = route.needs.of[i].narrower(own.of[i]).numbers
		}
		c.matcher.ways = append(c.matcher.ways, w)
	}
}

// source finds the routes of a log source once for all of its rules.
func (c *compiler) source(wanted LogSource) *ruleSource {
	key := keyOf(wanted)
	if known, ok := c.known[key]; ok {
		return known
	}
	source := &ruleSource{asked: map[string]bool{}}
	for _, route := range c.taxonomy.Routes(wanted) {
		source.routes = append(source.routes, c.route(route))
	}
	c.known[key] = source
	c.sources = append(c.sources, source)
	return source
}

func (c *compiler) route(route Route) *compiledRoute {
	compiled := &compiledRoute{Route: route, sources: map[string]*FieldSource{}}
	for _, constraint := range route.Where {
		p := &Predicate{Field: constraint.Column}
		for _, value := range constraint.Values {
			p.Values = append(p.Values, String{Parts: literalParts(value)})
		}
		compiled.where = append(compiled.where, p)
	}
	compiled.needs = c.needs(And(compiled.where))
	compiled.rephrases = slices.ContainsFunc(discriminatorColumns[:], route.rephrases)
	return compiled
}

// rephrases reports whether a rule's item on a field may become another one.
func (r *Route) rephrases(field string) bool {
	return r.Source(field) != nil || r.hasEquivalents(field)
}

// ask notes the fields that an expression asks for.
func (c *compiler) ask(source *ruleSource, e Expression) {
	add := func(name string, made *FieldSource) {
		source.ask(name)
		if made != nil { // by who made the expression, not by a taxonomy
			c.matcher.fields.intern(name, made)
		}
	}
	eachPredicate(e, func(p *Predicate) {
		add(p.Field, p.Source)
		for _, value := range p.Values {
			if reference, ok := value.(FieldReference); ok {
				add(reference.Field, reference.Source)
			}
		}
	})
}

// needs numbers the values that an expression compares the discriminators
// with, and finds those that it needs.
func (c *compiler) needs(e Expression) (found needs) {
	for i := range c.matcher.discriminators {
		d := &c.matcher.discriminators[i]
		found.named = d.internAll(e) || found.named
		if values, needed := necessaryValues(e, d.column); needed {
			found.of[i] = need{d.numbers(values), true}
		}
	}
	return found
}

// internFields numbers all that rules ask for, as each of their routes has it.
func (c *compiler) internFields() {
	for _, source := range c.sources {
		for _, route := range source.routes {
			c.internRoute(route, source.names)
		}
	}
}

func (c *compiler) internRoute(route *compiledRoute, names []string) {
	m := c.matcher
	for _, constraint := range route.Where {
		m.fields.intern(constraint.Column, nil)
	}
	for _, name := range names {
		made := route.Source(name)
		m.fields.intern(name, made)
		if made != nil {
			route.sources[name] = made
			m.made[made] = m.fields.number(name, made)
		}
	}
}

// fieldNumber is the number of the field of a predicate.
func (m *Matcher) fieldNumber(p *Predicate) int32 {
	if number, ok := m.made[p.Source]; ok {
		return number
	}
	return m.fields.number(p.Field, p.Source)
}

// own is what the rule of a way says in the words of its route.
func (m *Matcher) own(w *way) Expression {
	r := rewriter{&w.route.Route, func(field string) *FieldSource { return w.route.sources[field] }}
	return r.expression(m.rules[w.rule].Expression())
}

// acceptedWays are the ways that events of a log source may take, by number,
// ascending.
type acceptedWays struct {
	all []int32
	// anyChannel are those that need none of some channels, and byChannel the
	// others, by the number of a channel.
	anyChannel []int32
	byChannel  map[int32][]int32
}

// of returns the ways that events of a channel may take.
func (a *acceptedWays) of(channel int32) []int32 {
	if channel == valueAmbiguous {
		return a.all
	}
	ways := slices.Concat(a.anyChannel, a.byChannel[channel])
	slices.Sort(ways)
	return ways
}

// accepted finds the ways for a log source once for all of its buckets.
func (m *Matcher) accepted(source int32) *acceptedWays {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	known, ok := m.acceptedBy[source]
	if !ok {
		known = newAcceptedWays(m.ways, m.numbered[source])
		m.acceptedBy[source] = known
	}
	return known
}

// newAcceptedWays asks each route once, as rules of one log source share it.
func newAcceptedWays(ways []way, events LogSource) *acceptedWays {
	accepted := &acceptedWays{byChannel: map[int32][]int32{}}
	answers := map[*compiledRoute]bool{}
	for i := range ways {
		route := ways[i].route
		accepts, ok := answers[route]
		if !ok {
			accepts = route.Accepts(events)
			answers[route] = accepts
		}
		if accepts {
			accepted.add(int32(i), ways[i].allowed[channelColumn])
		}
	}
	return accepted
}

func (a *acceptedWays) add(way int32, channels []int32) {
	a.all = append(a.all, way)
	if channels == nil {
		a.anyChannel = append(a.anyChannel, way)
	}
	for _, channel := range channels {
		a.byChannel[channel] = append(a.byChannel[channel], way)
	}
}
