package sigma

import (
	"encoding/binary"
	"slices"
)

// A group is what a correlation knows of the hits that agree in the group-by
// fields.
type group struct {
	key    string
	values []string // of the group-by fields, as first spelled
	// entries are the hits of the window, in order; those before head are
	// gone.
	entries []entry
	head    int
	meter   meter
	hits    int // in the window, also where their entry was not kept
	// opened and last are the times of the first and the latest hit. The first
	// begins the window of a group that is judged at its end.
	opened, last int64
	// quietUntil is the time up to which no further alert is given.
	quiet      bool
	quietUntil int64

	newer, older *group // in the list of recent groups
}

// An entry is one hit in a window.
type entry struct {
	time    int64
	hit     bool // false for the further values of one hit
	ref     uint64
	alert   *Alert // instead of ref, for the alert of a correlation
	number  float64
	text    *distinctText
	carried [][]string
}

func (g *group) window() []entry { return g.entries[g.head:] }

// dropOldest removes the first entry of a window that is not empty.
func (g *group) dropOldest() {
	oldest := &g.entries[g.head]
	g.meter.remove(oldest)
	if oldest.hit {
		g.hits--
	}
	*oldest = entry{}
	g.head++
	if g.head > len(g.entries)/2 {
		kept := copy(g.entries, g.entries[g.head:])
		clear(g.entries[kept:])
		g.entries, g.head = g.entries[:kept], 0
	}
}

func (g *group) empty() {
	clear(g.entries)
	g.entries, g.head, g.hits = g.entries[:0], 0, 0
	g.meter.clear()
}

// groupKey appends the values of a group, folded, as a key: rules compare
// without case. Lengths keep ("ab", "c") and ("a", "bc") apart.
func groupKey(key []byte, values []string) []byte {
	for _, value := range values {
		key = appendText(key, value)
	}
	return key
}

func appendText(key []byte, text string) []byte {
	key = binary.AppendUvarint(key, uint64(len(text)))
	return Fold(key, []byte(text))
}

// A groupList holds groups in order of their last hit, and finds the ends.
type groupList struct{ oldest, newest *group }

func (l *groupList) remove(g *group) {
	if g.newer != nil {
		g.newer.older = g.older
	} else if l.newest == g {
		l.newest = g.older
	}
	if g.older != nil {
		g.older.newer = g.newer
	} else if l.oldest == g {
		l.oldest = g.newer
	}
	g.newer, g.older = nil, nil
}

// touch makes a group the newest one, whether it is in the list or not.
func (l *groupList) touch(g *group) {
	if l.newest == g {
		return
	}
	l.remove(g)
	g.older = l.newest
	if l.newest != nil {
		l.newest.newer = g
	} else {
		l.oldest = g
	}
	l.newest = g
}

// A groupQueue holds groups with an open window in the order in which it
// began. As windows of a correlation are equally long, they end in that order.
type groupQueue struct {
	groups []*group
	head   int
}

func (q *groupQueue) push(g *group) { q.groups = append(q.groups, g) }

func (q *groupQueue) pop() *group {
	g := q.groups[q.head]
	q.groups[q.head] = nil
	q.head++
	if q.head > len(q.groups)/2 {
		q.groups = slices.Delete(q.groups, 0, q.head)
		q.head = 0
	}
	return g
}

func (k *correlating) hasOpen() bool { return k.open.head < len(k.open.groups) }

func (k *correlating) nextClose() int64 {
	return later(k.open.groups[k.open.head].opened, k.rule.Timespan)
}

// popOpen takes the window that ends first out of the correlation.
func (k *correlating) popOpen() *group {
	g := k.open.pop()
	delete(k.groups, g.key)
	return g
}

// find returns the group of some values, and whether it is a new one.
func (k *correlating) find(values []string, now int64) (*group, bool) {
	k.key = groupKey(k.key[:0], values)
	g := k.groups[string(k.key)]
	isNew := g == nil
	if isNew {
		g = &group{key: string(k.key), values: slices.Clone(values), meter: k.newMeter(), opened: now}
		k.groups[g.key] = g
		if k.atEnd {
			k.open.push(g)
		}
	}
	if !k.atEnd {
		k.recent.touch(g)
	}
	g.last = now
	return g, isNew
}

// forget removes a group and returns how much room that gives: its entries,
// and the group itself.
func (k *correlating) forget(g *group) int {
	k.recent.remove(g)
	delete(k.groups, g.key)
	return k.weight + len(g.window())
}

// forgetIdle removes the groups whose window is empty by now.
func (k *correlating) forgetIdle(now int64) (room int) {
	for g := k.recent.oldest; g != nil && later(g.last, k.rule.Timespan) < now; g = k.recent.oldest {
		room += k.forget(g)
	}
	return room
}

func (k *correlating) forgetAll() (room int) {
	for k.recent.oldest != nil {
		room += k.forget(k.recent.oldest)
	}
	return room
}

// forgetOldest removes one group and returns how much room that gives.
func (k *correlating) forgetOldest() int {
	switch {
	case k.hasOpen():
		return k.weight + len(k.popOpen().window())
	case k.recent.oldest != nil:
		return k.forget(k.recent.oldest)
	}
	return 0
}
