package sigma

import (
	"cmp"
	"fmt"
	"slices"
)

// A correlating is a correlation rule at work.
type correlating struct {
	rule    *Correlation
	options CorrelatorOptions
	// columns are the fields that hits must bring, in the words of this
	// correlation: those of group-by, then those of the condition, then those
	// that correlations about this one ask for.
	columns         []string
	grouped, valued int // how many columns are group-by's and the condition's
	links           []link
	emits           bool
	// atEnd says that the condition can only be judged when a window is over.
	atEnd    bool
	newMeter func() meter
	holds    func(m meter, since int64) (float64, bool)

	trace *trace // nil as a rule

	numeric bool // whether the condition's field must be a number

	groups map[string]*group
	recent groupList // by time of the last hit
	// Where windows are judged at their end: opening are the groups whose
	// first window is not over, by its beginning; sliding are those whose
	// window ends with the hits of the latest time, by that time.
	opening, sliding groupList

	statistics CorrelationStatistics
	held       int // entries, and the weight of the groups
	// weight is how many entries have the size of a group without any.
	weight int

	// Scratch, for the hit that is being taken in:
	key                  []byte
	values               [][]string // by column
	groupTurn, valueTurn turn
	entry                entry
}

// A link leads from a rule, or a correlation, to a correlation about it.
type link struct {
	to *correlating
	// positions are where it stands in the list of rules, as bits.
	positions uint64
	// fields are, for each column of the correlation, what it is called in
	// the hits that come along this link.
	fields []string
}

const (
	// maxCorrelated is how many rules a correlation can be about: one for
	// each bit of a link's positions.
	maxCorrelated = 64
	// maxOrdered is how many rules can be put in order. A group then keeps
	// one time for each subset of them.
	maxOrdered = 12
)

// A correlationPlan works out how hits flow through correlations.
type correlationPlan struct {
	options  CorrelatorOptions
	rules    []*Rule
	wanted   []*Correlation
	state    map[*Correlation]planState
	built    map[*Correlation]*correlating
	ordered  []*correlating
	links    map[*Rule][]link
	inputs   map[*Rule][]string
	silent   map[*Rule]bool
	problems []Problem
}

type planState uint8

const (
	unplanned planState = iota
	underWay
	planned
	unusable
)

func newCorrelationPlan(correlations []*Correlation, rules []*Rule, options CorrelatorOptions) *correlationPlan {
	return &correlationPlan{
		options: options, rules: rules, wanted: correlations,
		state: map[*Correlation]planState{}, built: map[*Correlation]*correlating{},
		links: map[*Rule][]link{}, inputs: map[*Rule][]string{}, silent: map[*Rule]bool{},
	}
}

func (p *correlationPlan) build() {
	for _, correlation := range p.wanted {
		p.plan(correlation)
	}
	// From the outermost inwards, as an outer correlation asks the inner ones
	// for the fields it needs.
	for _, k := range slices.Backward(p.ordered) {
		p.connect(k)
	}
	p.decideWhatIsReported()
	for _, links := range p.links {
		p.inOrderOfFlow(links)
	}
	for _, k := range p.ordered {
		p.inOrderOfFlow(k.links)
	}
}

// plan adds a correlation after those that it is made of.
func (p *correlationPlan) plan(correlation *Correlation) bool {
	switch p.state[correlation] {
	case planned:
		return true
	case unusable:
		return false
	case underWay:
		p.problem(correlation, Unresolved, "the correlation is made of itself")
		return false
	}
	p.state[correlation] = underWay
	usable := p.check(correlation)
	called := map[any]string{}
	for _, reference := range correlation.Rules {
		rule, inner := p.find(reference)
		first, twice := called[meant(rule, inner)]
		called[meant(rule, inner)] = reference
		switch {
		case rule == nil && inner == nil:
			p.problem(correlation, Unresolved, "no rule has the id or name %q", reference)
			usable = false
		case twice && correlation.Type == Temporal:
			p.problem(correlation, Malformed, "%q and %q are the same rule, and a temporal correlation asks for different ones", first, reference)
			usable = false
		case inner != nil && !p.plan(inner):
			p.problem(correlation, Unresolved, "correlation %q, which it is about, cannot be used", reference)
			usable = false
		}
	}
	if !usable {
		p.state[correlation] = unusable
		return false
	}
	p.state[correlation] = planned
	p.add(correlation)
	return true
}

func (p *correlationPlan) check(c *Correlation) bool {
	limit := maxCorrelated
	if c.Type == TemporalOrdered {
		limit = maxOrdered
	}
	switch {
	case len(c.Rules) > limit:
		p.problem(c, NotSupported, "a correlation of type %v can be about %d rules at most, not %d", c.Type, limit, len(c.Rules))
	case c.Timespan <= 0:
		p.problem(c, Malformed, "a correlation needs a timespan")
	case needsField(c.Type) && len(c.Fields) == 0:
		p.problem(c, Malformed, "a correlation of type %v needs a field in its condition", c.Type)
	case isNumeric(c.Type) && len(c.Fields) != 1:
		p.problem(c, NotSupported, "a correlation of type %v looks at one field, not %d", c.Type, len(c.Fields))
	case p.neverReached(c):
		p.problem(c, NotSupported, "its threshold is more than the %d hits that a window keeps", p.options.MaxWindow)
	default:
		return true
	}
	return false
}

// neverReached reports whether windows are too small for a count to be judged.
func (p *correlationPlan) neverReached(c *Correlation) bool {
	if c.Type != EventCount && c.Type != ValueCount {
		return false
	}
	return slices.ContainsFunc(c.Conditions, func(condition CorrelationCondition) bool {
		return condition.Number >= float64(p.options.MaxWindow)
	})
}

