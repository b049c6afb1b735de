package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/spf13/cobra"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/report"
	"github.com/kulla-defence/kulla/internal/source"
	"github.com/kulla-defence/kulla/sigma"
)

// huntOptions are the flags of "kulla hunt", parsed.
type huntOptions struct {
	paths    []string
	rules    ruleOptions
	evidence source.Options
	minLevel sigma.Level
	failOn   sigma.Level // NoLevel: never
	from, to time.Time
	zone     *time.Location
	workers  int
	full     bool
	quiet    bool

	format     string
	output     string
	summary    string
	clobber    bool
	color      string
	noProgress bool
}

func newHunt(env Environment) *cobra.Command {
	var flags huntFlags
	command := &cobra.Command{
		Use:   "hunt PATH...",
		Short: "Find intrusions in evidence",
		Long: `Hunt reads files, folders and archives of evidence and runs rules over every event.

PATH is a file, a folder, an archive (zip, 7z, tar, gzip, zstd, bzip2, xz; nested
too), or - for standard input. What a file is, is recognised by its content, never
by its name.

On a terminal the findings are a table: each rule with its hosts, how often, when,
and one example. In a pipe they are JSON, one finding a line. The summary lists what
was read, and what could not have been found, and why.`,
		Example: `  kulla hunt evidence/
  kulla hunt --rules sigma.zip --min-level medium case.zip
  kulla hunt -f jsonl evidence/ | jq -r 'select(.level == "critical") | .host' | sort | uniq -c
  kulla hunt --from 2022-07-15 --to 2022-07-16T06:00:00Z --fail-on high /mnt/evidence`,
		Args: someEvidence("nothing to hunt in"),
		RunE: func(command *cobra.Command, paths []string) error {
			options, err := flags.parse(env, paths)
			if err != nil {
				return err
			}
			return runHunt(command.Context(), env, options)
		},
	}
	flags.register(command)
	return command
}

// A hunt is one run of the command: the rooms, wired.
type hunt struct {
	env     Environment
	options huntOptions
	engine  *detect.Engine
	set     *sigma.RuleSet
	started time.Time
	// progress counts what is read.
	progress source.Progress
}

// outputs are the files that a hunt writes: its findings, and the summary.
func (o *huntOptions) outputs() (findings, summary output) {
	findings = output{name: o.output, kind: o.format, clobber: o.clobber, evidence: o.paths}
	return findings, output{name: o.summary, kind: "summary", clobber: o.clobber, evidence: o.paths}
}

// refuseOneFile refuses a summary that would take the place of the findings. A
// pipe or a device can take both.
func (o *huntOptions) refuseOneFile() error {
	if o.output == "" || o.output == "-" || o.summary == "" || o.summary == "-" {
		return nil
	}
	to, err := targetOf(o.output)
	if err != nil || !to.replaceable() || !sameFile(o.output, o.summary) {
		return nil // what is wrong with the name is said where it is opened
	}
	const hint = "name another file for one of them"
	if o.output == o.summary {
		return usagef(hint, "--output and --summary both name %s", o.output)
	}
	return usagef(hint, "--output %s and --summary %s are one file", o.output, o.summary)
}

func runHunt(ctx context.Context, env Environment, options huntOptions) error {
	findings, summary := options.outputs()
	if err := cmp.Or(options.refuseOneFile(), findings.check(), summary.check()); err != nil {
		return err
	}
	h := &hunt{env: env, options: options, started: env.Now()}
	set, taxonomy, _, err := options.rules.loadUsable()
	if err != nil {
		return err
	}
	h.set = set
	h.engine, err = detect.New(set, taxonomy, detect.Options{
		MinLevel: options.minLevel, From: options.from, To: options.to, Full: options.full, TempFolder: env.TempDir,
	})
	if err != nil {
		return err
	}
	defer h.engine.Close()
	register, interrupted, err := h.read(ctx)
	if err != nil {
		return err
	}
	countOnce(register, h.engine.Drop)
	result, err := h.engine.Finish()
	if err != nil {
		return err
	}
	groups, err := h.write(register, result, interrupted)
	if err != nil {
		return err
	}
	return h.verdict(register, groups, interrupted)
}

// read gives all evidence to the engine.
func (h *hunt) read(ctx context.Context) (*source.Register, bool, error) {
	r := evidenceReading{env: h.env, paths: h.options.paths, options: h.options.evidence, workers: h.options.workers,
		quiet: h.options.quiet || h.options.noProgress, started: h.started, findings: h.engine.Matches, progress: &h.progress,
		own: ownOf("", h.options.output, h.options.summary)}
	return r.read(ctx, func(int) source.Sink { return h.engine.Sink() })
}

