package sigma

import (
	"cmp"
	"slices"
)

// conditions are the compiled conditions of a bucket's candidates, as far as a
// session has tried them, with the predicates they share.
type conditions struct {
	fields   *fieldTable
	compiled []condition // by candidate
	tests    []test
	tested   []uint32 // by test: the epoch of its result
	results  []bool
	known    map[string]int32 // tests by what they test
	same     map[*Predicate]int32
}

// A condition is a candidate's, compiled.
type condition struct {
	ready, explained bool
	condition        step
	reasons          step
}

// condition returns the compiled condition of a candidate.
func (s *bucketState) condition(number int32) *step {
	c := &s.compiled[number]
	if !c.ready {
		c.condition = s.compile(s.bucket.candidates[number].simplified)
		c.ready = true
	}
	return &c.condition
}

// reasons returns the condition as the rule has it: it says which columns made
// an event match.
func (s *bucketState) reasons(number int32) *step {
	c := &s.compiled[number]
	if !c.explained {
		c.reasons = s.compile(s.bucket.candidates[number].own)
		c.explained = true
	}
	return &c.reasons
}

// A step is a condition over the tests of a bucket.
type step struct {
	kind  stepKind
	test  int32
	cost  int32
	terms []step
}

type stepKind uint8

const (
	stepTest stepKind = iota
	stepAll
	stepAny
	stepNot
)

// compile turns an expression into nodes. Cheap terms go first; it does not
// change what they come to.
func (c *conditions) compile(e Expression) step {
	switch e := e.(type) {
	case And:
		return c.compileTerms(stepAll, e)
	case Or:
		return c.compileTerms(stepAny, e)
	case Not:
		term := c.compile(e.Term)
		return step{kind: stepNot, cost: term.cost, terms: []step{term}}
	case Named:
		return c.compile(e.Term)
	case *Predicate:
		number := c.test(e)
		return step{kind: stepTest, test: number, cost: c.tests[number].cost}
	}
	return step{kind: stepAny}
}

func (c *conditions) compileTerms(kind stepKind, terms []Expression) step {
	n := step{kind: kind}
	for _, term := range terms {
		compiled := c.compile(term)
		n.cost += compiled.cost
		n.terms = append(n.terms, compiled)
	}
	if len(n.terms) == 1 {
		return n.terms[0]
	}
	slices.SortStableFunc(n.terms, func(a, b step) int {
		return cmp.Or(cmp.Compare(isNot(a), isNot(b)), cmp.Compare(a.cost, b.cost))
	})
	return n
}

// isNot puts filters behind selections, which fail far more often.
func isNot(n step) int {
	if n.kind == stepNot {
		return 1
	}
	return 0
}

// test returns the number of a predicate; equal ones share one.
func (c *conditions) test(p *Predicate) int32 {
	if number, ok := c.same[p]; ok {
		return number
	}
	key := predicateKey(p)
	number, ok := c.known[key]
	if !ok {
		number = int32(len(c.tests))
		c.known[key] = number
		c.tests = append(c.tests, newTest(p, c.fields))
		c.tested = append(c.tested, 0)
		c.results = append(c.results, false)
	}
	c.same[p] = number
	return number
}
