package ruletest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/sigma"
)

// Sequence is the format of what correlations are tried with.
const Sequence = "sequence of events"

// SelfTestCorrelation derives a sequence of events of the rules that a
// correlation is made of that fulfils its condition, and near misses: one too
// few, the same too far apart, in another order, or of different groups. The
// events have the columns that the rules name; that these can be read from raw
// logs is shown rule by rule. The error is that of the context or of the
// machine.
func (r *Runner) SelfTestCorrelation(ctx context.Context, c *sigma.Correlation) (Verdict, error) {
	verdict := Verdict{Title: c.Title, At: c.At, Outcome: Untried, Format: Sequence}
	s := &sequencer{Runner: r}
	sequence, err := s.fulfil(c, nil, 0)
	if err != nil {
		verdict.Reason = err.Error()
		return verdict, nil
	}
	t := &tested{Runner: r, correlation: c}
	t.isolate()
	findings, err := t.findings(ctx, &Item{Events: sequence.events})
	switch {
	case ctx.Err() != nil:
		return verdict, ctx.Err()
	case err != nil:
		verdict.Outcome, verdict.Reason = Failed, err.Error()
		return verdict, nil
	case findings == 0:
		verdict.Outcome, verdict.Reason = Failed, "the derived sequence was not found: "+t.why(ctx, &Item{Events: sequence.events}, false)
		return verdict, nil
	}
	verdict.Outcome, verdict.Reason = Found, "no near miss could be derived"
	for _, miss := range s.misses(c) {
		findings, err := t.findings(ctx, &Item{Events: miss.events})
		if err != nil {
			return verdict, errors.Join(ctx.Err(), err)
		}
		if findings > 0 {
			verdict.Outcome, verdict.Reason = Failed, "a near miss was found: "+miss.name
			return verdict, nil
		}
		verdict.NearMisses++
	}
	if verdict.NearMisses > 0 {
		verdict.Outcome, verdict.Reason = Passed, ""
	}
	return verdict, nil
}

// A sequence is events, and how long they take.
type sequence struct {
	name   string
	events []Events
	length time.Duration
}

// A sequencer puts sequences together. Fresh counts the values it made up.
type sequencer struct {
	*Runner
	fresh int
}

// errNotDerived is why there is no sequence.
var errNotDerived = errors.New("no sequence was derived")

// Bounds of what is derived.
const (
	maxHits  = 5000
	maxDepth = 5
)

// fulfil makes a sequence that fulfils a correlation once. Carried are the
// values that fields of all its events must have.
func (s *sequencer) fulfil(c *sigma.Correlation, carried map[string]string, depth int) (*sequence, error) {
	hits, _, err := hitsOf(c)
	if err != nil {
		return nil, err
	}
	return s.arrange(c, hits, carried, depth)
}

// hitsOf is the least measure that fulfils a correlation, and the nearest that
// does not: 0 where there is none.
func hitsOf(c *sigma.Correlation) (enough, few float64, err error) {
	if c.Expression != nil {
		return 0, 0, fmt.Errorf("%w: its condition is an expression", errNotDerived)
	}
	conditions := c.Conditions
	if len(conditions) == 0 { // temporal: all of its rules
		return float64(len(c.Rules)), float64(len(c.Rules) - 1), nil
	}
	candidates := []float64{1}
	for _, condition := range conditions {
		candidates = append(candidates, condition.Number-1, condition.Number, condition.Number+1)
	}
	slices.Sort(candidates)
	for _, n := range candidates {
		switch {
		case n < 1:
		case holdAll(conditions, n):
			return n, few, nil
		default:
			few = n
		}
	}
	return 0, 0, fmt.Errorf("%w: no count fulfils its condition", errNotDerived)
}

func holdAll(conditions []sigma.CorrelationCondition, n float64) bool {
	for _, condition := range conditions {
		p := &sigma.Predicate{Field: "n", Values: []sigma.Value{sigma.Comparison{Operator: condition.Operator, Number: condition.Number}}}
		holds := sigma.Evaluate(p, newView(row{{Name: "n", Text: strconv.FormatFloat(n, 'f', -1, 64)}}))
		if holds == condition.Negate {
			return false
		}
	}
	return true
}

