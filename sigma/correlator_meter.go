package sigma

import (
	"math"
	"math/bits"
	"slices"
)

// A meter measures the hits of one window.
type meter interface {
	// add takes in a hit, which is not older than those before it.
	add(e *entry, positions uint64)
	// remove lets go of the oldest hit that is still in.
	remove(e *entry)
}

// meterOf returns what a correlation measures with, and how its condition is
// judged: over the hits since a time, which are all that the meter has.
func meterOf(c *Correlation) (func() meter, func(meter, int64) (float64, bool)) {
	compare := func(value float64) (float64, bool) { return value, fulfilled(c.Conditions, value) }
	switch c.Type {
	case ValueCount:
		return func() meter { return &distinctMeter{texts: map[string]*distinctText{}} },
			func(m meter, _ int64) (float64, bool) { return compare(float64(len(m.(*distinctMeter).texts))) }
	case ValueSum:
		return func() meter { return new(sumMeter) },
			func(m meter, _ int64) (float64, bool) { return compare(m.(*sumMeter).sum()) }
	case ValueAverage:
		return func() meter { return new(sumMeter) },
			func(m meter, _ int64) (float64, bool) { return compare(m.(*sumMeter).average()) }
	case ValuePercentile, ValueMedian:
		percent := c.Percentile
		if c.Type == ValueMedian {
			percent = 50
		}
		return func() meter { return new(numbersMeter) },
			func(m meter, _ int64) (float64, bool) { return compare(percentile(m.(*numbersMeter).numbers, percent)) }
	case Temporal:
		positions := referencePositions(c)
		return func() meter { return &presenceMeter{last: make([]int64, len(c.Rules))} },
			func(m meter, since int64) (float64, bool) {
				there := m.(*presenceMeter).since(since)
				return judge(c, positions, there, there)
			}
	case TemporalOrdered:
		positions := referencePositions(c)
		return func() meter { return newOrderMeter(len(c.Rules)) },
			func(m meter, since int64) (float64, bool) { return m.(*orderMeter).judge(c, positions, since) }
	}
	return func() meter { return new(hitMeter) },
		func(m meter, _ int64) (float64, bool) { return compare(float64(*m.(*hitMeter))) }
}

// fulfilled reports whether a value meets all conditions.
func fulfilled(conditions []CorrelationCondition, value float64) bool {
	for _, c := range conditions {
		if !c.Holds(value) {
			return false
		}
	}
	return true
}

// A hitMeter counts hits.
type hitMeter int

func (m *hitMeter) add(*entry, uint64) { *m++ }
func (m *hitMeter) remove(*entry)      { *m-- }

// A distinctMeter counts the texts that are there at least once.
type distinctMeter struct{ texts map[string]*distinctText }

type distinctText struct {
	text  string
	times int
}

// find returns the counter of a text, which a following add raises.
func (m *distinctMeter) find(text []byte) *distinctText {
	counter := m.texts[string(text)]
	if counter == nil {
		counter = &distinctText{text: string(text)}
		m.texts[counter.text] = counter
	}
	return counter
}

func (m *distinctMeter) add(e *entry, _ uint64) { e.text.times++ }

func (m *distinctMeter) remove(e *entry) {
	if e.text.times--; e.text.times == 0 {
		delete(m.texts, e.text.text)
	}
}

// A sumMeter adds numbers up. It never subtracts, as one huge number would
// leave nothing of the small ones behind: the older numbers are kept as the
// sums from each to the last of them, so that removing is going to the next.
type sumMeter struct {
	older []float64 // sums, the oldest last
	newer []float64
	total float64 // of newer
}

func (m *sumMeter) add(e *entry, _ uint64) {
	m.newer = append(m.newer, e.number)
	m.total += e.number
}

func (m *sumMeter) remove(*entry) {
	if len(m.older) == 0 {
		sum := 0.0
		for _, number := range slices.Backward(m.newer) {
			sum += number
			m.older = append(m.older, sum)
		}
		m.newer, m.total = m.newer[:0], 0
	}
	m.older = m.older[:len(m.older)-1]
}

func (m *sumMeter) sum() float64 {
	if len(m.older) == 0 {
		return m.total
	}
	return m.older[len(m.older)-1] + m.total
}

func (m *sumMeter) average() float64 { return m.sum() / float64(len(m.older)+len(m.newer)) }

// A numbersMeter keeps numbers in ascending order.
type numbersMeter struct{ numbers []float64 }

func (m *numbersMeter) add(e *entry, _ uint64) {
	at, _ := slices.BinarySearch(m.numbers, e.number)
	m.numbers = slices.Insert(m.numbers, at, e.number)
}

func (m *numbersMeter) remove(e *entry) {
	if at, found := slices.BinarySearch(m.numbers, e.number); found {
		m.numbers = slices.Delete(m.numbers, at, at+1)
	}
}

