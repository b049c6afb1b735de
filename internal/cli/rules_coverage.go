package cli

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kulla-defence/kulla/internal/report"
	"github.com/kulla-defence/kulla/sigma"
)

func newRulesCoverage(env Environment) *cobra.Command {
	var rules ruleFlags
	var format string
	command := &cobra.Command{
		Use:   "coverage",
		Short: "Show which techniques of ATT&CK the rules look for, and in which logs",
		Long: `Coverage lists the techniques that rules are tagged with, under the tactics that the rules
name: number of rules, and the log sources these look at. A technique that is listed is
looked for in some of its forms, never in all.

Techniques that ATT&CK v19 renamed are listed under their new number, with the old one.
Its tactic Defense Evasion is Stealth and Defense Impairment since; where nothing tells
which of the two, the old name stays.

The layer of -f navigator is opened with "Open Existing Layer" of the ATT&CK Navigator.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			set, _, err := rules.options().load()
			if err != nil {
				return err
			}
			switch format {
			case "table":
				return printCoverage(env.Out, coverageOf(set))
			case "navigator":
				return writeNavigator(env.Out, coverageOf(set))
			}
			return usagef("formats are table and navigator", "unknown format %q", format)
		},
	}
	rules.register(command)
	command.Flags().StringVarP(&format, "format", "f", "table", "`FORMAT`: table or navigator")
	complete(command, "format", []string{"table", "navigator"})
	return command
}

// A covered technique.
type covered struct {
	technique string
	rules     int
	tactics   map[string]bool
	sources   map[string]bool
	// former are the numbers that rules still use for it.
	former map[string]bool
}

// coverage is ordered by technique. Untagged counts rules without one.
type coverage struct {
	techniques []*covered
	untagged   int
}

func coverageOf(set *sigma.RuleSet) *coverage {
	found, c := map[string]*covered{}, &coverage{}
	for _, entry := range entriesOf(set) {
		var techniques, tactics []string
		for _, tag := range entry.Tags {
			name, ok := strings.CutPrefix(strings.ToLower(tag), "attack.")
			switch {
			case !ok:
			case isTechniqueName(name):
				techniques = append(techniques, strings.ToUpper(name))
			case strings.Trim(name, "abcdefghijklmnopqrstuvwxyz-_") == "":
				tactics = append(tactics, strings.ReplaceAll(name, "_", "-"))
			}
		}
		slices.Sort(techniques)
		counted := map[string]bool{}
		for _, former := range slices.Compact(techniques) {
			technique := currentTechnique(former)
			if found[technique] == nil {
				found[technique] = &covered{technique: technique, tactics: map[string]bool{}, sources: map[string]bool{}, former: map[string]bool{}}
			}
			if former != technique {
				found[technique].former[former] = true
			}
			if !counted[technique] {
				found[technique].add(entry, tactics, set)
			}
			counted[technique] = true
		}
		if len(techniques) == 0 {
			c.untagged++
		}
	}
	for _, technique := range slices.Sorted(maps.Keys(found)) {
		c.techniques = append(c.techniques, found[technique])
	}
	return c
}

// isTechniqueName recognises t1059 and t1059.001.
func isTechniqueName(name string) bool {
	digits, ok := strings.CutPrefix(name, "t")
	technique, part, sub := strings.Cut(digits, ".")
	return ok && len(technique) == 4 && (!sub || len(part) == 3) && strings.Trim(technique+part, "0123456789") == ""
}

// add counts a rule. A correlation looks at the logs of the rules it is made of.
func (c *covered) add(entry ruleEntry, tactics []string, set *sigma.RuleSet) {
	c.rules++
	for _, tactic := range tactics {
		c.tactics[currentTactic(tactic, c.technique)] = true
	}
	if entry.correlation == nil {
		c.sources[entry.kind()] = true
		return
	}
	_, parts := set.Closure([]*sigma.Correlation{entry.correlation})
	for rule := range parts {
		c.sources[rule.LogSource.String()] = true
	}
}

// withoutTactic is where techniques stand whose rules name no tactic.
const withoutTactic = "no tactic"

// printCoverage writes the techniques under each of their tactics.
func printCoverage(w io.Writer, c *coverage) error {
	under := map[string][]*covered{}
	for _, t := range c.techniques {
		for tactic := range t.tactics {
			under[tactic] = append(under[tactic], t)
		}
		if len(t.tactics) == 0 {
			under[withoutTactic] = append(under[withoutTactic], t)
		}
	}
	out := bufio.NewWriter(w)
	for _, tactic := range slices.Sorted(maps.Keys(under)) {
		fmt.Fprintf(out, "%s  %s\n", report.Visible(tactic), counted(len(under[tactic]), "technique"))
		slices.SortFunc(under[tactic], func(a, b *covered) int { return strings.Compare(a.technique, b.technique) })
		for _, t := range under[tactic] {
			fmt.Fprintf(out, "  %-9s  %5d  %s%s\n", t.technique, t.rules, report.Visible(strings.Join(slices.Sorted(maps.Keys(t.sources)), ", ")), t.formerly())
		}
	}
	fmt.Fprintf(out, "%s, %s without one\n", counted(len(c.techniques), "technique"), counted(c.untagged, "rule"))
	return out.Flush()
}

// formerly says which numbers rules still use.
func (c *covered) formerly() string {
	if len(c.former) == 0 {
		return ""
	}
	return "  (tagged " + strings.Join(slices.Sorted(maps.Keys(c.former)), ", ") + " before ATT&CK v19)"
}

// A navigatorLayer is a layer of the ATT&CK Navigator, in format 4.5
// (https://github.com/mitre-attack/attack-navigator, layers/spec).
type navigatorLayer struct {
	Name        string               `json:"name"`
	Versions    map[string]string    `json:"versions"`
	Domain      string               `json:"domain"`
	Description string               `json:"description"`
	Techniques  []navigatorTechnique `json:"techniques"`
	Gradient    navigatorGradient    `json:"gradient"`
}

type navigatorTechnique struct {
	ID      string `json:"techniqueID"`
	Score   int    `json:"score"`
	Comment string `json:"comment"`
	Enabled bool   `json:"enabled"`
}

type navigatorGradient struct {
	Colors []string `json:"colors"`
	Min    int      `json:"minValue"`
	Max    int      `json:"maxValue"`
}

func writeNavigator(w io.Writer, c *coverage) error {
	layer := navigatorLayer{Name: "Kulla rules", Versions: map[string]string{"attack": "19", "navigator": "5.2.0", "layer": "4.5"}, Domain: "enterprise-attack",
		Description: "Techniques that the rules look for in some of their forms. The score is the number of rules.",
		Techniques:  []navigatorTechnique{}, Gradient: navigatorGradient{Colors: []string{"#ffffff", "#66b1ff"}, Min: 0, Max: 1}}
	for _, t := range c.techniques {
		layer.Gradient.Max = max(layer.Gradient.Max, t.rules)
		layer.Techniques = append(layer.Techniques, navigatorTechnique{t.technique, t.rules,
			"log sources: " + strings.Join(slices.Sorted(maps.Keys(t.sources)), ", ") + t.formerly(), true})
	}
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	return out.Encode(layer)
}