// arrange makes the sequence whose measure is n.
func (s *sequencer) arrange(c *sigma.Correlation, n float64, carried map[string]string, depth int) (*sequence, error) {
	if depth > maxDepth || n > maxHits && c.Type <= sigma.ValueCount {
		return nil, fmt.Errorf("%w: it would be too long", errNotDerived)
	}
	group, err := s.group(c, carried)
	if err != nil {
		return nil, err
	}
	all := &sequence{}
	for i, hit := range hitList(c, n) {
		block, err := s.hit(c, hit, group, depth)
		if err != nil {
			return nil, err
		}
		all.append(block, s.gap(c, hit.part, i))
	}
	if all.length > c.Timespan {
		return nil, fmt.Errorf("%w: its parts take longer than its timespan", errNotDerived)
	}
	return all, nil
}

// A hit is one of a part of a correlation. Where Value is not empty, the field
// that is counted has it; candidate is the number of the value to be made up.
type hit struct {
	part      string
	value     string
	candidate int
}

// hitList are the hits whose measure is n.
func hitList(c *sigma.Correlation, n float64) []hit {
	switch c.Type {
	case sigma.Temporal, sigma.TemporalOrdered:
		var hits []hit
		for _, part := range c.Rules[:min(int(n), len(c.Rules))] {
			hits = append(hits, hit{part: part})
		}
		return hits
	case sigma.EventCount, sigma.ValueCount:
		hits := make([]hit, int(n))
		for i := range hits {
			hits[i] = hit{part: c.Rules[0]}
			if c.Type == sigma.ValueCount {
				hits[i].candidate = i + 1
			}
		}
		return hits
	}
	return []hit{{part: c.Rules[0], value: strconv.FormatFloat(n, 'f', -1, 64)}}
}

// gap is the time before a hit: an inner correlation is quiet for its timespan
// after an alert.
func (s *sequencer) gap(c *sigma.Correlation, part string, i int) time.Duration {
	if i == 0 {
		return 0
	}
	if _, inner := s.find(part); inner != nil && (c.Type == sigma.EventCount || c.Type == sigma.ValueCount) {
		return inner.Timespan + time.Second
	}
	return min(time.Second, c.Timespan/(2*maxHits))
}

func (q *sequence) append(block *sequence, gap time.Duration) {
	begin := q.length + gap
	for _, events := range block.events {
		events.Begin += begin
		q.events = append(q.events, events)
	}
	q.length = begin + block.length
}

// hit makes the events of one hit.
func (s *sequencer) hit(c *sigma.Correlation, h hit, group map[string]string, depth int) (*sequence, error) {
	wanted := map[string]string{}
	for field, value := range group {
		wanted[fieldIn(c, field, h.part, s.Runner)] = value
	}
	if len(c.Fields) == 0 || h.candidate == 0 && h.value == "" {
		return s.part(h.part, wanted, depth)
	}
	first := fieldIn(c, c.Fields[0], h.part, s.Runner)
	for _, field := range c.Fields[1:] { // of a combination, the first differs
		if field = fieldIn(c, field, h.part, s.Runner); wanted[field] == "" {
			wanted[field] = s.anyValue(h.part, field)
		}
	}
	if h.value != "" {
		wanted[first] = h.value
		return s.part(h.part, wanted, depth)
	}
	return s.distinct(h.part, first, h.candidate, wanted, depth)
}

// anyValue is one that a field of a part may have.
func (s *sequencer) anyValue(part, field string) string {
	if rule, _ := s.find(part); rule != nil {
		found, _ := solve(rule.Expression())
		for _, f := range found {
			if f.Name == field && f.Text != "" {
				return f.Text
			}
		}
	}
	return "7"
}

