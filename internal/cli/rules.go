package cli

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kulla-defence/kulla/internal/report"
	"github.com/kulla-defence/kulla/sigma"
)

func newRules(env Environment) *cobra.Command {
	command := &cobra.Command{
		Use:   "rules",
		Short: "List, show, check, test and fetch rules",
		Example: `  kulla rules list
  kulla rules list --rules sigma.zip --min-level high
  kulla rules show 'Security log cleared'
  kulla rules lint my-rules/`,
		// A command that does nothing itself would print its help for any name.
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error { return command.Help() },
	}
	command.AddCommand(newRulesList(env), newRulesShow(env), newRulesLint(env), newRulesTest(env), newRulesSelfTest(env), newRulesCoverage(env), newRulesPull(env))
	return command
}

// A ruleEntry is a rule or correlation, as lists show it.
type ruleEntry struct {
	*sigma.Metadata
	at          sigma.Position
	logSource   sigma.LogSource
	correlation *sigma.Correlation
	rule        *sigma.Rule
}

func entriesOf(set *sigma.RuleSet) []ruleEntry {
	var entries []ruleEntry
	for _, rule := range set.Rules {
		entries = append(entries, ruleEntry{Metadata: &rule.Metadata, at: rule.At, logSource: rule.LogSource, rule: rule})
	}
	for _, correlation := range set.Correlations {
		entries = append(entries, ruleEntry{Metadata: &correlation.Metadata, at: correlation.At, correlation: correlation})
	}
	return entries
}

func newRulesList(env Environment) *cobra.Command {
	var rules ruleFlags
	var level, format string
	command := &cobra.Command{
		Use:   "list",
		Short: "List rules, and those that cannot be loaded with the reason",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			least, err := parseLevel("min-level", level)
			if err != nil {
				return err
			}
			set, _, err := rules.options().load()
			if err != nil {
				return err
			}
			entries := slices.DeleteFunc(entriesOf(set), func(e ruleEntry) bool { return e.Level < least && e.Level != sigma.NoLevel })
			switch format {
			case "jsonl":
				return writeRuleList(env.Out, entries, set.Problems)
			case "table":
				return printRuleList(env.Out, entries, set.Problems)
			}
			return usagef("formats are table and jsonl", "unknown format %q", format)
		},
	}
	rules.register(command)
	command.Flags().StringVar(&level, "min-level", "informational", "leave out rules below this `LEVEL`")
	command.Flags().StringVarP(&format, "format", "f", "table", "`FORMAT`: table or jsonl")
	complete(command, "min-level", levelNames)
	complete(command, "format", []string{"table", "jsonl"})
	return command
}

func printRuleList(w io.Writer, entries []ruleEntry, problems []sigma.Problem) error {
	out := bufio.NewWriter(w)
	for _, e := range entries {
		fmt.Fprintf(out, "%-13s  %-36s  %-38s  %s\n", e.Level, report.Visible(e.ID), report.Visible(e.kind()), report.Visible(e.Title))
	}
	for _, problem := range problems {
		fmt.Fprintf(out, "%-13s  %s\n", "not loaded", report.Visible(problem.String()))
	}
	fmt.Fprintf(out, "%s, %s not loaded\n", counted(len(entries), "rule"), report.Thousands(int64(len(problems))))
	return out.Flush()
}

func (e ruleEntry) kind() string {
	if e.correlation != nil {
		return "correlation " + e.correlation.Type.String()
	}
	return e.logSource.String()
}

// writeRuleList writes one JSON object a line, for rules and for problems.
func writeRuleList(w io.Writer, entries []ruleEntry, problems []sigma.Problem) error {
	type line struct {
		ID     string   `json:"id,omitempty"`
		Title  string   `json:"title"`
		Level  string   `json:"level,omitempty"`
		Source string   `json:"log_source,omitempty"`
		Tags   []string `json:"tags,omitempty"`
		At     string   `json:"at"`
		Reason string   `json:"not_loaded,omitempty"`
	}
	out := json.NewEncoder(w)
	for _, e := range entries {
		if err := out.Encode(line{e.ID, e.Title, e.Level.String(), e.kind(), e.Tags, e.at.String(), ""}); err != nil {
			return err
		}
	}
	for _, p := range problems {
		if err := out.Encode(line{ID: p.ID, Title: p.Title, At: p.At.String(), Reason: p.Message}); err != nil {
			return err
		}
	}
	return nil
}

func newRulesShow(env Environment) *cobra.Command {
	var rules ruleFlags
	command := &cobra.Command{
		Use:   "show RULE",
		Short: "Show what a rule looks for, where, and why",
		Long:  "Show prints a rule, found by its id, its name or a part of its title.",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, arguments []string) error {
			entry, taxonomy, err := rules.options().find(arguments[0])
			if err != nil {
				return err
			}
			return printRule(env.Out, entry, taxonomy)
		},
	}
	rules.register(command)
	return command
}

// find loads the rules, and finds one as findRule does.
func (o ruleOptions) find(wanted string) (ruleEntry, *sigma.Taxonomy, error) {
	set, taxonomy, err := o.load()
	if err != nil {
		return ruleEntry{}, nil, err
	}
	entry, err := findRule(set, wanted)
	return entry, taxonomy, err
}

