package ruletest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/sigma"
)

// A Runner runs scripts over one rule set.
type Runner struct {
	set      *sigma.RuleSet
	taxonomy *sigma.Taxonomy
	named    map[string]any // *sigma.Rule or *sigma.Correlation, by id, name and title
}

// NewRunner returns a runner for the rules of a set.
func NewRunner(set *sigma.RuleSet, taxonomy *sigma.Taxonomy) *Runner {
	r := &Runner{set: set, taxonomy: taxonomy, named: map[string]any{}}
	for _, c := range set.Correlations {
		r.call(c, &c.Metadata)
	}
	for _, rule := range set.Rules {
		r.call(rule, &rule.Metadata)
	}
	return r
}

func (r *Runner) call(what any, m *sigma.Metadata) {
	for _, name := range []string{m.Title, m.Name, m.ID} {
		if name != "" {
			r.named[name] = what
		}
	}
}

func (r *Runner) find(name string) (*sigma.Rule, *sigma.Correlation) {
	switch found := r.named[name].(type) {
	case *sigma.Rule:
		return found, nil
	case *sigma.Correlation:
		return nil, found
	}
	return nil, nil
}

// A Report is the outcome of scripts.
type Report struct {
	// Rules is how many rules and correlations were tested, Items with how
	// many items.
	Rules, Items int
	Failures     []Failure
	Untested     []Untested
}

// A Failure is an item that came out otherwise.
type Failure struct {
	At   sigma.Position
	Rule string
	// Kind is "find" or "leave", empty where the failure is not about an
	// item. Item counts from 1.
	Kind   string
	Item   int
	Reason string
}

// Untested is a rule that lacks find, leave, or both.
type Untested struct {
	At          sigma.Position
	Rule, Lacks string
}

// Run runs scripts in their order. The error is that of the context or of the
// machine; what fails is in the report.
func (r *Runner) Run(ctx context.Context, scripts []*Script) (*Report, error) {
	run := &run{Runner: r, report: new(Report), found: map[any]bool{}, left: map[any]bool{}}
	for _, script := range scripts {
		for i := range script.Tests {
			if err := run.test(ctx, &script.Tests[i]); err != nil {
				return nil, err
			}
		}
	}
	run.untested()
	return run.report, nil
}

type run struct {
	*Runner
	report      *Report
	found, left map[any]bool
}

func (r *run) test(ctx context.Context, test *Test) error {
	rule, correlation := r.find(test.Rule)
	if rule == nil && correlation == nil {
		r.report.Failures = append(r.report.Failures, Failure{At: test.At, Rule: test.Rule, Reason: r.unknown(test.Rule)})
		return nil
	}
	t := &tested{Runner: r.Runner, rule: rule, correlation: correlation}
	t.isolate()
	if !r.found[t.key()] && !r.left[t.key()] {
		r.report.Rules++
	}
	r.found[t.key()] = r.found[t.key()] || len(test.Find) > 0
	r.left[t.key()] = r.left[t.key()] || len(test.Leave) > 0
	for _, kind := range []struct {
		name  string
		items []Item
	}{{"find", test.Find}, {"leave", test.Leave}} {
		for i := range kind.items {
			reason, err := t.item(ctx, &kind.items[i], kind.name == "find")
			if err != nil {
				return err
			}
			r.report.Items++
			if reason != "" {
				r.report.Failures = append(r.report.Failures, Failure{kind.items[i].At, test.Rule, kind.name, i + 1, reason})
			}
		}
	}
	return nil
}

// unknown says that there is no such rule, and why where that is known.
func (r *Runner) unknown(name string) string {
	for _, problem := range r.set.Problems {
		if problem.ID == name || problem.Title == name {
			return "the rule is not loaded: " + problem.String()
		}
	}
	return "no rule has this name, id or title"
}

func (r *run) untested() {
	note := func(key any, m *sigma.Metadata, at sigma.Position) {
		lacks := ""
		switch {
		case !r.found[key] && !r.left[key]:
			lacks = "find and leave"
		case !r.found[key]:
			lacks = "find"
		case !r.left[key]:
			lacks = "leave"
		default:
			return
		}
		r.report.Untested = append(r.report.Untested, Untested{at, cmp.Or(m.Name, m.Title, m.ID), lacks})
	}
	for _, rule := range r.set.Rules {
		note(rule, &rule.Metadata, rule.At)
	}
	for _, c := range r.set.Correlations {
		note(c, &c.Metadata, c.At)
	}
	slices.SortStableFunc(r.report.Untested, func(a, b Untested) int {
		return cmp.Or(strings.Compare(a.At.File, b.At.File), cmp.Compare(a.At.Line, b.At.Line))
	})
}

// A tested rule or correlation.
type tested struct {
	*Runner
	rule        *sigma.Rule
	correlation *sigma.Correlation
	// alone are the rule and what it is made of. Other correlations would
	// silence it, or cost time.
	alone *sigma.RuleSet
}

func (t *tested) key() any {
	if t.rule != nil {
		return t.rule
	}
	return t.correlation
}

func (t *tested) isolate() {
	if t.rule != nil {
		t.alone = &sigma.RuleSet{Rules: []*sigma.Rule{t.rule}}
		return
	}
	correlations, parts := t.set.Closure([]*sigma.Correlation{t.correlation})
	t.alone = &sigma.RuleSet{Correlations: correlations}
	for _, rule := range t.set.Rules {
		if parts[rule] {
			t.alone.Rules = append(t.alone.Rules, rule)
		}
	}
}

func (t *tested) logSource() sigma.LogSource {
	if t.rule != nil {
		return t.rule.LogSource
	}
	first := sigma.LogSource{}
	for i, rule := range t.alone.Rules {
		if i > 0 && (rule.LogSource.Product != first.Product || rule.LogSource.Category != first.Category || rule.LogSource.Service != first.Service) {
			return sigma.LogSource{}
		}
		first = rule.LogSource
	}
	return first
}

// item runs one item; the reason is empty when it comes out as it should.
func (t *tested) item(ctx context.Context, item *Item, find bool) (reason string, err error) {
	findings, err := t.findings(ctx, item)
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	switch {
	case err != nil:
		return err.Error(), nil
	case find && findings == 0:
		return "not found: " + t.why(ctx, item, false), nil
	case find && item.Count > 0 && findings != item.Count:
		return fmt.Sprintf("%d findings, want %d", findings, item.Count), nil
	case !find && findings > 0:
		return "found: " + t.why(ctx, item, true), nil
	}
	return "", nil
}

// findings counts the findings of the rule. It runs an engine of its own, so
// that no item is in the windows of another.
func (t *tested) findings(ctx context.Context, item *Item) (int, error) {
	engine, err := detect.New(t.alone, t.taxonomy, detect.Options{ShelfBytes: 1 << 20})
	if err != nil {
		return 0, err
	}
	defer engine.Close()
	for _, problem := range engine.Problems() {
		return 0, fmt.Errorf("the correlation cannot be used: %v", problem)
	}
	if err := t.feed(ctx, item, t.logSource(), engine.Sink()); err != nil {
		return 0, err
	}
	result, err := engine.Finish()
	if err != nil {
		return 0, err
	}
	count := 0
	for finding, err := range result.Findings() {
		if err != nil {
			return 0, err
		}
		if t.isOurs(finding.Rule) {
			count++
		}
	}
	return count, nil
}

func (t *tested) isOurs(rule *detect.Rule) bool {
	if t.rule != nil {
		return !rule.Correlation
	}
	return rule.Correlation && rule.ID == t.correlation.ID && rule.Title == t.correlation.Title
}
