package sigma

import (
	"math"
	"slices"
)

// maxValues bounds in how many ways one hit can count, where fields have
// several values: groups that it belongs to, and values that it brings.
const maxValues = 64

// deliver brings a hit to a correlation: to each group that it belongs to.
func (c *Correlator) deliver(to link, hit *arrival) {
	k := to.to
	k.read(to.fields, hit.values)
	if !k.counts(to, hit) {
		return
	}
	c.makeRoom()
	c.hold(k, -k.forgetIdle(hit.time))
	turns := 0
	for ok := k.groupTurn.start(k.values[:k.grouped]); ok; ok = k.groupTurn.next() {
		if turns++; turns > maxValues {
			k.statistics.Dropped++
			return
		}
		c.take(k, k.groupTurn.row, hit, to.positions)
	}
}

// counts counts a hit, and reports whether it has what the correlation needs.
func (k *correlating) counts(to link, hit *arrival) bool {
	missing := slices.ContainsFunc(k.values[:k.grouped+k.valued], isEmpty)
	if hit.again != nil { // which was counted when it was an alert
		return !missing
	}
	k.statistics.Hits++
	k.trace.hit(to.positions, func(r *RuleTrace) { r.Hits++ })
	switch {
	case !missing:
	case slices.ContainsFunc(k.values[:k.grouped], isEmpty):
		k.statistics.WithoutGroup++
		k.trace.hit(to.positions, func(r *RuleTrace) { r.WithoutGroup++ })
	default:
		k.statistics.WithoutValue++
		k.trace.hit(to.positions, func(r *RuleTrace) { r.WithoutValue++ })
	}
	return !missing
}

func isEmpty(values []string) bool { return len(values) == 0 }

// read sorts the values of a hit by the columns of the correlation. Where only
// numbers count, others are left out.
func (k *correlating) read(fields []string, values []FieldText) {
	for column, field := range fields {
		k.values[column] = k.values[column][:0]
		numeric := k.numeric && column >= k.grouped && column < k.grouped+k.valued
		for _, value := range values {
			if value.Field != field {
				continue
			}
			if _, ok := parseNumber(value.Text); ok || !numeric {
				k.values[column] = append(k.values[column], value.Text)
			}
		}
	}
}

// take adds a hit to a group, and judges the group where that can be done
// before the window ends.
func (c *Correlator) take(k *correlating, values []string, hit *arrival, positions uint64) {
	if k.atEnd {
		c.takeIn(k, values, hit, positions)
		return
	}
	g, isNew := k.find(values, hit.time)
	if isNew {
		c.hold(k, k.weight)
	}
	since := earlier(hit.time, k.rule.Timespan)
	for len(g.window()) > 0 && g.window()[0].time < since {
		g.dropOldest()
		c.hold(k, -1)
	}
	c.addEntries(k, g, hit, positions)
	value, held := k.judge(g, since)
	switch {
	case !held:
	case g.quiet && hit.time <= g.quietUntil:
		if hit.again == nil {
			k.statistics.Suppressed++
		}
		c.goOn(k, g, hit.time)
	default:
		c.fire(k, g, hit.time, value, false)
	}
}

// takeIn adds a hit to a group whose windows are judged at their end.
func (c *Correlator) takeIn(k *correlating, values []string, hit *arrival, positions uint64) {
	if g := k.known(values); g != nil {
		c.slide(k, g, hit.time)
	}
	g, isNew := k.find(values, hit.time)
	if isNew {
		c.hold(k, k.weight)
	}
	if g.slides {
		k.sliding.touch(g)
	}
	c.addEntries(k, g, hit, positions)
}

// slide moves a window that was judged once to the time of the next hit: each
// time that hits leave it, what remains is judged.
func (c *Correlator) slide(k *correlating, g *group, now int64) {
	if !g.slides {
		return
	}
	since := earlier(now, k.rule.Timespan)
	for window := g.window(); len(window) > 0 && window[0].time < since; window = g.window() {
		gone := window[0].time
		for len(g.window()) > 0 && g.window()[0].time == gone {
			g.dropOldest()
			c.hold(k, -1)
		}
		if len(g.window()) == 0 {
			return
		}
		if value, held := k.judge(g, gone+1); held {
			c.fire(k, g, now, value, false)
			return
		}
	}
}

