package cli

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kulla-defence/kulla/internal/custody"
	"github.com/kulla-defence/kulla/internal/incident"
	"github.com/kulla-defence/kulla/internal/report"
	"github.com/kulla-defence/kulla/internal/report/casereport"
	"github.com/kulla-defence/kulla/internal/store"
)

func newCaseShow(env Environment) *cobra.Command {
	var known, color string
	command := &cobra.Command{
		Use:   "show CASE [INCIDENT|FINDING]",
		Short: "Show a case, one of its incidents, or one finding with its record",
		Long: `Show prints the summary of a case; with the id of an incident, its whole story, each
sentence with the numbers of the findings it rests on; with the number of a finding,
that finding: where its record stands, its digest, and what it says.`,
		Example: `  kulla case show ministry.kulla
  kulla case show ministry.kulla I-7F3KQ
  kulla case show ministry.kulla 4711`,
		Args: oneCase(0, 1, "a case, and an incident or the number of a finding"),
		RunE: func(command *cobra.Command, arguments []string) error {
			if err := checkColor(color); err != nil {
				return err
			}
			return withCase(command.Context(), env, arguments[0], func(kept *store.Case) error {
				if len(arguments) == 1 {
					base, err := loadKnowledge(known)
					if err != nil {
						return err
					}
					d, err := documentOf(arguments[0], kept, base)
					if err != nil {
						return err
					}
					return showCase(env, d, color, proofLines(arguments[0], d), 0)
				}
				if number, err := strconv.ParseInt(strings.TrimPrefix(arguments[1], "#"), 10, 64); err == nil {
					return showFinding(env, kept, number)
				}
				return showIncident(env.Out, kept, arguments[1])
			})
		},
	}
	registerKnowledge(command, &known)
	command.Flags().StringVar(&color, "color", "auto", "use colour: auto, always or never")
	complete(command, "color", colorNames)
	return command
}

// showCase prints the summary that fits one screen, on which some lines follow
// it.
func showCase(env Environment, d *casereport.Document, color string, last []casereport.ScreenLine, follow int) error {
	width := env.OutTerminal()
	text, err := casereport.English()
	if err != nil {
		return err
	}
	height := 0
	if env.OutHeight != nil {
		height = env.OutHeight()
	}
	if height > 0 {
		height = max(height-follow, 1)
	}
	return casereport.WriteScreen(env.Out, d, casereport.Screen{Text: text, Width: width, Height: height, Color: colored(env, color, width > 0), Last: last})
}

// proofLines say what to keep of a case to notice its change.
func proofLines(path string, d *casereport.Document) []casereport.ScreenLine {
	lines := []casereport.ScreenLine{{Heading: "Ledger", Text: fmt.Sprintf("%s entries, root %s", report.Thousands(d.Ledger.Size), d.Ledger.Root)}}
	if d.Ledger.Checkpoint != "" {
		lines = append(lines, casereport.ScreenLine{Heading: "Checkpoint", Text: "kulla case checkpoint " + shellWord(path) + " prints it: keep it elsewhere"})
	}
	return lines
}

// showFinding prints a finding as its leaf has it, and where it stands.
func showFinding(env Environment, kept *store.Case, number int64) error {
	leaf, err := kept.Leaf(number)
	if err != nil || leaf.Kind != custody.KindFinding {
		return withHint(cmp.Or(err, fmt.Errorf("number %d of the ledger is no finding", number)), "kulla case timeline lists the findings with their numbers")
	}
	var out bytes.Buffer
	if err := json.Indent(&out, appendHarmless(nil, leaf.Data, escapeJSON), "", "  "); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(env.Out, "%s\n", &out); err != nil {
		return err
	}
	gone, err := kept.Superseded(number)
	if gone {
		fmt.Fprintln(env.Err, "kulla: the finding holds no longer: its evidence was read again, or over more evidence its rule found otherwise")
	}
	return err
}

// showIncident prints the story of an incident with its proof.
func showIncident(w io.Writer, kept *store.Case, id string) error {
	all, err := kept.Incidents()
	if err != nil {
		return err
	}
	one, err := findIncident(all, id)
	if err != nil {
		return err
	}
	text, err := casereport.English()
	if err != nil {
		return err
	}
	return writeIncident(w, one, text)
}

// writeIncident writes all that an incident says of itself.
func writeIncident(w io.Writer, one *incident.Incident, text func(incident.Sentence) string) error {
	var out bytes.Buffer
	shown := func(s incident.Sentence) string { return report.Visible(text(s)) }
	fmt.Fprintf(&out, "%s  %s  %s\n%s", one.ID, one.Level, shown(one.Title), counted(int(one.FindingCount), "finding"))
	if !one.First.IsZero() {
		fmt.Fprintf(&out, ", %s to %s", one.First.UTC().Format(time.RFC3339), one.Last.UTC().Format(time.RFC3339))
	}
	section(&out, "What happened", one.Story, func(s incident.Sentence) string { return shown(s) + proofOf(s) })
	section(&out, fmt.Sprintf("Why it matters: score %d", one.Score.Total), one.Score.Parts, func(p incident.ScorePart) string {
		return fmt.Sprintf("%+d  %s", p.Points, shown(p.Reason))
	})
	section(&out, "If nothing were wrong", one.Benign, shown)
	section(&out, "What is missing, and where to ask", one.Missing, func(m incident.Missing) string {
		return shown(m.What) + " " + shown(m.Ask)
	})
	section(&out, "Rules", one.Rules, func(r incident.RuleUse) string {
		return fmt.Sprintf("%s× %s  %s (for example finding %d)", report.Thousands(r.Count), r.Level, report.Visible(r.Title), r.Example)
	})
	out.WriteByte('\n')
	_, err := out.WriteTo(w)
	return err
}

func section[T any](out *bytes.Buffer, title string, items []T, text func(T) string) {
	if len(items) == 0 {
		return
	}
	fmt.Fprintf(out, "\n\n%s", title)
	for _, item := range items {
		fmt.Fprintf(out, "\n  - %s", text(item))
	}
}

// proofOf names the findings that a sentence rests on.
func proofOf(s incident.Sentence) string {
	if len(s.Proof) == 0 {
		return ""
	}
	const most = 5
	var numbers []string
	for i, number := range s.Proof {
		if i == most {
			numbers = append(numbers, fmt.Sprintf("and %d more", len(s.Proof)-i))
			break
		}
		numbers = append(numbers, strconv.FormatInt(number, 10))
	}
	return " [" + strings.Join(numbers, ", ") + "]"
}
