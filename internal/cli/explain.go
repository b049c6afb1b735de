package cli

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/report"
	"github.com/kulla-defence/kulla/internal/source"
	"github.com/kulla-defence/kulla/sigma"
)

func newExplain(env Environment) *cobra.Command {
	var rules ruleFlags
	var evidence evidenceFlags
	var records []uint
	var most int
	command := &cobra.Command{
		Use:   "explain RULE PATH...",
		Short: "Say why a rule matched an event, or why it did not",
		Long: `Explain runs one rule over evidence and shows, for each event that it matched, which
condition held because of which value. Where nothing matched it shows the events
that came nearest, and what each of them lacked. Of a correlation it says how often each
of its rules matched, and which window of each group came nearest to the condition.

RULE is the id, name or title of a rule, or a part of its title.`,
		Example: `  kulla explain 'security log cleared' Security.evtx
  kulla explain --rules sigma.zip 5cc90652-4cbd-4241-aa3b-4b462fa5a248 --record 4711 Security.evtx`,
		Args: func(_ *cobra.Command, arguments []string) error {
			if len(arguments) < 2 {
				return usagef("kulla explain RULE PATH...", "name a rule and the evidence to explain it on")
			}
			return nil
		},
		RunE: func(command *cobra.Command, arguments []string) error {
			if most < 1 {
				return usagef("leave --number out for 3", "--number must be 1 or more, not %d", most)
			}
			options, err := evidence.parse()
			if err != nil {
				return err
			}
			set, taxonomy, err := rules.options().load()
			if err != nil {
				return err
			}
			entry, err := findRule(set, arguments[0])
			if err != nil {
				return err
			}
			if entry.correlation != nil {
				if len(records) > 0 {
					return usagef("a correlation is about many records; explain the rules that it is made of on one", "--record does not go with a correlation")
				}
				x := &correlationExplainer{set: set, taxonomy: taxonomy, correlation: entry.correlation, most: most}
				return x.run(command.Context(), env, arguments[1:], options)
			}
			x := &explainer{rule: entry.rule, routes: taxonomy.Routes(entry.rule.LogSource), records: records, most: most}
			return runExplain(command.Context(), env, arguments[1:], options, x)
		},
	}
	rules.register(command)
	evidence.register(command)
	command.Flags().UintSliceVar(&records, "record", nil, "only records with this `ID`; may be repeated")
	command.Flags().IntVarP(&most, "number", "n", 3, "explain at most `N` events")
	return command
}

func runExplain(ctx context.Context, env Environment, paths []string, options source.Options, x *explainer) error {
	options.InOrder, options.Stdin, options.TempDir = true, env.In, env.TempDir
	register, err := readEvidence(ctx, paths, func(int) source.Sink { return x }, options)
	if errors.Is(err, context.Canceled) {
		return &outcome{exitInterrupted}
	}
	if err != nil {
		return err
	}
	if err := x.print(env.Out); err != nil {
		return err
	}
	return reportUnread(env, register)
}

// An explainer is a sink that keeps the events a rule matched, or those that
// came nearest.
type explainer struct {
	rule    *sigma.Rule
	routes  []sigma.Route
	records []uint
	most    int

	seen, routed, matched int64
	kept                  []explained
	columns               detect.Columns
}

type explained struct {
	place       event.Provenance
	title       string
	explanation *sigma.Explanation
	held        int // conditions that held
}

// Event explains the rule on one event.
func (x *explainer) Event(e *event.Event) error {
	if len(x.records) > 0 && !slices.Contains(x.records, uint(e.Provenance.RecordID)) {
		return nil
	}
	x.seen++
	row := x.columns.Of(e)
	for i := range x.routes {
		if !x.routes[i].Takes(row) {
			continue
		}
		x.routed++
		x.keep(e, sigma.Explain(x.routes[i].Rewrite(x.rule.Expression()), row))
		break
	}
	return nil
}

func (x *explainer) keep(e *event.Event, explanation *sigma.Explanation) {
	if explanation.Holds {
		x.matched++
	}
	kept := explained{e.Provenance, "", explanation, held(explanation)}
	if len(x.kept) == x.most && nearer(kept, x.kept[len(x.kept)-1]) >= 0 {
		return
	}
	kept.title = fmt.Sprintf("%s  %s", e.Time.UTC().Format(time.RFC3339Nano), report.Visible(e.Host))
	x.kept = append(x.kept, kept)
	slices.SortStableFunc(x.kept, nearer)
	x.kept = x.kept[:min(len(x.kept), x.most)]
}

// held counts the conditions that held, of those that speak for a match.
func held(e *sigma.Explanation) int {
	switch {
	case e.Kind == sigma.ExplainedNot:
		return 0
	case e.Check != nil && e.Holds:
		return 1
	}
	n := 0
	for _, term := range e.Terms {
		n += held(term)
	}
	return n
}

// nearer orders explanations: matches first, then the more conditions held.
func nearer(a, b explained) int {
	if a.explanation.Holds != b.explanation.Holds {
		if a.explanation.Holds {
			return -1
		}
		return 1
	}
	return cmp.Compare(b.held, a.held)
}

func (x *explainer) print(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "%s\n%s events read, %s of the rule's log source, %s matched\n", report.Visible(x.rule.Title),
		report.Thousands(x.seen), report.Thousands(x.routed), report.Thousands(x.matched))
	if x.routed == 0 {
		for i := range x.routes {
			fmt.Fprintf(out, "it looks at: %s\n", report.Visible(x.routes[i].String()))
		}
	}
	for _, kept := range x.kept {
		verdict := "did not match"
		if kept.explanation.Holds {
			verdict = "matched"
		}
		fmt.Fprintf(out, "\n%s  %s  %s record %d, offset %d\n", verdict, kept.title,
			report.Visible(kept.place.Source.Name), kept.place.RecordID, kept.place.Offset)
		fmt.Fprint(out, kept.explanation.String())
	}
	return out.Flush()
}
