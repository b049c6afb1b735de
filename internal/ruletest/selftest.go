package ruletest

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/source"
	"github.com/kulla-defence/kulla/sigma"
)

// A Verdict is the outcome of the self-test of one rule or correlation.
type Verdict struct {
	Title string
	At    sigma.Position
	// Outcome says whether the rule passed, failed, or could not be tried.
	Outcome Outcome
	// Reason is why it did not pass.
	Reason string
	// Format is the log that was written, or Sequence; NearMisses how many
	// events or sequences had to be left.
	Format     string
	NearMisses int
}

// Outcome of a self-test.
type Outcome uint8

// The outcomes.
const (
	Passed Outcome = iota
	// Found: the event was found, but no near miss could be written, so that
	// nothing shows that the rule leaves anything.
	Found
	// Failed: the event was not found, or a near miss was.
	Failed
	// Untried: no event could be written for the rule. It may be able to fire.
	Untried
)

// String is the outcome in a word.
func (o Outcome) String() string {
	return [...]string{"passed", "found", "failed", "untried"}[min(o, Untried)]
}

// SelfTest derives from a rule's condition an event that it must match and
// near misses that it must not, writes them in the raw format of the log
// source, and reads them back. The first way of recording that can be written
// decides. The error is that of the context or of the machine.
func SelfTest(ctx context.Context, rule *sigma.Rule, taxonomy *sigma.Taxonomy) (Verdict, error) {
	t := &selfTest{rule: rule, routes: taxonomy.Routes(rule.LogSource), taxonomy: taxonomy}
	verdict := Verdict{Title: rule.Title, At: rule.At, Outcome: Untried, Reason: fmt.Sprintf("no events are routed to log source %v", rule.LogSource)}
	for _, way := range t.recordings() {
		one, err := t.route(ctx, way.route, &way.format)
		if err != nil || one.Outcome != Untried {
			return one, err
		}
		if verdict.Format == "" { // the first way is the one that counts
			verdict = one
		}
	}
	return verdict, nil
}

// A recording is a route, and a format that its events are written in.
type recording struct {
	route  *sigma.Route
	format rawFormat
}

// recordings are all ways to record events of the rule: what a reader knows,
// and only where none does, what the user has to say the log source of.
func (t *selfTest) recordings() []recording {
	var ways []recording
	for i := range t.routes {
		for _, format := range rawFormatsOf(&t.routes[i]) {
			ways = append(ways, recording{&t.routes[i], format})
		}
	}
	if len(ways) == 0 && len(t.routes) > 0 {
		ways = append(ways, recording{&t.routes[0], givenFormat(t.routes[0].LogSource)})
	}
	return ways
}

type selfTest struct {
	rule     *sigma.Rule
	routes   []sigma.Route
	taxonomy *sigma.Taxonomy
}

func (t *selfTest) route(ctx context.Context, route *sigma.Route, format *rawFormat) (Verdict, error) {
	verdict := Verdict{Title: t.rule.Title, At: t.rule.At, Outcome: Untried, Format: format.name}
	found, ok := solve(recordedIn(route, t.rule))
	if !ok {
		verdict.Reason = "no event was derived from the condition"
		return verdict, nil
	}
	log, err := format.write(found)
	if err != nil {
		verdict.Reason = fmt.Sprintf("%s: %v", format.name, err)
		return verdict, nil
	}
	matches, reason, err := t.matches(ctx, format, log)
	if err != nil {
		return verdict, err
	}
	if matches == 0 {
		verdict.Outcome, verdict.Reason = Failed, "the derived event was not found: "+join(reason, describeRow(found))
		return verdict, nil
	}
	return t.nearMisses(ctx, route, format, found, verdict)
}

// nearMisses changes one column after another such that the condition does
// not hold any more, and wants none of these events to be found.
func (t *selfTest) nearMisses(ctx context.Context, route *sigma.Route, format *rawFormat, found row, verdict Verdict) (Verdict, error) {
	verdict.Outcome, verdict.Reason = Found, "no near miss: each change of a column matches as well"
	for _, miss := range t.changed(route, found) {
		log, err := format.write(miss)
		if err != nil {
			verdict.Reason = fmt.Sprintf("no near miss: %s: %v", format.name, err)
			continue // another column may be changed
		}
		matches, reason, err := t.matches(ctx, format, log)
		if err != nil {
			return verdict, err
		}
		if matches > 0 || reason != "" {
			verdict.Outcome, verdict.Reason = Failed, "a near miss was found: "+join(reason, describeRow(miss))
			return verdict, nil
		}
		verdict.NearMisses++
	}
	if verdict.NearMisses > 0 {
		verdict.Outcome, verdict.Reason = Passed, ""
	}
	return verdict, nil
}

