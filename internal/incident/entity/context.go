package entity

import (
	"fmt"
	"sync"
)

// A Context is what all the evidence says of its hosts, accounts, sessions and
// processes. Observers fill it; after Finish it answers, and may then be used
// by several goroutines.
type Context struct {
	mutex     sync.Mutex // of facts and observers, until Finish
	facts     facts
	observers []*Observer

	index *index
}

// NewContext returns an empty Context. It answers as one that saw no events.
func NewContext() *Context {
	c := &Context{facts: newFacts()}
	c.index = newIndex(&c.facts)
	return c
}

// Finish brings together what the observers saw. The result does not depend on
// their number, nor on the order of events.
func (c *Context) Finish() {
	for _, o := range c.observers {
		o.flush()
	}
	c.observers = nil
	c.index = newIndex(&c.facts)
}

// Merge adds what another finished Context knows, as if both had seen all
// events. Events that both have seen make no difference.
func (c *Context) Merge(other *Context) {
	c.facts.merge(&other.facts)
	c.index = newIndex(&c.facts)
}

// MarshalBinary encodes a finished Context: equal ones as equal bytes.
func (c *Context) MarshalBinary() ([]byte, error) {
	e := newEncoder()
	c.facts.encode(e)
	e.numberTexts()
	c.facts.encode(e)
	return e.out, nil
}

// UnmarshalBinary replaces the Context by one that MarshalBinary encoded. The
// error is ErrEncoding or ErrVersion; the Context is then as it was.
func (c *Context) UnmarshalBinary(data []byte) error {
	d := decoder{in: data}
	if version := d.number(); !d.bad && version != encodingVersion {
		return ErrVersion
	}
	read := newFacts()
	d.readTexts()
	read.decode(&d)
	if d.bad || len(d.in) > 0 {
		return ErrEncoding
	}
	c.facts = read
	c.index = newIndex(&c.facts)
	return nil
}

// Limits says in sentences what did not fit in memory, and how much of it was
// kept; empty when everything was.
func (c *Context) Limits() []string {
	var limits []string
	f := &c.facts
	limits = appendLimit(limits, &f.hosts)
	limits = appendLimit(limits, &f.spans)
	limits = appendLimit(limits, &f.renames)
	limits = appendLimit(limits, &f.starts)
	limits = appendLimit(limits, &f.logons)
	limits = appendLimit(limits, &f.bindings)
	limits = appendLimit(limits, &f.addresses)
	limits = appendLimit(limits, &f.uses)
	limits = appendLimit(limits, &f.sightings)
	return appendLimit(limits, &f.settings)
}

func appendLimit[K comparable, V any](limits []string, t *table[K, V]) []string {
	if t.shift == 0 {
		return limits
	}
	return append(limits, fmt.Sprintf("%s: more than %d; one in %d was kept, %d in all", t.kind.name, t.kind.limit, uint64(1)<<min(t.shift, 63), len(t.entries)))
}
