package sigma

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// referenceAlerts says what a correlation that is part of no chain should
// find, in the plainest way: sort all hits, deal them out to their groups, and
// measure each window from scratch.
func referenceAlerts(c *Correlation, hits []Hit) []string {
	hits = slices.Clone(hits)
	slices.SortFunc(hits, func(a, b Hit) int { return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Ref, b.Ref)) })
	hits = slices.DeleteFunc(hits, func(hit Hit) bool { return !slices.Contains(c.Rules, hit.Rule.Name) })
	var found []string
	for _, group := range referenceGroups(c, hits) {
		if judgedAtEnd(c) {
			found = append(found, referenceAtEnd(c, group, hits[len(hits)-1].Time)...)
		} else {
			found = append(found, referenceAtOnce(c, group)...)
		}
	}
	slices.Sort(found)
	return found
}

type referenceGroup struct {
	values []FieldText
	hits   []Hit
}

func referenceGroups(c *Correlation, hits []Hit) []*referenceGroup {
	byKey := map[string]*referenceGroup{}
	for _, hit := range hits {
		if len(referenceTuples(c.Fields, hit, isNumeric(c.Type))) == 0 {
			continue
		}
		for _, tuple := range referenceTuples(c.GroupBy, hit, false) {
			key := strings.ToLower(fmt.Sprintf("%q", tuple))
			if byKey[key] == nil {
				byKey[key] = new(referenceGroup)
				for i, field := range c.GroupBy {
					byKey[key].values = append(byKey[key].values, FieldText{field, tuple[i]})
				}
			}
			byKey[key].hits = append(byKey[key].hits, hit)
		}
	}
	var groups []*referenceGroup
	for _, group := range byKey {
		groups = append(groups, group)
	}
	return groups
}

// referenceTuples are all combinations of one value of each field.
func referenceTuples(fields []string, hit Hit, numbers bool) [][]string {
	tuples := [][]string{{}}
	for _, field := range fields {
		var longer [][]string
		for _, value := range hit.Values {
			if _, ok := parseNumber(value.Text); value.Field != field || numbers && !ok {
				continue
			}
			for _, tuple := range tuples {
				longer = append(longer, append(slices.Clone(tuple), value.Text))
			}
		}
		tuples = longer
	}
	return tuples
}

func referenceAtOnce(c *Correlation, group *referenceGroup) (found []string) {
	begin, quiet := 0, time.Time{}
	for i, hit := range group.hits {
		var window []Hit
		for _, earlier := range group.hits[begin : i+1] {
			if !earlier.Time.Before(hit.Time.Add(-c.Timespan)) {
				window = append(window, earlier)
			}
		}
		value, holds := referenceMeasure(c, window)
		if holds && (quiet.IsZero() || hit.Time.After(quiet)) {
			found = append(found, referenceLine(hit.Time, window, value, false))
			begin, quiet = i+1, hit.Time.Add(c.Timespan)
		}
	}
	return found
}

// referenceAtEnd tries every place of the window over each run of hits, and
// begins anew after the first that fulfils the condition.
func referenceAtEnd(c *Correlation, group *referenceGroup, end time.Time) (found []string) {
	for rest := group.hits; len(rest) > 0; {
		run := referenceRun(rest, c.Timespan)
		next := len(run)
		for _, begin := range referencePlaces(run, c.Timespan) {
			over := begin.Add(c.Timespan)
			var window []Hit
			for _, hit := range run {
				if !hit.Time.Before(begin) && !hit.Time.After(over) {
					window = append(window, hit)
				}
			}
			value, holds := referenceMeasure(c, window)
			if !holds {
				continue
			}
			at := over
			if begin.After(run[0].Time) { // known when the next hit is there
				at = run[slices.IndexFunc(run, func(hit Hit) bool { return !hit.Time.Before(over) })].Time
			}
			found = append(found, referenceLine(slices.MinFunc([]time.Time{at, end}, time.Time.Compare), window, value, at.After(end)))
			next = slices.IndexFunc(append(slices.Clone(run), Hit{Time: over.Add(1)}), func(hit Hit) bool { return hit.Time.After(over) })
			break
		}
		rest = rest[next:]
	}
	return found
}

// referenceRun is the hits from the first on that follow one another within a
// timespan.
func referenceRun(hits []Hit, timespan time.Duration) []Hit {
	for i := 1; i < len(hits); i++ {
		if hits[i].Time.Sub(hits[i-1].Time) > timespan {
			return hits[:i]
		}
	}
	return hits
}