// addEntries adds a hit to a window: once, or once for each value it brings.
func (c *Correlator) addEntries(k *correlating, g *group, hit *arrival, positions uint64) {
	if k.rule.Type == EventCount {
		if known := g.entryOf(hit, nil); known != nil {
			known.carry(k.carried())
			return
		}
	}
	e := &k.entry
	*e = entry{time: hit.time, hit: true, ref: hit.ref, event: hit.event, alert: hit.alert, carried: k.carried()}
	if hit.again != nil {
		e.again, e.from = positions, hit.again
	}
	turns := 0
	for ok := k.valueTurn.start(k.values[k.grouped : k.grouped+k.valued]); ok; ok = k.valueTurn.next() {
		if turns++; turns > maxValues {
			k.statistics.Dropped++
			return
		}
		if k.numeric {
			e.number, _ = parseNumber(k.valueTurn.row[0])
			if g.entryOf(hit, &e.number) != nil {
				if known := g.entryOf(hit, nil); known != nil { // else it has left a full window
					known.carry(e.carried)
				}
				continue
			}
		}
		c.addEntry(k, g, e, positions)
		e.hit, e.carried = false, nil
	}
}

// addEntry keeps an entry, in the place of the oldest where a window is full.
func (c *Correlator) addEntry(k *correlating, g *group, e *entry, positions uint64) {
	if g.goesOn(e) {
		k.measure(g, e, positions)
		g.entries[len(g.entries)-1] = *e
		return
	}
	if len(g.window()) >= k.options.MaxWindow {
		k.statistics.Dropped++
		g.dropOldest()
		c.hold(k, -1)
	}
	k.measure(g, e, positions)
	g.entries = append(g.entries, *e)
	g.count(e, 1)
	c.hold(k, 1)
}

// measure takes an entry into the meter, with the values that are the turn's.
func (k *correlating) measure(g *group, e *entry, positions uint64) {
	if k.valued > 0 && !k.numeric {
		k.key = groupKey(k.key[:0], k.valueTurn.row)
		e.text = g.meter.(*distinctMeter).find(k.key)
	}
	g.meter.add(e, positions)
}

// carried are the values that outer correlations want to know.
func (k *correlating) carried() [][]string {
	wanted := k.values[k.grouped+k.valued:]
	if len(wanted) == 0 {
		return nil
	}
	carried := make([][]string, len(wanted))
	for i, values := range wanted {
		carried[i] = slices.Clone(values)
	}
	return carried
}

// close judges a window that is over: the first one of a group, or the one
// that ends with its latest hit.
func (c *Correlator) close(k *correlating, g *group, at int64, incomplete bool) {
	since := max(g.opened, earlier(g.last, k.rule.Timespan))
	k.undue(g)
	g.slides = true
	if value, held := k.judge(g, since); held {
		c.fire(k, g, at, value, incomplete)
	}
}

// judge measures a window, and says whether its value fulfils the condition.
func (k *correlating) judge(g *group, since int64) (value float64, held bool) {
	value, held = k.holds(g.meter, since)
	k.trace.judged(k, g, since, value, held)
	return value, held
}

// fire makes an alert of a window. A group that is judged at once is quiet until
// a whole timespan has passed, and so all hits have left its window; one that is
// judged at the end begins anew with its next hit. So no two alerts share a hit.
func (c *Correlator) fire(k *correlating, g *group, at int64, value float64, incomplete bool) {
	k.trace.alerted(g)
	alert := &Alert{
		Correlation: k.rule, Time: timeOf(at), First: timeOf(g.window()[0].time), Last: timeOf(g.last),
		Group: k.groupValues(g), Value: value, Count: g.hits, Refs: k.references(g), Incomplete: incomplete,
	}
	hit := k.arrivalOf(g, alert, at)
	if k.atEnd {
		c.hold(k, -k.forget(g))
	} else {
		g.quiet, g.quietUntil = true, later(at, k.rule.Timespan)
	}
	c.report(k, &hit)
}

