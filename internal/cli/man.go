package cli

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func newMan(env Environment) *cobra.Command {
	return &cobra.Command{
		Use:   "man FOLDER",
		Short: "Write the manual pages into a folder",
		Args:  cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			folder := arguments[0]
			if err := os.MkdirAll(folder, 0o755); err != nil {
				return fmt.Errorf("manual pages: %w", err)
			}
			// The date is that of the documents' last change, not of today:
			// the same program writes the same pages.
			date := time.Date(2026, time.November, 23, 0, 0, 0, 0, time.UTC)
			header := &doc.GenManHeader{Section: "1", Source: "kulla", Manual: "Kulla", Date: &date}
			root := command.Root()
			root.DisableAutoGenTag = true
			if err := doc.GenManTree(root, header, folder); err != nil {
				return withHint(fmt.Errorf("manual pages: %w", err), "the folder must be writable")
			}
			_, err := fmt.Fprintf(env.Out, "manual pages are in %s: man -l %s/kulla-hunt.1\n", folder, folder)
			return err
		},
	}
}
