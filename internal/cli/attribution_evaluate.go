package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/kulla-defence/kulla/internal/attribution/evaluate"
	"github.com/kulla-defence/kulla/internal/attribution/ranking"
	"github.com/kulla-defence/kulla/internal/knowledge"
)

const obtainATTACK = "bring enterprise-attack.json, as it is or compressed with gzip, from github.com/mitre-attack/attack-stix-data; kulla fetches nothing"

func newAttribution(env Environment) *cobra.Command {
	command := &cobra.Command{
		Use:   "attribution",
		Short: "Measure how well kulla tells who did it",
		Args:  cobra.NoArgs,
		RunE:  func(command *cobra.Command, _ []string) error { return command.Help() },
	}
	command.AddCommand(newAttributionEvaluate(env))
	return command
}

func newAttributionEvaluate(env Environment) *cobra.Command {
	var path, format, coefficients string
	command := &cobra.Command{
		Use:   "evaluate --knowledge FILE",
		Short: "Measure attribution on campaigns and reports whose actor is known",
		Long: `Evaluate asks of each campaign and each report in ATT&CK who it was, after taking away
all that its own sources say: the right actor named, the right state, how well the stated
probabilities hold, actors who are not in the knowledge, and planted traces of others. Each
figure stands with its 95 % interval, beside what standard methods reach and what was aimed at.

It fails if a profile rests on a report that was held out. The same file gives the same
figures. It takes about a minute. The method is described in docs/attribution-evaluation.md.`,
		Example: `  kulla attribution evaluate --knowledge enterprise-attack.json.gz
  kulla attribution evaluate --knowledge enterprise-attack.json.gz -f json | jq '.campaigns[]'`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return runAttributionEvaluate(env, path, format, coefficients)
		},
	}
	command.Flags().StringVar(&path, "knowledge", "", "`FILE` with ATT&CK as a STIX bundle, plain or compressed with gzip")
	command.Flags().StringVarP(&format, "format", "f", "table", "`FORMAT`: table or json")
	command.Flags().StringVar(&coefficients, "train", "", "also write the weights, trained on all reports, to this `FILE`")
	complete(command, "format", []string{"table", "json"})
	return command
}

func runAttributionEvaluate(env Environment, path, format, coefficients string) error {
	write, ok := map[string]func(io.Writer, *evaluate.Report) error{"table": writeEvaluation, "json": writeEvaluationJSON}[format]
	if !ok {
		return usagef("formats are table and json", "unknown format %q", format)
	}
	base, err := openATTACK(env, path)
	if err != nil {
		return err
	}
	measured, model, err := evaluate.Run(base)
	if errors.Is(err, evaluate.ErrTooSmall) {
		return withHint(err, obtainATTACK)
	}
	if err != nil {
		return err
	}
	if coefficients != "" {
		if err := writeCoefficients(env, coefficients, model); err != nil {
			return err
		}
	}
	return write(env.Out, measured)
}

// openATTACK reads a bundle; objects that it skipped are told.
func openATTACK(env Environment, path string) (*knowledge.Base, error) {
	if path == "" {
		return nil, usagef(obtainATTACK, "no knowledge to measure on: give --knowledge FILE")
	}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, withHint(err, obtainATTACK)
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	base, err := knowledge.ImportATTACK(file)
	if skipped := (*knowledge.SkippedError)(nil); errors.As(err, &skipped) {
		fmt.Fprintf(env.Err, "%s: %v\n", path, skipped)
		return base, nil
	}
	if err != nil {
		return nil, withHint(fmt.Errorf("%s: %w", path, err), obtainATTACK)
	}
	return base, nil
}

func writeCoefficients(env Environment, path string, model *ranking.Model) error {
	out, finish, err := openOutput(env, output{name: path, kind: "model"})
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", " ")
	return finish(encoder.Encode(model))
}

func writeEvaluationJSON(w io.Writer, measured *evaluate.Report) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	return out.Encode(measured)
}

func writeEvaluation(w io.Writer, measured *evaluate.Report) error {
	for _, source := range measured.Sources {
		fmt.Fprintf(w, "%s\n\n", source)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "TASK\tFIGURE\tCASES\tKULLA\t95 %% INTERVAL\tBASELINE\tTARGET\t\n")
	for i := range measured.Rows {
		row := &measured.Rows[i]
		fmt.Fprintf(table, "%s\t%s\t%d\t%.3f\t%.3f to %.3f\t%s\t%s\t%s\n", row.Task, row.Figure, row.Cases, row.Value, row.Low, row.High,
			optional("", row.Baseline), optional(aim(row), row.Target), verdict(row))
	}
	fmt.Fprintf(table, "\nCAMPAIGN (A2)\tBY\tNAMED\tPOSTERIOR\tUNKNOWN\tRANK\tSTATE\t\n")
	for _, c := range measured.Campaigns {
		fmt.Fprintf(table, "%s\t%s\t%s\t%.2f\t%.2f\t%d\t%s\t%s\n", c.Name, strings.Join(c.Actors, ", "), c.Named, c.Posterior, c.Unknown, c.Rank, c.State, stateVerdict(&c))
	}
	fmt.Fprintf(table, "\nSAID (B1)\tCASES\tMEAN\tRIGHT\t\n")
	for _, bin := range measured.Reliability {
		fmt.Fprintf(table, "%.1f to %.1f\t%d\t%.3f\t%.3f\t\n", bin.From, bin.To, bin.Cases, bin.Said, bin.Right)
	}
	fmt.Fprintf(table, "\nPRECISION (B1)\tACTORS\tSTATES\t\n")
	for i, risk := range measured.RiskActor {
		fmt.Fprintf(table, "%.2f\t%.3f\t%.3f\t\n", risk.Precision, risk.Coverage, measured.RiskState[i].Coverage)
	}
	return table.Flush()
}

func optional(prefix string, value *float64) string {
	if value == nil {
		return ""
	}
	return fmt.Sprintf("%s%.3f", prefix, *value)
}

func aim(row *evaluate.Row) string {
	if row.Less {
		return "<= "
	}
	return ">= "
}

func verdict(row *evaluate.Row) string {
	switch {
	case row.Target == nil:
		return ""
	case row.Met():
		return "met"
	}
	return "not met"
}

func stateVerdict(c *evaluate.Campaign) string {
	switch {
	case !c.Labelled:
		return "the actor has none"
	case c.StateRight:
		return "right"
	}
	return "wrong"
}
