package cli

import (
	"archive/zip"
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kulla-defence/kulla/internal/report"
	"github.com/kulla-defence/kulla/internal/ruletest"
	"github.com/kulla-defence/kulla/rules"
	"github.com/kulla-defence/kulla/sigma"
)

func newRulesTest(env Environment) *cobra.Command {
	var given ruleFlags
	var format string
	command := &cobra.Command{
		Use:   "test [PATH...]",
		Short: "Run the tests that stand beside rules",
		Long: `Test reads rules and their tests, files that end in .test.yml, from folders, zips or
files (those in the binary if none are named), and runs every test through the engine
that hunt uses. Tests say what a rule must find and what it must leave.

A failure is one line: rule, item, file:line:column, and the condition that decided.
Rules without a test of both kinds are listed. It ends with code 1 on a failure.`,
		Example: `  kulla rules test
  kulla rules test my-rules/
  kulla rules test --rules my-rules/ my-rules/web/shell.test.yml`,
		RunE: func(command *cobra.Command, paths []string) error {
			if format != "table" && format != "jsonl" {
				return usagef("formats are table and jsonl", "unknown format %q", format)
			}
			return runRulesTest(command.Context(), env, given.options(), paths, format)
		},
	}
	given.register(command)
	command.Flags().StringVarP(&format, "format", "f", "table", "`FORMAT`: table or jsonl")
	complete(command, "format", []string{"table", "jsonl"})
	return command
}

func runRulesTest(ctx context.Context, env Environment, options ruleOptions, paths []string, format string) error {
	if len(paths) == 0 {
		paths = options.paths
	}
	if len(paths) == 0 {
		paths = []string{builtInName}
	}
	scripts, faults, err := loadScripts(paths)
	if err != nil {
		return err
	}
	if len(options.paths) == 0 {
		options.paths = rulesOf(paths)
	}
	set, taxonomy, err := options.load()
	if err != nil {
		return err
	}
	result, err := ruletest.NewRunner(set, taxonomy).Run(ctx, scripts)
	if errors.Is(err, context.Canceled) {
		return &outcome{exitInterrupted}
	}
	if err != nil {
		return err
	}
	return reportRulesTest(env.Out, format, result, faults, set.Problems)
}

// rulesOf names the rules that belong to tests: a file of tests has them in
// its folder.
func rulesOf(paths []string) []string {
	var found []string
	for _, path := range paths {
		if ruletest.IsScript(path) {
			path = filepath.Dir(path)
		}
		found = append(found, path)
	}
	return found
}

func loadScripts(paths []string) (scripts []*ruletest.Script, faults []error, err error) {
	for _, path := range paths {
		some, wrong, err := loadScriptsOf(path)
		if err != nil {
			return nil, nil, err
		}
		scripts, faults = append(scripts, some...), append(faults, wrong...)
	}
	return scripts, faults, nil
}

// loadScriptsOf reads the tests of one argument. Those of a file of rules
// stand beside it.
func loadScriptsOf(path string) ([]*ruletest.Script, []error, error) {
	if path == builtInName {
		scripts, faults := ruletest.ParseFS(rules.FS, builtInName+"/")
		return scripts, faults, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, withHint(fmt.Errorf("rules: %w", err), "name a folder, a zip or a file of rules and their tests")
	}
	if info.IsDir() {
		scripts, faults := ruletest.ParseFS(os.DirFS(path), filepath.ToSlash(filepath.Clean(path))+"/")
		return scripts, faults, nil
	}
	if archive, err := zip.OpenReader(path); err == nil {
		defer archive.Close()
		scripts, faults := ruletest.ParseFS(archive, path+"!")
		return scripts, faults, nil
	}
	if !ruletest.IsScript(path) {
		path = strings.TrimSuffix(path, filepath.Ext(path)) + ".test.yml"
	}
	return loadScript(path)
}

func loadScript(path string) ([]*ruletest.Script, []error, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("tests: %w", err)
	}
	script, err := ruletest.Parse(path, data)
	if err != nil {
		return nil, ruletest.Faults(err), nil
	}
	return []*ruletest.Script{script}, nil, nil
}

func reportRulesTest(w io.Writer, format string, result *ruletest.Report, faults []error, problems []sigma.Problem) error {
	out := bufio.NewWriter(w)
	write := printRulesTest
	if format == "jsonl" {
		write = encodeRulesTest
	}
	if err := errors.Join(write(out, result, faults, problems), out.Flush()); err != nil {
		return err
	}
	if len(result.Failures)+len(faults)+len(problems) > 0 {
		return &outcome{exitError}
	}
	return nil
}

func printRulesTest(out io.Writer, result *ruletest.Report, faults []error, problems []sigma.Problem) error {
	for _, fault := range faults {
		fmt.Fprintf(out, "wrong     %s\n", report.Visible(fault.Error()))
	}
	for _, problem := range problems {
		fmt.Fprintf(out, "unusable  %s\n", report.Visible(problem.String()))
	}
	for _, f := range result.Failures {
		place := ""
		if f.Kind != "" {
			place = fmt.Sprintf(" %s %d", f.Kind, f.Item)
		}
		fmt.Fprintf(out, "failed    %s%s  %s  %s\n", report.Visible(f.Rule), place, report.Visible(f.At.String()), report.Visible(f.Reason))
	}
	for _, u := range result.Untested {
		fmt.Fprintf(out, "untested  %s  %s  has no test of what it must %s\n", report.Visible(u.Rule), report.Visible(u.At.String()), u.Lacks)
	}
	_, err := fmt.Fprintf(out, "%s tested with %s, %s failed, %s without a test of both kinds\n", counted(result.Rules, "rule"),
		counted(result.Items, "item"), report.Thousands(int64(len(result.Failures)+len(faults)+len(problems))), report.Thousands(int64(len(result.Untested))))
	return err
}

// encodeRulesTest writes one JSON object a line: failures, untested rules, and
// last the counts.
func encodeRulesTest(w io.Writer, result *ruletest.Report, faults []error, problems []sigma.Problem) error {
	type line struct {
		Result string `json:"result"`
		Rule   string `json:"rule,omitempty"`
		Kind   string `json:"kind,omitempty"`
		Item   int    `json:"item,omitempty"`
		At     string `json:"at,omitempty"`
		Reason string `json:"reason,omitempty"`
	}
	var lines []any
	for _, fault := range faults {
		lines = append(lines, line{Result: "wrong", Reason: fault.Error()})
	}
	for _, p := range problems {
		lines = append(lines, line{Result: "unusable", Rule: p.Title, At: p.At.String(), Reason: p.Message})
	}
	for _, f := range result.Failures {
		lines = append(lines, line{"failed", f.Rule, f.Kind, f.Item, f.At.String(), f.Reason})
	}
	for _, u := range result.Untested {
		lines = append(lines, line{Result: "untested", Rule: u.Rule, At: u.At.String(), Reason: "has no test of what it must " + u.Lacks})
	}
	lines = append(lines, map[string]any{"result": "counts", "rules": result.Rules, "items": result.Items,
		"failed": len(result.Failures) + len(faults) + len(problems), "untested": len(result.Untested)})
	out := json.NewEncoder(w)
	for _, l := range lines {
		if err := out.Encode(l); err != nil {
			return err
		}
	}
	return nil
}
