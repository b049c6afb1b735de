package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/kulla-defence/kulla/internal/report"
	"github.com/kulla-defence/kulla/internal/report/casereport"
	"github.com/kulla-defence/kulla/internal/store"
)

func newCase(env Environment) *cobra.Command {
	command := &cobra.Command{
		Use:   "case",
		Short: "Show, note, decide, report and export what an investigation kept",
		Args:  cobra.NoArgs,
		RunE:  func(command *cobra.Command, _ []string) error { return command.Help() },
	}
	command.AddCommand(newCaseList(env), newCaseShow(env), newCaseNote(env), newCaseStatus(env), newCaseTimeline(env),
		newCaseEntities(env), newCaseCheckpoint(env), newCaseReport(env), newCaseExport(env))
	return command
}

// oneCase takes a case, and between least and most other arguments.
func oneCase(least, most int, wanted string) cobra.PositionalArgs {
	return func(_ *cobra.Command, arguments []string) error {
		if n := len(arguments) - 1; n < least || n > most {
			return usagef("kulla case list shows the cases of a folder", "name %s", wanted)
		}
		return nil
	}
}

// withCase reads a case.
func withCase(ctx context.Context, env Environment, path string, use func(*store.Case) error) error {
	kept, err := readCase(ctx, env, path)
	if err != nil {
		return err
	}
	defer kept.Close()
	return use(kept)
}

func newCaseList(env Environment) *cobra.Command {
	return &cobra.Command{
		Use:   "list [FOLDER]",
		Short: "List the cases in a folder",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			folder := "."
			if len(arguments) > 0 {
				folder = arguments[0]
			}
			return listCases(command.Context(), env, folder)
		},
	}
}

// listCases prints one line for each case; a file that cannot be opened is
// said so, and not left out.
func listCases(ctx context.Context, env Environment, folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("cases: %w", err)
	}
	table := tabwriter.NewWriter(env.Out, 0, 0, 2, ' ', 0)
	failed := false
	for _, entry := range entries {
		if entry.IsDir() || filepath.Ext(entry.Name()) != caseExtension {
			continue
		}
		path := filepath.Join(folder, entry.Name())
		if err := withCase(ctx, env, path, func(kept *store.Case) error { return listCase(table, path, kept) }); err != nil {
			printError(env.Err, err)
			failed = true
		}
	}
	if err := table.Flush(); err != nil || !failed {
		return err
	}
	return &outcome{exitError}
}

// listCase prints what a case is about in one line.
func listCase(w io.Writer, path string, kept *store.Case) error {
	_, finished, err := kept.LastRun()
	if err != nil {
		return err
	}
	if !finished {
		_, err = fmt.Fprintf(w, "%s\t%s\n", report.Visible(path), casereport.Unfinished)
		return err
	}
	status, err := kept.Status()
	if err != nil {
		return err
	}
	incidents, err := kept.Incidents()
	if err != nil {
		return err
	}
	findings, err := kept.FindingCount()
	if err != nil {
		return err
	}
	worst := "no incident"
	if len(incidents) > 0 {
		worst = incidents[0].Level + " " + incidents[0].ID
	}
	_, err = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", report.Visible(path), status, counted(len(incidents), "incident"), worst, counted(int(findings), "finding"))
	return err
}
