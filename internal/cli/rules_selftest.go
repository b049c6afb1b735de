package cli

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kulla-defence/kulla/internal/report"
	"github.com/kulla-defence/kulla/internal/ruletest"
	"github.com/kulla-defence/kulla/sigma"
)

func newRulesSelfTest(env Environment) *cobra.Command {
	var given ruleFlags
	var full bool
	command := &cobra.Command{
		Use:   "selftest [PATH...]",
		Short: "Prove that rules can fire, with events made from their conditions",
		Long: `Selftest derives from the condition of each rule an event that it must find, and near
misses that it must leave, writes them in the raw format of its log source, and reads
them back as hunt would. Of a correlation it derives a sequence of events of its rules,
and sequences that are too short, too long, or in another order. It says of each one of:

  passed   the event was found, and all near misses were left alone
  found    the event was found, but no near miss could be written
  failed   the event was not found, or a near miss was: hunt would miss it, or cry wolf
  untried  no event could be written, for the reason that is given

A failure is always listed. The reasons of the others are counted, with one rule each;
--full lists every rule. It ends with code 1 if a rule failed.

What it cannot show: that the product itself writes the fields the rule asks for. Logs in
JSON have any field that a rule names.`,
		Example: `  kulla rules selftest
  kulla rules selftest --full my-rules/`,
		RunE: func(command *cobra.Command, paths []string) error {
			options := given.options()
			options.paths = append(options.paths, paths...)
			return runSelfTest(command.Context(), env, options, full)
		},
	}
	given.register(command)
	command.Flags().BoolVar(&full, "full", false, "list every rule, with the format it was tried in")
	return command
}

func runSelfTest(ctx context.Context, env Environment, options ruleOptions, full bool) error {
	set, taxonomy, err := options.load()
	if err != nil {
		return err
	}
	verdicts, err := selfTestAll(ctx, set, taxonomy)
	if err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	if wrong := printSelfTest(env.Out, verdicts, full); wrong != nil {
		return wrong
	}
	if err != nil {
		return &outcome{exitInterrupted}
	}
	if slices.ContainsFunc(verdicts, func(v ruletest.Verdict) bool { return v.Outcome == ruletest.Failed }) {
		return &outcome{exitError}
	}
	return nil
}

// selfTestAll returns the verdicts until then, if it is interrupted.
func selfTestAll(ctx context.Context, set *sigma.RuleSet, taxonomy *sigma.Taxonomy) ([]ruletest.Verdict, error) {
	var verdicts []ruletest.Verdict
	for _, rule := range set.Rules {
		verdict, err := ruletest.SelfTest(ctx, rule, taxonomy)
		if err != nil {
			return verdicts, err
		}
		verdicts = append(verdicts, verdict)
	}
	runner := ruletest.NewRunner(set, taxonomy)
	for _, correlation := range set.Correlations {
		verdict, err := runner.SelfTestCorrelation(ctx, correlation)
		if err != nil {
			return verdicts, err
		}
		verdicts = append(verdicts, verdict)
	}
	return verdicts, nil
}

func printSelfTest(w io.Writer, verdicts []ruletest.Verdict, full bool) error {
	out := bufio.NewWriter(w)
	counts, formats, misses := map[ruletest.Outcome]int{}, map[string]int{}, 0
	for i := range verdicts {
		v := &verdicts[i]
		counts[v.Outcome]++
		misses += v.NearMisses
		if v.Outcome != ruletest.Untried {
			formats[v.Format]++
		}
		if full || v.Outcome == ruletest.Failed {
			fmt.Fprintf(out, "%-8v %s  %s%s\n", v.Outcome, report.Visible(v.At.String()), report.Visible(v.Title), report.Visible(selfTestDetail(v)))
		}
	}
	if !full {
		printSelfTestReasons(out, verdicts)
	}
	for _, format := range slices.SortedFunc(maps.Keys(formats), func(a, b string) int { return cmp.Or(formats[b]-formats[a], strings.Compare(a, b)) }) {
		fmt.Fprintf(out, "in %-27s %6s\n", format, report.Thousands(int64(formats[format])))
	}
	fmt.Fprintf(out, "%s passed with %s, %s found only, %s failed, %s untried\n", counted(counts[ruletest.Passed], "rule"), counted(misses, "near miss event"),
		report.Thousands(int64(counts[ruletest.Found])), report.Thousands(int64(counts[ruletest.Failed])), report.Thousands(int64(counts[ruletest.Untried])))
	return out.Flush()
}

func selfTestDetail(v *ruletest.Verdict) string {
	if v.Reason != "" {
		return "  " + v.Reason
	}
	return "  in " + v.Format + " with " + counted(v.NearMisses, "near miss event")
}

// quoted are parts of a reason in which rules differ.
var quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// printSelfTestReasons counts the rules that did not pass by reason, the most
// frequent first, and names one of each.
func printSelfTestReasons(out io.Writer, verdicts []ruletest.Verdict) {
	groups := map[string][]*ruletest.Verdict{}
	for i := range verdicts {
		if v := &verdicts[i]; v.Outcome == ruletest.Found || v.Outcome == ruletest.Untried {
			key := fmt.Sprintf("%-8v %s", v.Outcome, quoted.ReplaceAllString(v.Reason, "…"))
			groups[key] = append(groups[key], v)
		}
	}
	for _, key := range slices.SortedFunc(maps.Keys(groups), func(a, b string) int { return cmp.Or(len(groups[b])-len(groups[a]), strings.Compare(a, b)) }) {
		group := groups[key]
		fmt.Fprintf(out, "%s: %s, such as %s\n", report.Visible(key), counted(len(group), "rule"), report.Visible(group[0].Title))
	}
}
