package sigma

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

// While the condition of an inner correlation goes on to hold, no later hit that
// an outer one waits for is missed, however long ago the alert was.
func TestChainKnowsThatAConditionStillHolds(t *testing.T) {
	t.Parallel()
	const many = "title: many\nname: many\ncorrelation: {type: event_count, rules: [a], group-by: [u], timespan: 60s, condition: {gte: 2}}\n---\n"
	var flood strings.Builder
	for second := range 700 {
		fmt.Fprintf(&flood, "a %d u=x, ", second)
	}
	tests := []correlationTest{
		{"another alert is not due yet", "type: temporal_ordered, rules: [many, b], timespan: 60s",
			"a 0 u=x, a 1 u=x, a 50 u=x, a 55 u=x, b 62", "found @62 50-62 2 [1 2 3 4 5]"},
		{"the same without the first alert", "type: temporal_ordered, rules: [many, b], timespan: 60s",
			"c 0, c 1, a 50 u=x, a 55 u=x, b 62", "found @62 55-62 2 [3 4 5]"},
		{"by a hit of the alert and a later one", "type: temporal, rules: [many, b], timespan: 10s",
			"a 0 u=x, a 1 u=x, a 59 u=x, b 65", "found @65 59-65 2 [1 2 3 4]"},
		{"held no more", "type: temporal_ordered, rules: [many, b], timespan: 10s",
			"a 0 u=x, a 1 u=x, a 70 u=x, b 75", ""},
		{"what counts alerts counts no more of them", "type: event_count, rules: [many], timespan: 1000s, condition: {gte: 2}",
			"a 0 u=x, a 1 u=x, a 2 u=x, a 3 u=x, a 4 u=x", ""},
		{"a flood shows its beginning and its end", "type: temporal_ordered, rules: [many, b], group-by: [u], timespan: 30s",
			flood.String() + "b 710 u=x", "found @710 699-710 u=x 2 " + fmt.Sprint(refs(640, 701))},
	}
	for _, test := range tests {
		test.check(t, many, unchanged)
	}
}

// refs are the numbers from one to another.
func refs(from, to uint64) (list []uint64) {
	for ; from <= to; from++ {
		list = append(list, from)
	}
	return list
}

// An event that several rules match is one event: it counts once, and is not
// before or after itself, whatever the order of the rules.
func TestOneEventIsNotTwo(t *testing.T) {
	t.Parallel()
	tests := []correlationTest{
		{"in order", "type: temporal_ordered, rules: [a, b], timespan: 10s", "a 1, b 1", ""},
		{"in the other order", "type: temporal_ordered, rules: [b, a], timespan: 10s", "a 1, b 1", ""},
		{"two events in order", "type: temporal_ordered, rules: [b, a], timespan: 10s", "a 1, b 1, a 2, b 2", "found @2 1-2 2 [1 2 3]"},
		{"at the same time", "type: temporal, rules: [b, a], timespan: 10s", "a 1, b 1", "found @1 1-1 2 [1 2]"},
		{"counted", "type: event_count, rules: [a, b], timespan: 10s, condition: {gte: 2}", "a 1, b 1, b 2", "found @2 1-2 2 [1 3]"},
		{"added", "type: value_sum, rules: [a, b], timespan: 10s, condition: {gte: 5, field: n}", "a 1 n=2, b 1 n=2, a 2 n=2, b 3 n=2", "found @3 1-3 6 [1 3 4]"},
		{"added under another name", "type: value_sum, rules: [a, b], timespan: 10s, condition: {gte: 5, field: n}, aliases: {n: {a: x, b: y}}",
			"a 1 x=2 y=3, b 1 x=2 y=3", "found @1 1-1 5 [1 2]"},
		{"in four rules", "type: temporal_ordered, rules: [a, b, c, d], timespan: 10s", "a 1, b 1, a 2, b 2, c 2, d 2, c 3, d 4", "found @4 1-4 4 [1 2 3 4 5 6 7 8]"},
	}
	for _, test := range tests {
		test.check(t, "", oneEventATime)
	}
}

