package sigma

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// baseRules are rules called a, b, c and d; what they match does not matter.
const baseRules = `
title: A
name: a
logsource: {product: p}
detection: {s: {x: 1}, condition: s}
---
title: B
name: b
logsource: {product: p}
detection: {s: {x: 2}, condition: s}
---
title: C
name: c
logsource: {product: p}
detection: {s: {x: 3}, condition: s}
---
title: D
name: d
logsource: {product: p}
detection: {s: {x: 4}, condition: s}
`

func ruleSetOf(t testing.TB, correlations string) *RuleSet {
	t.Helper()
	documents, err := Parse("test.yml", []byte(baseRules+"---\n"+correlations))
	if err != nil {
		t.Fatal(err)
	}
	set := NewRuleSet(documents, Options{})
	if len(set.Problems) > 0 {
		t.Fatal(set.Problems)
	}
	return set
}

// oneCorrelation is a correlation document with the given keys.
func oneCorrelation(keys string) string {
	return "title: found\ncorrelation: {" + keys + "}\n"
}

func newCorrelator(t testing.TB, set *RuleSet, options CorrelatorOptions) *Correlator {
	t.Helper()
	correlator, problems := NewCorrelator(set.Correlations, set.Rules, options)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return correlator
}

// hitsOf reads hits, separated by commas: the rule, the second, and field=value
// pairs. The first hit has Ref 1.
func hitsOf(t testing.TB, set *RuleSet, text string) []Hit {
	t.Helper()
	var hits []Hit
	for i, one := range strings.Split(text, ",") {
		words := strings.Fields(one)
		rule, _ := set.Find(words[0])
		second, err := strconv.ParseFloat(words[1], 64)
		if rule == nil || err != nil {
			t.Fatalf("hit %q: rule %v, time %v", one, rule, err)
		}
		hit := Hit{Rule: rule, Time: time.Unix(0, int64(second*1e9)), Ref: uint64(i + 1)}
		for _, word := range words[2:] {
			field, value, _ := strings.Cut(word, "=")
			hit.Values = append(hit.Values, FieldText{field, value})
		}
		hits = append(hits, hit)
	}
	return hits
}

// run adds all hits and flushes.
func run(c *Correlator, hits []Hit) []Alert {
	var alerts []Alert
	for _, hit := range hits {
		alerts = append(alerts, c.Add(hit)...)
	}
	return append(alerts, c.Flush()...)
}

// line is an alert on one line: title, time, first-last, group, value, refs.
func (a Alert) line() string {
	seconds := func(t time.Time) string { return strconv.FormatFloat(float64(t.UnixNano())/1e9, 'f', -1, 64) }
	var text strings.Builder
	fmt.Fprintf(&text, "%s @%s %s-%s", a.Correlation.Title, seconds(a.Time), seconds(a.First), seconds(a.Last))
	for _, value := range a.Group {
		fmt.Fprintf(&text, " %s=%s", value.Field, value.Text)
	}
	fmt.Fprintf(&text, " %v %v", a.Value, a.Refs)
	if a.Incomplete {
		text.WriteString(" incomplete")
	}
	return text.String()
}

func lines(alerts []Alert) string {
	list := make([]string, len(alerts))
	for i, alert := range alerts {
		list[i] = alert.line()
	}
	return strings.Join(list, "\n")
}

// A correlationTest is a correlation, by its keys, and what it makes of hits.
type correlationTest struct{ name, keys, hits, want string }

// check runs the correlation beside others, which stand before it.
func (test *correlationTest) check(t *testing.T, others string, change func([]Hit)) {
	t.Helper()
	set := ruleSetOf(t, others+oneCorrelation(test.keys))
	hits := hitsOf(t, set, test.hits)
	change(hits)
	if got := lines(run(newCorrelator(t, set, CorrelatorOptions{}), hits)); got != test.want {
		t.Errorf("%s:\n got %s\nwant %s", test.name, got, test.want)
	}
}

// unchanged leaves hits as they are: each is an event of its own.
func unchanged([]Hit) {}

// oneEventATime makes hits of one time those of one event.
func oneEventATime(hits []Hit) {
	for i := range hits {
		hits[i].Event = uint64(hits[i].Time.Unix())
	}
}