// findRule finds a rule by id, name or title; a part of a title is enough
// where only one rule has it.
func findRule(set *sigma.RuleSet, wanted string) (ruleEntry, error) {
	var partial []ruleEntry
	for _, e := range entriesOf(set) {
		switch {
		case strings.EqualFold(e.ID, wanted) || e.Name != "" && e.Name == wanted || strings.EqualFold(e.Title, wanted):
			return e, nil
		case strings.Contains(strings.ToLower(e.Title), strings.ToLower(wanted)):
			partial = append(partial, e)
		}
	}
	switch len(partial) {
	case 1:
		return partial[0], nil
	case 0:
		for _, problem := range set.Problems {
			if problem.ID != "" && strings.EqualFold(problem.ID, wanted) {
				return ruleEntry{}, fmt.Errorf("rule %s is not loaded: %v", wanted, problem)
			}
		}
		return ruleEntry{}, withHint(fmt.Errorf("no rule has the id, name or title %q", wanted), "list them with: kulla rules list")
	}
	titles := make([]string, 0, 5)
	for _, e := range partial[:min(len(partial), 5)] {
		titles = append(titles, fmt.Sprintf("%q", e.Title))
	}
	return ruleEntry{}, withHint(fmt.Errorf("%d rules have %q in their title: %s …", len(partial), wanted, strings.Join(titles, ", ")), "give the id")
}

func printRule(w io.Writer, e ruleEntry, taxonomy *sigma.Taxonomy) error {
	out := bufio.NewWriter(w)
	show := func(name, value string) {
		if value != "" {
			fmt.Fprintf(out, "%-16s%s\n", name, report.Visible(value))
		}
	}
	show("title", e.Title)
	show("id", e.ID)
	show("level", e.Level.String())
	show("status", e.Status.String())
	show("file", e.at.String())
	show("log source", e.kind())
	show("tags", strings.Join(e.Tags, ", "))
	for _, line := range strings.Split(strings.TrimSpace(e.Description), "\n") {
		show("description", strings.TrimSpace(line))
	}
	for _, text := range e.FalsePositives {
		show("false positive", text)
	}
	for _, text := range e.References {
		show("reference", text)
	}
	if e.rule != nil {
		if err := printLooks(out, e.rule, taxonomy); err != nil {
			return err
		}
	}
	if e.correlation != nil {
		printCorrelation(show, e.correlation)
	}
	return out.Flush()
}

// printCorrelation shows what a correlation is about.
func printCorrelation(show func(name, value string), c *sigma.Correlation) {
	show("made of", strings.Join(c.Rules, ", "))
	show("condition", c.Condition())
	show("grouped by", strings.Join(c.GroupBy, ", "))
	show("within", c.Timespan.String())
	for _, alias := range slices.Sorted(maps.Keys(c.Aliases)) {
		var fields []string
		for _, rule := range slices.Sorted(maps.Keys(c.Aliases[alias])) {
			fields = append(fields, c.Aliases[alias][rule]+" of "+rule)
		}
		show("alias", alias+": "+strings.Join(fields, ", "))
	}
	if c.Generate {
		show("generate", "its rules report on their own, too")
	} else {
		show("generate", "its rules do not report on their own")
	}
}

// printLooks shows where a rule looks and for what, as Kulla understood it.
func printLooks(out io.Writer, rule *sigma.Rule, taxonomy *sigma.Taxonomy) error {
	for _, route := range taxonomy.Routes(rule.LogSource) {
		fmt.Fprintf(out, "%-16s%s\n", "looks at", report.Visible(route.String()))
	}
	for _, condition := range rule.Conditions {
		fmt.Fprintln(out, "looks for")
		if err := sigma.WriteExpression(out, condition); err != nil {
			return err
		}
	}
	return nil
}

func newRulesLint(env Environment) *cobra.Command {
	var placeholders []string
	command := &cobra.Command{
		Use:   "lint [PATH...]",
		Short: "Check rules for mistakes, with reasons",
		Long: `Lint reads Sigma rules (folders, zips or files; those in the binary if none are named)
and reports what is wrong with them, one flaw a line: file, line and column, how bad it
is, what it is, and the name of the check. What is unusable is not loaded; what is
doubtful breaks the specification, or hardly means what it says; the rest is style.
It ends with code 1 if something is unusable: a rule with %placeholders% is, unless
--placeholders gives them values.`,
		RunE: func(_ *cobra.Command, paths []string) error { return runLint(env, paths, placeholders) },
	}
	command.Flags().StringArrayVar(&placeholders, "placeholders", nil, placeholdersUsage)
	return command
}

func runLint(env Environment, paths, placeholders []string) error {
	documents, err := ruleOptions{paths: paths}.documents()
	if err != nil {
		return err
	}
	values, err := loadPlaceholders(placeholders)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(env.Out)
	unusable := 0
	flaws := sigma.LintWith(documents, sigma.Options{Placeholders: values})
	for _, flaw := range flaws {
		if flaw.Severity == sigma.Unusable {
			unusable++
		}
		fmt.Fprintln(out, report.Visible(flaw.String()))
	}
	fmt.Fprintf(out, "%s, %s unusable, %s\n", counted(len(documents.Rules)+len(documents.Correlations)+len(documents.Filters), "rule"),
		report.Thousands(int64(unusable)), counted(len(flaws)-unusable, "remark"))
	if err := out.Flush(); err != nil {
		return err
	}
	if unusable > 0 {
		return &outcome{exitError}
	}
	return nil
}

// counted writes a number of things: 1 rule, 2 rules.
func counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return report.Thousands(int64(n)) + " " + noun
}