// The event that completes an inner correlation is not the one that comes after it.
func TestOneEventIsNotTwoInAChain(t *testing.T) {
	t.Parallel()
	set := ruleSetOf(t, "title: many\nname: many\ncorrelation: {type: event_count, rules: [a], timespan: 60s, condition: {gte: 3}}\n---\n"+
		oneCorrelation("type: temporal_ordered, rules: [many, a], timespan: 60s"))
	for text, want := range map[string]string{
		"a 1, a 2, a 3":      "",
		"a 1, a 2, a 3, a 4": "found @4 1-4 2 [1 2 3 4]",
	} {
		hits := hitsOf(t, set, text)
		for i := range hits {
			hits[i].Event = hits[i].Ref
		}
		if got := lines(run(newCorrelator(t, set, CorrelatorOptions{}), hits)); got != want {
			t.Errorf("%s:\n got %s\nwant %s", text, got, want)
		}
	}
}

// What the hits of an inner correlation say reaches an outer one that asks for it,
// also where they are not kept one by one.
func TestChainKeepsWhatHitsCarry(t *testing.T) {
	t.Parallel()
	const inner = "title: inner\nname: inner\ncorrelation: {type: event_count, rules: [a], timespan: 60s, condition: {gte: 2}}\n---\n"
	const middle = "title: middle\nname: middle\ncorrelation: {type: temporal, rules: [inner, b], timespan: 60s}\n---\n"
	many := "a 1 u=1, a 2 u=2, a 3 u=3, a 4 u=4, a 5 u=5, a 6 u=6, b 7, "
	outer := oneCorrelation("type: temporal, rules: [middle, c], group-by: [u], timespan: 60s")
	for user := 1; user <= 6; user++ {
		set := ruleSetOf(t, inner+middle+outer)
		got := lines(run(newCorrelator(t, set, CorrelatorOptions{}), hitsOf(t, set, many+fmt.Sprintf("c 8 u=%d", user))))
		if want := fmt.Sprintf("found @8 7-8 u=%d 2 [1 2 3 4 5 6 7 8]", user); got != want {
			t.Errorf("user %d:\n got %s\nwant %s", user, got, want)
		}
	}
	counted := "title: inner\nname: inner\ncorrelation: {type: event_count, rules: [a, b], timespan: 60s, condition: {gte: 2}, aliases: {u: {a: x, b: y}}}\n---\n"
	summed := strings.NewReplacer("event_count", "value_sum", "gte: 2", "gte: 2, field: n").Replace(counted)
	for _, inner := range []string{counted, summed} {
		for _, user := range []string{"x1", "y1", "x2", "y2"} {
			set := ruleSetOf(t, inner+oneCorrelation("type: temporal, rules: [inner, c], group-by: [u], timespan: 60s, aliases: {u: {inner: u}}"))
			hits := hitsOf(t, set, "a 1 x=x1 y=y1 n=1, b 1 x=x1 y=y1 n=1, a 2 x=x2 y=y2 n=1, b 2 x=x2 y=y2 n=1, c 3 u="+user)
			oneEventATime(hits)
			if got := run(newCorrelator(t, set, CorrelatorOptions{}), hits); len(got) != 1 {
				t.Errorf("%s, user %s: %s", set.Correlations[0].Type, user, lines(got))
			}
		}
	}
}

// Three correlations on top of one another cost no more than their hits do. It
// is not parallel, as it counts what is allocated.
func TestDeepChainsStayCheap(t *testing.T) {
	set := ruleSetOf(t, `
title: one
name: one
correlation: {type: event_count, rules: [a], timespan: 1d, condition: {gte: 2}}
---
title: two
name: two
correlation: {type: event_count, rules: [b], timespan: 1d, condition: {gte: 2}}
---
title: middle
name: middle
correlation: {type: temporal, rules: [one, two], timespan: 1d}
---
title: found
correlation: {type: temporal, rules: [middle, c], timespan: 1d}`)
	a, _ := set.Find("a")
	b, _ := set.Find("b")
	c, _ := set.Find("c")
	correlator := newCorrelator(t, set, CorrelatorOptions{})
	const hits = 3000
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := range uint64(hits) {
		correlator.Add(Hit{Rule: []*Rule{a, b}[i%2], Time: time.Unix(int64(i), 0), Ref: i + 1, Event: i + 1})
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / hits; each > 4000 {
		t.Errorf("%d bytes allocated for each hit", each)
	}
	if alerts := correlator.Add(Hit{Rule: c, Time: time.Unix(hits, 0), Ref: hits + 1, Event: hits + 1}); len(append(alerts, correlator.Flush()...)) != 1 {
		t.Errorf("%d alerts, want one", len(alerts))
	}
}
