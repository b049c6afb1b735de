package detect

import (
	"fmt"
	"iter"
	"time"

	"github.com/kulla-defence/kulla/sigma"
)

// maxMembers bounds how many different events all correlations together may
// list; events beyond it are counted in their correlation but not listed.
const maxMembers = 1 << 20

// correlate runs the correlation rules over the matches in order of time, and
// puts their alerts aside. It returns, in words, what could not be taken into
// account. Last is the time of the last event of all: windows that end before
// it are complete.
func (e *Engine) correlate(last time.Time) ([]string, error) {
	if len(e.correlations) == 0 {
		return nil, nil
	}
	shelf := e.alerts.shelf()
	var position uint64
	var timeless int64
	var events eventNumbers
	for item, err := range e.correlated() {
		if err != nil {
			return nil, err
		}
		reference, event := position, events.of(item)
		position++
		rule := e.sigmaRules[item.rule()]
		f, err := item.brief()
		if err != nil {
			return nil, err
		}
		if f.Time.IsZero() {
			timeless++
			continue
		}
		hit := sigma.Hit{Rule: rule, Time: f.Time, Values: valuesOf(f.inputs), Ref: reference, Event: event}
		if err := e.put(shelf, e.correlator.Add(hit)); err != nil {
			return nil, err
		}
	}
	if err := e.put(shelf, e.correlator.Advance(last)); err != nil {
		return nil, err
	}
	if err := e.put(shelf, e.correlator.Flush()); err != nil {
		return nil, err
	}
	limits := e.limits()
	if timeless > 0 {
		limits = append(limits, fmt.Sprintf("%d matches without a time took no part in correlations", timeless))
	}
	return limits, e.resolve()
}

// limits says what the correlator left out.
func (e *Engine) limits() []string {
	var limits []string
	statistics := e.correlator.Statistics()
	if n := statistics.Undated.Count; n > 0 {
		limits = append(limits, fmt.Sprintf("%d matches with an impossible time took no part in correlations", n))
	}
	for _, c := range statistics.Correlations {
		title := c.Correlation.Title
		if c.WithoutGroup > 0 {
			limits = append(limits, fmt.Sprintf("%s: %d of %d matches lack a field to group by", title, c.WithoutGroup, c.Hits))
		}
		if c.WithoutValue > 0 {
			limits = append(limits, fmt.Sprintf("%s: %d of %d matches lack the value to measure", title, c.WithoutValue, c.Hits))
		}
		if c.Dropped > 0 {
			limits = append(limits, fmt.Sprintf("%s: %d matches were not kept for want of room", title, c.Dropped))
		}
	}
	return limits
}