// percentile interpolates between the two nearest of the ascending numbers, as
// SQL's percentile_cont does. There is at least one number.
func percentile(numbers []float64, percent float64) float64 {
	rank := percent / 100 * float64(len(numbers)-1)
	below := int(math.Floor(rank))
	if below+1 >= len(numbers) {
		return numbers[len(numbers)-1]
	}
	fraction := rank - float64(below)
	return numbers[below]*(1-fraction) + numbers[below+1]*fraction
}

// A presenceMeter knows when each rule of a temporal correlation last matched.
type presenceMeter struct {
	last []int64
	seen uint64 // rules that matched at all, as bits
}

func (m *presenceMeter) add(e *entry, positions uint64) {
	m.seen |= positions
	for ; positions != 0; positions &= positions - 1 {
		m.last[bits.TrailingZeros64(positions)] = e.time
	}
}

func (m *presenceMeter) since(since int64) (there uint64) {
	for left := m.seen; left != 0; left &= left - 1 {
		if i := bits.TrailingZeros64(left); m.last[i] >= since {
			there |= 1 << i
		}
	}
	return there
}

func (m *presenceMeter) remove(*entry) {}

// An orderMeter knows, for each set of rules, the latest time at which hits of
// just these rules, in the order of the list, can have begun. Sets are bits,
// and 0 is the set without rules.
type orderMeter struct {
	presenceMeter
	orders
	// before are the orders without the hits of the latest event: what one
	// event does at once does not come one after the other.
	before orders
	event  uint64
}

// orders says of each set of rules whether, and since when at the latest, there
// are hits in the order of the list.
type orders struct {
	began   []int64
	reached []bool
}

func newOrders(rules int) orders { return orders{make([]int64, 1<<rules), make([]bool, 1<<rules)} }

func newOrderMeter(rules int) *orderMeter {
	return &orderMeter{presenceMeter: presenceMeter{last: make([]int64, rules)}, orders: newOrders(rules), before: newOrders(rules)}
}

// add puts the hit behind every order that ends with an earlier rule, and was
// there before its event.
func (m *orderMeter) add(e *entry, positions uint64) {
	m.presenceMeter.add(e, positions)
	if e.event == 0 { // an event of its own, perhaps amid the hits of another
		m.orders.extend(&m.orders, positions, e.time)
		m.before.extend(&m.before, positions, e.time)
		return
	}
	if e.event != m.event {
		m.event = e.event
		copy(m.before.began, m.began)
		copy(m.before.reached, m.reached)
	}
	m.orders.extend(&m.before, positions, e.time)
}

// extend puts a hit behind the orders that were there before it. Where its rule
// stands in several places, the last comes first, so that it is not behind itself.
func (o *orders) extend(from *orders, positions uint64, at int64) {
	for positions != 0 {
		place := 1 << (bits.Len64(positions) - 1)
		positions &^= uint64(place)
		o.began[place], o.reached[place] = at, true
		for before := 1; before < place; before++ {
			if from.reached[before] {
				o.began[before|place], o.reached[before|place] = from.began[before], true
			}
		}
	}
}

// judge looks for an order that fulfils the condition, and returns the number
// of rules in the longest.
func (m *orderMeter) judge(c *Correlation, positions map[string]uint64, since int64) (longest float64, held bool) {
	there := m.since(since)
	for set := range m.reached {
		if !m.reached[set] || m.began[set] < since {
			continue
		}
		value, holds := judge(c, positions, uint64(set), there)
		longest, held = max(longest, value), held || holds
	}
	return longest, held
}

// judge evaluates the condition of a temporal correlation: in order are the
// rules that matched as they should, there are those that matched at all.
func judge(c *Correlation, positions map[string]uint64, inOrder, there uint64) (float64, bool) {
	count := float64(bits.OnesCount64(inOrder))
	if c.Expression == nil {
		return count, fulfilled(c.Conditions, count)
	}
	return count, evaluateReferences(c.Expression, positions, inOrder, there)
}

// evaluateReferences evaluates an extended condition. Under a not, a rule must
// not be there at all, in order or not.
func evaluateReferences(e Expression, positions map[string]uint64, inOrder, there uint64) bool {
	holds := func(term Expression) bool { return evaluateReferences(term, positions, inOrder, there) }
	switch e := e.(type) {
	case And:
		return !slices.ContainsFunc(e, func(term Expression) bool { return !holds(term) })
	case Or:
		return slices.ContainsFunc(e, holds)
	case Named:
		return holds(e.Term)
	case Not:
		return !evaluateReferences(e.Term, positions, there, inOrder)
	case Reference:
		return positions[e.Rule]&inOrder != 0
	}
	return false
}

// referencePositions maps each reference to its places in the list of rules.
func referencePositions(c *Correlation) map[string]uint64 {
	positions := map[string]uint64{}
	for i, reference := range c.Rules {
		positions[reference] |= 1 << i
	}
	return positions
}
