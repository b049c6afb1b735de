package entity

import (
	"cmp"
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
)

// A clockPair is two clocks that saw the same things.
type clockPair struct{ one, other string }

// A comparison is how far the other clock of a pair is ahead.
type comparison struct {
	clockPair
	ahead, spread time.Duration
	pairs         int
}

// findSkews compares all clocks that saw the same happenings.
func findSkews(f *facts, hosts *hostIndex) []Skew {
	comparisons := compareClocks(f, hosts)
	skews := offsets(comparisons, hosts)
	for key := range f.settings.entries {
		name := hosts.nameOf(key.host)
		skews = append(skews, Skew{Source: cmp.Or(hosts.written[name], name), Offset: time.Duration(key.to - key.from), Pairs: 1,
			Against: "its own clock, which was set at " + time.Unix(0, key.to).UTC().Format(time.RFC3339)})
	}
	slices.SortFunc(skews, func(a, b Skew) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Against, b.Against), cmp.Compare(a.Offset, b.Offset))
	})
	return skews
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
	differences := map[clockPair][]time.Duration{}
	for _, all := range sightings {
		if len(all) > maxClocks {
			continue
		}
		for i, a := range all {
			for _, b := range all[i+1:] {
				pair, ahead := clockPair{a.clock, b.clock}, time.Duration(b.time-a.time)
				if a.clock > b.clock {
					pair, ahead = clockPair{b.clock, a.clock}, -ahead
				}
				if a.clock != b.clock && ahead.Abs() <= maxOffset {
					differences[pair] = append(differences[pair], ahead)
				}
			}
		}
	}
	var found []comparison
	for pair, all := range differences {
		if len(all) >= minPairs {
			ahead, spread := medianAndSpread(all)
			if spread <= maxSpread {
				found = append(found, comparison{pair, ahead, spread, len(all)})
			}
		}
	}
	return found
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
func offsets(comparisons []comparison, hosts *hostIndex) []Skew {
	slices.SortFunc(comparisons, func(a, b comparison) int {
		return cmp.Or(cmp.Compare(b.pairs, a.pairs), cmp.Compare(a.one, b.one), cmp.Compare(a.other, b.other))
	})
	ahead := map[string]time.Duration{} // of the right clock
	var skews []Skew
	for {
		reference, found := bestReference(comparisons, ahead, hosts)
		if !found {
			return skews
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
	ahead[to] = base + difference
	offset := -ahead[to]
	if offset.Abs() <= max(agreement, 3*c.spread) {
		offset = 0
	}
	return Skew{Source: cmp.Or(hosts.written[to], to), Offset: offset, Pairs: c.pairs, Spread: c.spread,
		Against: cmp.Or(hosts.written[from], from)}, true
}
