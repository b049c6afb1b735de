package cli

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kulla-defence/kulla/internal/report"
	"github.com/kulla-defence/kulla/internal/source"
	"github.com/kulla-defence/kulla/internal/timeline"
)

// readFlags are the flags of the commands that show events themselves.
type readFlags struct {
	evidence       evidenceFlags
	output, format string
	from, to, zone string
	workers        int
	quiet, clobber bool
}

func (f *readFlags) register(command *cobra.Command, formats []string) {
	flags := command.Flags()
	f.evidence.register(command)
	flags.StringVarP(&f.format, "format", "f", "", "`FORMAT`: "+strings.Join(formats, ", "))
	flags.StringVarP(&f.output, "output", "o", "", "write to `FILE`, which appears when it is whole, instead of standard output (-)")
	registerClobber(command, &f.clobber)
	flags.IntVar(&f.workers, "workers", 0, "number of `WORKERS`; the result does not depend on it (default: one a processor)")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "show no progress and no speed")
	complete(command, "format", formats)
}

func (f *readFlags) registerTimes(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&f.from, "from", "", "leave out events before this `TIME` (RFC 3339, or a date)")
	flags.StringVar(&f.to, "to", "", "leave out events at or after this `TIME`")
	flags.StringVar(&f.zone, "tz", "UTC", "show times in this `ZONE`; does not change machine formats")
}

// reading settles how the evidence is read, and the format of the output.
func (f *readFlags) reading(env Environment, paths, formats []string) (*evidenceReading, error) {
	options, err := f.evidence.parse()
	if err != nil {
		return nil, err
	}
	if f.format = strings.ToLower(f.format); f.format == "" {
		f.format = formats[0]
		if f.output != "" || env.OutTerminal() == 0 {
			f.format = formats[1]
		}
	}
	if !slices.Contains(formats, f.format) {
		return nil, usagef("formats are "+strings.Join(formats, ", "), "unknown format %q", f.format)
	}
	if f.workers < 0 {
		return nil, usagef("", "--workers %d: there cannot be fewer than one", f.workers)
	}
	if f.workers == 0 {
		f.workers = runtime.GOMAXPROCS(0)
	}
	file := f.file(paths)
	if err := file.check(); err != nil {
		return nil, err
	}
	return &evidenceReading{env: env, paths: paths, options: options, workers: f.workers, quiet: f.quiet,
		started: env.Now(), progress: &source.Progress{}, own: ownOf("", f.output)}, nil
}

// file is what the command writes.
func (f *readFlags) file(paths []string) output {
	return output{name: f.output, kind: f.format, clobber: f.clobber, evidence: paths}
}

func newTimeline(env Environment) *cobra.Command {
	var flags readFlags
	command := &cobra.Command{
		Use:   "timeline PATH...",
		Short: "Print all events of all sources in order of time",
		Long: `Timeline prints every event as one line, in one order of time over all sources: when,
on which host, in which log, what it says, and where its record stands. Events that do
not say when they happened come last, and are counted.`,
		Example: `  kulla timeline --from 2022-07-15 --to 2022-07-16 evidence/
  kulla timeline -f timesketch -o case.jsonl case.zip`,
		Args: someEvidence("nothing to put in order"),
		RunE: func(command *cobra.Command, paths []string) error {
			return runTimeline(command.Context(), env, &flags, paths)
		},
	}
	flags.register(command, report.TimelineFormats())
	flags.registerTimes(command)
	return command
}

func runTimeline(ctx context.Context, env Environment, flags *readFlags, paths []string) error {
	r, err := flags.reading(env, paths, report.TimelineFormats())
	if err != nil {
		return err
	}
	zone, err := parseZone(flags.zone)
	if err != nil {
		return err
	}
	from, err := parseTime("from", flags.from, zone)
	if err != nil {
		return err
	}
	to, err := parseTime("to", flags.to, zone)
	if err != nil {
		return err
	}
	if !from.IsZero() && !to.IsZero() && !from.Before(to) {
		return usagef("", "--from %s is not before --to %s", flags.from, flags.to)
	}
	line := timeline.New(from, to, env.TempDir)
	defer line.Close()
	register, interrupted, err := r.read(ctx, func(int) source.Sink { return line.Sink() })
	if err != nil {
		return err
	}
	out, finish, err := openOutput(env, flags.file(paths))
	if err != nil {
		return err
	}
	err = report.WriteTimeline(out, flags.format, line.Entries(), zone)
	if err := finish(err); err != nil {
		return err
	}
	return r.conclude(register, interrupted)
}

// conclude says on standard error what could not be read, what times leave
// open and how fast it was, and turns it into an exit code.
func (r *evidenceReading) conclude(register *source.Register, interrupted bool) error {
	err := report.WriteProblems(r.env.Err, register)
	for _, line := range report.Unstated(register) {
		_, failed := fmt.Fprintf(r.env.Err, "kulla: %s\n", line)
		err = errors.Join(err, failed)
	}
	if interrupted {
		_, failed := fmt.Fprintln(r.env.Err, "kulla: interrupted: what was not read until then is missing")
		err = errors.Join(err, failed)
	}
	if !r.quiet {
		writeSpeed(r.env, r.progress, register, r.started, r.workers)
	}
	if err != nil {
		return err
	}
	return outcomeOf(register, interrupted)
}