// referencePlaces are the beginnings of a window that lies between the first
// and the last hit of a run, one for each set of hits that it can hold.
func referencePlaces(run []Hit, timespan time.Duration) []time.Time {
	first, last := run[0].Time, run[len(run)-1].Time.Add(-timespan)
	places := []time.Time{first}
	for _, hit := range run {
		for _, place := range []time.Time{hit.Time.Add(1), hit.Time.Add(-timespan)} {
			if place.After(first) && !place.After(last) {
				places = append(places, place)
			}
		}
	}
	slices.SortFunc(places, time.Time.Compare)
	return places
}

// referenceLine leaves the group out: how its values are spelled is for the
// table tests.
func referenceLine(at time.Time, window []Hit, value float64, incomplete bool) string {
	alert := Alert{Correlation: &Correlation{}, Time: at, First: window[0].Time, Last: window[len(window)-1].Time,
		Value: value, Incomplete: incomplete}
	for _, hit := range window {
		alert.Refs = append(alert.Refs, hit.Ref)
	}
	slices.Sort(alert.Refs)
	return alert.line()
}

func referenceMeasure(c *Correlation, window []Hit) (float64, bool) {
	var numbers []float64
	sum := 0.0
	texts := map[string]bool{}
	for _, hit := range window {
		for _, tuple := range referenceTuples(c.Fields, hit, isNumeric(c.Type)) {
			texts[strings.ToLower(fmt.Sprintf("%q", tuple))] = true
			if isNumeric(c.Type) {
				number, _ := parseNumber(tuple[0])
				numbers = append(numbers, number)
				sum += number
			}
		}
	}
	slices.Sort(numbers)
	value := float64(len(window))
	switch c.Type {
	case ValueCount:
		value = float64(len(texts))
	case ValueSum:
		value = sum
	case ValueAverage:
		value = sum / float64(len(numbers))
	case ValueMedian:
		value = (numbers[(len(numbers)-1)/2] + numbers[len(numbers)/2]) / 2
	case ValuePercentile: // the tests only ask for the ends
		value = numbers[0]
		if c.Percentile == 100 {
			value = numbers[len(numbers)-1]
		}
	case Temporal, TemporalOrdered:
		return referenceTemporal(c, window)
	}
	return value, fulfilled(c.Conditions, value)
}

// referenceTemporal tries every subset of the rules.
func referenceTemporal(c *Correlation, window []Hit) (longest float64, held bool) {
	there := referenceSubset(c, window, len(c.Rules))
	for subset := 1; subset < 1<<len(c.Rules); subset++ {
		var wanted []string
		for i, rule := range c.Rules {
			if subset&(1<<i) != 0 {
				wanted = append(wanted, rule)
			}
		}
		if c.Type == Temporal && subset != there || c.Type == TemporalOrdered && !inOrder(wanted, window) {
			continue
		}
		holds := fulfilled(c.Conditions, float64(len(wanted)))
		if c.Expression != nil {
			holds = referenceExpression(c, c.Expression, subset, there)
		}
		longest, held = max(longest, float64(len(wanted))), held || holds
	}
	return longest, held
}

func referenceSubset(c *Correlation, window []Hit, rules int) (there int) {
	for i := range rules {
		if slices.ContainsFunc(window, func(hit Hit) bool { return hit.Rule.Name == c.Rules[i] }) {
			there |= 1 << i
		}
	}
	return there
}

func inOrder(wanted []string, window []Hit) bool {
	for _, hit := range window {
		if len(wanted) > 0 && hit.Rule.Name == wanted[0] {
			wanted = wanted[1:]
		}
	}
	return len(wanted) == 0
}

func referenceExpression(c *Correlation, e Expression, subset, there int) bool {
	switch e := e.(type) {
	case And:
		return referenceExpression(c, e[0], subset, there) && referenceExpression(c, e[1], subset, there)
	case Or:
		return referenceExpression(c, e[0], subset, there) || referenceExpression(c, e[1], subset, there)
	case Not: // the test only negates references
		return there&(1<<slices.Index(c.Rules, e.Term.(Reference).Rule)) == 0
	case Reference:
		return subset&(1<<slices.Index(c.Rules, e.Rule)) != 0
	}
	panic("unknown expression")
}

// choices turns bytes into decisions; when they run out, all are 0.
type choices struct{ data []byte }

func (c *choices) below(n int) int {
	if len(c.data) == 0 {
		return 0
	}
	choice := int(c.data[0]) % n
	c.data = c.data[1:]
	return choice
}