// write writes findings and summary, each where its reader expects it: the
// summary follows a table, and goes to standard error beside JSON.
func (h *hunt) write(register *source.Register, result *detect.Result, interrupted bool) (*report.Groups, error) {
	file, _ := h.options.outputs()
	out, finish, err := openOutput(h.env, file)
	if err != nil {
		return nil, err
	}
	groups := report.NewGroups()
	summary := &report.Summary{Register: register, Result: result, Groups: groups,
		RuleProblems: append(h.set.Problems, h.engine.Problems()...), Zone: h.options.zone, Interrupted: interrupted}
	findings := grouped(result.Findings(), groups)
	switch h.options.format {
	case "jsonl":
		err = h.writeJSON(out, findings, summary)
	case "table":
		err = h.writeTable(out, findings, summary)
	default:
		err = h.writeDocument(out, findings, summary)
	}
	switch {
	case err != nil:
	case h.options.quiet:
		err = writeQuietly(h.env, summary.RuleProblems, register)
	default:
		writeSpeed(h.env, &h.progress, register, h.started, h.options.workers)
	}
	if err == nil {
		err = h.writeSummaryFile(summary)
	}
	return groups, finish(err)
}

// writeQuietly says on standard error what must not stay unsaid, even where
// nobody asked for a summary: what was not read, and rules not looked for.
func writeQuietly(env Environment, rules []sigma.Problem, register *source.Register) error {
	if len(rules) > 0 {
		fmt.Fprintf(env.Err, "kulla: %s not loaded: %s\n", counted(len(rules), "rule"), report.Visible(firstOf(rules)))
	}
	return report.WriteUnread(env.Err, register)
}

// grouped passes findings on, and adds each to the groups on its way.
func grouped(findings iter.Seq2[*detect.Finding, error], groups *report.Groups) iter.Seq2[*detect.Finding, error] {
	return func(yield func(*detect.Finding, error) bool) {
		for f, err := range findings {
			if err == nil {
				groups.Add(f)
			}
			if !yield(f, err) {
				return
			}
		}
	}
}

func (h *hunt) writeJSON(out io.Writer, findings iter.Seq2[*detect.Finding, error], summary *report.Summary) error {
	err := report.WriteFindings(out, findings, digestsOf(summary.Register))
	if err != nil || h.options.quiet {
		return err
	}
	return report.WriteSummary(h.env.Err, summary, h.styleOf(h.env.ErrTerminal()))
}

// writeDocument writes formats that hold the summary, for which the findings
// have to be counted first, and so are read twice.
func (h *hunt) writeDocument(out io.Writer, findings report.Findings, summary *report.Summary) error {
	for _, err := range findings {
		if err != nil {
			return err
		}
	}
	err := report.Documents()[h.options.format](out, &report.Document{Findings: summary.Result.Findings(), Summary: summary,
		Digests: digestsOf(summary.Register), Tool: thisProgram().Version})
	if err != nil || h.options.quiet {
		return err
	}
	return report.WriteSummary(h.env.Err, summary, h.styleOf(h.env.ErrTerminal()))
}

func (h *hunt) writeTable(out io.Writer, findings iter.Seq2[*detect.Finding, error], summary *report.Summary) error {
	for _, err := range findings {
		if err != nil {
			return err
		}
	}
	var style report.Style
	if h.options.output == "" {
		style = h.styleOf(h.env.OutTerminal())
	}
	err := report.WriteTable(out, summary.Groups.Sorted(), h.options.zone, style)
	if err != nil || h.options.quiet {
		return err
	}
	return report.WriteSummary(out, summary, style)
}

func (h *hunt) writeSummaryFile(summary *report.Summary) error {
	if h.options.summary == "" {
		return nil
	}
	_, file := h.options.outputs()
	out, finish, err := openOutput(h.env, file)
	if err != nil {
		return err
	}
	return finish(report.WriteSummaryJSON(out, summary))
}

// verdict turns what happened into an exit code.
func (h *hunt) verdict(register *source.Register, groups *report.Groups, interrupted bool) error {
	switch {
	case interrupted:
		return &outcome{exitInterrupted}
	case h.options.failOn != sigma.NoLevel && groups.AtLeast(h.options.failOn) > 0:
		return &outcome{exitFindings}
	case anyUnread(register):
		return &outcome{exitUnreadable}
	}
	return nil
}

func (h *hunt) styleOf(width int) report.Style {
	return report.Style{Width: width, Color: colored(h.env, h.options.color, width > 0)}
}

// colored follows the NO_COLOR and CLICOLOR_FORCE conventions, and knows of
// terminals that understand no escape sequences.
func colored(env Environment, color string, terminal bool) bool {
	switch color {
	case "always":
		return true
	case "never":
		return false
	}
	if env.Getenv("NO_COLOR") != "" {
		return false
	}
	return terminal && !dumb(env) || env.Getenv("CLICOLOR_FORCE") != ""
}

// dumb reports whether the terminal prints escape sequences as they are.
func dumb(env Environment) bool { return env.Getenv("TERM") == "dumb" }