// changed are events that do not match: those that differ from one in a
// column, and those that a filter of the rule takes.
func (t *selfTest) changed(route *sigma.Route, found row) []row {
	misses := t.filtered(route)
	for i, field := range found {
		for _, text := range []string{"7", "near miss", field.Text + "~"} {
			miss := append(row{}, found...)
			miss[i] = Field{Name: field.Name, Text: text}
			if text != field.Text && !t.holds(route, miss) {
				misses = append(misses, miss)
				break
			}
		}
	}
	return misses
}

// maxFilters bounds how many filters of a rule are tried.
const maxFilters = 4

// filtered are events that would match, but for a filter that holds.
func (t *selfTest) filtered(route *sigma.Route) []row {
	var misses []row
	terms := conjunction(recordedIn(route, t.rule))
	for i, term := range terms {
		filter, ok := term.(sigma.Not)
		if !ok || len(misses) == maxFilters {
			continue
		}
		if sigma.Evaluate(filter.Term, newView(nil)) {
			continue // it takes what is absent, and a format may always write that
		}
		event, ok := solve(append(append(sigma.And{filter.Term}, terms[:i]...), terms[i+1:]...))
		if ok && !t.holds(route, event) {
			misses = append(misses, event)
		}
	}
	return misses
}

// conjunction are the terms that all have to hold.
func conjunction(expression sigma.Expression) sigma.And {
	switch e := expression.(type) {
	case sigma.And:
		var terms sigma.And
		for _, term := range e {
			terms = append(terms, conjunction(term)...)
		}
		return terms
	case sigma.Named:
		return conjunction(e.Term)
	}
	return sigma.And{expression}
}

func (t *selfTest) holds(route *sigma.Route, r row) bool {
	shown := &view{r, route.LogSource}
	for i := range t.routes {
		if t.routes[i].Takes(shown) && sigma.Evaluate(t.routes[i].Rewrite(t.rule.Expression()), shown) {
			return true
		}
	}
	return false
}

// recordedIn is the condition of a rule together with that of a route.
func recordedIn(route *sigma.Route, rule *sigma.Rule) sigma.Expression {
	whole := sigma.And{route.Rewrite(rule.Expression())}
	for _, constraint := range route.Where {
		p := &sigma.Predicate{Field: constraint.Column}
		for _, value := range constraint.Values {
			p.Values = append(p.Values, sigma.String{Parts: []sigma.Part{{Kind: sigma.Literal, Literal: value}}})
		}
		whole = append(whole, p)
	}
	return whole
}

// matches reads a log as hunt does and counts what the rule finds. The reason
// says what kept the log from being read.
func (t *selfTest) matches(ctx context.Context, format *rawFormat, log []byte) (matches int64, reason string, err error) {
	engine, err := detect.New(&sigma.RuleSet{Rules: []*sigma.Rule{t.rule}}, t.taxonomy, detect.Options{ShelfBytes: 1 << 16})
	if err != nil {
		return 0, "", err
	}
	defer engine.Close()
	given := format.given
	given.Zone, given.Year = time.UTC, Epoch.Year()
	register, err := source.Read(ctx, []string{"-"}, func(int) source.Sink { return engine.Sink() },
		source.Options{Workers: 1, BlockSize: 1 << 17, Stdin: bytes.NewReader(log), Given: []source.Given{given}})
	if err != nil {
		return 0, "", err
	}
	for i := range register.Files {
		if file := &register.Files[i]; file.ProblemCount > 0 {
			reason = "the log was not read: " + file.Problems[0].Reason
		}
	}
	return engine.Matches(), reason, nil
}

func join(reason, event string) string {
	if reason == "" {
		return event
	}
	return reason + ": " + event
}

func describeRow(r row) string {
	parts := make([]string, len(r))
	for i, field := range r {
		parts[i] = fmt.Sprintf("%s=%q", field.Name, field.Text)
	}
	return strings.Join(parts, " ")
}
