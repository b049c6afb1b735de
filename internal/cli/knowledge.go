package cli

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kulla-defence/kulla/internal/knowledge"
	"github.com/kulla-defence/kulla/internal/report"
)

func newKnowledge(env Environment) *cobra.Command {
	command := &cobra.Command{
		Use:   "knowledge",
		Short: "List, show and import what is publicly known of actors",
		Example: `  kulla knowledge list
  kulla knowledge show 'VOID MANTICORE'
  kulla knowledge import enterprise-attack.json.gz galaxy.zip -o base.json
  kulla knowledge show --knowledge base.json APT28`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error { return command.Help() },
	}
	command.AddCommand(newKnowledgeList(env), newKnowledgeShow(env), newKnowledgeImport(env))
	return command
}

// loadKnowledge reads a base that was imported; "" is the base of our own.
func loadKnowledge(name string) (*knowledge.Base, error) {
	if name == "" {
		return knowledge.Builtin()
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("knowledge: %w", err)
	}
	defer file.Close()
	base, err := knowledge.Load(file)
	if err != nil {
		return nil, withHint(fmt.Errorf("knowledge: %s: %w", name, err), "kulla knowledge import makes such a file")
	}
	return base, nil
}

// registerKnowledge is the flag that says which base to use.
func registerKnowledge(command *cobra.Command, name *string) {
	command.Flags().StringVar(name, "knowledge", "", "`FILE` that kulla knowledge import wrote, instead of the built-in base")
}

func newKnowledgeList(env Environment) *cobra.Command {
	var file, format string
	kinds := []string{"actors", "software", "artefacts", "campaigns", "techniques", "sources", "conflicts"}
	command := &cobra.Command{
		Use:       "list [" + strings.Join(kinds, "|") + "]",
		Short:     "List actors, or what else is known",
		Args:      cobra.MaximumNArgs(1),
		ValidArgs: kinds,
		RunE: func(_ *cobra.Command, arguments []string) error {
			kind := "actors"
			if len(arguments) == 1 {
				kind = arguments[0]
			}
			if !slices.Contains(kinds, kind) {
				return usagef("there are "+strings.Join(kinds, ", "), "there is no list of %q", kind)
			}
			base, err := loadKnowledge(file)
			if err != nil {
				return err
			}
			switch format {
			case "table":
				return printKnowledgeList(env.Out, knowledgeRows(base, kind), kind)
			case "jsonl":
				return writeKnowledgeList(env.Out, base, kind)
			}
			return usagef("formats are table and jsonl", "unknown format %q", format)
		},
	}
	registerKnowledge(command, &file)
	command.Flags().StringVarP(&format, "format", "f", "table", "`FORMAT`: table or jsonl")
	complete(command, "format", []string{"table", "jsonl"})
	return command
}

// knowledgeRows are the lines of a list: what stands in its columns.
func knowledgeRows(b *knowledge.Base, kind string) [][]string {
	var rows [][]string
	row := func(cells ...string) { rows = append(rows, cells) }
	switch kind {
	case "actors":
		for _, a := range b.Actors {
			row(a.ID, stateOf(a), a.Name, strings.Join(a.Aliases, ", "))
		}
	case "software":
		for _, s := range b.Software {
			row(s.ID, publicWord(s.Public), s.Name, strings.Join(s.Aliases, ", "))
		}
	case "artefacts":
		for _, a := range b.Artefacts {
			row(a.ID, a.Kind, a.Field+"="+a.Value, strings.Join(a.Actors, ", "))
		}
	case "campaigns":
		for _, c := range b.Campaigns {
			row(c.ID, dayOf(c.First), c.Name, strings.Join(c.Actors, ", "))
		}
	case "techniques":
		for _, t := range b.Techniques {
			row(t.ID, counted(len(t.Mitigations), "step"), t.Name, strings.Join(t.Tactics, ", "))
		}
	case "sources":
		for _, s := range b.Sources {
			row(s.Version, "", s.Name, s.SHA256)
		}
	case "conflicts":
		for _, c := range b.Conflicts {
			row(c.What, "", c.Value, strings.Join(c.IDs, ", "))
		}
	}
	return rows
}

func stateOf(a *knowledge.Actor) string {
	if a.Service == "" {
		return cmp.Or(a.State, "-")
	}
	return a.State + "/" + a.Service
}

func publicWord(public bool) string {
	if public {
		return "public"
	}
	return "-"
}

// printKnowledgeList writes columns as wide as their widest cell, within reason.
func printKnowledgeList(w io.Writer, rows [][]string, kind string) error {
	widths := make([]int, 3)
	for _, cells := range rows {
		for i := range widths {
			widths[i] = min(max(widths[i], len([]rune(report.Visible(cells[i])))), 40)
		}
	}
	out := bufio.NewWriter(w)
	for _, cells := range rows {
		line := ""
		for i, cell := range cells {
			switch {
			case i == len(widths):
				line += report.Visible(cell)
			case widths[i] > 0:
				line += fmt.Sprintf("%-*s  ", widths[i], report.Visible(cell))
			}
		}
		fmt.Fprintln(out, strings.TrimRight(line, " "))
	}
	fmt.Fprintln(out, report.Thousands(int64(len(rows))), kind)
	return out.Flush()
}

// writeKnowledgeList writes the entries themselves, one JSON object a line.
func writeKnowledgeList(w io.Writer, b *knowledge.Base, kind string) error {
	switch kind {
	case "actors":
		return writeLines(w, b.Actors)
	case "software":
		return writeLines(w, b.Software)
	case "artefacts":
		return writeLines(w, b.Artefacts)
	case "campaigns":
		return writeLines(w, b.Campaigns)
	case "techniques":
		return writeLines(w, b.Techniques)
	case "sources":
		return writeLines(w, b.Sources)
	}
	return writeLines(w, b.Conflicts)
}

func writeLines[T any](w io.Writer, list []T) error {
	buffered := bufio.NewWriter(w)
	var line []byte
	for _, entry := range list {
		data, err := json.Marshal(entry)
		if err != nil {
			return err
		}
		line = appendHarmless(line[:0], data, escapeJSON)
		buffered.Write(line)
		if err := buffered.WriteByte('\n'); err != nil {
			return err
		}
	}
	return buffered.Flush()
}
