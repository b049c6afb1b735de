package cli

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kulla-defence/kulla/internal/custody"
	"github.com/kulla-defence/kulla/internal/report"
	"github.com/kulla-defence/kulla/internal/store"
)

// authorFlags say who writes into a case, and with which key it is signed.
type authorFlags struct{ author, key string }

func (f *authorFlags) register(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&f.author, "author", "", "who says so: a `NAME` (default: the user's)")
	flags.StringVar(&f.key, "key", "", "`FILE` of the key that signs the ledger (default: in the user's state folder)")
}

// name returns the author, who is the user if nobody else was named.
func (f *authorFlags) name(env Environment) (string, error) {
	for _, name := range []string{f.author, env.Getenv("USER"), env.Getenv("USERNAME"), env.Getenv("LOGNAME")} {
		if name = strings.TrimSpace(name); name != "" {
			return name, nil
		}
	}
	return "", usagef("name one with --author NAME", "a note needs an author")
}

// write changes a case, signs its ledger and commits it.
func (f *authorFlags) write(ctx context.Context, env Environment, path string, change func(kept *store.Case, author string) error) error {
	author, err := f.name(env)
	if err != nil {
		return err
	}
	kept, err := writeCase(ctx, env, path, f.key, false)
	if err != nil {
		return err
	}
	defer kept.Close()
	if err := change(kept, author); err != nil {
		return err
	}
	if err := kept.Checkpoint(); err != nil {
		return err
	}
	return kept.Commit()
}

func newCaseNote(env Environment) *cobra.Command {
	var author authorFlags
	var about string
	var decision bool
	command := &cobra.Command{
		Use:   "note CASE [TEXT]",
		Short: "Write a note or a decision into a case, or list them",
		Long: `Note adds a text to the case's ledger, where it can be added to but not changed.
Without a text it lists all notes and decisions.

--about names what it is about: the id of an incident, the number of a finding, or
the word attribution. A decision about attribution signs it, from the next run of
kulla investigate on: a named group waits for one signature, a state for two.`,
		Example: `  kulla case note ministry.kulla "mail server taken off the network at 10:40Z"
  kulla case note --decision --about I-7F3KQ ministry.kulla "the police is told"
  kulla case note --decision --about attribution --author "M. Kola" ministry.kulla "I agree"`,
		Args: oneCase(0, 1, "a case, and what to note"),
		RunE: func(command *cobra.Command, arguments []string) error {
			if len(arguments) == 1 {
				return withCase(command.Context(), env, arguments[0], func(kept *store.Case) error { return listNotes(env, kept) })
			}
			kind := "note"
			if decision {
				kind = "decision"
			}
			if strings.TrimSpace(arguments[1]) == "" {
				return usagef("the ledger keeps it for ever", "a note needs a text")
			}
			return author.write(command.Context(), env, arguments[0], func(kept *store.Case, name string) error {
				subject, err := aboutOf(kept, about, command.Flags().Changed("about"))
				if err != nil {
					return err
				}
				_, err = kept.AddNote(name, arguments[1], kind, subject)
				return err
			})
		},
	}
	author.register(command)
	command.Flags().StringVar(&about, "about", "", "`WHAT` it is about: the id of an incident, the number of a finding, or attribution")
	command.Flags().BoolVar(&decision, "decision", false, "it is a decision")
	return command
}

// aboutOf is what a note is about as the case names it. The ledger is for ever:
// what the case does not have is refused.
func aboutOf(kept *store.Case, about string, said bool) (string, error) {
	about = strings.TrimSpace(about)
	switch {
	case !said:
		return "", nil
	case strings.EqualFold(about, aboutAttribution):
		return aboutAttribution, nil
	}
	incidents, err := kept.Incidents()
	if err != nil {
		return "", err
	}
	for _, one := range incidents {
		if strings.EqualFold(one.ID, about) {
			return one.ID, nil
		}
	}
	if number, err := strconv.ParseInt(strings.TrimPrefix(about, "#"), 10, 64); err == nil {
		if leaf, err := kept.Leaf(number); err == nil && leaf.Kind == custody.KindFinding {
			return strconv.FormatInt(number, 10), nil
		}
	}
	return "", usagef("it is the id of an incident (kulla case show lists them), the number of a finding (kulla case timeline lists them), or attribution",
		"--about %q: the case has no such thing", about)
}

func listNotes(env Environment, kept *store.Case) error {
	notes, err := kept.Notes()
	if err != nil {
		return err
	}
	for _, note := range notes {
		about := ""
		if note.Ref != "" {
			about = " (" + report.Visible(note.Ref) + ")"
		}
		kind := note.Kind
		if note.Status != "" {
			kind += " " + report.Visible(note.Status)
		}
		text := ""
		if note.Text != "" {
			text = ": " + report.Visible(note.Text)
		}
		_, err := fmt.Fprintf(env.Out, "%s  %s  %s%s%s\n", note.Time.UTC().Format("2006-01-02 15:04:05Z"), kind,
			report.Visible(note.Author), about, text)
		if err != nil {
			return err
		}
	}
	return nil
}

var statuses = []string{store.StatusOpen, store.StatusContained, store.StatusClosed}

func newCaseStatus(env Environment) *cobra.Command {
	var author authorFlags
	var reason string
	command := &cobra.Command{
		Use:   "status CASE [" + strings.Join(statuses, "|") + "]",
		Short: "Show or decide whether a case is open, contained or closed",
		Example: `  kulla case status ministry.kulla
  kulla case status --reason "accounts reset, servers rebuilt" ministry.kulla contained`,
		Args: oneCase(0, 1, "a case, and its status: "+strings.Join(statuses, ", ")),
		RunE: func(command *cobra.Command, arguments []string) error {
			if len(arguments) == 1 {
				return withCase(command.Context(), env, arguments[0], func(kept *store.Case) error {
					status, err := kept.Status()
					fmt.Fprintln(env.Out, status)
					return err
				})
			}
			if !slices.Contains(statuses, arguments[1]) {
				return usagef("it is "+strings.Join(statuses, ", "), "unknown status %q", arguments[1])
			}
			return author.write(command.Context(), env, arguments[0], func(kept *store.Case, name string) error {
				return kept.SetStatus(name, arguments[1], reason)
			})
		},
	}
	author.register(command)
	command.Flags().StringVar(&reason, "reason", "", "why: a `TEXT` that the ledger keeps")
	return command
}