func (p *correlationPlan) add(c *Correlation) {
	var fields []string // other types do not look at theirs
	if needsField(c.Type) {
		fields = c.Fields
	}
	k := &correlating{
		rule: c, options: p.options, columns: slices.Concat(c.GroupBy, fields),
		grouped: len(c.GroupBy), valued: len(fields),
		numeric: isNumeric(c.Type),
		atEnd:   judgedAtEnd(c), groups: map[string]*group{},
		opening: groupList{links: 1}, sliding: groupList{links: 1},
	}
	k.newMeter, k.holds = meterOf(c)
	if p.options.Trace {
		k.trace = newTrace(c)
	}
	k.weight = 6 // measured: up to 500 bytes, where an entry has 88
	if c.Type == TemporalOrdered {
		k.weight += 1 << len(c.Rules) / 4 // two times and flags for each subset of the rules
	}
	p.built[c] = k
	p.ordered = append(p.ordered, k)
}

// connect leads the hits of a correlation's rules to it. Its columns are known
// by now.
func (p *correlationPlan) connect(k *correlating) {
	k.values = make([][]string, len(k.columns))
	done := map[any]bool{}
	for _, reference := range k.rule.Rules {
		rule, inner := p.find(reference)
		to := link{to: k}
		switch {
		case rule != nil && !done[rule]:
			done[rule] = true
			to.positions, to.fields = k.seenFrom(&rule.Metadata)
			p.links[rule] = append(p.links[rule], to)
			p.inputs[rule] = appendMissing(p.inputs[rule], to.fields)
		case inner != nil && !done[inner]:
			done[inner] = true
			to.positions, to.fields = k.seenFrom(&inner.Metadata)
			from := p.built[inner]
			from.links = append(from.links, to)
			from.ask(to.fields)
		}
	}
}

// ask adds columns that hits must bring along for an outer correlation.
func (k *correlating) ask(fields []string) {
	own := append(slices.Clone(k.columns[:k.grouped]), k.columns[k.grouped+k.valued:]...)
	for _, field := range fields {
		if !slices.Contains(own, field) {
			own = append(own, field)
			k.columns = append(k.columns, field)
		}
	}
}

// seenFrom says where a rule stands in the correlation's list, and what the
// correlation's columns are called there.
func (k *correlating) seenFrom(rule *Metadata) (positions uint64, fields []string) {
	for i, reference := range k.rule.Rules {
		if rule.isCalled(reference) {
			positions |= 1 << i
		}
	}
	for _, column := range k.columns {
		fields = append(fields, k.fieldOf(column, rule))
	}
	return positions, fields
}

// fieldOf resolves an alias. A name that is none, or has no field for this
// rule, is a field itself.
func (k *correlating) fieldOf(column string, rule *Metadata) string {
	for reference, field := range k.rule.Aliases[column] {
		if rule.isCalled(reference) {
			return field
		}
	}
	return column
}

func appendMissing(list, more []string) []string {
	if list == nil {
		list = []string{}
	}
	for _, item := range more {
		if !slices.Contains(list, item) {
			list = append(list, item)
		}
	}
	return list
}

// decideWhatIsReported applies generate: what is part of correlations is only
// reported when one of them says so.
func (p *correlationPlan) decideWhatIsReported() {
	generates := func(links []link) bool {
		return slices.ContainsFunc(links, func(l link) bool { return l.to.rule.Generate })
	}
	for rule, links := range p.links {
		p.silent[rule] = !generates(links)
	}
	for _, k := range p.ordered {
		k.emits = len(k.links) == 0 || generates(k.links)
	}
}

func (p *correlationPlan) inOrderOfFlow(links []link) {
	slices.SortFunc(links, func(a, b link) int {
		return cmp.Compare(slices.Index(p.ordered, a.to), slices.Index(p.ordered, b.to))
	})
}

func (p *correlationPlan) find(reference string) (*Rule, *Correlation) {
	for _, rule := range p.rules {
		if rule.isCalled(reference) {
			return rule, nil
		}
	}
	for _, correlation := range p.wanted {
		if correlation.isCalled(reference) {
			return nil, correlation
		}
	}
	return nil, nil
}

// meant is the one of the two that was found.
func meant(rule *Rule, inner *Correlation) any {
	if rule != nil {
		return rule
	}
	return inner
}

func (p *correlationPlan) problem(c *Correlation, kind ProblemKind, format string, args ...any) {
	p.problems = append(p.problems, Problem{
		At: c.At, ID: c.ID, Title: c.Title, Kind: kind, Message: fmt.Sprintf(format, args...),
	})
}

// judgedAtEnd reports whether a condition may turn false as hits are added, so
// that it can only be judged when all hits of a window are known.
func judgedAtEnd(c *Correlation) bool {
	switch c.Type {
	case ValueAverage, ValuePercentile, ValueMedian:
		return true
	}
	for _, condition := range c.Conditions {
		if condition.Negate || condition.Operator != Greater && condition.Operator != GreaterOrEqual {
			return true
		}
	}
	return containsNot(c.Expression)
}

func containsNot(e Expression) bool {
	switch e := e.(type) {
	case And:
		return slices.ContainsFunc(e, containsNot)
	case Or:
		return slices.ContainsFunc(e, containsNot)
	case Named:
		return containsNot(e.Term)
	case Not:
		return true
	}
	return false
}

// isNumeric reports whether a type computes with the values of a field.
func isNumeric(t CorrelationType) bool {
	switch t {
	case ValueSum, ValueAverage, ValuePercentile, ValueMedian:
		return true
	}
	return false
}
