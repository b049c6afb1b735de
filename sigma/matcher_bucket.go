package sigma

import (
	"cmp"
	"slices"
	"sync"
)

// A bucket holds what can match events of one kind: the conditions of the
// rules, simplified by what is known of such events, the predicates they
// share, and an index of what must be there for one of them to match.
type bucket struct {
	once sync.Once
	key  bucketKey

	candidates []candidate
	// always are the candidates without a witness: evaluated on every event.
	always  []int32
	indexes []fieldIndex
	fields  []int32 // all that candidates look at, ascending
}

// A candidate is one way of one rule. Few are ever tried, so each session
// compiles them when it first does (see conditions).
type candidate struct {
	rule int
	// simplified is the condition, without what the key decides, and own the
	// condition as the rule has it, which says why an event matched.
	simplified, own Expression
}

// build fills the bucket.
func (b *bucket) build(m *Matcher) {
	c := bucketCompiler{bucket: b, matcher: m}
	finder := witnessFinder{matcher: m}
	var witnesses [][]atom
	for _, number := range m.accepted(b.key.source).of(b.key.values[channelColumn]) {
		w := &m.ways[number]
		if !w.takes(b.key) {
			continue
		}
		if found, ok := c.candidate(w); ok {
			b.candidates = append(b.candidates, found)
			witnesses = append(witnesses, finder.witness(found.simplified))
		}
	}
	c.index(witnesses)
	c.listFields()
}

type bucketCompiler struct {
	bucket  *bucket
	matcher *Matcher
}

// candidate is what a way comes to in the bucket; false where it cannot match.
func (c *bucketCompiler) candidate(w *way) (candidate, bool) {
	left, where := c.simplifyTerms(w.route.where, never)
	if where == never {
		return candidate{}, false
	}
	own := c.matcher.own(w)
	simple, verdict := own, undecided
	if w.asksKind {
		simple, verdict = c.simplify(own)
	}
	if verdict == undecided {
		left = append(left, simple)
	}
	return candidate{w.rule, And(left), own}, verdict != never
}

// A verdict is what is known of an expression before an event is seen.
type verdict uint8

const (
	undecided verdict = iota
	never
	surely
)

// simplify decides what the bucket's key decides. What is left is equivalent
// for the events of the bucket.
func (c *bucketCompiler) simplify(e Expression) (Expression, verdict) {
	switch e := e.(type) {
	case And:
		left, v := c.simplifyTerms(e, never)
		return And(left), v
	case Or:
		left, v := c.simplifyTerms(e, surely)
		return Or(left), v
	case Not:
		term, v := c.simplify(e.Term)
		switch v {
		case never:
			return And{}, surely
		case surely:
			return Or{}, never
		}
		return Not{term}, undecided
	case Named:
		return c.simplify(e.Term)
	case *Predicate:
		return e, c.decide(e)
	}
	return Or{}, never // a Reference has no meaning for one event
}

// simplifyTerms drops the terms that decide nothing. One that is decisive
// decides all: never for an and, surely for an or.
func (c *bucketCompiler) simplifyTerms(terms []Expression, decisive verdict) ([]Expression, verdict) {
	left := make([]Expression, 0, len(terms))
	for _, term := range terms {
		simple, v := c.simplify(term)
		switch v {
		case decisive:
			return nil, decisive
		case undecided:
			left = append(left, simple)
		}
	}
	if len(left) > 0 {
		return left, undecided
	}
	if decisive == never {
		return nil, surely
	}
	return nil, never
}

// decide judges predicates on the routing columns.
func (c *bucketCompiler) decide(p *Predicate) verdict {
	column := slices.Index(discriminatorColumns[:], p.Field)
	if column < 0 || p.Source != nil || p.Part != WholeTime {
		return undecided
	}
	number := c.bucket.key.values[column]
	if number == valueAmbiguous {
		return undecided
	}
	have := &c.matcher.discriminators[column]
	some, every := false, true
	for _, value := range p.Values {
		text, ok := plainText(value)
		if !ok {
			return undecided
		}
		equal := number > valueOther && have.texts[number] == text
		some, every = some || equal, every && equal
	}
	holds := some
	if p.All {
		holds = every
	}
	if holds != p.Negate {
		return surely
	}
	return never
}

// index spreads the witnesses over one index for each field.
func (c *bucketCompiler) index(witnesses [][]atom) {
	builders := map[int32]*indexBuilder{}
	for number, atoms := range witnesses {
		if len(atoms) == 0 {
			c.bucket.always = append(c.bucket.always, int32(number))
		}
		for _, a := range atoms {
			builder, ok := builders[a.field]
			if !ok {
				builder = &indexBuilder{}
				builders[a.field] = builder
			}
			builder.add(a, int32(number))
		}
	}
	for field, builder := range builders {
		c.bucket.indexes = append(c.bucket.indexes, builder.build(field, c.matcher.isKeywords(field), &c.matcher.grams))
	}
	slices.SortFunc(c.bucket.indexes, func(a, b fieldIndex) int { return cmp.Compare(a.field, b.field) })
}

func (c *bucketCompiler) listFields() {
	asked := make([]bool, len(c.matcher.fields.fields))
	for i := range c.bucket.candidates {
		eachPredicate(c.bucket.candidates[i].simplified, func(p *Predicate) { asked[c.matcher.fieldNumber(p)] = true })
	}
	for number, is := range asked {
		if is {
			c.bucket.fields = append(c.bucket.fields, int32(number))
		}
	}
}

// A bucketState is a session's scratch memory for a bucket, and what it saw
// there.
type bucketState struct {
	bucket   *bucket
	events   int64
	hot      []int32    // candidates the index left for the current event
	recalled []recalled // by index
	screens  []*Screen  // by index; nil where there are no keywords to screen for
	stamped  []uint32   // by candidate: the epoch in which it became hot
	conditions

	lastBound *binding
	noticed   map[*binding]bool
	seen      []bool // by position in bucket.fields: some schema has it
}

func (s *Session) newBucketState(b *bucket) *bucketState {
	state := &bucketState{
		bucket:   b,
		stamped:  make([]uint32, len(b.candidates)),
		recalled: make([]recalled, len(b.indexes)),
		noticed:  map[*binding]bool{},
		screens:  make([]*Screen, len(b.indexes)),
		seen:     make([]bool, len(b.fields)),
		conditions: conditions{fields: &s.matcher.fields, compiled: make([]condition, len(b.candidates)),
			known: map[string]int32{}, same: map[*Predicate]int32{}},
	}
	for i := range b.indexes {
		if b.indexes[i].anywhere {
			state.screens[i] = s.screenFor(&b.indexes[i])
		}
	}
	return state
}

func (s *bucketState) forget() {
	clear(s.stamped)
	clear(s.tested)
}

// notice remembers which fields the schemas of this bucket's events have.
func (s *bucketState) notice(session *Session, bound *binding) {
	s.lastBound = bound
	if s.noticed[bound] {
		return
	}
	if len(s.noticed) >= maxBindings {
		clear(s.noticed)
	}
	s.noticed[bound] = true
	schema := session.event.Schema()
	for i, number := range s.bucket.fields {
		if bound.field(session, schema, number).exists() {
			s.seen[i] = true
		}
	}
}

// heat makes candidates hot for the current event.
func (s *bucketState) heat(numbers []int32, epoch uint32) {
	for _, number := range numbers {
		if s.stamped[number] != epoch {
			s.stamped[number] = epoch
			s.hot = append(s.hot, number)
		}
	}
}
