package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kulla-defence/kulla/internal/attribution"
	"github.com/kulla-defence/kulla/internal/report"
	"github.com/kulla-defence/kulla/internal/source"
)

// caseExtension is that of a case's file.
const caseExtension = ".kulla"

// investigateFlags are the flags of "kulla investigate" as typed.
type investigateFlags struct {
	rules             ruleFlags
	evidence          evidenceFlags
	knowledge         string
	artefacts         []string
	output, document  string
	language, color   string
	country, sector   string
	workers           int
	quiet, noProgress bool
	noReport, clobber bool
	key               string
}

// investigateOptions are the flags, parsed.
type investigateOptions struct {
	investigateFlags
	paths   []string
	reading source.Options
}

func newInvestigate(env Environment) *cobra.Command {
	var flags investigateFlags
	command := &cobra.Command{
		Use:   "investigate PATH...",
		Short: "Turn evidence into a case: what happened, who did it, and the proof",
		Long: `Investigate hunts in the evidence, joins what it finds into incidents, says who
probably did it and how sure that is, and keeps all of it in a case: one file, in
which every sentence is tied to the bytes it rests on.

It prints a summary, and writes a report beside the case. It may be repeated: the
same evidence changes nothing, more evidence extends the case.`,
		Example: `  kulla investigate evidence/
  kulla investigate --artefacts artefacts.yml -o ministry.kulla evidence/
  kulla verify ministry.kulla evidence/
  kulla case report -f markdown ministry.kulla`,
		Args: someEvidence("nothing to investigate"),
		RunE: func(command *cobra.Command, paths []string) error {
			options, err := flags.parse(paths)
			if err != nil {
				return err
			}
			return runInvestigate(command.Context(), env, options)
		},
	}
	flags.register(command)
	return command
}

func (f *investigateFlags) register(command *cobra.Command) {
	flags := command.Flags()
	f.rules.register(command)
	f.evidence.register(command)
	registerKnowledge(command, &f.knowledge)
	flags.StringVarP(&f.output, "output", "o", "", "the `CASE`, a file that is made or extended (default: the name of the first PATH, with "+caseExtension+")")
	flags.StringArrayVar(&f.artefacts, "artefacts", nil, "YAML `FILE` of what analysts and partners know beside the logs (docs/formats/artefacts.md); may be repeated")
	flags.StringVar(&f.document, "report", "", "write the report to `FILE` (default: beside the case, with .html)")
	registerClobber(command, &f.clobber)
	flags.BoolVar(&f.noReport, "no-report", false, "write no report")
	flags.StringVar(&f.language, "lang", "en", "the report's first `LANGUAGE`: "+strings.Join(reportLanguages, ", "))
	flags.StringVar(&f.country, "victim-country", "", "`CODE` of the victim's country (ISO 3166-1: AL), which actors are compared by")
	flags.StringVar(&f.sector, "victim-sector", "", "`SECTOR` of the victim: government, energy, telecommunications …")
	flags.StringVar(&f.key, "key", "", "`FILE` of the key that signs the case's ledger, made on first use (default: in the user's state folder)")
	flags.StringVar(&f.color, "color", "auto", "use colour: auto, always or never")
	flags.IntVar(&f.workers, "workers", 0, "number of `WORKERS`; the result does not depend on it (default: one a processor)")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "print nothing but errors")
	flags.BoolVar(&f.noProgress, "no-progress", false, "show no progress")
	complete(command, "lang", reportLanguages)
	complete(command, "color", colorNames)
}

var reportLanguages = []string{"en", "sq", "ar"}