// distinct makes a hit whose field has a value that no other hit has.
func (s *sequencer) distinct(part, field string, n int, wanted map[string]string, depth int) (*sequence, error) {
	texts := []string{fmt.Sprintf("value%d", n), fmt.Sprint(n), fmt.Sprintf("192.0.2.%d", n%256), fmt.Sprintf("10.0.%d.%d", n/256, n%256),
		string([]byte{'A' + byte(n/26%26), 'A' + byte(n%26)})}
	if rule, _ := s.find(part); rule != nil {
		texts = append(texts, variants(rule, field, n)...)
	}
	for _, text := range texts {
		wanted[field] = text
		if block, err := s.part(part, wanted, depth); err == nil {
			return block, nil
		}
	}
	return nil, fmt.Errorf("%w: %d different values of %s", errNotDerived, n, field)
}

// variants are texts that differ by n from one that the rule takes, and one of
// those it lists.
func variants(rule *sigma.Rule, field string, n int) []string {
	var texts []string
	if found, ok := solve(rule.Expression()); ok {
		for _, f := range found {
			if f.Name == field {
				texts = append(texts, f.Text+strconv.Itoa(n), strconv.Itoa(n)+f.Text, `C:\`+strconv.Itoa(n)+f.Text)
				if at := len(f.Text) / 2; at > 0 {
					texts = append(texts, f.Text[:at]+strconv.Itoa(n)+f.Text[at:])
				}
			}
		}
	}
	if listed := listedValues(rule.Expression(), field); n <= len(listed) {
		texts = append(texts, listed[n-1])
	}
	return texts
}

// listedValues are the texts that a condition names for a field.
func listedValues(expression sigma.Expression, field string) []string {
	var texts []string
	switch e := expression.(type) {
	case sigma.And:
		for _, term := range e {
			texts = append(texts, listedValues(term, field)...)
		}
	case sigma.Or:
		for _, term := range e {
			texts = append(texts, listedValues(term, field)...)
		}
	case sigma.Named:
		return listedValues(e.Term, field)
	case *sigma.Predicate:
		for _, value := range e.Values {
			if text, ok := value.(sigma.String); ok && e.Field == field && !e.Negate {
				var b blend
				b.addPattern(text.Parts, "x")
				texts = append(texts, b.texts("x")[0])
			}
		}
	}
	return texts
}

// part makes one hit of a rule, or one alert of a correlation.
func (s *sequencer) part(name string, wanted map[string]string, depth int) (*sequence, error) {
	rule, inner := s.find(name)
	switch {
	case inner != nil:
		return s.fulfil(inner, wanted, depth+1)
	case rule == nil:
		return nil, fmt.Errorf("%w: there is no rule %q", errNotDerived, name)
	}
	whole := sigma.And{rule.Expression()}
	for field, value := range wanted {
		whole = append(whole, fieldIs(field, value))
	}
	slices.SortFunc(whole[1:], func(a, b sigma.Expression) int {
		return strings.Compare(a.(*sigma.Predicate).Field, b.(*sigma.Predicate).Field)
	})
	found, ok := solve(whole)
	if !ok || hasTwice(found, wanted) {
		return nil, fmt.Errorf("%w: %q does not match events with %v", errNotDerived, name, wanted)
	}
	for i := range found {
		if found[i].Name == keywordColumn && rule.LogSource.Product == "windows" {
			found[i].Name = "Data"
		}
	}
	return &sequence{events: []Events{{LogSource: rule.LogSource, Repeat: 1, Fields: found}}}, nil
}

// hasTwice says whether a field that is to have one value has several: each
// would count.
func hasTwice(r row, wanted map[string]string) bool {
	for field := range wanted {
		n := 0
		for i := range r {
			if r[i].Name == field {
				n++
			}
		}
		if n > 1 {
			return true
		}
	}
	return false
}

// group chooses the values of the fields that a correlation groups by: those
// that are carried, those that one of its rules asks for, or any.
func (s *sequencer) group(c *sigma.Correlation, carried map[string]string) (map[string]string, error) {
	group := map[string]string{}
	for field, value := range carried {
		group[field] = value
	}
	for _, field := range c.GroupBy {
		if _, known := group[field]; !known {
			group[field] = s.groupValue(c, field)
		}
	}
	return group, nil
}

// groupValue is a text that a rule has in a field, best one that all have.
func (s *sequencer) groupValue(c *sigma.Correlation, field string) string {
	_, parts := s.set.Closure([]*sigma.Correlation{c})
	var rules []*sigma.Rule
	s.fresh++
	texts := []string{}
	for _, rule := range s.set.Rules {
		if !parts[rule] {
			continue
		}
		rules = append(rules, rule)
		found, _ := solve(rule.Expression())
		for _, f := range found {
			if f.Name == fieldIn(c, field, rule.Name, s.Runner) && f.Text != "" {
				texts = append(texts, f.Text)
			}
		}
	}
	texts = append(texts, fmt.Sprintf("192.0.2.%d", 100+s.fresh%100))
	for _, text := range texts {
		if !slices.ContainsFunc(rules, func(rule *sigma.Rule) bool {
			_, ok := solve(sigma.And{rule.Expression(), fieldIs(fieldIn(c, field, rule.Name, s.Runner), text)})
			return !ok
		}) {
			return text
		}
	}
	return texts[0]
}

// fieldIs asks for a text in a field.
func fieldIs(field, text string) *sigma.Predicate {
	return &sigma.Predicate{Field: field, Values: []sigma.Value{sigma.String{Parts: []sigma.Part{{Kind: sigma.Literal, Literal: text}}}}}
}

// fieldIn is what a field or an alias is called in a part.
func fieldIn(c *sigma.Correlation, field, part string, r *Runner) string {
	names := c.Aliases[field]
	if names[part] != "" {
		return names[part]
	}
	if rule, _ := r.find(part); rule != nil {
		for _, name := range []string{rule.Name, rule.ID} {
			if name != "" && names[name] != "" {
				return names[name]
			}
		}
	}
	return field
}

// misses are sequences that look alike, and do not fulfil the correlation.
func (s *sequencer) misses(c *sigma.Correlation) []sequence {
	enough, few, err := hitsOf(c)
	if err != nil || s.overlap(c) {
		return nil
	}
	var misses []sequence
	if few >= 1 {
		if short, err := s.arrange(c, few, nil, 0); err == nil {
			short.name = fmt.Sprintf("%v in place of %v", few, enough)
			misses = append(misses, *short)
		}
	}
	whole, err := s.fulfil(c, nil, 0)
	if err != nil || !rising(c) || len(hitList(c, enough)) < 2 {
		return misses
	}
	if len(whole.events) == len(hitList(c, enough)) { // no inner correlation
		misses = append(misses, stretched(whole, c.Timespan))
		if c.Type == sigma.TemporalOrdered {
			misses = append(misses, backwards(whole))
		}
	}
	return misses
}

// rising says whether more hits never make the condition false.
func rising(c *sigma.Correlation) bool {
	for _, condition := range c.Conditions {
		if condition.Negate || condition.Operator != sigma.Greater && condition.Operator != sigma.GreaterOrEqual {
			return false
		}
	}
	return true
}

// stretched has the events so far apart that no window holds all of them.
func stretched(whole *sequence, timespan time.Duration) sequence {
	apart := sequence{name: "all, but over more than the timespan"}
	every := timespan/time.Duration(len(whole.events)-1) + time.Second
	for i, events := range whole.events {
		events.Begin = time.Duration(i) * every
		apart.events = append(apart.events, events)
	}
	return apart
}

// backwards has the events in the opposite order.
func backwards(whole *sequence) sequence {
	turned := sequence{name: "all, in the opposite order"}
	for i := range whole.events {
		events := whole.events[len(whole.events)-1-i]
		events.Begin = whole.events[i].Begin
		turned.events = append(turned.events, events)
	}
	return turned
}

// overlap says whether an event of one part may be one of another, so that a
// part cannot be left out.
func (s *sequencer) overlap(c *sigma.Correlation) bool {
	if c.Type != sigma.Temporal && c.Type != sigma.TemporalOrdered {
		return false
	}
	for _, one := range c.Rules {
		block, err := s.part(one, nil, 1)
		if err != nil {
			return true
		}
		for _, other := range c.Rules {
			rule, _ := s.find(other)
			if rule == nil || other == one {
				continue
			}
			for _, events := range block.events {
				if sigma.Evaluate(rule.Expression(), newView(events.Fields)) {
					return true
				}
			}
		}
	}
	return false
}