// arrivalOf is an alert on its way to other correlations, with what the hits in
// its window bring. Where it was judged at once, it came with the latest of their
// events.
func (k *correlating) arrivalOf(g *group, alert *Alert, at int64) arrival {
	hit := arrival{time: at, alert: alert}
	if len(k.links) == 0 {
		return hit
	}
	hit.values = k.passedOn(g.window(), alert.Group)
	if len(alert.Refs) > 0 {
		hit.ref = alert.Refs[len(alert.Refs)-1]
	}
	if !k.atEnd {
		hit.event = g.entries[len(g.entries)-1].event
	}
	return hit
}

func (k *correlating) groupValues(g *group) []FieldText {
	values := make([]FieldText, len(g.values))
	for i, value := range g.values {
		values[i] = FieldText{k.columns[i], value}
	}
	return values
}

func (k *correlating) references(g *group) []uint64 {
	refs := k.appendReferences(nil, g, math.MaxInt64)
	slices.Sort(refs)
	refs = slices.Compact(refs)
	if excess := len(refs) - k.options.MaxReferences; excess > 0 {
		refs = slices.Delete(refs, 0, excess)
	}
	return refs
}

// appendReferences appends the hits of a window up to a time: of rules, which come
// in order, no more than are wanted, and all of alerts. Of what still held, those
// in its own window, once.
func (k *correlating) appendReferences(refs []uint64, g *group, until int64) []uint64 {
	single, alerts, held := 0, 0, uint64(0)
	for i := range slices.Backward(g.window()) {
		e := &g.window()[i]
		if !e.hit || e.time > until {
			continue
		}
		if e.alert != nil {
			alerts++
		}
		if e.again&^held != 0 {
			held |= e.again
			refs = k.appendReferences(refs, e.from, e.time)
		}
		switch {
		case e.alert != nil:
			refs = append(refs, e.alert.Refs...)
		case single < k.options.MaxReferences:
			refs = append(refs, e.ref)
			single++
		case alerts == g.alerts:
			return refs
		}
	}
	return refs
}

// passedOn are the fields of an alert for outer correlations: those of
// group-by, and of others all the values that entries have.
func (k *correlating) passedOn(entries []entry, group []FieldText) []FieldText {
	passed := slices.Clone(group)
	for i, field := range k.columns[k.grouped+k.valued:] {
		known := 0
		for j := range entries {
			e := &entries[j]
			if !e.hit || known >= maxValues {
				continue
			}
			for _, text := range e.carried[i] {
				if value := (FieldText{field, text}); !slices.Contains(passed, value) {
					passed = append(passed, value)
					known++
				}
			}
		}
	}
	return passed
}

// hold counts what the windows of a correlation keep.
func (c *Correlator) hold(k *correlating, entries int) {
	k.held += entries
	c.held += entries
}

// makeRoom forgets groups of the correlation that keeps most, until there is
// room again.
func (c *Correlator) makeRoom() {
	for c.held >= c.options.MaxHits {
		most := slices.MaxFunc(c.correlations, func(a, b *correlating) int { return a.held - b.held })
		freed := most.forgetOldest()
		if freed == 0 {
			return
		}
		most.statistics.Dropped += freed - most.weight
		c.hold(most, -freed)
	}
}

// A turn goes through the combinations of one value of each column.
type turn struct {
	columns [][]string
	at      []int
	row     []string
}

// start sets row to the first combination, which is empty when there are no
// columns. Columns are not empty.
func (t *turn) start(columns [][]string) bool {
	t.columns, t.at, t.row = columns, t.at[:0], t.row[:0]
	for _, column := range columns {
		t.at = append(t.at, 0)
		t.row = append(t.row, column[0])
	}
	return true
}

// next sets row to the next combination, and is false after the last.
func (t *turn) next() bool {
	for i, column := range slices.Backward(t.columns) {
		if t.at[i]++; t.at[i] < len(column) {
			t.row[i] = column[t.at[i]]
			return true
		}
		t.at[i], t.row[i] = 0, column[0]
	}
	return false
}