func TestCorrelationTypes(t *testing.T) {
	t.Parallel()
	tests := []correlationTest{
		{"event_count", "type: event_count, rules: [a], group-by: [u], timespan: 10s, condition: {gte: 3}",
			"a 1 u=x, a 2 u=y, a 5 u=x, a 11 u=X", "found @11 1-11 u=x 3 [1 3 4]"},
		{"event_count, a window ends with its length", "type: event_count, rules: [a], timespan: 10s, condition: {gte: 2}",
			"a 1, a 11.001", ""},
		{"event_count does not look at a field", "type: event_count, rules: [a], timespan: 10s, condition: {gte: 2, field: f}",
			"a 1, a 2", "found @2 1-2 2 [1 2]"},
		{"event_count slides", "type: event_count, rules: [a], timespan: 10s, condition: {gte: 3}",
			"a 1, a 9, a 12, a 14", "found @14 9-14 3 [2 3 4]"},
		{"event_count over two rules", "type: event_count, rules: [a, b], timespan: 10s, condition: {gt: 1}",
			"a 1, c 2, b 3", "found @3 1-3 2 [1 3]"},
		{"once per window, then again", "type: event_count, rules: [a], timespan: 10s, condition: {gte: 2}",
			"a 1, a 2, a 3, a 4, a 12, a 13", "found @2 1-2 2 [1 2]\nfound @13 3-13 4 [3 4 5 6]"},
		{"event_count below, judged at the end", "type: event_count, rules: [a], timespan: 10s, condition: {lt: 3}",
			"a 1, a 2, a 3, a 20, a 21, a 40", "found @30 20-21 2 [4 5]\nfound @40 40-40 1 [6] incomplete"},
		{"a range", "type: event_count, rules: [a], timespan: 10s, condition: {gte: 2, lte: 3}",
			"a 1, a 20, a 21, a 22, a 40, a 41, a 42, a 43, a 60", "found @30 20-22 3 [2 3 4]"},
		{"neq", "type: event_count, rules: [a], timespan: 10s, condition: {neq: 2}",
			"a 1, a 2, a 20, a 40, a 41", "found @30 20-20 1 [3]"},
		{"eq", "type: event_count, rules: [a], timespan: 10s, condition: {eq: 2}",
			"a 1, a 11, a 20, b 99, a 100", "found @11 1-11 2 [1 2]"},
		{"value_count", "type: value_count, rules: [a], group-by: [h], timespan: 10s, condition: {gte: 2, field: u}",
			"a 1 h=1 u=x, a 2 h=1 u=X, a 3 h=1, a 4 h=1 u=y", "found @4 1-4 h=1 2 [1 2 4]"},
		{"value_count forgets", "type: value_count, rules: [a], timespan: 10s, condition: {gte: 2, field: u}",
			"a 1 u=x, a 12 u=y, a 13 u=y", ""},
		{"value_count of tuples", "type: value_count, rules: [a], timespan: 10s, condition: {gte: 3, field: [u, v]}",
			"a 1 u=ab v=c, a 2 u=a v=bc, a 3 u=ab v=c, a 4 u=ab v=d", "found @4 1-4 3 [1 2 3 4]"},
		{"value_count of a field with several values", "type: value_count, rules: [a], timespan: 10s, condition: {gte: 3, field: u}",
			"a 1 u=x u=y, a 2 u=z", "found @2 1-2 3 [1 2]"},
		{"value_sum", "type: value_sum, rules: [a], timespan: 10s, condition: {gt: 5, field: n}",
			"a 1 n=3, a 5 n=x, a 12 n=4, a 13 n=1.5", "found @13 12-13 5.5 [3 4]"},
		{"value_avg", "type: value_avg, rules: [a], timespan: 10s, condition: {gte: 2, field: n}",
			"a 1 n=5, a 2 n=0, a 3 n=0, a 20 n=1, a 21 n=3.5, a 99 n=0", "found @30 20-21 2.25 [4 5]"},
		{"value_percentile", "type: value_percentile, rules: [a], timespan: 10s, condition: {gte: 3, field: n, percentile: 75}",
			"a 1 n=4, a 2 n=3, a 3 n=2, a 4 n=1, a 99 n=0", "found @11 1-4 3.25 [1 2 3 4]"},
		{"value_median", "type: value_median, rules: [a], timespan: 10s, condition: {eq: 2, field: n}",
			"a 1 n=9, a 2 n=2, a 3 n=1", "found @3 1-3 2 [1 2 3] incomplete"},
		{"temporal", "type: temporal, rules: [a, b, c], group-by: [u], timespan: 10s",
			"c 1 u=x, a 2 u=x, b 3 u=y, b 11 u=x", "found @11 1-11 u=x 3 [1 2 4]"},
		{"temporal, too far apart", "type: temporal, rules: [a, b], timespan: 10s", "a 1, b 12", ""},
		{"temporal, some of them", "type: temporal, rules: [a, b, c], timespan: 10s, condition: {gte: 2}",
			"a 1, a 2, c 3", "found @3 1-3 2 [1 2 3]"},
		{"temporal, only one of them", "type: temporal, rules: [a, b], timespan: 10s, condition: {eq: 1}",
			"a 1, b 2, b 20", "found @20 20-20 1 [3] incomplete"},
		{"temporal_ordered", "type: temporal_ordered, rules: [a, b, c], timespan: 10s",
			"b 1, a 2, c 3, d 4, b 5, c 12", "found @12 2-12 3 [2 3 5 6]"},
		{"temporal_ordered, wrong order", "type: temporal_ordered, rules: [a, b], timespan: 10s", "b 1, a 2", ""},
		{"temporal_ordered, too far apart", "type: temporal_ordered, rules: [a, b], timespan: 10s", "a 1, b 11.5", ""},
		{"temporal_ordered begins as late as it can", "type: temporal_ordered, rules: [a, b], timespan: 10s", "a 1, a 8, b 12", "found @12 8-12 2 [2 3]"},
		{"temporal_ordered, the same rule twice", "type: temporal_ordered, rules: [a, b, a], timespan: 10s", "a 1, b 2, a 3", "found @3 1-3 3 [1 2 3]"},
		{"temporal_ordered, two of three", "type: temporal_ordered, rules: [a, b, c], timespan: 10s, condition: {gte: 2}", "b 1, a 2, c 3", "found @3 1-3 2 [1 2 3]"},
		{"extended", "type: temporal, timespan: 10s, condition: a and (b or c)", "b 1, c 2, a 3", "found @3 1-3 3 [1 2 3]"},
		{"extended with not", "type: temporal, rules: [a, b], timespan: 10s, condition: a and not b",
			"a 1, b 2, a 20, a 21, a 40", "found @30 20-21 1 [3 4]\nfound @40 40-40 1 [5] incomplete"},
		{"extended in order", "type: temporal_ordered, rules: [a, b, c], timespan: 10s, condition: a and (b or c)",
			"b 1, a 2, c 3", "found @3 1-3 2 [1 2 3]"},
		{"extended in order, none before", "type: temporal_ordered, rules: [a, b], timespan: 10s, condition: a and b", "b 1, a 2", ""},
		{"aliases", `type: temporal, rules: [a, b], group-by: [ip], timespan: 10s, aliases: {ip: {a: src, b: dst}}`,
			"a 1 src=1 dst=2, b 2 src=1 dst=2, b 3 src=5 dst=1", "found @3 1-3 ip=1 2 [1 3]"},
		{"aliases in the field", `type: value_count, rules: [a, b], timespan: 10s, condition: {gte: 3, field: ip}, aliases: {ip: {a: src, b: dst}}`,
			"a 1 src=1, b 2 dst=2 src=7, a 3 ip=8, b 4 dst=3", "found @4 1-4 3 [1 2 4]"},
		{"an alias without a field for a rule", `type: temporal, rules: [a, b], group-by: [ip], timespan: 10s, aliases: {ip: {a: src}}`,
			"a 1 src=1, b 2 ip=1", "found @2 1-2 ip=1 2 [1 2]"},
		{"extended in order, without a list", "type: temporal_ordered, timespan: 10s, condition: b and a", "a 1, b 2, a 3", "found @3 1-3 2 [1 2 3]"},
		{"a range slides", "type: event_count, rules: [a], timespan: 1m, condition: {gte: 3, lte: 10}",
			"a 0, a 58, a 61, a 62", "found @62 58-62 3 [2 3 4]"},
		{"a range, above it all the time", "type: event_count, rules: [a], timespan: 10s, condition: {gte: 2, lte: 3}",
			"a 1, a 2, a 3, a 4, a 60", ""},
		{"value_avg slides", "type: value_avg, rules: [a], timespan: 1m, condition: {gt: 400, field: n}",
			"a 0 n=0, a 58 n=500, a 59 n=500, a 61 n=0", "found @61 58-59 500 [2 3]"},
		{"value_median slides", "type: value_median, rules: [a], timespan: 10s, condition: {gt: 4, field: n}",
			"a 0 n=1, a 2 n=2, a 9 n=5, a 11 n=6, a 12 n=9, a 99 n=0", "found @11 2-11 5 [2 3 4]\nfound @22 12-12 9 [5]"},
		{"extended with not slides", "type: temporal, rules: [a, b, c], timespan: 1m, condition: a and c and not b",
			"c 0, b 1, a 59, c 62", "found @62 59-62 2 [3 4]"},
		{"temporal_ordered with not slides", "type: temporal_ordered, rules: [a, c, b], timespan: 1m, condition: a and c and not b",
			"c 0, b 1, a 59, c 62", "found @62 59-62 2 [3 4]"},
		{"a slump within a run", "type: event_count, rules: [a], timespan: 10s, condition: {lt: 2}",
			"a 0, a 9, a 18, a 19, a 99, a 100", "found @18 9-9 1 [2]"},
		{"a run that ends is no slump", "type: event_count, rules: [a], timespan: 10s, condition: {lt: 2}",
			"a 0, a 9, a 20, a 21, a 99, a 100", ""},
		{"hits of one time belong together", "type: event_count, rules: [a], timespan: 10s, condition: {eq: 3}",
			"a 0, a 9, a 11, a 11, a 11, a 12, a 99", ""},
		{"extended, not twice", "type: temporal, rules: [a, b], timespan: 10s, condition: not (not a or b)", "a 1, a 20, b 21, c 99", "found @11 1-1 1 [1]"},
		{"without a field of group-by", "type: event_count, rules: [a], group-by: [u, h], timespan: 10s, condition: {gte: 2}",
			"a 1 u=x, a 2 u=x h=1, a 3 h=1, a 4 u= h=1, a 5 u=x h=1", "found @5 2-5 u=x h=1 2 [2 5]"},
		{"several values of group-by", "type: event_count, rules: [a], group-by: [u], timespan: 10s, condition: {gte: 2}",
			"a 1 u=x u=y, a 2 u=y, a 3 u=x", "found @2 1-2 u=y 2 [1 2]\nfound @3 1-3 u=x 2 [1 3]"},
	}
	for _, test := range tests {
		test.check(t, "", unchanged)
	}
}

