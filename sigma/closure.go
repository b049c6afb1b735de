package sigma

// Closure adds to correlations all those that they are made of, and returns
// the rules that they are made of in the end. The order is that of the set.
func (s *RuleSet) Closure(correlations []*Correlation) ([]*Correlation, map[*Rule]bool) {
	c := closure{set: s, rules: map[*Rule]bool{}, correlations: map[*Correlation]bool{}}
	for _, correlation := range correlations {
		c.add(correlation)
	}
	var all []*Correlation
	for _, correlation := range s.Correlations {
		if c.correlations[correlation] {
			all = append(all, correlation)
		}
	}
	return all, c.rules
}

type closure struct {
	set          *RuleSet
	rules        map[*Rule]bool
	correlations map[*Correlation]bool
}

func (c *closure) add(correlation *Correlation) {
	if c.correlations[correlation] {
		return
	}
	c.correlations[correlation] = true
	for _, reference := range correlation.Rules {
		rule, inner := c.set.Find(reference)
		switch {
		case rule != nil:
			c.rules[rule] = true
		case inner != nil:
			c.add(inner)
		}
	}
}