func (c *choices) correlation() *Correlation {
	k := &Correlation{
		Type: CorrelationType(c.below(8)), Rules: []string{"a", "b", "c"}[:1+c.below(3)],
		GroupBy: [][]string{nil, {"g"}, {"g", "h"}}[c.below(3)], Timespan: time.Duration(1+c.below(9)) * time.Second,
		Percentile: float64(100 * c.below(2)),
	}
	for range 1 + c.below(2) {
		k.Conditions = append(k.Conditions, CorrelationCondition{
			Operator: []Operator{GreaterOrEqual, Greater, GreaterOrEqual, Less, LessOrEqual, Equal}[c.below(6)],
			Number:   float64(c.below(5)), Negate: c.below(8) == 7})
	}
	switch k.Type {
	case ValueCount:
		k.Fields = [][]string{{"v"}, {"v", "w"}}[c.below(2)]
	case ValueSum, ValueAverage, ValuePercentile, ValueMedian:
		k.Fields = []string{"v"}
	case Temporal, TemporalOrdered:
		if c.below(2) == 1 {
			k.Conditions, k.Expression = nil, c.expression(k.Rules, 3)
		}
	}
	return k
}

func (c *choices) expression(rules []string, depth int) Expression {
	reference := Reference{rules[c.below(len(rules))]}
	switch kind := c.below(6); {
	case kind == 5:
		return Not{reference}
	case kind < 2 || depth == 0:
		return reference
	case kind == 2:
		return Or{c.expression(rules, depth-1), c.expression(rules, depth-1)}
	}
	return And{c.expression(rules, depth-1), c.expression(rules, depth-1)}
}

func (c *choices) hits(rules []*Rule) []Hit {
	var hits []Hit
	at := time.Unix(1000, 0)
	for len(c.data) > 0 && len(hits) < 60 {
		at = at.Add(time.Duration(c.below(5)) * 500 * time.Millisecond)
		hit := Hit{Rule: rules[c.below(3)], Time: at, Ref: uint64(len(hits) + 1)}
		for _, field := range []string{"g", "h", "v", "w"} {
			values := [][]string{{"1"}, {"x"}, {"X"}, {"2"}, {"-1.5"}, {"1", "2"}, {"x", "0.25"}, {}}[c.below(8)]
			for _, value := range values {
				hit.Values = append(hit.Values, FieldText{field, value})
			}
		}
		hits = append(hits, hit)
	}
	return hits
}

// compareWithReference runs a correlation that the bytes describe over hits
// that they describe, arriving out of order.
func compareWithReference(t *testing.T, rules []*Rule, data []byte) {
	t.Helper()
	c := choices{data}
	correlation := c.correlation()
	seed := uint64(c.below(256))
	hits := c.hits(rules)
	if len(hits) == 0 {
		return
	}
	correlator, problems := NewCorrelator([]*Correlation{correlation}, rules, CorrelatorOptions{Reorder: 3 * time.Second})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var got []string
	for _, alert := range run(correlator, shuffled(hits, seed, 3*time.Second)) {
		alert.Group, alert.Correlation = nil, &Correlation{}
		got = append(got, alert.line())
	}
	slices.Sort(got)
	if want := referenceAlerts(correlation, hits); !slices.Equal(got, want) {
		t.Errorf("%+v\nhits %v\n got %q\nwant %q", correlation, hits, got, want)
	}
	if late := correlator.Statistics().Late; late.Count != 0 {
		t.Errorf("%d hits are late", late.Count)
	}
	if correlator.held != 0 {
		t.Errorf("%d entries are held after the end", correlator.held)
	}
}

// shuffled delays each hit by less than a bound.
func shuffled(hits []Hit, seed uint64, bound time.Duration) []Hit {
	random := rand.New(rand.NewPCG(seed, 0))
	arrival := map[uint64]time.Time{}
	for _, hit := range hits {
		arrival[hit.Ref] = hit.Time.Add(time.Duration(random.Int64N(int64(bound))))
	}
	order := slices.Clone(hits)
	slices.SortFunc(order, func(a, b Hit) int { return arrival[a.Ref].Compare(arrival[b.Ref]) })
	return order
}

func TestCorrelatorAgreesWithReference(t *testing.T) {
	t.Parallel()
	rules := ruleSetOf(t, oneCorrelation("type: temporal, rules: [a, b], timespan: 1s")).Rules
	random := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		data := make([]byte, 10+random.IntN(200))
		for i := range data {
			data[i] = byte(random.Uint32())
		}
		if compareWithReference(t, rules, data); t.Failed() {
			return
		}
	}
}

func FuzzCorrelator(f *testing.F) {
	rules := ruleSetOf(f, oneCorrelation("type: temporal, rules: [a, b], timespan: 1s")).Rules
	for kind := range byte(8) {
		f.Add([]byte{kind, 2, 1, 4, 1, 0, 0, 2, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 0, 2, 0, 1, 2, 2, 0, 0, 0})
	}
	f.Fuzz(func(t *testing.T, data []byte) { compareWithReference(t, rules, data) })
}