// put puts alerts aside as findings whose events are only references yet.
func (e *Engine) put(shelf *shelf, alerts []sigma.Alert) error {
	for i := range alerts {
		if err := shelf.add(e.alertFinding(&alerts[i])); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) alertFinding(a *sigma.Alert) *Finding {
	c := &Correlation{First: a.First, Last: a.Last, Count: int64(a.Count), Value: a.Value, Incomplete: a.Incomplete}
	for _, field := range a.Group {
		c.Group = append(c.Group, Field{Name: field.Field, Value: field.Text, Asked: true})
	}
	for _, reference := range a.Refs {
		c.Events = append(c.Events, Member{reference: reference})
	}
	return &Finding{Rule: e.ofCorrelation[a.Correlation], Time: a.Time, Correlation: c}
}

// refer notes which events alerts refer to, and which of them are the last.
func (e *Engine) refer() error {
	e.members, e.latest = map[uint64]Member{}, map[uint64][]Field{}
	for f, err := range e.alerts.all() {
		if err != nil {
			return err
		}
		events := f.Correlation.Events
		for i, member := range events {
			if len(e.members) >= maxMembers {
				break
			}
			e.members[member.reference] = Member{}
			if i == len(events)-1 {
				e.latest[member.reference] = nil
			}
		}
	}
	return nil
}

// resolve looks up the events that alerts refer to.
func (e *Engine) resolve() error {
	if err := e.refer(); err != nil || len(e.members) == 0 {
		return err
	}
	var position uint64
	var kept, shown int
	for item, err := range e.correlated() {
		if err != nil {
			return err
		}
		if _, wanted := e.members[position]; wanted {
			f, err := item.finding()
			if err != nil {
				return err
			}
			e.members[position] = Member{Rule: f.Rule, Time: f.Time, Host: f.Host, Place: f.Place, Record: f.Record,
				Fields: e.memberFields(f, &kept)}
			e.keepLatest(position, f.Fields, &shown)
		}
		position++
	}
	return nil
}

// maxLatestText bounds the text of the fields that are kept as examples.
const maxLatestText = 8 << 20

// keepLatest keeps the fields of an event that is the last of an alert, where
// shown is how much text all of them hold so far.
func (e *Engine) keepLatest(position uint64, fields []Field, shown *int) {
	if _, wanted := e.latest[position]; !wanted || *shown >= maxLatestText {
		return
	}
	*shown += textOf(fields)
	e.latest[position] = fields
}

// textOf is how much text fields hold.
func textOf(fields []Field) (size int) {
	for i := range fields {
		size += len(fields[i].Name) + len(fields[i].Value)
	}
	return size
}

// maxMemberText bounds the text of the fields of all members together.
const maxMemberText = 64 << 20

// memberFields returns what is kept of the fields of a correlation's event,
// where kept is how much text all of them hold so far.
func (e *Engine) memberFields(f *Finding, kept *int) []Field {
	if !e.options.Prove || *kept >= maxMemberText {
		return nil
	}
	*kept += textOf(f.Fields)
	return f.Fields
}

// resolvedAlerts yields what correlation rules found, with its events.
func (e *Engine) resolvedAlerts() iter.Seq2[*Finding, error] {
	return func(yield func(*Finding, error) bool) {
		for f, err := range e.alerts.all() {
			if err == nil {
				e.fill(f)
			}
			if !yield(f, err) {
				return
			}
		}
	}
}

// fill puts the events of a correlation in place of their references. It
// stands where the last of them stands, and is of its host.
func (e *Engine) fill(f *Finding) {
	events := f.Correlation.Events[:0]
	for _, member := range f.Correlation.Events {
		if known, ok := e.members[member.reference]; ok {
			events = append(events, known)
			f.Correlation.Latest = e.latest[member.reference]
		}
	}
	f.Correlation.Events = events
	if len(events) > 0 {
		last := events[len(events)-1]
		f.Host, f.Place, f.Record = last.Host, last.Place, last.Record
	}
}

// reported yields the matches that are findings of their own: not those of
// rules that only serve a correlation, nor those below the asked level.
func (e *Engine) reported() iter.Seq2[*Finding, error] {
	return func(yield func(*Finding, error) bool) {
		for item, err := range e.matches.items() {
			var f *Finding
			if err == nil {
				if e.silent[item.rule()] || e.isDropped(item) {
					continue
				}
				f, err = item.finding()
			}
			if !yield(f, err) || err != nil {
				return
			}
		}
	}
}

func valuesOf(inputs []Field) []sigma.FieldText {
	values := make([]sigma.FieldText, len(inputs))
	for i, field := range inputs {
		values[i] = sigma.FieldText{Field: field.Name, Text: field.Value}
	}
	return values
}

// silence notes the rules whose own matches are not reported.
func (e *Engine) silence(rules []*sigma.Rule) {
	e.silent = map[*Rule]bool{}
	for _, rule := range rules {
		below := rule.Level != sigma.NoLevel && rule.Level < e.options.MinLevel
		if below || !e.correlator.Emits(rule) {
			e.silent[e.ofRule[rule]] = true
		}
	}
}
