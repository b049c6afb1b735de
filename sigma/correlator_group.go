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
	hits    int // in the window
	alerts  int // of those, alerts of other correlations
	// opened and last are the times of the first and the latest hit.
	opened, last int64
	// slides says that the first window was judged, where that is done at the
	// end.
	slides bool
	// quietUntil is the time up to which no further alert is given.
	quiet      bool
	quietUntil int64

	// links are the neighbours in the list of recent groups, and in the one
	// that says when the group is to be judged.
	links [2]groupLinks
}

type groupLinks struct{ newer, older *group }

// An entry is one hit in a window.
type entry struct {
	time    int64
	hit     bool // false for the further values of one hit
	ref     uint64
	event   uint64
	alert   *Alert // instead of ref, for the alert of a correlation
	again   uint64 // the positions of a correlation that still holds, 0 for another hit
	from    *group // of that correlation
	number  float64
	text    *distinctText
	carried [][]string
}

func (g *group) window() []entry { return g.entries[g.head:] }

// dropOldest removes the first entry of a window that is not empty.
func (g *group) dropOldest() {
	oldest := &g.entries[g.head]
	g.meter.remove(oldest)
	g.count(oldest, -1)
	*oldest = entry{}
	g.head++
	if g.head > len(g.entries)/2 {
		kept := copy(g.entries, g.entries[g.head:])
		clear(g.entries[kept:])
		g.entries, g.head = g.entries[:kept], 0
	}
}

// count counts an entry that comes, or that goes.
func (g *group) count(e *entry, by int) {
	if e.hit {
		g.hits += by
	}
	if e.hit && e.alert != nil {
		g.alerts += by
	}
}

// entryOf returns the entry of the event of a hit, where it is in the window as
// another rule matched it, too: the hit's own, or with a number one that has it.
func (g *group) entryOf(hit *arrival, number *float64) *entry {
	if hit.event == 0 || hit.alert != nil {
		return nil
	}
	for i := range slices.Backward(g.window()) {
		switch e := &g.window()[i]; {
		case e.alert != nil:
		case e.event != hit.event: // those of one event follow one another
			return nil
		case e.ref != hit.ref && (number == nil && e.hit || number != nil && e.number == *number):
			return e
		}
	}
	return nil
}

// carry adds what another hit of the same event carries.
func (e *entry) carry(more [][]string) {
	if e.carried == nil {
		e.carried = more
		return
	}
	for i := range more {
		for _, text := range more[i] {
			if !slices.Contains(e.carried[i], text) {
				e.carried[i] = append(e.carried[i], text)
			}
		}
	}
}

// goesOn reports whether the last two entries, too, say that the correlation of
// this one still holds, and carry the same. Of many that follow one another, the
// first and the last are kept.
func (g *group) goesOn(e *entry) bool {
	n := len(g.window())
	return e.again != 0 && n >= 2 && g.window()[n-1].again == e.again && g.window()[n-2].again == e.again &&
		slices.EqualFunc(e.carried, g.window()[n-1].carried, slices.Equal)
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

// A groupList holds groups in the order in which they were added, and finds
// the ends. A group is in one list at most of those that use the same links.
type groupList struct {
	oldest, newest *group
	links          int
}

func (l *groupList) remove(g *group) {
	own := &g.links[l.links]
	if own.newer != nil {
		own.newer.links[l.links].older = own.older
	} else if l.newest == g {
		l.newest = own.older
	}
	if own.older != nil {
		own.older.links[l.links].newer = own.newer
	} else if l.oldest == g {
		l.oldest = own.newer
	}
	*own = groupLinks{}
}

// touch makes a group the newest one, whether it is in the list or not.
func (l *groupList) touch(g *group) {
	if l.newest == g {
		return
	}
	l.remove(g)
	g.links[l.links].older = l.newest
	if l.newest != nil {
		l.newest.links[l.links].newer = g
	} else {
		l.oldest = g
	}
	l.newest = g
}

// due returns the group that is to be judged next, nil where none is: when its
// first window is over, or, later on, when all hits of its latest time are in.
// As windows of a correlation are equally long, they end in the order in which
// they began.
func (k *correlating) due() (g *group, at int64) {
	if first := k.opening.oldest; first != nil {
		g, at = first, later(first.opened, k.rule.Timespan)
	}
	if next := k.sliding.oldest; next != nil && (g == nil || next.last < at) {
		g, at = next, next.last
	}
	return g, at
}

// find returns the group of some values, and whether it is a new one.
func (k *correlating) find(values []string, now int64) (*group, bool) {
	g := k.known(values)
	isNew := g == nil
	if isNew {
		g = &group{key: string(k.key), values: slices.Clone(values), meter: k.newMeter(), opened: now}
		k.groups[g.key] = g
		if k.atEnd {
			k.opening.touch(g)
		}
	}
	k.recent.touch(g)
	g.last = now
	return g, isNew
}

// known returns the group of some values if there is one.
func (k *correlating) known(values []string) *group {
	k.key = groupKey(k.key[:0], values)
	return k.groups[string(k.key)]
}

// forget removes a group and returns how much room that gives: its entries,
// and the group itself.
func (k *correlating) forget(g *group) int {
	k.recent.remove(g)
	k.undue(g)
	delete(k.groups, g.key)
	return k.weight + len(g.window())
}

// undue takes a group out of the lists of those that are to be judged.
func (k *correlating) undue(g *group) {
	if g.slides {
		k.sliding.remove(g)
	} else {
		k.opening.remove(g)
	}
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
	if k.recent.oldest == nil {
		return 0
	}
	return k.forget(k.recent.oldest)
}
