package sigma

import (
	"math"
	"slices"
	"time"
)

// A Correlator applies correlation rules to the hits of rules. Windows slide
// in the time of the events, not in that of the clock. docs/correlation.md
// says what each type means, also where the specification is silent.
//
// Equal hits give equal alerts, in whatever order they were added within
// CorrelatorOptions.Reorder. A Correlator is not safe for concurrent use.
type Correlator struct {
	options CorrelatorOptions
	// correlations are in the order of their flow: what a correlation is made
	// of comes before it.
	correlations []*correlating
	links        map[*Rule][]link
	inputs       map[*Rule][]string
	silent       map[*Rule]bool
	pending      reorderBuffer
	watermark    int64 // everything before it has been processed
	newest       int64
	held         int // by all correlations
	statistics   CorrelatorStatistics
	alerts       []Alert // of the call under way
}

// CorrelatorOptions bound what a Correlator waits for and keeps. The zero
// value is fine for hits that are added in order of time.
type CorrelatorOptions struct {
	// Reorder is how much older than the newest hit another may be and still
	// take its place in the order. Alerts come that much later.
	Reorder time.Duration
	// MaxPending bounds the hits that wait for older ones; 0 means 65,536.
	// Beyond it, the oldest is processed early.
	MaxPending int
	// MaxWindow bounds the hits that one window of one group keeps; 0 means
	// 100,000.
	MaxWindow int
	// MaxHits bounds the hits that all correlations keep, where a group counts
	// for six, and for more in temporal_ordered over many rules: so each takes
	// about 90 bytes. 0 means 2,000,000. Beyond it, the correlation that keeps
	// most forgets the group that had no hit for longest.
	MaxHits int
	// MaxReferences bounds Alert.Refs; 0 means 1,000. The latest are kept.
	MaxReferences int
	// Trace notes what Traces returns, which takes time and memory.
	Trace bool
}

func (o CorrelatorOptions) withDefaults() CorrelatorOptions {
	fill := func(value *int, otherwise int) {
		if *value <= 0 {
			*value = otherwise
		}
	}
	fill(&o.MaxPending, 1<<16)
	fill(&o.MaxWindow, 100_000)
	fill(&o.MaxHits, 2_000_000)
	fill(&o.MaxReferences, 1000)
	o.Reorder = max(o.Reorder, 0)
	return o
}

// A Hit is an event that matched a rule.
type Hit struct {
	Rule *Rule
	// Time is that of the event.
	Time time.Time
	// Values are those of the fields that Inputs names. A field that the
	// event does not have is left out; one with several values stands there
	// several times.
	Values []FieldText
	// Ref is the caller's name for the hit. It orders hits of equal time.
	Ref uint64
	// Event is the caller's number for the event: an event that several rules
	// match gives hits of one number, which follow one another. With 0, a hit
	// is an event of its own.
	Event uint64
}

// FieldText is one value of a field.
type FieldText struct{ Field, Text string }

// An Alert says that a correlation rule matched.
type Alert struct {
	Correlation *Correlation
	// Time is when the condition was fulfilled, in the time of the events:
	// that of the last hit, or the end of the window where the condition can
	// only be judged then.
	Time time.Time
	// First and Last are the times of the first and last hit in the window.
	First, Last time.Time
	// Group has the value of each group-by field, as the first hit spelled it.
	Group []FieldText
	// Value is what was compared with the condition: a count, sum, average...
	Value float64
	// Count is the number of hits in the window, an alert of another
	// correlation being one.
	Count int
	// Refs are the hits in the window, and those of alerts in it, in
	// ascending order, each once; the latest when there are too many.
	Refs []uint64
	// Incomplete says that the input ended before the window did.
	Incomplete bool
}

