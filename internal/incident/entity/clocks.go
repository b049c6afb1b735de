package entity

import (
	"cmp"
	"math"
	"slices"
	"time"
)

const (
	// minPairs is how many pairs a comparison of two clocks needs.
	minPairs = 5
	// maxOffset is the furthest that two sightings of one happening are taken
	// to lie apart; beyond it the pair is of two.
	maxOffset = 36 * time.Hour
	// agreement is how far clocks may seem apart and still agree: the time
	// that a connection or a ticket takes.
	agreement = 2 * time.Second
	// maxClocks is how many can see one happening; more is crafted.
	maxClocks = 16
	// maxSpread is the largest spread with which an offset is told.
	maxSpread = 30 * time.Second
	// near is how far two clocks may see things apart of which nothing says
	// that they are one but who did them and where; nearAgreement is agreement
	// for these, of which one follows the other.
	near, nearAgreement = 10 * time.Minute, 10 * time.Second
)

// A clockPair is two clocks that saw the same things.
type clockPair struct{ one, other string }

// A comparison is how far the other clock of a pair is ahead.
type comparison struct {
	clockPair
	ahead, spread time.Duration
	pairs         int
	// near says that it rests on things that were only near in time.
	near bool
}

// A moments is when two clocks saw one thing.
type moments [2]int64

// differences are all moments of two clocks, once each, however many ways they
// were told by; near are those that may be of two things.
type differences struct{ sure, near map[moments]struct{} }

// A clockIndex is what is known of clocks.
type clockIndex struct {
	skews []Skew
	// ahead is how far a clock is ahead of the right one, as far as was found.
	ahead map[string]time.Duration
}

// newClockIndex compares all clocks that saw the same happenings.
func newClockIndex(f *facts, hosts *hostIndex) clockIndex {
	var x clockIndex
	x.skews, x.ahead = offsets(compareClocks(f, hosts), hosts)
	for key := range f.settings.entries {
		name := hosts.nameOf(key.host)
		x.skews = append(x.skews, Skew{Source: cmp.Or(hosts.written[name], name), Offset: time.Duration(key.to - key.from), Pairs: 1,
			Against: "its own clock, which was set at " + time.Unix(0, key.to).UTC().Format(time.RFC3339)})
	}
	slices.SortFunc(x.skews, func(a, b Skew) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Against, b.Against), cmp.Compare(a.Offset, b.Offset))
	})
	return x
}

func compareClocks(f *facts, hosts *hostIndex) []comparison {
	type seen struct {
		clock string
		time  int64
	}
	sightings := map[[2]uint64][]seen{}
	for key, fact := range f.sightings.entries {
		if !fact.several {
			sightings[key.pair] = append(sightings[key.pair], seen{hosts.nameOf(key.clock), fact.time})
		}
	}
	found := map[clockPair]*differences{}
	for happening, all := range sightings {
		if len(all) > maxClocks {
			continue
		}
		for i, a := range all {
			for _, b := range all[i+1:] {
				pair, at := clockPair{a.clock, b.clock}, moments{a.time, b.time}
				if a.clock > b.clock {
					pair, at = clockPair{b.clock, a.clock}, moments{b.time, a.time}
				}
				if a.clock != b.clock && at.ahead().Abs() <= maxOffset {
					if found[pair] == nil {
						found[pair] = &differences{map[moments]struct{}{}, map[moments]struct{}{}}
					}
					found[pair].of(happening)[at] = struct{}{}
				}
			}
		}
	}
	var comparisons []comparison
	for pair, d := range found {
		if c, ok := d.compare(pair); ok {
			comparisons = append(comparisons, c)
		}
	}
	return comparisons
}

// ahead is how far the second clock was ahead; times so far apart that their
// difference has no number are as far apart as any.
func (m moments) ahead() time.Duration {
	difference := m[1] - m[0]
	if (m[1] >= m[0]) != (difference >= 0) {
		return math.MaxInt64
	}
	return time.Duration(difference)
}

