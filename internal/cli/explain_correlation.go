package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/report"
	"github.com/kulla-defence/kulla/internal/source"
	"github.com/kulla-defence/kulla/sigma"
)

// A correlationExplainer says what came of a correlation, and of those that it
// is made of.
type correlationExplainer struct {
	set         *sigma.RuleSet
	taxonomy    *sigma.Taxonomy
	correlation *sigma.Correlation
	most        int // groups to show
}

// run hunts for the rules of the correlation alone.
func (x *correlationExplainer) run(ctx context.Context, env Environment, paths []string, options source.Options) error {
	part := &sigma.RuleSet{}
	correlations, rules := x.set.Closure([]*sigma.Correlation{x.correlation})
	part.Correlations = correlations
	part.Rules = slices.DeleteFunc(slices.Clone(x.set.Rules), func(r *sigma.Rule) bool { return !rules[r] })
	engine, err := detect.New(part, x.taxonomy, detect.Options{Trace: true, TempFolder: env.TempDir})
	if err != nil {
		return err
	}
	defer engine.Close()
	if problems := engine.Problems(); len(problems) > 0 {
		return fmt.Errorf("the correlation is not used: %v", problems[0])
	}
	reading := evidenceReading{env: env, paths: paths, options: options, quiet: true, progress: new(source.Progress)}
	register, interrupted, err := reading.read(ctx, func(int) source.Sink { return engine.Sink() })
	if err != nil {
		return err
	}
	if interrupted {
		return &outcome{exitInterrupted}
	}
	result, err := engine.Finish()
	if err != nil {
		return err
	}
	if err := x.print(env.Out, result); err != nil {
		return err
	}
	return reportUnread(env, register)
}

func (x *correlationExplainer) print(w io.Writer, result *detect.Result) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "%s\n%s events read\n", report.Visible(x.correlation.Title), report.Thousands(result.Events))
	reasons := map[string]string{}
	for _, blind := range result.Blind {
		for _, rule := range blind.Rules {
			reasons[rule.ID+"\x00"+rule.Title] = blind.Reason
		}
	}
	for _, trace := range slices.Backward(result.Traces()) { // the outermost first
		fmt.Fprintf(out, "\n%s: %s within %v", report.Visible(trace.Correlation.Title), report.Visible(trace.Correlation.Condition()), trace.Correlation.Timespan)
		if len(trace.Correlation.GroupBy) > 0 {
			fmt.Fprintf(out, ", grouped by %s", report.Visible(strings.Join(trace.Correlation.GroupBy, ", ")))
		}
		fmt.Fprintln(out)
		for _, rule := range trace.Rules {
			x.printRule(out, rule, reasons)
		}
		x.printGroups(out, &trace)
	}
	return out.Flush()
}

// printRule says how often a rule matched, and why it could not.
func (x *correlationExplainer) printRule(out io.Writer, trace sigma.RuleTrace, reasons map[string]string) {
	rule, inner := x.set.Find(trace.Reference)
	title, verb, id := "", "matched", ""
	if rule != nil {
		title, id = rule.Title, rule.ID
	} else if inner != nil {
		title, id, verb = inner.Title, inner.ID, "alerted"
	}
	fmt.Fprintf(out, "  %s %s %s", report.Visible(title), verb, times(trace.Hits))
	if trace.WithoutGroup > 0 {
		fmt.Fprintf(out, ", %s without a field to group by", report.Thousands(int64(trace.WithoutGroup)))
	}
	if trace.WithoutValue > 0 {
		fmt.Fprintf(out, ", %s without the value to measure", report.Thousands(int64(trace.WithoutValue)))
	}
	if reason := reasons[id+"\x00"+title]; reason != "" {
		fmt.Fprintf(out, ": it could not, %s", report.Visible(reason))
	}
	fmt.Fprintln(out)
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return report.Thousands(int64(n)) + " times"
}

// printGroups shows the best window of each group, the nearest first.
func (x *correlationExplainer) printGroups(out io.Writer, trace *sigma.CorrelationTrace) {
	alerts, groups := 0, len(trace.Groups)+trace.MoreGroups
	for i := range trace.Groups {
		alerts += trace.Groups[i].Alerts
	}
	if len(trace.Correlation.GroupBy) > 0 {
		fmt.Fprintf(out, "  %s, ", counted(groups, "group"))
	} else {
		fmt.Fprint(out, "  ")
	}
	fmt.Fprintln(out, counted(alerts, "alert"))
	for i := range trace.Groups[:min(x.most, len(trace.Groups))] {
		x.printGroup(out, trace.Correlation, &trace.Groups[i])
	}
	if more := groups - x.most; more > 0 {
		fmt.Fprintf(out, "\n%s that came less near; show more with -n\n", counted(more, "group"))
	}
}

func (x *correlationExplainer) printGroup(out io.Writer, c *sigma.Correlation, g *sigma.GroupTrace) {
	verdict := "did not match"
	if g.Held {
		verdict = "matched"
	}
	fmt.Fprintf(out, "\n%s", verdict)
	for _, field := range g.Group {
		fmt.Fprintf(out, "  %s=%s", report.Visible(field.Field), report.Visible(field.Text))
	}
	fmt.Fprintf(out, "  %s to %s, %s\n", g.First.Format(time.RFC3339Nano), g.Last.Format(time.RFC3339Nano), counted(g.Count, "hit"))
	for _, condition := range c.Conditions {
		fmt.Fprintf(out, "%s  %s %s: %s\n", yesOrNo(condition.Holds(g.Value)), report.Visible(c.Measured()), condition,
			strconv.FormatFloat(g.Value, 'f', -1, 64))
	}
	if c.Expression != nil {
		fmt.Fprintf(out, "%s  %s\n", yesOrNo(g.Held), report.Visible(c.Condition()))
	}
	if c.Type == sigma.Temporal || c.Type == sigma.TemporalOrdered {
		for i, reference := range c.Rules {
			fmt.Fprintf(out, "%s    %s in the window\n", yesOrNo(slices.Contains(g.Matched, i)), report.Visible(reference))
		}
	}
}

func yesOrNo(held bool) string {
	if held {
		return "yes"
	}
	return "no "
}