// NewCorrelator prepares correlations over rules. Those that cannot be used are
// left out and listed; the correlator is never nil.
func NewCorrelator(correlations []*Correlation, rules []*Rule, options CorrelatorOptions) (*Correlator, []Problem) {
	p := newCorrelationPlan(correlations, rules, options.withDefaults())
	p.build()
	return &Correlator{
		options:      p.options,
		correlations: p.ordered,
		links:        p.links,
		inputs:       p.inputs,
		silent:       p.silent,
		watermark:    math.MinInt64,
		newest:       math.MinInt64,
	}, p.problems
}

// Inputs returns the fields, as the rule calls them, whose values its hits
// must bring. It is nil when no correlation is about the rule.
func (c *Correlator) Inputs(rule *Rule) []string { return c.inputs[rule] }

// Uses reports whether some correlation is about the rule, so that its hits
// are to be added.
func (c *Correlator) Uses(rule *Rule) bool { return len(c.links[rule]) > 0 }

// Emits reports whether the rule's own hits are to be reported. They are not
// when the rule is part of correlations, none of which has generate set.
func (c *Correlator) Emits(rule *Rule) bool { return !c.silent[rule] }

// Add takes a hit and returns the alerts that are due by now. Hits of rules
// that no correlation is about are ignored.
func (c *Correlator) Add(hit Hit) []Alert {
	if !c.Uses(hit.Rule) {
		return nil
	}
	at, ok := nanoseconds(hit.Time)
	switch {
	case !ok:
		c.statistics.note(&c.statistics.Undated, hit.Ref)
		return nil
	case at < c.watermark:
		c.statistics.note(&c.statistics.Late, hit.Ref)
		return nil
	}
	c.pending.push(pendingHit{at, hit})
	return c.reach(at)
}

// Advance says that the input has come to a time, though perhaps without a hit,
// and returns the alerts that are due by now. Windows that are over by then
// can be judged. Call it with the time of the last event before Flush: else the
// input seems to end with the last hit.
func (c *Correlator) Advance(to time.Time) []Alert {
	at, ok := nanoseconds(to)
	if !ok {
		return nil
	}
	c.reach(at)
	c.closeBefore(c.watermark)
	return c.alerts
}

// reach processes what no older hit can come before.
func (c *Correlator) reach(at int64) []Alert {
	if at > c.newest {
		c.newest = at
		c.watermark = max(c.watermark, earlier(at, c.options.Reorder))
	}
	c.alerts = nil
	for c.pending.len() > 0 && (c.pending.first().time < c.watermark || c.pending.len() > c.options.MaxPending) {
		next := c.pending.pop()
		c.watermark = max(c.watermark, next.time)
		c.process(next)
	}
	return c.alerts
}

// Flush processes what is still waiting, judges the windows that are still
// open as if nothing more would come, and returns the alerts. More hits may be
// added afterwards; they begin anew.
func (c *Correlator) Flush() []Alert {
	c.alerts = nil
	for c.pending.len() > 0 {
		c.process(c.pending.pop())
	}
	c.watermark = max(c.watermark, c.newest)
	c.closeBefore(c.watermark)
	for _, k := range c.correlations {
		for g, at := k.due(); g != nil; g, at = k.due() {
			c.close(k, g, min(at, c.watermark), at > c.watermark)
		}
	}
	for _, k := range c.correlations {
		c.hold(k, -k.forgetAll())
	}
	return c.alerts
}

func (c *Correlator) process(next pendingHit) {
	c.closeBefore(next.time)
	hit := arrival{time: next.time, ref: next.hit.Ref, event: next.hit.Event, values: next.hit.Values}
	for _, to := range c.links[next.hit.Rule] {
		c.deliver(to, &hit)
	}
}

// closeBefore judges the windows that end before a time, the earliest first.
func (c *Correlator) closeBefore(now int64) {
	for {
		var of *correlating
		var next *group
		end := now
		for _, k := range c.correlations {
			if g, at := k.due(); g != nil && at < end {
				of, next, end = k, g, at
			}
		}
		if next == nil {
			return
		}
		c.close(of, next, end, false)
	}
}

