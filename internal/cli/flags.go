package cli

import (
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kulla-defence/kulla/internal/report"
	"github.com/kulla-defence/kulla/internal/source"
	"github.com/kulla-defence/kulla/sigma"
)

// huntFlags are the flags of "kulla hunt" as typed.
type huntFlags struct {
	rules                          ruleFlags
	evidence                       evidenceFlags
	minLevel, failOn               string
	from, to, zone                 string
	format, output, summary, color string
	workers                        int
	full, quiet, noProgress        bool
	clobber                        bool
}

var levelNames = []string{"informational", "low", "medium", "high", "critical"}

func (f *huntFlags) register(command *cobra.Command) {
	flags := command.Flags()
	f.rules.register(command)
	f.evidence.register(command)
	flags.StringVar(&f.minLevel, "min-level", "informational", "leave out rules below this `LEVEL`")
	flags.StringVar(&f.failOn, "fail-on", "", "exit with code 3 if there is a finding of this `LEVEL` or above")
	flags.StringVar(&f.from, "from", "", "leave out events before this `TIME` (RFC 3339, or a date)")
	flags.StringVar(&f.to, "to", "", "leave out events at or after this `TIME`")
	flags.StringVar(&f.zone, "tz", "UTC", "show times in this `ZONE` (Europe/Tirane, Local); does not change machine formats")
	flags.StringVarP(&f.format, "format", "f", "", "`FORMAT` of the findings: "+strings.Join(report.Formats(), ", ")+" (default: table on a terminal, jsonl in a pipe)")
	flags.StringVarP(&f.output, "output", "o", "", "write findings to `FILE`, which appears when it is whole, instead of standard output (-)")
	flags.StringVar(&f.summary, "summary", "", "write the summary, in full, to `FILE` as JSON")
	registerClobber(command, &f.clobber)
	flags.StringVar(&f.color, "color", "auto", "use colour: auto, always or never")
	flags.IntVar(&f.workers, "workers", 0, "number of `WORKERS`; the result does not depend on it (default: one a processor)")
	flags.BoolVar(&f.full, "full", false, "keep all columns of an event in a finding, not only those its rule looks at")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "write findings only: no summary, no progress")
	flags.BoolVar(&f.noProgress, "no-progress", false, "show no progress")
	complete(command, "min-level", levelNames)
	complete(command, "fail-on", levelNames)
	complete(command, "format", report.Formats())
	complete(command, "color", colorNames)
}

// shortLevels are the same as tables show them.
var shortLevels = []string{"info", "low", "med", "high", "crit"}

// someEvidence refuses a command line without a path.
func someEvidence(refusal string) cobra.PositionalArgs {
	return func(_ *cobra.Command, paths []string) error {
		if len(paths) == 0 {
			return usagef("name files, folders or archives, or - for standard input", "%s", refusal)
		}
		return nil
	}
}

func complete(command *cobra.Command, flag string, values []string) {
	err := command.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic(err) // the flag does not exist: a mistake in this file
	}
}

// parse turns what was typed into options, or says what is wrong with it.
func (f *huntFlags) parse(env Environment, paths []string) (huntOptions, error) {
	o := huntOptions{paths: paths, rules: f.rules.options(), workers: f.workers, full: f.full, quiet: f.quiet,
		format: strings.ToLower(f.format), output: f.output, summary: f.summary, clobber: f.clobber, color: f.color, noProgress: f.noProgress}
	var err error
	if o.minLevel, err = parseLevel("min-level", f.minLevel); err != nil {
		return o, err
	}
	if f.failOn != "" {
		if o.failOn, err = parseLevel("fail-on", f.failOn); err != nil {
			return o, err
		}
	}
	if o.zone, err = parseZone(f.zone); err != nil {
		return o, err
	}
	if o.from, err = parseTime("from", f.from, o.zone); err != nil {
		return o, err
	}
	if o.to, err = parseTime("to", f.to, o.zone); err != nil {
		return o, err
	}
	if !o.from.IsZero() && !o.to.IsZero() && !o.from.Before(o.to) {
		return o, usagef("", "--from %s is not before --to %s", f.from, f.to)
	}
	if o.evidence, err = f.evidence.parse(); err != nil {
		return o, err
	}
	return o, f.choose(env, &o)
}

// choose settles what depends on where the output goes.
func (f *huntFlags) choose(env Environment, o *huntOptions) error {
	switch {
	case o.format == "" && o.output == "" && env.OutTerminal() > 0:
		o.format = "table"
	case o.format == "":
		o.format = "jsonl"
	case !slices.Contains(report.Formats(), o.format):
		return usagef("formats are "+strings.Join(report.Formats(), ", "), "unknown format %q", o.format)
	}
	if err := checkColor(o.color); err != nil {
		return err
	}
	if o.workers < 0 {
		return usagef("", "--workers %d: there cannot be fewer than one", o.workers)
	}
	if o.workers == 0 {
		o.workers = runtime.GOMAXPROCS(0)
	}
	return nil
}

var colorNames = []string{"auto", "always", "never"}

func checkColor(name string) error {
	if !slices.Contains(colorNames, name) {
		return usagef("it is auto, always or never", "unknown value %q for --color", name)
	}
	return nil
}

func parseLevel(flag, text string) (sigma.Level, error) {
	for i, name := range levelNames {
		if strings.EqualFold(text, name) || strings.EqualFold(text, shortLevels[i]) {
			return sigma.Informational + sigma.Level(i), nil
		}
	}
	return 0, usagef("levels are "+strings.Join(levelNames, ", "), "unknown level %q for --%s", text, flag)
}

func parseZone(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, usagef("use a name such as Europe/Tirane, UTC or Local", "unknown time zone %q", name)
	}
	return zone, nil
}

// parseTime reads a time with a zone, or a date or time in the zone of --tz.
func parseTime(flag, text string, zone *time.Location) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, usagef("write 2022-07-15, 2022-07-15T13:00:00Z or 2022-07-15T15:00:00+02:00", "--%s: %q is not a time", flag, text)
}

// parseLimits reads NAME=VALUE pairs. What is not named has its default.
func parseLimits(pairs []string) (source.Limits, error) {
	var limits source.Limits
	for _, pair := range pairs {
		name, text, ok := strings.Cut(pair, "=")
		value, err := parseSize(text)
		if !ok || err != nil || value < 1 {
			return limits, usagef("write bytes=10GB, members=1000000, depth=8, ratio=10000 or memory=300MB", "--limit %s: not NAME=VALUE", pair)
		}
		switch name {
		case "bytes":
			limits.Bytes = value
		case "members":
			limits.Members = int(value)
		case "depth":
			limits.Depth = int(value)
		case "ratio":
			limits.Ratio = value
		case "memory":
			limits.Memory = value
		default:
			return limits, usagef("limits are bytes, members, depth, ratio and memory", "--limit %s: there is no limit of that name", pair)
		}
	}
	return limits, nil
}

// parseSize reads a number with an optional decimal unit: 500, 20MB, 1.5GB.
func parseSize(text string) (int64, error) {
	factor := 1.0
	for i, unit := range []string{"kB", "MB", "GB", "TB"} {
		if number, ok := strings.CutSuffix(text, unit); ok {
			text = number
			for range i + 1 {
				factor *= 1000
			}
			break
		}
	}
	number, err := strconv.ParseFloat(text, 64)
	if err != nil || number*factor > 1<<62 {
		return 0, fmt.Errorf("%q is not a size", text)
	}
	return int64(number * factor), nil
}