// A chain is nothing but an outer correlation over the alerts of an inner one;
// or, where it asks whether that one's condition holds, over all times at which
// it does.
func TestChainIsComposition(t *testing.T) {
	t.Parallel()
	rules := ruleSetOf(t, oneCorrelation("type: temporal, rules: [a, b], timespan: 1s")).Rules
	random := rand.New(rand.NewPCG(3, 4))
	alerts := 0
	for range 3000 {
		data := make([]byte, 300)
		for i := range data {
			data[i] = byte(random.Uint32())
		}
		c := choices{data}
		inner := c.correlation()
		inner.Name, inner.GroupBy = "inner", []string{"g", "h"}
		outer := c.outerCorrelation()
		got, want := chained(inner, outer, rules, c.hits(rules))
		if !slices.Equal(got, want) {
			t.Fatalf("%+v\n%+v\n got %q\nwant %q", inner, outer, got, want)
		}
		alerts += len(want)
	}
	if alerts < 1000 {
		t.Errorf("only %d alerts", alerts)
	}
}

func (c *choices) outerCorrelation() *Correlation {
	return &Correlation{
		Type: []CorrelationType{EventCount, ValueCount, Temporal, TemporalOrdered}[c.below(4)], Rules: []string{"inner", "c"},
		Fields: []string{"g"}, GroupBy: [][]string{nil, {"h"}}[c.below(2)], Timespan: time.Duration(1+c.below(30)) * time.Second,
		Conditions: []CorrelationCondition{{Operator: []Operator{GreaterOrEqual, LessOrEqual}[c.below(2)], Number: float64(1 + c.below(2))}},
	}
}

// chained returns the alerts of outer, found in one go and in two. No two hits
// have the same time, as then the order would be open.
func chained(inner, outer *Correlation, rules []*Rule, hits []Hit) (atOnce, inTurn []string) {
	for i := range hits {
		hits[i].Time = hits[i].Time.Add(time.Duration(i))
		for j := range hits[i].Values { // how an alert spells a value is for the table tests
			hits[i].Values[j].Text = strings.ToLower(hits[i].Values[j].Text)
		}
	}
	end := hits[len(hits)-1].Time.Add(time.Hour)
	find := func(correlations []*Correlation, rules []*Rule, hits []Hit) []Alert {
		correlator, _ := NewCorrelator(correlations, rules, CorrelatorOptions{})
		var alerts []Alert
		for _, hit := range hits {
			alerts = append(alerts, correlator.Add(hit)...)
		}
		return append(append(alerts, correlator.Advance(end)...), correlator.Flush()...)
	}
	stand := &Rule{Metadata: Metadata{Name: "inner"}}
	var again, after []Hit
	whether := (outer.Type == Temporal || outer.Type == TemporalOrdered) && !judgedAtEnd(inner)
	if whether {
		again = holding(inner, stand, hits)
	}
	for _, alert := range find([]*Correlation{inner}, rules, hits) {
		if whether {
			break
		}
		hit := Hit{Rule: stand, Time: alert.Time, Values: alert.Group}
		if judgedAtEnd(inner) && alert.Time.Equal(alert.Last) { // judged when all hits of that time were in
			after = append(after, hit)
			continue
		}
		again = append(again, hit)
	}
	for _, hit := range hits {
		if hit.Rule.Name == "c" {
			again = append(again, hit)
		}
	}
	again = append(again, after...)
	slices.SortStableFunc(again, func(a, b Hit) int { return a.Time.Compare(b.Time) })
	for i := range again {
		again[i].Ref = uint64(i)
	}
	return plainLines(find([]*Correlation{outer, inner}, rules, hits)), plainLines(find([]*Correlation{outer}, append(rules, stand), again))
}

// holding has a hit for each time at which the condition of a correlation that
// is judged at once holds.
func holding(c *Correlation, stand *Rule, hits []Hit) (found []Hit) {
	hits = slices.DeleteFunc(slices.Clone(hits), func(hit Hit) bool { return !slices.Contains(c.Rules, hit.Rule.Name) })
	for _, group := range referenceGroups(c, hits) {
		for i, hit := range group.hits {
			window := slices.DeleteFunc(slices.Clone(group.hits[:i+1]), func(h Hit) bool { return h.Time.Before(hit.Time.Add(-c.Timespan)) })
			if _, holds := referenceMeasure(c, window); holds {
				found = append(found, Hit{Rule: stand, Time: hit.Time, Values: group.values})
			}
		}
	}
	return found
}

// plainLines leaves out which hits are in the windows: of those that say that a
// condition still holds, only some are kept.
func plainLines(alerts []Alert) []string {
	var list []string
	for _, alert := range alerts {
		alert.Refs, alert.First = nil, alert.Last
		list = append(list, alert.line())
	}
	slices.Sort(list)
	return list
}