// chain is three levels deep: many a, then b, twice.
const chain = `
title: many
name: many
correlation: {type: event_count, rules: [a], group-by: [host], timespan: 10s, condition: {gte: 2}}
---
title: followed
name: followed
correlation: {type: temporal_ordered, rules: [many, b], group-by: [user], timespan: 20s, aliases: {user: {many: account, b: user}}}
---
title: again
name: again
correlation: {type: event_count, rules: [followed], group-by: [host, user], timespan: 100s, condition: {gte: 2}, generate: GENERATE}
`

func TestChain(t *testing.T) {
	t.Parallel()
	// The middle correlation needs the account of the events that the inner
	// one only groups by host, and the outer one the host.
	hits := "a 1 host=h account=ann, a 2 host=h account=bob, b 5 user=bob host=h, " +
		"a 40 host=h account=bob, a 41 host=h account=bob, b 42 user=bob host=h"
	again := "again @42 5-42 host=h user=bob 2 [1 2 3 4 5 6]"
	tests := map[string]string{
		"false": again,
		"true":  "followed @5 2-5 user=bob 2 [1 2 3]\nfollowed @42 41-42 user=bob 2 [4 5 6]\n" + again,
	}
	for generate, want := range tests {
		set := ruleSetOf(t, strings.ReplaceAll(chain, "GENERATE", generate))
		correlator := newCorrelator(t, set, CorrelatorOptions{})
		if got := lines(run(correlator, hitsOf(t, set, hits))); got != want {
			t.Errorf("generate %s:\n got %s\nwant %s", generate, got, want)
		}
		a, _ := set.Find("a")
		b, _ := set.Find("b")
		if got, want := correlator.Inputs(a), []string{"host", "account"}; !cmp.Equal(got, want) {
			t.Errorf("inputs of a: %q, want %q", got, want)
		}
		if got, want := correlator.Inputs(b), []string{"user", "host"}; !cmp.Equal(got, want) {
			t.Errorf("inputs of b: %q, want %q", got, want)
		}
	}
}

