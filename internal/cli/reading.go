package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kulla-defence/kulla/internal/report"
	"github.com/kulla-defence/kulla/internal/source"
)

// An evidenceReading is how one command reads its evidence.
type evidenceReading struct {
	env     Environment
	paths   []string
	options source.Options
	workers int
	// quiet shows no progress.
	quiet   bool
	started time.Time
	// findings, when not nil, is how many events matched so far.
	findings func() int64
	// own are files that the command itself writes.
	own      []string
	progress *source.Progress
}

// read reads all evidence, and shows how far it is. An interrupt is not an
// error: what was read until then is in the register.
func (r *evidenceReading) read(ctx context.Context, newSink func(worker int) source.Sink) (register *source.Register, interrupted bool, err error) {
	stop := func() {}
	if !r.quiet {
		width := r.env.ErrTerminal()
		m := &meter{out: r.env.Err, terminal: width > 0 && !dumb(r.env), width: width, now: r.env.Now, start: r.started,
			progress: r.progress, findings: r.findings}
		stop = m.run(ctx)
	}
	options := r.options
	options.Workers, options.Stdin, options.TempDir = r.workers, r.env.In, r.env.TempDir
	options.Skip = skipOwn(r.env, r.own)
	options.Progress, options.Now = r.progress, r.env.Now
	register, err = readEvidence(ctx, r.paths, newSink, options)
	stop()
	if register != nil && !r.quiet {
		writeSkipped(r.env, register)
	}
	if errors.Is(err, context.Canceled) && register != nil {
		return register, true, nil
	}
	if err == nil {
		writeUnselected(r.env, register, options.Given)
	}
	return register, false, err
}

// writeUnselected names the patterns that no source has the name of: what was
// said of one that is misspelled would silently not be heard.
func writeUnselected(env Environment, register *source.Register, given []source.Given) {
	var named []string
	for i := range given {
		selects := func(f source.File) bool { return given[i].Selects(f.Source.Name) }
		pattern := given[i].Pattern
		if pattern == "" || slices.Contains(named, pattern) || slices.ContainsFunc(register.Files, selects) {
			continue
		}
		named = append(named, pattern)
		fmt.Fprintf(env.Err, "kulla: no source is called %s: what was said of it made no difference\n", report.Visible(pattern))
	}
}

// writeSpeed says how fast it was, on standard error: it differs from run to
// run, and what is written to the output must not.
func writeSpeed(env Environment, progress *source.Progress, register *source.Register, started time.Time, workers int) {
	elapsed := env.Now().Sub(started)
	var read, events int64
	for i := range register.Files {
		read += register.Files[i].Size
		events += register.Files[i].Records
	}
	fmt.Fprintf(env.Err, "%s events, %s in %s: %s events/s, %s/s, %d workers\n",
		report.Thousands(events), size(read), elapsed.Round(time.Millisecond),
		report.Thousands(perSecond(events, elapsed)), size(perSecond(read, elapsed)), workers)
	if costs := progress.Costs(); len(costs) > 1 {
		writeCosts(env, costs)
	}
}

// writeCosts says what each format of evidence took of the workers' time.
func writeCosts(env Environment, costs []source.Cost) {
	var all time.Duration
	for _, cost := range costs {
		all += cost.Busy
	}
	for _, cost := range costs {
		share := 0.0
		if all > 0 {
			share = 100 * cost.Busy.Seconds() / all.Seconds()
		}
		fmt.Fprintf(env.Err, "  %-12s %12s events, %9s, %9s/s for each worker, %3.0f%% of the work\n", cost.Format,
			report.Thousands(cost.Records), size(cost.Bytes), size(perSecond(cost.Bytes, cost.Busy)), share)
	}
}

// outcomeOf turns what happened to the evidence into an exit code.
func outcomeOf(register *source.Register, interrupted bool) error {
	switch {
	case interrupted:
		return &outcome{exitInterrupted}
	case anyUnread(register):
		return &outcome{exitUnreadable}
	}
	return nil
}
