package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kulla-defence/kulla/internal/knowledge"
	"github.com/kulla-defence/kulla/internal/report"
)

func newKnowledgeImport(env Environment) *cobra.Command {
	var file string
	var all, clobber bool
	command := &cobra.Command{
		Use:   "import FILE... [-o BASE]",
		Short: "Read ATT&CK and the MISP galaxy, and join them with what is built in",
		Long: `Import reads files of knowledge, recognised by what is in them: ATT&CK as a STIX bundle
(2.0 or 2.1, plain or gzip), cluster files of the MISP galaxy (JSON, or a zip of them), and
bases that were imported before. It joins them with the built-in base and says what was taken,
joined, left out and why, and on what the sources do not agree.

Where facts differ, the built-in ones are kept, then those of the first file. A name that
several actors have joins nothing. A country that only a persona, or nobody, answers for is
kept as a claim, which weighs nothing.

The base is one file. Use it with --knowledge, of this command's list and show and of
kulla investigate. Nothing is fetched: bring the files yourself.`,
		Example: `  kulla knowledge import enterprise-attack.json.gz -o base.json
  kulla knowledge import galaxy.zip enterprise-attack.json.gz -o base.json
  kulla knowledge show --knowledge base.json`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, names []string) error {
			return runKnowledgeImport(env, names, output{name: file, kind: "knowledge", clobber: clobber, evidence: names}, all)
		},
	}
	registerClobber(command, &clobber)
	command.Flags().StringVarP(&file, "output", "o", "", "`FILE` to write the base to; without it nothing is written")
	command.Flags().BoolVar(&all, "all", false, "list all that was joined and all conflicts, not the first ten")
	return command
}

func runKnowledgeImport(env Environment, names []string, file output, all bool) error {
	own, err := knowledge.Builtin()
	if err != nil {
		return err
	}
	imported, err := importKnowledge(names)
	if err != nil {
		return err
	}
	merged := knowledge.Merge(append([]*knowledge.Base{own}, imported.bases...)...)
	messages := env.Out
	if file.name == "-" {
		messages = env.Err
	}
	if file.name != "" {
		out, finish, err := openOutput(env, file)
		if err != nil {
			return err
		}
		if err := finish(merged.Save(out)); err != nil {
			return err
		}
	}
	if err := printImport(messages, own, imported, merged, file.name, all); err != nil {
		return err
	}
	if len(imported.problems) > 0 {
		return &outcome{exitUnreadable}
	}
	return nil
}

// An importedKnowledge is what files gave, in their order; all of the galaxy
// stands where its first file does.
type importedKnowledge struct {
	bases []*knowledge.Base
	// problems are what of a file could not be read.
	problems []string
}

func importKnowledge(names []string) (*importedKnowledge, error) {
	made := &importedKnowledge{}
	var galaxy []io.Reader
	galaxyAt := 0
	for _, name := range names {
		file, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("knowledge: %w", err)
		}
		defer file.Close()
		format, err := recogniseKnowledge(file)
		if err != nil {
			return nil, fmt.Errorf("knowledge: %s: %w", name, err)
		}
		if format == knowledge.FormatGalaxy {
			if len(galaxy) == 0 {
				galaxyAt = len(made.bases)
			}
			galaxy = append(galaxy, file)
			continue
		}
		if err := made.read(file, format); err != nil {
			return nil, fmt.Errorf("knowledge: %s: %w", name, err)
		}
	}
	if len(galaxy) > 0 {
		base, err := knowledge.ImportMISPGalaxy(galaxy...)
		if err != nil {
			return nil, fmt.Errorf("knowledge: %w", err)
		}
		made.bases = slices.Insert(made.bases, galaxyAt, base)
	}
	return made, nil
}

// recogniseKnowledge leaves the file where it begins.
func recogniseKnowledge(file *os.File) (knowledge.Format, error) {
	format, err := knowledge.Recognise(file)
	if err != nil {
		return format, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return format, err
	}
	return format, nil
}

func (i *importedKnowledge) read(file io.Reader, format knowledge.Format) error {
	var base *knowledge.Base
	var err error
	switch format {
	case knowledge.FormatATTACK:
		base, err = knowledge.ImportATTACK(bufio.NewReader(file))
		var skipped *knowledge.SkippedError
		if errors.As(err, &skipped) {
			i.problems, err = append(i.problems, skipped.Problems...), nil
		}
	case knowledge.FormatSaved:
		base, err = knowledge.Load(bufio.NewReader(file))
	default:
		err = withHint(errors.New("not a file of knowledge"), "ATT&CK as STIX, clusters of the MISP galaxy, and saved bases can be read")
	}
	if err != nil {
		return err
	}
	i.bases = append(i.bases, base)
	return nil
}

// firstFew is how many lines of a kind are printed without --all.
const firstFew = 10

func printImport(w io.Writer, own *knowledge.Base, imported *importedKnowledge, merged *knowledge.Base, output string, all bool) error {
	out := bufio.NewWriter(w)
	line := func(name, value string) { fmt.Fprintf(out, "%-16s%s\n", name, report.Visible(value)) }
	list := func(name string, values []string) {
		for i, value := range values {
			if i == firstFew && !all {
				line("", fmt.Sprintf("and %s more: --all", report.Thousands(int64(len(values)-i))))
				return
			}
			line(name, value)
		}
	}
	for _, base := range append([]*knowledge.Base{own}, imported.bases...) {
		for _, source := range base.Sources {
			line("read", strings.TrimSpace(source.Name+" "+source.Version))
			for _, left := range source.Left {
				line("left out", fmt.Sprintf("%s %s: %s", report.Thousands(int64(left.Count)), left.What, left.Why))
			}
		}
		line("taken", knowledgeCounts(base))
	}
	list("could not read", imported.problems)
	list("joined", joinedNames(imported.bases, merged))
	list("conflict", conflictLines(merged))
	line("together", knowledgeCounts(merged))
	line("identity", merged.Identity())
	switch output {
	case "":
		line("written", "nothing: -o FILE writes the base")
	case "-":
	default:
		line("written", output+": use it with --knowledge "+output)
	}
	return out.Flush()
}

// joinedNames are the actors that have taken in others, by the ids of these.
func joinedNames(bases []*knowledge.Base, merged *knowledge.Base) []string {
	was := map[string]bool{}
	for _, base := range bases {
		for _, a := range base.Actors {
			was[a.ID] = true
		}
	}
	var made []string
	for _, a := range merged.Actors {
		for _, alias := range a.Aliases {
			if was[alias] || strings.HasPrefix(alias, knowledge.GalaxyID) {
				made = append(made, fmt.Sprintf("%s %s is %s too", a.ID, a.Name, alias))
			}
		}
	}
	return made
}

func conflictLines(b *knowledge.Base) []string {
	var made []string
	for _, c := range b.Conflicts {
		switch c.What {
		case "alias":
			made = append(made, fmt.Sprintf("%q is a name of %s: it joins nothing", c.Value, strings.Join(c.IDs, ", ")))
		default:
			made = append(made, fmt.Sprintf("%s of %s: %s", c.What, strings.Join(c.IDs, ", "), c.Value))
		}
	}
	return made
}