// A window that is judged at its end passes its alert on before later hits.
func TestChainOfWindowsJudgedAtTheEnd(t *testing.T) {
	t.Parallel()
	set := ruleSetOf(t, `
title: few
name: few
correlation: {type: event_count, rules: [a], timespan: 10s, condition: {lt: 2}}
---
title: found
correlation: {type: temporal_ordered, rules: [few, b], timespan: 20s}`)
	tests := map[string]string{
		"a 1, b 12, c 50":       "found @12 11-12 2 [1 2]",
		"a 1, b 10, b 40":       "",
		"a 1, a 2, b 12":        "",
		"b 1, a 5, b 14, b 16":  "found @16 1-16 2 [1 2 3 4]",
		"a 1, b 20, a 25, b 36": "found @20 11-20 2 [1 2]",
	}
	for hits, want := range tests {
		if got := lines(run(newCorrelator(t, set, CorrelatorOptions{}), hitsOf(t, set, hits))); got != want {
			t.Errorf("%s:\n got %s\nwant %s", hits, got, want)
		}
	}
}

func TestWhatIsReported(t *testing.T) {
	t.Parallel()
	set := ruleSetOf(t, `
title: one
correlation: {type: event_count, rules: [a, b], timespan: 10s, condition: {gte: 2}}
---
title: two
correlation: {type: event_count, rules: [b, c], timespan: 10s, condition: {gte: 2}, generate: true}`)
	correlator := newCorrelator(t, set, CorrelatorOptions{})
	for name, want := range map[string]struct{ uses, emits bool }{
		"a": {true, false}, "b": {true, true}, "c": {true, true}, "d": {false, true},
	} {
		rule, _ := set.Find(name)
		if got := correlator.Emits(rule); got != want.emits {
			t.Errorf("Emits(%s) = %v", name, got)
		}
		if got := correlator.Uses(rule); got != want.uses || (correlator.Inputs(rule) != nil) != want.uses {
			t.Errorf("Uses(%s) = %v, inputs %q", name, got, correlator.Inputs(rule))
		}
	}
}

func TestLateAndUndatedHitsAreListed(t *testing.T) {
	t.Parallel()
	set := ruleSetOf(t, oneCorrelation("type: event_count, rules: [a], timespan: 100s, condition: {gte: 3}"))
	correlator := newCorrelator(t, set, CorrelatorOptions{Reorder: 5 * time.Second})
	hits := hitsOf(t, set, "a 10, a 20, a 16, a 14, a 15, a 0, a 0")
	hits[5].Time, hits[6].Time = time.Time{}, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	if got, want := lines(run(correlator, hits)), "found @16 10-16 3 [1 3 5]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	statistics := correlator.Statistics()
	if want := (SkippedHits{1, []uint64{4}}); !cmp.Equal(statistics.Late, want) {
		t.Errorf("late: %v, want %v", statistics.Late, want)
	}
	if want := (SkippedHits{2, []uint64{6, 7}}); !cmp.Equal(statistics.Undated, want) {
		t.Errorf("undated: %v, want %v", statistics.Undated, want)
	}
}

