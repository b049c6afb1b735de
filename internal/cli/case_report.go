package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kulla-defence/kulla/internal/report"
	"github.com/kulla-defence/kulla/internal/report/casereport"
	"github.com/kulla-defence/kulla/internal/store"
)

func newCaseReport(env Environment) *cobra.Command {
	var known, format, file, language string
	var clobber bool
	var rules ruleFlags
	command := &cobra.Command{
		Use:   "report CASE",
		Short: "Write the report of a case",
		Long: `Report writes what a case holds: as one HTML file that needs no network and no
script, as text, or as data for other tools.

A bundle of STIX holds the Sigma rules that found something if they are at hand: those in
the binary, or those that --rules names, as far as they are the ones the case was made with.
stix is as the specification has it, stix-interop as the profile for interoperability.`,
		Example: `  kulla case report -o ministry.html ministry.kulla
  kulla case report --lang sq -f markdown ministry.kulla
  kulla case report -f stix -o ministry.json ministry.kulla`,
		Args: oneCase(0, 0, "a case"),
		RunE: func(command *cobra.Command, arguments []string) error {
			if format = strings.ToLower(format); !slices.Contains(casereport.Formats(), format) {
				return usagef("formats are "+strings.Join(casereport.Formats(), ", "), "unknown format %q", format)
			}
			if !slices.Contains(reportLanguages, language) {
				return usagef("languages are "+strings.Join(reportLanguages, ", "), "unknown language %q for --lang", language)
			}
			base, err := loadKnowledge(known)
			if err != nil {
				return err
			}
			return withCase(command.Context(), env, arguments[0], func(kept *store.Case) error {
				d, err := documentOf(arguments[0], kept, base)
				if err != nil {
					return err
				}
				if d.Unfinished { // not every format has a place for it
					fmt.Fprintf(env.Err, "kulla: %s: %s\n", report.Visible(arguments[0]), casereport.Unfinished)
				}
				if strings.HasPrefix(format, "stix") {
					if err := addRules(env, d, kept, rules.options()); err != nil {
						return err
					}
				}
				return writeReport(env, output{name: file, kind: format, clobber: clobber, cases: arguments}, d, language)
			})
		},
	}
	registerKnowledge(command, &known)
	command.Flags().StringArrayVar(&rules.paths, "rules", nil, "for STIX, the Sigma rules of the case: a folder, zip or file, may be repeated; "+builtInName+" names those in the binary")
	flags := command.Flags()
	flags.StringVarP(&format, "format", "f", "html", "`FORMAT`: "+strings.Join(casereport.Formats(), ", "))
	registerClobber(command, &clobber)
	flags.StringVarP(&file, "output", "o", "", "write to `FILE`, which appears when it is whole, instead of standard output (-)")
	flags.StringVar(&language, "lang", "en", "`LANGUAGE`: "+strings.Join(reportLanguages, ", "))
	complete(command, "format", casereport.Formats())
	complete(command, "lang", reportLanguages)
	return command
}

// addRules adds the texts of the rules that the case was made with, and says
// where they are not at hand.
func addRules(env Environment, d *casereport.Document, kept *store.Case, rules ruleOptions) error {
	documents, err := rules.documents()
	if err != nil {
		return err
	}
	if d.RuleText, err = ruleTexts(kept, documents); err != nil || d.RuleText != nil {
		return err
	}
	fmt.Fprintf(env.Err, "the bundle has no Sigma rules: the case was made with others (%s); name them with --rules\n", report.Visible(d.Rules))
	return nil
}

// writeReport writes one report, whole or not at all.
func writeReport(env Environment, file output, d *casereport.Document, language string) error {
	return writeDocument(env, file, func(w io.Writer) error { return casereport.Write(w, file.kind, d, language) })
}

// writeDocument writes a file, whole or not at all.
func writeDocument(env Environment, file output, write func(io.Writer) error) error {
	out, finish, err := openOutput(env, file)
	if err != nil {
		return err
	}
	return finish(write(out))
}