// parse turns what was typed into options, or says what is wrong with it.
func (f *investigateFlags) parse(paths []string) (investigateOptions, error) {
	o := investigateOptions{investigateFlags: *f, paths: paths}
	var err error
	if o.reading, err = f.evidence.parse(); err != nil {
		return o, err
	}
	if !slices.Contains(reportLanguages, f.language) {
		return o, usagef("languages are "+strings.Join(reportLanguages, ", "), "unknown language %q for --lang", f.language)
	}
	if err := checkColor(f.color); err != nil {
		return o, err
	}
	if f.output == "-" {
		return o, usagef("name a file with -o CASE", "a case cannot be written to standard output")
	}
	if f.workers < 0 {
		return o, usagef("", "--workers %d: there cannot be fewer than one", f.workers)
	}
	if f.workers == 0 {
		o.workers = runtime.GOMAXPROCS(0)
	}
	if o.country = strings.ToUpper(f.country); f.country != "" && !attribution.IsCountry(o.country) {
		return o, usagef("codes are "+strings.Join(attribution.CountryCodes(), ", "), "--victim-country %q is no country code of ISO 3166-1", f.country)
	}
	if f.output == "" {
		if o.output, err = caseBeside(paths[0]); err != nil {
			return o, err
		}
	}
	if f.document == "" {
		o.document = reportBeside(o.output)
	}
	file := o.reportFile()
	return o, file.check()
}

// reportBeside names the report of a case after it.
func reportBeside(path string) string { return strings.TrimSuffix(path, caseExtension) + ".html" }

// reportFile is the report that the run writes, if it does.
func (o *investigateOptions) reportFile() output {
	file := output{kind: "html", clobber: o.clobber, evidence: o.paths, cases: []string{o.output}}
	if !o.noReport {
		file.name = o.document
	}
	return file
}

// caseBeside names a case after its evidence, in the current folder.
func caseBeside(path string) (string, error) {
	if path == "-" {
		return "", usagef("name it with -o CASE", "a case of standard input has no name")
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("the case's name: %w", err)
	}
	name := filepath.Base(absolute)
	if info, err := os.Stat(absolute); err != nil || !info.IsDir() {
		name, _, _ = strings.Cut(name, ".")
	}
	if name = strings.Trim(name, `./\:`); name == "" {
		name = "case"
	}
	return name + caseExtension, nil
}

func runInvestigate(ctx context.Context, env Environment, options investigateOptions) error {
	limitMemoryOfCase()
	i := &investigation{env: env, options: options, started: env.Now()}
	if err := i.prepare(ctx); err != nil {
		return err
	}
	defer i.close()
	interrupted, err := i.read(ctx)
	if err != nil {
		return err
	}
	if interrupted {
		fmt.Fprintln(env.Err, "kulla: interrupted: the case is as it was before")
		return &outcome{exitInterrupted}
	}
	if err := i.refuseNothing(); err != nil {
		return err
	}
	if err := report.WriteProblems(env.Err, i.register); err != nil {
		return err
	}
	if err := i.keep(); err != nil {
		return i.stopped(ctx, err, "the case is as it was before")
	}
	if err := i.write(); err != nil {
		return i.stopped(ctx, err, "the case is kept, with all that was found; kulla case report writes its report")
	}
	return outcomeOf(i.register, false)
}

// stopped says what an interrupt left, if it was one that ended the run.
func (i *investigation) stopped(ctx context.Context, err error, left string) error {
	if ctx.Err() == nil || !errors.Is(err, context.Canceled) {
		return err
	}
	fmt.Fprintln(i.env.Err, "kulla: interrupted: "+left)
	return &outcome{exitInterrupted}
}

// refuseNothing makes no case of paths in which there is no evidence at all:
// a name was mistyped, or the format is unknown.
func (i *investigation) refuseNothing() error {
	known := func(f source.File) bool { return f.Source.Format != "" }
	if slices.ContainsFunc(i.register.Files, known) {
		return nil
	}
	if err := report.WriteProblems(i.env.Err, i.register); err != nil {
		return err
	}
	return withHint(errors.New("nothing could be read, so there is no case"), "kulla help formats lists what is understood; --as and --log-source say what does not say it itself")
}