func TestPendingIsBounded(t *testing.T) {
	t.Parallel()
	set := ruleSetOf(t, oneCorrelation("type: event_count, rules: [a], timespan: 100s, condition: {gte: 3}"))
	correlator := newCorrelator(t, set, CorrelatorOptions{Reorder: time.Hour, MaxPending: 2})
	for _, hit := range hitsOf(t, set, "a 1, a 3, a 5, a 4, a 2") {
		correlator.Add(hit)
	}
	if waiting := correlator.pending.len(); waiting != 2 {
		t.Errorf("%d hits wait", waiting)
	}
	if late := correlator.Statistics().Late; !cmp.Equal(late.Refs, []uint64{5}) {
		t.Errorf("late: %v", late)
	}
}

func TestAdvance(t *testing.T) {
	t.Parallel()
	set := ruleSetOf(t, oneCorrelation("type: event_count, rules: [a], timespan: 10s, condition: {lt: 3}"))
	correlator := newCorrelator(t, set, CorrelatorOptions{})
	correlator.Add(hitsOf(t, set, "a 1")[0])
	if got := lines(correlator.Advance(time.Unix(11, 0))); got != "" {
		t.Errorf("at the very end of the window: %s", got)
	}
	if got, want := lines(correlator.Advance(time.Unix(12, 0))), "found @11 1-1 1 [1]"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := lines(correlator.Flush()); got != "" {
		t.Errorf("a second time: %s", got)
	}
}

func TestWindowsAreBounded(t *testing.T) {
	t.Parallel()
	for _, keys := range []string{
		"type: event_count, rules: [a], group-by: [u], timespan: 1d, condition: {gte: 9}",
		"type: event_count, rules: [a], group-by: [u], timespan: 1d, condition: {lte: 9}",
		"type: value_count, rules: [a], timespan: 1d, condition: {gte: 9, field: u}",
		"type: value_median, rules: [a], timespan: 1d, condition: {gte: 9, field: n}",
		"type: temporal_ordered, rules: [a, b], timespan: 1d",
		"type: event_count, rules: [a], group-by: [u], timespan: 1d, condition: {gte: 1}",
		"type: temporal_ordered, rules: [a, b, a, b, a, b], group-by: [u], timespan: 1d",
	} {
		set := ruleSetOf(t, oneCorrelation(keys))
		correlator := newCorrelator(t, set, CorrelatorOptions{MaxWindow: 10, MaxHits: 100})
		hit := hitsOf(t, set, "a 0")[0]
		most := 0
		for i := range 1000 {
			hit.Time, hit.Ref = time.Unix(int64(i), 0), uint64(i)
			hit.Values = []FieldText{{"u", strconv.Itoa(i % 300)}, {"n", "1"}}
			correlator.Add(hit)
			most = max(most, correlator.held)
		}
		if most > 100+2*15 { // what one hit adds may come on top
			t.Errorf("%s: held %d", keys, most)
		}
		if dropped := correlator.Statistics().Correlations[0].Dropped; dropped == 0 && !strings.Contains(keys, "gte: 1}") {
			t.Errorf("%s: nothing is counted as dropped", keys)
		}
		if weight := correlator.correlations[0].weight; len(correlator.correlations[0].groups) > 100/weight+1 {
			t.Errorf("%s: %d groups", keys, len(correlator.correlations[0].groups))
		}
		if correlator.Flush(); correlator.held != 0 {
			t.Errorf("%s: %d held after the end", keys, correlator.held)
		}
	}
}

func TestReferencesAreBounded(t *testing.T) {
	t.Parallel()
	set := ruleSetOf(t, oneCorrelation("type: event_count, rules: [a], timespan: 1d, condition: {gte: 5}"))
	correlator := newCorrelator(t, set, CorrelatorOptions{MaxReferences: 2})
	alerts := run(correlator, hitsOf(t, set, "a 1, a 2, a 3, a 4, a 5"))
	if got, want := lines(alerts), "found @5 1-5 5 [4 5]"; got != want || alerts[0].Count != 5 {
		t.Errorf("got %s, count %d", got, alerts[0].Count)
	}
}

