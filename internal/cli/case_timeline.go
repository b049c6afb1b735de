package cli

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/kulla-defence/kulla/internal/incident"
	"github.com/kulla-defence/kulla/internal/incident/entity"
	"github.com/kulla-defence/kulla/internal/report"
	"github.com/kulla-defence/kulla/internal/store"
)

func newCaseTimeline(env Environment) *cobra.Command {
	var format, minLevel, from, to, incident, host string
	command := &cobra.Command{
		Use:   "timeline CASE",
		Short: "Print the findings of a case in order of time",
		Example: `  kulla case timeline --min-level high ministry.kulla
  kulla case timeline --incident I-7F3KQ -f jsonl ministry.kulla`,
		Args: oneCase(0, 0, "a case"),
		RunE: func(command *cobra.Command, arguments []string) error {
			var filter store.Filter
			var err error
			if filter.MinLevel, err = parseLevel("min-level", minLevel); err != nil {
				return err
			}
			if filter.From, err = parseTime("from", from, time.UTC); err != nil {
				return err
			}
			if filter.To, err = parseTime("to", to, time.UTC); err != nil {
				return err
			}
			write, ok := map[string]func(io.Writer, *store.Case, store.Filter) error{"table": writeFindingLines, "jsonl": writeFindingJSON}[format]
			if !ok {
				return usagef("formats are table, jsonl; kulla case report has more", "unknown format %q", format)
			}
			return withCase(command.Context(), env, arguments[0], func(kept *store.Case) error {
				if err := narrow(kept, &filter, incident, host); err != nil {
					return err
				}
				return write(env.Out, kept, filter)
			})
		},
	}
	flags := command.Flags()
	flags.StringVarP(&format, "format", "f", "table", "`FORMAT`: table, jsonl")
	flags.StringVar(&minLevel, "min-level", "informational", "leave out findings below this `LEVEL`")
	flags.StringVar(&from, "from", "", "leave out findings before this `TIME`")
	flags.StringVar(&to, "to", "", "leave out findings at or after this `TIME`")
	flags.StringVar(&incident, "incident", "", "only findings of this incident, by its `ID`")
	flags.StringVar(&host, "host", "", "only findings on this `HOST`, by any name or address of it")
	complete(command, "format", []string{"table", "jsonl"})
	complete(command, "min-level", levelNames)
	return command
}

// narrow makes a filter choose findings of an incident, in either case of its
// id, and of a host by any of its names.
func narrow(kept *store.Case, filter *store.Filter, incident, host string) error {
	if incident != "" {
		list, err := kept.Incidents()
		if err != nil {
			return err
		}
		one, err := findIncident(list, incident)
		if err != nil {
			return err
		}
		filter.Incident = one.ID
	}
	if host == "" {
		return nil
	}
	var err error
	filter.Hosts, err = namesOfHost(kept, host)
	return err
}

// writeFindingLines writes a line for each finding, aligned without waiting
// for the last: a case may have millions.
func writeFindingLines(w io.Writer, kept *store.Case, filter store.Filter) error {
	out := bufio.NewWriter(w)
	for f, err := range kept.Findings(filter) {
		if err != nil {
			return err
		}
		when := strings.Repeat(" ", len("2006-01-02 15:04:05Z"))
		if !f.Time.IsZero() {
			when = f.Time.UTC().Format("2006-01-02 15:04:05Z")
		}
		fmt.Fprintf(out, "%s  %-13s  %-7s  %8d  %s  %s\n", when, f.Rule.Level, cmp.Or(f.Incident, "-"), f.Number,
			report.Visible(cmp.Or(f.Host, "-")), report.Visible(f.Rule.Title))
	}
	return out.Flush()
}

// writeFindingJSON writes findings as docs/formats/finding.md has them.
func writeFindingJSON(w io.Writer, kept *store.Case, filter store.Filter) error {
	out := bufio.NewWriter(w)
	var line []byte
	for f, err := range kept.Findings(filter) {
		if err != nil {
			return err
		}
		leaf, err := kept.Leaf(f.Number)
		if err != nil {
			return err
		}
		line = appendHarmless(line[:0], leaf.Data, escapeJSON)
		out.Write(line)
		if err := out.WriteByte('\n'); err != nil {
			return err
		}
	}
	return out.Flush()
}

func newCaseEntities(env Environment) *cobra.Command {
	var kind string
	kinds := make([]string, len(entity.Kinds))
	for i, k := range entity.Kinds {
		kinds[i] = string(k)
	}
	command := &cobra.Command{
		Use:   "entities CASE [INCIDENT]",
		Short: "List the hosts, accounts, addresses and other entities of incidents",
		Example: `  kulla case entities ministry.kulla
  kulla case entities --kind address ministry.kulla I-7F3KQ`,
		Args: oneCase(0, 1, "a case, and an incident"),
		RunE: func(command *cobra.Command, arguments []string) error {
			if kind != "" && !slices.Contains(kinds, kind) {
				return usagef("kinds are "+strings.Join(kinds, ", "), "unknown kind %q", kind)
			}
			return withCase(command.Context(), env, arguments[0], func(kept *store.Case) error {
				list, err := kept.Incidents()
				if err != nil {
					return err
				}
				if len(arguments) == 2 {
					one, err := findIncident(list, arguments[1])
					if err != nil {
						return err
					}
					list = []*incident.Incident{one}
				}
				return writeEntities(env.Out, list, entity.Kind(kind))
			})
		},
	}
	command.Flags().StringVar(&kind, "kind", "", "only entities of this `KIND`: "+strings.Join(kinds, ", "))
	complete(command, "kind", kinds)
	return command
}

// findIncident finds an incident by its id, in either case.
func findIncident(list []*incident.Incident, id string) (*incident.Incident, error) {
	at := slices.IndexFunc(list, func(one *incident.Incident) bool { return strings.EqualFold(one.ID, id) })
	if at < 0 {
		return nil, withHint(fmt.Errorf("there is no incident %q in this case", id), "kulla case show lists them")
	}
	return list[at], nil
}

// writeEntities writes a line for each entity of each incident.
func writeEntities(w io.Writer, list []*incident.Incident, kind entity.Kind) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, one := range list {
		for _, use := range one.Entities {
			if kind != "" && use.Kind != kind {
				continue
			}
			roles := make([]string, len(use.Roles))
			for i, role := range use.Roles {
				roles[i] = string(role)
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s findings\t%s\n", one.ID, use.Kind, report.Visible(use.Name), strings.Join(roles, ","),
				report.Thousands(use.Count), report.Visible(strings.Join(use.Aliases, " ")))
		}
	}
	return table.Flush()
}
