package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/kulla-defence/kulla/internal/report"
	"github.com/kulla-defence/kulla/internal/source"
	"github.com/kulla-defence/kulla/internal/timeline"
)

func statsFormats() []string { return []string{"table", "json"} }

func newStats(env Environment) *cobra.Command {
	var flags readFlags
	command := &cobra.Command{
		Use:   "stats PATH...",
		Short: "Count events, and list who logged on from where",
		Long: `Stats counts events by format, host, kind and hour, and lists logons: who, from where,
to where, in which way, first and last, how often it succeeded and failed. Records that
are missing and logs that were cleared stand with it.`,
		Example: `  kulla stats evidence/
  kulla stats -f json case.zip | jq '.logons[] | select(.failures > 100)'`,
		Args: someEvidence("nothing to count"),
		RunE: func(command *cobra.Command, paths []string) error {
			return runStats(command.Context(), env, &flags, paths)
		},
	}
	flags.register(command, statsFormats())
	command.Flags().StringVar(&flags.zone, "tz", "UTC", "show times in this `ZONE`; does not change machine formats")
	return command
}

func runStats(ctx context.Context, env Environment, flags *readFlags, paths []string) error {
	r, err := flags.reading(env, paths, statsFormats())
	if err != nil {
		return err
	}
	zone, err := parseZone(flags.zone)
	if err != nil {
		return err
	}
	counters := make([]*timeline.Counter, r.workers)
	register, interrupted, err := r.read(ctx, func(worker int) source.Sink {
		counters[worker] = timeline.NewCounter()
		return counters[worker]
	})
	if err != nil {
		return err
	}
	out, finish, err := openOutput(env, flags.file(paths))
	if err != nil {
		return err
	}
	statistics := timeline.Collect(counters)
	if flags.format == "json" {
		err = report.WriteStatisticsJSON(out, statistics, register)
	} else {
		err = report.WriteStatistics(out, statistics, register, zone)
	}
	if err := finish(err); err != nil {
		return err
	}
	return r.conclude(register, interrupted)
}