func TestCorrelationStatistics(t *testing.T) {
	t.Parallel()
	set := ruleSetOf(t, oneCorrelation("type: value_sum, rules: [a], group-by: [u], timespan: 10s, condition: {gte: 2, field: n}"))
	correlator := newCorrelator(t, set, CorrelatorOptions{})
	run(correlator, hitsOf(t, set, "a 1 n=1, a 2 u=x, a 3 u=x n=y, a 4 u=x n=0x2, a 5 u=x n=2, d 6"))
	want := CorrelationStatistics{Correlation: set.Correlations[0], Hits: 5, WithoutGroup: 1, WithoutValue: 2, Suppressed: 1, Alerts: 1}
	if got := correlator.Statistics().Correlations[0]; got != want {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

// Adding and taking away a huge number leaves the small ones as they were.
func TestSumForgetsHugeNumbers(t *testing.T) {
	t.Parallel()
	set := ruleSetOf(t, oneCorrelation("type: value_sum, rules: [a], timespan: 10s, condition: {gte: 3, lte: 1e300, field: n}"))
	set.Correlations[0].Conditions = set.Correlations[0].Conditions[:1]
	set.Correlations[0].Conditions[0] = CorrelationCondition{Operator: Greater, Number: 2.5}
	correlator := newCorrelator(t, set, CorrelatorOptions{})
	got := lines(run(correlator, hitsOf(t, set, "a 1 n=-1e300, a 2 n=1, a 11 n=1, a 12 n=1")))
	if want := "found @12 2-12 3 [2 3 4]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestNewCorrelatorRefuses(t *testing.T) {
	t.Parallel()
	rules := []*Rule{{Metadata: Metadata{Name: "a"}}}
	many := slices.Repeat([]string{"a"}, 13)
	loop := []*Correlation{
		{Metadata: Metadata{Title: "x", Name: "x"}, Rules: []string{"y"}, Timespan: 1},
		{Metadata: Metadata{Title: "y", Name: "y"}, Rules: []string{"x"}, Timespan: 1},
	}
	tests := []struct {
		correlations []*Correlation
		want         string
	}{
		{[]*Correlation{{Rules: []string{"b"}, Timespan: 1}}, `no rule has the id or name "b"`},
		{[]*Correlation{{Rules: []string{"a"}}}, "needs a timespan"},
		{[]*Correlation{{Rules: many, Timespan: 1, Type: TemporalOrdered}}, "12 rules at most, not 13"},
		{[]*Correlation{{Rules: slices.Repeat(many, 5), Timespan: 1, Type: Temporal}}, "64 rules at most, not 65"},
		{[]*Correlation{{Rules: []string{"a"}, Timespan: 1, Type: ValueCount}}, "needs a field"},
		{[]*Correlation{{Rules: []string{"a"}, Timespan: 1, Type: ValueSum, Fields: []string{"x", "y"}}}, "looks at one field, not 2"},
		{[]*Correlation{{Rules: []string{"a"}, Timespan: 1, Conditions: []CorrelationCondition{{Operator: Greater, Number: 1e6}}}}, "more than the 100000 hits"},
		{loop, "made of itself"},
	}
	for _, test := range tests {
		correlator, problems := NewCorrelator(test.correlations, rules, CorrelatorOptions{})
		if len(problems) == 0 || !strings.Contains(problems[0].Message, test.want) {
			t.Errorf("problems %v, want %q", problems, test.want)
		}
		if correlator.Uses(rules[0]) || !correlator.Emits(rules[0]) {
			t.Errorf("%s: the correlation is in use", test.want)
		}
	}
}

// Two orders of the same hits, within the bound, give the same alerts in the
// same order, hits of equal time included.
func TestOrderOfArrivalDoesNotMatter(t *testing.T) {
	t.Parallel()
	set := ruleSetOf(t, strings.ReplaceAll(chain, "GENERATE", "true"))
	var text []string
	for i := range 200 {
		text = append(text, fmt.Sprintf("%c %d host=%d account=%d user=%d", "aab"[i%3], i/7, i%2, i%5, i%5))
	}
	hits := hitsOf(t, set, strings.Join(text, ","))
	want := lines(run(newCorrelator(t, set, CorrelatorOptions{}), hits))
	if !strings.Contains(want, "again") || !strings.Contains(want, "followed") {
		t.Fatalf("the test finds too little: %s", want)
	}
	for seed := range uint64(20) {
		correlator := newCorrelator(t, set, CorrelatorOptions{Reorder: 4 * time.Second})
		if got := lines(run(correlator, shuffled(hits, seed, 4*time.Second))); got != want {
			t.Fatalf("seed %d: %s", seed, cmp.Diff(want, got))
		}
	}
}

// Once the windows have their size, hits that complete nothing cost no memory.
func TestCorrelatorDoesNotAllocate(t *testing.T) {
	set := ruleSetOf(t, oneCorrelation("type: event_count, rules: [a], group-by: [u], timespan: 1s, condition: {gte: 1000}"))
	correlator := newCorrelator(t, set, CorrelatorOptions{})
	hit := hitsOf(t, set, "a 0 u=GOV\\anna")[0]
	add := func() {
		hit.Time = hit.Time.Add(10 * time.Millisecond)
		correlator.Add(hit)
	}
	for range 1000 {
		add()
	}
	if allocations := testing.AllocsPerRun(1000, add); allocations != 0 {
		t.Errorf("%v allocations a hit", allocations)
	}
}

// A heap gives back in order whatever it was given.
func TestReorderBuffer(t *testing.T) {
	t.Parallel()
	rules := []*Rule{{Metadata: Metadata{ID: "1"}}, {Metadata: Metadata{ID: "2"}}}
	var buffer reorderBuffer
	random := rand.New(rand.NewPCG(5, 6))
	for round := range 50 {
		for range round {
			buffer.push(pendingHit{random.Int64N(10), Hit{Rule: rules[random.IntN(2)], Ref: random.Uint64N(3)}})
		}
		for last := (*pendingHit)(nil); buffer.len() > 0; {
			next := buffer.pop()
			if last != nil && next.before(last) {
				t.Fatalf("%v after %v", next, *last)
			}
			last = &next
		}
	}
}

func BenchmarkCorrelator(b *testing.B) {
	benchmarks := map[string]string{
		"event_count":      "type: event_count, rules: [a], group-by: [u], timespan: 10m, condition: {gte: 1000}",
		"event_count_lte":  "type: event_count, rules: [a], group-by: [u], timespan: 10m, condition: {lte: 2}",
		"value_count":      "type: value_count, rules: [a], group-by: [u], timespan: 10m, condition: {gte: 1000, field: v}",
		"value_sum":        "type: value_sum, rules: [a], group-by: [u], timespan: 10m, condition: {gt: 1e9, field: n}",
		"temporal":         "type: temporal, rules: [a, b, c], group-by: [u], timespan: 10m",
		"temporal_ordered": "type: temporal_ordered, rules: [a, b, c], group-by: [u], timespan: 10m",
	}
	for name, keys := range benchmarks {
		b.Run(name, func(b *testing.B) {
			set := ruleSetOf(b, oneCorrelation(keys))
			correlator := newCorrelator(b, set, CorrelatorOptions{})
			rules := set.Rules[:2]
			values := make([][]FieldText, 997)
			for i := range values {
				values[i] = []FieldText{{"u", fmt.Sprintf("GOV\\user%d", i%50)}, {"v", strconv.Itoa(i)}, {"n", strconv.Itoa(i)}}
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				i++
				correlator.Add(Hit{Rule: rules[i&1], Time: time.Unix(0, int64(i)*1e7), Ref: uint64(i), Values: values[i%len(values)]})
			}
			b.ReportMetric(float64(i)/b.Elapsed().Seconds(), "hits/s")
		})
	}
}

// A full window loses its oldest hits, also from what it measures.
func TestFullWindowOfValues(t *testing.T) {
	t.Parallel()
	set := ruleSetOf(t, oneCorrelation("type: value_count, rules: [a], timespan: 1d, condition: {gte: 1, lte: 2, field: v}"))
	correlator := newCorrelator(t, set, CorrelatorOptions{MaxWindow: 3})
	got := lines(run(correlator, hitsOf(t, set, "a 1 v=1, a 2 v=2, a 3 v=3, a 4 v=2, a 5 v=3 v=2")))
	if want := "found @5 4-5 2 [4 5] incomplete"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if dropped := correlator.Statistics().Correlations[0].Dropped; dropped != 3 {
		t.Errorf("%d dropped, want 3", dropped)
	}
}

// A trace says what matched, and which window of each group was the best.
func TestTrace(t *testing.T) {
	t.Parallel()
	tests := []struct{ keys, hits, rules, groups string }{
		{"type: event_count, rules: [a, b], group-by: [u], timespan: 10s, condition: {gte: 3}",
			"a 1 u=x, a 2 u=x, b 3, a 20 u=y, a 21 u=y, a 22 u=y, a 40 u=x",
			"a 6/0/0, b 1/1/0", "y 20-22 3 held 1 alert, x 1-2 2"},
		{"type: value_sum, rules: [a], timespan: 10s, condition: {gt: 5, field: n}",
			"a 1 n=1, a 2 n=x, a 3 n=3, a 40 n=2", "a 4/0/1", " 1-3 4"},
		{"type: temporal, rules: [a, b, c], timespan: 10s", "a 1, b 20, c 21, a 40", "a 2/0/0, b 1/0/0, c 1/0/0", " 20-21 2 [1 2]"},
		{"type: temporal_ordered, rules: [a, b], timespan: 10s", "b 1, a 2", "a 1/0/0, b 1/0/0", " 1-1 1 [1]"},
		{"type: temporal, rules: [a, b, c], timespan: 10s, condition: a and b and not c", "a 1, c 2, a 20, c 40", "a 2/0/0, b 0/0/0, c 2/0/0", " 20-20 1 [0]"},
		{"type: event_count, rules: [a], timespan: 10s, condition: {gte: 2, lte: 3}", "a 1, a 2, a 3, a 4, a 5, a 40", "a 6/0/0", " 40-40 1"},
	}
	for _, test := range tests {
		set := ruleSetOf(t, oneCorrelation(test.keys))
		correlator := newCorrelator(t, set, CorrelatorOptions{Trace: true})
		run(correlator, hitsOf(t, set, test.hits))
		trace := correlator.Traces()[0]
		var rules, groups []string
		for _, r := range trace.Rules {
			rules = append(rules, fmt.Sprintf("%s %d/%d/%d", r.Reference, r.Hits, r.WithoutGroup, r.WithoutValue))
		}
		for _, g := range trace.Groups {
			name := ""
			for _, value := range g.Group {
				name += value.Text
			}
			line := fmt.Sprintf("%s %d-%d %v", name, g.First.Unix(), g.Last.Unix(), g.Value)
			if len(g.Matched) > 0 {
				line += fmt.Sprintf(" %v", g.Matched)
			}
			if g.Held {
				line += fmt.Sprintf(" held %d alert", g.Alerts)
			}
			groups = append(groups, line)
		}
		if got := strings.Join(rules, ", "); got != test.rules {
			t.Errorf("%s: rules %s, want %s", test.keys, got, test.rules)
		}
		if got := strings.Join(groups, ", "); got != test.groups {
			t.Errorf("%s: groups %q, want %q", test.keys, got, test.groups)
		}
	}
}

func TestConditionOfCorrelation(t *testing.T) {
	t.Parallel()
	for keys, want := range map[string]string{
		"type: event_count, rules: [a], timespan: 1s, condition: {gte: 2, lt: 5}":                          "hits >= 2 and < 5",
		"type: value_count, rules: [a], timespan: 1s, condition: {neq: 2, field: [u, v]}":                  "different values of u and v not = 2",
		"type: value_percentile, rules: [a], timespan: 1s, condition: {gt: 2.5, field: u, percentile: 90}": "percentile 90 of u > 2.5",
		"type: temporal_ordered, rules: [a, b], timespan: 1s":                                              "rules that matched in order >= 2",
		"type: temporal, timespan: 1s, condition: a and (b or not c) and not (a and d)":                    "a and (b or not c) and not (a and d)",
	} {
		if got := ruleSetOf(t, oneCorrelation(keys)).Correlations[0].Condition(); got != want {
			t.Errorf("%s: %s, want %s", keys, got, want)
		}
	}
}

// A temporal correlation asks for different rules: one that is named twice is one.
func TestTemporalCountsDifferentRules(t *testing.T) {
	t.Parallel()
	for keys, want := range map[string]string{
		"type: temporal, rules: [a, a], timespan: 10s":                            "found @1 1-1 1 [1]",
		"type: temporal, rules: [a, a, b], timespan: 10s":                         "found @2 1-2 2 [1 2]",
		"type: temporal, rules: [a, a, b], timespan: 10s, condition: {gte: 2}":    "found @2 1-2 2 [1 2]",
		"type: temporal_ordered, rules: [a, a], timespan: 10s":                    "found @4 1-4 2 [1 3]",
		"type: event_count, rules: [a, a], timespan: 10s, condition: {gte: 2}":    "found @4 1-4 2 [1 3]",
		"type: temporal, timespan: 10s, condition: a and (b or a)":                "found @1 1-1 1 [1]",
		"type: temporal, rules: [a, b, a], timespan: 10s, condition: {gte: 3}":    "",
		"type: temporal_ordered, rules: [a, b, a], timespan: 10s":                 "found @4 1-4 3 [1 2 3]",
		"type: temporal_ordered, rules: [a, b, a, b], timespan: 10s":              "",
		"type: temporal_ordered, rules: [b, a], timespan: 10s":                    "found @4 1-4 2 [1 2 3]",
		"type: temporal, rules: [a, b], timespan: 10s, condition: {gte: 1}":       "found @1 1-1 1 [1]",
		"type: temporal, rules: [a, b], timespan: 10s, condition: {gt: 1, lt: 3}": "found @4 1-4 2 [1 2 3] incomplete",
	} {
		set := ruleSetOf(t, oneCorrelation(keys))
		if got := lines(run(newCorrelator(t, set, CorrelatorOptions{}), hitsOf(t, set, "a 1, b 2, a 4"))); got != want {
			t.Errorf("%s:\n got %s\nwant %s", keys, got, want)
		}
	}
}

func TestTemporalRefusesOneRuleByTwoNames(t *testing.T) {
	t.Parallel()
	set := ruleSetOf(t, "title: X\nname: x\nid: 3d1a2b1e-3e5c-4a20-bf2f-b3a2a8b5b6d1\nlogsource: {product: p}\ndetection: {s: {x: 9}, condition: s}\n---\n"+
		oneCorrelation("type: temporal, rules: [x, 3d1a2b1e-3e5c-4a20-bf2f-b3a2a8b5b6d1], timespan: 10s"))
	_, problems := NewCorrelator(set.Correlations, set.Rules, CorrelatorOptions{})
	if len(problems) != 1 || !strings.Contains(problems[0].Message, "are the same rule") {
		t.Errorf("problems %v", problems)
	}
}

// An event whose first value has left a full window is still known by another.
func TestFullWindowOfOneEvent(t *testing.T) {
	t.Parallel()
	set := ruleSetOf(t, oneCorrelation("type: value_sum, rules: [a, b], timespan: 10s, condition: {gte: 2, field: n}"))
	hits := hitsOf(t, set, "a 1 n=1 n=2, b 1 n=2")
	for i := range hits {
		hits[i].Event = 1
	}
	if got, want := lines(run(newCorrelator(t, set, CorrelatorOptions{MaxWindow: 1}), hits)), "found @1 1-1 2 []"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