func (d *differences) of(happening [2]uint64) map[moments]struct{} {
	if isNear(happening) {
		return d.near
	}
	return d.sure
}

// compare takes what is surely one, where there is enough of it.
func (d *differences) compare(pair clockPair) (comparison, bool) {
	for _, kind := range []map[moments]struct{}{d.sure, d.near} {
		if len(kind) < minPairs {
			continue
		}
		all := make([]time.Duration, 0, len(kind))
		for at := range kind {
			all = append(all, at.ahead())
		}
		ahead, spread := medianAndSpread(all)
		if spread <= maxSpread {
			return comparison{pair, ahead, spread, len(all), len(d.sure) < minPairs}, true
		}
	}
	return comparison{}, false
}

// medianAndSpread are the median and the median absolute deviation. It sorts
// what it is given.
func medianAndSpread(all []time.Duration) (middle, spread time.Duration) {
	middle = median(all)
	deviations := make([]time.Duration, len(all))
	for i, d := range all {
		deviations[i] = (d - middle).Abs()
	}
	return middle, median(deviations)
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	n := len(all)
	if n%2 == 1 {
		return all[n/2]
	}
	return all[n/2-1] + (all[n/2]-all[n/2-1])/2
}

// offsets takes the clock that was compared most as the right one, of those
// that were compared with one another, and goes from there to the others.
func offsets(comparisons []comparison, hosts *hostIndex) ([]Skew, map[string]time.Duration) {
	sure := func(c comparison) int {
		if c.near {
			return 1
		}
		return 0
	}
	slices.SortFunc(comparisons, func(a, b comparison) int {
		return cmp.Or(cmp.Compare(sure(a), sure(b)), cmp.Compare(b.pairs, a.pairs), cmp.Compare(a.one, b.one), cmp.Compare(a.other, b.other))
	})
	ahead := map[string]time.Duration{} // of the right clock
	var skews []Skew
	for {
		reference, found := bestReference(comparisons, ahead, hosts)
		if !found {
			return skews, ahead
		}
		ahead[reference] = 0
		for reached := true; reached; {
			reached = false
			for _, c := range comparisons {
				skew, ok := c.reach(ahead, hosts)
				if ok {
					skews, reached = append(skews, skew), true
					break // the comparison with most pairs first
				}
			}
		}
	}
}

// bestReference is the clock of a domain controller, else the one with most
// pairs, among those not reached yet.
func bestReference(comparisons []comparison, reached map[string]time.Duration, hosts *hostIndex) (string, bool) {
	pairs := map[string]int{}
	for _, c := range comparisons {
		for _, clock := range []string{c.one, c.other} {
			if _, done := reached[clock]; !done {
				pairs[clock] += c.pairs
				if hosts.controllers[clock] {
					pairs[clock] += 1 << 40
				}
			}
		}
	}
	best := ""
	for clock, n := range pairs {
		if best == "" || n > pairs[best] || n == pairs[best] && clock < best {
			best = clock
		}
	}
	return best, best != ""
}

// reach tells the offset of the one clock of a comparison by the other.
func (c *comparison) reach(ahead map[string]time.Duration, hosts *hostIndex) (Skew, bool) {
	from, to, difference := c.one, c.other, c.ahead
	if _, known := ahead[from]; !known {
		from, to, difference = c.other, c.one, -c.ahead
	}
	base, known := ahead[from]
	if _, done := ahead[to]; !known || done {
		return Skew{}, false
	}
	least := max(agreement, 3*c.spread)
	if c.near {
		least = max(least, nearAgreement)
	}
	if difference.Abs() <= least {
		difference = 0
	}
	const exact = 10 * time.Millisecond
	ahead[to] = (base + difference).Round(exact)
	return Skew{Source: cmp.Or(hosts.written[to], to), Offset: -ahead[to], Pairs: c.pairs, Spread: c.spread.Round(exact),
		Against: cmp.Or(hosts.written[from], from)}, true
}
