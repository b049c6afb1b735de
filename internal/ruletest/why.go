package ruletest

import (
	"context"
	"fmt"
	"strings"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/sigma"
)

// maxReasons bounds the conditions that one line names.
const maxReasons = 3

// why says what decided about an item: of a rule, the conditions of the event
// that came nearest; of a correlation, how many events its rules matched.
func (t *tested) why(ctx context.Context, item *Item, found bool) string {
	w := &witness{tested: t, matched: map[*sigma.Rule]int{}}
	// The same evidence was fed without an error just now.
	_ = t.feed(ctx, item, t.logSource(), w)
	switch {
	case t.correlation != nil:
		return w.counts()
	case w.nearest == nil && w.seen > 0:
		return fmt.Sprintf("none of %d events is of the rule's log source (%v)", w.seen, t.rule.LogSource)
	case w.nearest == nil:
		return "there is no event"
	}
	return strings.Join(decisive(w.nearest, found), "; ")
}

// A witness is a sink that explains the rules on every event.
type witness struct {
	*tested
	columns detect.Columns
	seen    int
	nearest *sigma.Explanation
	matched map[*sigma.Rule]int
}

// Event explains each rule on an event.
func (w *witness) Event(e *event.Event) error {
	w.seen++
	row := w.columns.Of(e)
	for _, rule := range w.alone.Rules {
		for _, route := range w.taxonomy.Routes(rule.LogSource) {
			if !route.Takes(row) {
				continue
			}
			explanation := sigma.Explain(route.Rewrite(rule.Expression()), row)
			w.keep(rule, explanation)
			if explanation.Holds {
				break
			}
		}
	}
	return nil
}

func (w *witness) keep(rule *sigma.Rule, explanation *sigma.Explanation) {
	if explanation.Holds {
		w.matched[rule]++
	}
	if w.nearest == nil || explanation.Holds && !w.nearest.Holds ||
		explanation.Holds == w.nearest.Holds && missing(explanation) < missing(w.nearest) {
		w.nearest = explanation
	}
}

// missing counts the checks that did not come out as the rule wants them.
func missing(e *sigma.Explanation) int { return len(allDecisive(e, e.Holds)) }

func (w *witness) counts() string {
	var counts []string
	for _, rule := range w.alone.Rules {
		counts = append(counts, fmt.Sprintf("%d of %q", w.matched[rule], nameOr(rule.Name, rule.Title)))
	}
	return fmt.Sprintf("%d events, of which match: %s", w.seen, strings.Join(counts, ", "))
}

// decisive names the conditions that made an expression hold, or kept it from
// holding.
func decisive(e *sigma.Explanation, holds bool) []string {
	all := allDecisive(e, holds)
	if more := len(all) - maxReasons; more > 0 {
		return append(all[:maxReasons:maxReasons], fmt.Sprintf("and %d more", more))
	}
	return all
}

func allDecisive(e *sigma.Explanation, holds bool) []string {
	if e.Holds != holds {
		return nil
	}
	if e.Check != nil {
		return []string{e.Check.String()}
	}
	var reasons []string
	for _, term := range e.Terms {
		if e.Kind == sigma.ExplainedNot {
			reasons = append(reasons, allDecisive(term, !holds)...)
		} else {
			reasons = append(reasons, allDecisive(term, holds)...)
		}
	}
	return reasons
}
