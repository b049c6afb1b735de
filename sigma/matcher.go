package sigma

import (
	"slices"
	"sync"
)

// A Matcher is a compiled rule set. It never changes for its users and may be
// shared by any number of goroutines, each of which takes a Session.
//
// An event is first routed: its channel, its event id and its log source
// choose a bucket, which holds only rules that can match such events at all.
// A bucket is built when the first event asks for it. In it, an index of
// necessary conditions (see witness) leaves a few candidates, and only those
// are evaluated, on predicates that they share. Nothing in routing or index
// decides that a rule matches; it only says that it cannot.
type Matcher struct {
	rules          []*Rule
	ways           []way
	fields         fieldTable
	made           map[*FieldSource]int32 // fields by how a route makes them
	discriminators [len(discriminatorColumns)]discriminator
	grams          gramShelf

	mutex    sync.Mutex
	sources  map[logSourceKey]int32
	numbered []LogSource // log sources by their number
	// acceptedBy are the ways that events of a log source may take.
	acceptedBy map[int32]*acceptedWays
	buckets    map[bucketKey]*bucket
}

// logSourceKey is what tells log sources apart for routing.
type logSourceKey struct{ category, product, service string }

// Compile makes a matcher of rules. The taxonomy says where their events are
// recorded. The rules must not change any more.
func Compile(rules []*Rule, taxonomy *Taxonomy) *Matcher {
	m := &Matcher{
		rules:   rules,
		fields:  newFieldTable(),
		made:    map[*FieldSource]int32{},
		grams:   gramShelf{known: map[string]*gramIndex{}},
		sources: map[logSourceKey]int32{},
		buckets: map[bucketKey]*bucket{},

		acceptedBy: map[int32]*acceptedWays{},
	}
	for i := range m.discriminators {
		m.discriminators[i] = newDiscriminator(discriminatorColumns[i])
	}
	c := compiler{matcher: m, taxonomy: taxonomy, known: map[logSourceKey]*ruleSource{}}
	for i, rule := range rules {
		c.addRule(i, rule)
	}
	c.internFields()
	return m
}

func keyOf(s LogSource) logSourceKey { return logSourceKey{s.Category, s.Product, s.Service} }

// Rules returns the rules, in the order of the numbers that Match returns.
func (m *Matcher) Rules() []*Rule { return m.rules }

// source returns the number of a log source.
func (m *Matcher) source(s LogSource) int32 {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	key := keyOf(s)
	number, ok := m.sources[key]
	if !ok {
		number = int32(len(m.numbered))
		m.sources[key] = number
		m.numbered = append(m.numbered, s)
	}
	return number
}

// bucket returns the bucket of a key; the first call builds it.
func (m *Matcher) bucket(key bucketKey) *bucket {
	m.mutex.Lock()
	b, ok := m.buckets[key]
	if !ok {
		b = &bucket{key: key}
		m.buckets[key] = b
	}
	m.mutex.Unlock()
	b.once.Do(func() { b.build(m) })
	return b
}

// A Session matches events for one goroutine. It keeps what it learns of
// schemas and has the scratch memory; in the steady state it does not
// allocate.
type Session struct {
	matcher  *Matcher
	event    Event
	storage  Stored // the event, where it can show how it is stored
	epoch    uint32
	bindings map[Schema]*binding
	schema   Schema   // of the current event
	last     *binding // of that schema
	buckets  map[bucketKey]*bucketState
	values   []cachedField // by field number
	arena    []byte
	scratch  []byte
	screens  map[gramSet]*Screen
	found    []int
}

// NewSession returns a session.
func (m *Matcher) NewSession() *Session {
	return &Session{
		matcher:  m,
		bindings: map[Schema]*binding{},
		buckets:  map[bucketKey]*bucketState{},
		screens:  map[gramSet]*Screen{},
		values:   make([]cachedField, len(m.fields.fields)),
	}
}

// Match returns the numbers of the rules that match an event, ascending, each
// once. The result is valid until the next call.
func (s *Session) Match(event Event) []int {
	s.begin(event)
	bound := s.bind(event.Schema())
	s.last = bound
	state := s.route(bound)
	state.events++
	if len(state.bucket.candidates) == 0 {
		return nil
	}
	if state.lastBound != bound {
		state.notice(s, bound)
	}
	state.lookUp(s)
	if len(state.hot) == 0 && len(state.bucket.always) == 0 {
		return nil
	}
	return s.evaluate(state)
}

func (s *Session) begin(event Event) {
	s.event = event
	s.storage, _ = event.(Stored)
	s.arena = s.arena[:0]
	s.epoch++
	if s.epoch == 0 { // once in four billion events
		s.epoch = 1
		for i := range s.values {
			s.values[i].epoch, s.values[i].digested = 0, 0
		}
		for _, state := range s.buckets {
			state.forget()
		}
	}
}

// evaluate tries the candidates that the index left.
func (s *Session) evaluate(state *bucketState) []int {
	s.found = s.found[:0]
	for _, number := range state.bucket.always {
		s.try(state, number)
	}
	for _, number := range state.hot {
		s.try(state, number)
	}
	if len(s.found) > 1 {
		slices.Sort(s.found)
		s.found = slices.Compact(s.found)
	}
	return s.found
}

func (s *Session) try(state *bucketState, number int32) {
	if s.holds(state, state.condition(number)) {
		s.found = append(s.found, state.bucket.candidates[number].rule)
	}
}

// holds evaluates a condition; each predicate at most once for an event.
func (s *Session) holds(state *bucketState, n *step) bool {
	switch n.kind {
	case stepTest:
		if state.tested[n.test] != s.epoch {
			state.tested[n.test] = s.epoch
			state.results[n.test] = s.test(&state.tests[n.test])
		}
		return state.results[n.test]
	case stepAll:
		for i := range n.terms {
			if !s.holds(state, &n.terms[i]) {
				return false
			}
		}
		return true
	case stepAny:
		for i := range n.terms {
			if s.holds(state, &n.terms[i]) {
				return true
			}
		}
		return false
	case stepNot:
		return !s.holds(state, &n.terms[0])
	}
	return false
}