// An arrival is a hit of a rule, or an alert of a correlation, on its way to
// the correlations about it.
type arrival struct {
	time  int64
	ref   uint64
	event uint64 // the one that it came with; 0 is one of its own
	alert *Alert // nil for the hit of a rule
	// again is the group of another correlation whose condition still holds,
	// which is no alert; nil otherwise.
	again  *group
	values []FieldText
}

// report returns an alert to the caller, if it is to be shown, and passes it
// on to the correlations about it.
func (c *Correlator) report(k *correlating, hit *arrival) {
	k.statistics.Alerts++
	if k.emits {
		c.alerts = append(c.alerts, *hit.alert)
	}
	for _, to := range k.links {
		c.deliver(to, hit)
	}
}

// goOn tells the correlations that ask whether the condition of a group holds,
// not how often, that it still does, where that is no alert.
func (c *Correlator) goOn(k *correlating, g *group, at int64) {
	if !slices.ContainsFunc(k.links, link.asksWhether) {
		return
	}
	latest := g.entries[len(g.entries)-1:] // what those before brought was told with them
	hit := arrival{time: at, ref: latest[0].ref, event: latest[0].event, alert: latest[0].alert, again: g,
		values: k.passedOn(latest, k.groupValues(g))}
	for _, to := range k.links {
		if to.asksWhether() {
			c.deliver(to, &hit)
		}
	}
}

// asksWhether reports whether it leads to a correlation that asks only whether
// its rules matched.
func (l link) asksWhether() bool {
	return l.to.rule.Type == Temporal || l.to.rule.Type == TemporalOrdered
}

// CorrelatorStatistics say what could not be taken into account.
type CorrelatorStatistics struct {
	// Late hits were older than Reorder allows, Undated ones have no time (or
	// one outside the years 1678 to 2261). Neither were correlated.
	Late, Undated SkippedHits
	// Correlations has one entry for each that is used, in the order of flow.
	Correlations []CorrelationStatistics
}

// SkippedHits counts hits, and has the Ref of the first hundred.
type SkippedHits struct {
	Count int
	Refs  []uint64
}

// CorrelationStatistics count what a correlation did.
type CorrelationStatistics struct {
	Correlation *Correlation
	// Hits came in, of which some had no value for a group-by field, or none
	// (or, where numbers are needed, no number) for the condition's field.
	Hits, WithoutGroup, WithoutValue int
	// Dropped hits were not kept for want of room, or have too many values: an
	// alert may be missing, or know less of its hits.
	Dropped int
	// Suppressed counts hits that fulfilled the condition again while the
	// group was quiet after an alert.
	Suppressed int
	Alerts     int
}

func (s *CorrelatorStatistics) note(skipped *SkippedHits, ref uint64) {
	const listed = 100
	skipped.Count++
	if len(skipped.Refs) < listed {
		skipped.Refs = append(skipped.Refs, ref)
	}
}

// Statistics returns the counts so far.
func (c *Correlator) Statistics() CorrelatorStatistics {
	s := c.statistics
	s.Late.Refs, s.Undated.Refs = slices.Clone(s.Late.Refs), slices.Clone(s.Undated.Refs)
	s.Correlations = make([]CorrelationStatistics, len(c.correlations))
	for i, k := range c.correlations {
		s.Correlations[i] = k.statistics
		s.Correlations[i].Correlation = k.rule
	}
	return s
}

// nanoseconds is a time as a number, which spans the years 1678 to 2261.
func nanoseconds(t time.Time) (int64, bool) {
	if t.IsZero() || t.Year() < 1678 || t.Year() > 2261 {
		return 0, false
	}
	return t.UnixNano(), true
}

func timeOf(nanoseconds int64) time.Time { return time.Unix(0, nanoseconds).UTC() }

// earlier and later do not run over the ends of time.
func earlier(at int64, by time.Duration) int64 {
	if at < math.MinInt64+int64(by) {
		return math.MinInt64
	}
	return at - int64(by)
}

func later(at int64, by time.Duration) int64 {
	if at > math.MaxInt64-int64(by) {
		return math.MaxInt64
	}
	return at + int64(by)
}
