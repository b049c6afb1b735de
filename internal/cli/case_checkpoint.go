package cli

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kulla-defence/kulla/internal/report"
	"github.com/kulla-defence/kulla/internal/store"
)

func newCaseCheckpoint(env Environment) *cobra.Command {
	return &cobra.Command{
		Use:   "checkpoint CASE",
		Short: "Print the last signed checkpoint of a case, to be kept elsewhere",
		Long: `Checkpoint prints the last signed checkpoint: how many entries the case's ledger had,
and the root over them. Keep it where nobody can change it with the case: in a mail, on
paper. "kulla verify --checkpoint FILE" then finds a case that was put back to an
earlier day, or written anew since.`,
		Example: `  kulla case checkpoint ministry.kulla > ministry.checkpoint
  kulla verify --checkpoint ministry.checkpoint ministry.kulla`,
		Args: oneCase(0, 0, "a case"),
		RunE: func(command *cobra.Command, arguments []string) error {
			return withCase(command.Context(), env, arguments[0], func(kept *store.Case) error { return printCheckpoint(env, kept) })
		},
	}
}

func printCheckpoint(env Environment, kept *store.Case) error {
	last, err := kept.Ledger().Last() // its signature holds
	if err != nil {
		return err
	}
	if last.Size == 0 {
		return withHint(errors.New("the case has no checkpoint"), "kulla verify says what the case holds")
	}
	notes, err := kept.Checkpoints()
	if err != nil {
		return err
	}
	// The text of a checkpoint is as it was signed, and whoever made the case
	// signed it.
	_, err = env.Out.Write(appendVisibleLines(nil, notes[len(notes)-1]))
	return err
}

// appendVisibleLines appends a text of several lines in which nothing acts on a
// terminal.
func appendVisibleLines(dst, text []byte) []byte {
	for line := range strings.Lines(string(text)) {
		body := strings.TrimSuffix(line, "\n")
		dst = append(dst, report.Visible(body)...)
		dst = append(dst, line[len(body):]...)
	}
	return dst
}
