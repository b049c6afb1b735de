package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kulla-defence/kulla/internal/report"
	"github.com/kulla-defence/kulla/internal/ruletest"
)

func newRulesSelfTest(env Environment) *cobra.Command {
	var given ruleFlags
	command := &cobra.Command{
		Use:   "selftest [PATH...]",
		Short: "Prove that rules can fire, with events made from their conditions",
		Long: `Selftest derives from the condition of each rule an event that it must find, and near
misses that it must leave, writes them in the raw format of its log source, and reads
them back as hunt would. Rules whose logs cannot be written are listed with the reason.
It ends with code 1 if a rule failed.`,
		RunE: func(command *cobra.Command, paths []string) error {
			options := given.options()
			options.paths = append(options.paths, paths...)
			return runSelfTest(command.Context(), env, options)
		},
	}
	given.register(command)
	return command
}

func runSelfTest(ctx context.Context, env Environment, options ruleOptions) error {
	set, taxonomy, err := options.load()
	if err != nil {
		return err
	}
	out := bufio.NewWriter(env.Out)
	counts, misses := map[ruletest.Outcome]int{}, 0
	for _, rule := range set.Rules {
		verdict, err := ruletest.SelfTest(ctx, rule, taxonomy)
		if errors.Is(err, context.Canceled) {
			return errors.Join(out.Flush(), &outcome{exitInterrupted})
		}
		if err != nil {
			return err
		}
		counts[verdict.Outcome]++
		misses += verdict.NearMisses
		if verdict.Outcome != ruletest.Passed {
			fmt.Fprintf(out, "%-8v  %s  %s  %s\n", verdict.Outcome, report.Visible(rule.At.String()), report.Visible(rule.Title), report.Visible(verdict.Reason))
		}
	}
	fmt.Fprintf(out, "%s passed with %s, %s failed, %s untried; %s are not derived from\n", counted(counts[ruletest.Passed], "rule"),
		counted(misses, "near miss event"), report.Thousands(int64(counts[ruletest.Failed])), report.Thousands(int64(counts[ruletest.Untried])),
		counted(len(set.Correlations), "correlation"))
	if err := out.Flush(); err != nil {
		return err
	}
	if counts[ruletest.Failed] > 0 {
		return &outcome{exitError}
	}
	return nil
}
