package cli

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kulla-defence/kulla/internal/custody"
	"github.com/kulla-defence/kulla/internal/report"
	"github.com/kulla-defence/kulla/internal/report/casereport"
	"github.com/kulla-defence/kulla/internal/store"
)

// exportFlags are the flags of "kulla case export" as typed.
type exportFlags struct {
	output, knowledge, language, key string
	redact, limits                   []string
	unsigned, noProgress, clobber    bool
}

func newCaseExport(env Environment) *cobra.Command {
	var flags exportFlags
	command := &cobra.Command{
		Use:   "export CASE [EVIDENCE...]",
		Short: "Write one file from which others can verify what a case says",
		Long: `Export writes a zip file with the report, the findings that its sentences rest on, and
the proof that each stands in the signed ledger. With evidence it adds the records
that the findings cite. A recipient checks it with "kulla verify", or by hand,
without the case and without the rest of the evidence.

--redact hides values and leaves the proofs valid. It takes kinds of entities (` + strings.Join(redactedKinds(), ", ") + `),
one of them (host:web01), columns of events (field:User) and any text (text:"Project X").
What is hidden is hidden wherever it stands, an entity under all its names; a name that
nothing in the case has is refused. Records of findings of which something
is hidden are left out, since a record says all of it.`,
		Example: `  kulla case export -o ministry.zip ministry.kulla evidence/
  kulla case export --redact account,address,host:dc01 -o partner.zip ministry.kulla`,
		Args: someEvidence("name a case"),
		RunE: func(command *cobra.Command, arguments []string) error {
			return runCaseExport(command.Context(), env, &flags, arguments[0], arguments[1:])
		},
	}
	f := command.Flags()
	f.StringVarP(&flags.output, "output", "o", "", "the `FILE` to write")
	f.StringSliceVar(&flags.redact, "redact", nil, "hide `WHAT`: a kind, kind:NAME, field:NAME or text:TEXT; may be repeated, or separated by commas")
	registerKnowledge(command, &flags.knowledge)
	registerClobber(command, &flags.clobber)
	f.StringVar(&flags.language, "lang", "en", "the report's first `LANGUAGE`: "+strings.Join(reportLanguages, ", "))
	f.StringVar(&flags.key, "key", "", "`FILE` of the key that signs the export (default: in the user's state folder)")
	f.BoolVar(&flags.unsigned, "unsigned", false, "do not sign the list of what is in the export")
	f.StringArrayVar(&flags.limits, "limit", nil, "raise or lower a limit on what archives unpack to: `NAME=VALUE`")
	f.BoolVar(&flags.noProgress, "no-progress", false, "show no progress")
	complete(command, "lang", reportLanguages)
	return command
}

func runCaseExport(ctx context.Context, env Environment, flags *exportFlags, path string, evidence []string) error {
	if flags.output == "" {
		return usagef("name it with -o FILE.zip", "an export needs a file to be written to")
	}
	if !slices.Contains(reportLanguages, flags.language) {
		return usagef("languages are "+strings.Join(reportLanguages, ", "), "unknown language %q for --lang", flags.language)
	}
	file := output{name: flags.output, kind: "export", clobber: flags.clobber, evidence: evidence, cases: []string{path}}
	if err := file.check(); err != nil {
		return err
	}
	limits, err := parseLimits(flags.limits)
	if err != nil {
		return err
	}
	options, err := flags.signed(env)
	if err != nil {
		return err
	}
	var copied *evidenceCopy
	if len(evidence) > 0 {
		copied = &evidenceCopy{env: env, paths: evidence, limits: limits, quiet: flags.noProgress, own: ownOf(path, reportBeside(path), flags.output)}
		options.Evidence = copied.copy
	}
	var manifest *custody.Manifest
	err = withCase(ctx, env, path, func(kept *store.Case) error {
		if _, finished, err := kept.LastRun(); err != nil || !finished {
			return cmp.Or(err, errors.New(casereport.Unfinished))
		}
		manifest, err = flags.export(ctx, env, file, kept, options)
		return err
	})
	switch {
	case errors.Is(err, context.Canceled):
		return &outcome{exitInterrupted}
	case err != nil:
		return fmt.Errorf("export %s: %w", path, err)
	}
	writeExported(env, flags.output, manifest)
	if copied != nil && copied.unread {
		return &outcome{exitUnreadable}
	}
	return nil
}

// signed are the options of an export that its signer settles.
func (f *exportFlags) signed(env Environment) (options custody.ExportOptions, err error) {
	options.Tool = "kulla " + thisProgram().Version
	if f.unsigned {
		return options, nil
	}
	file := f.key
	if file == "" {
		if file, err = defaultKeyFile(env); err != nil {
			return options, err
		}
	}
	if options.Signer, options.PublicKey, err = custody.OpenSigner(file, rand.Reader); err != nil {
		return options, withHint(fmt.Errorf("signing key: %w", err), "--key names another file; --unsigned does without")
	}
	return options, nil
}

// export writes the file, whole or not at all.
func (f *exportFlags) export(ctx context.Context, env Environment, file output, kept *store.Case, options custody.ExportOptions) (*custody.Manifest, error) {
	base, err := loadKnowledge(f.knowledge)
	if err != nil {
		return nil, err
	}
	document, err := documentOf(file.cases[0], kept, base)
	if err != nil {
		return nil, err
	}
	if options.Redactor, err = redactorOf(kept, document, f.redact); err != nil {
		return nil, err
	}
	if options.Redactor != nil {
		if err := redactDocument(document, options.Redactor); err != nil {
			return nil, err
		}
	}
	var text bytes.Buffer
	if err := casereport.Write(&text, "html", document, f.language); err != nil {
		return nil, err
	}
	options.Report = text.Bytes()
	out, finish, err := openOutput(env, file)
	if err != nil {
		return nil, err
	}
	manifest, err := custody.Export(ctx, out, kept, options)
	return manifest, finish(err)
}

// writeExported says what is in the export.
func writeExported(env Environment, name string, m *custody.Manifest) {
	fmt.Fprintf(env.Err, "%s: %s of %s, %s\n", report.Visible(name), report.Thousands(int64(m.Leaves)), countedLeaves(int(m.Size)), counted(m.Records.Included, "record"))
	if n := m.Records.Missing; n > 0 {
		fmt.Fprintf(env.Err, "  %s left out: %s\n", counted(n, "record"), m.Records.Why)
	}
	if r := m.Redacted; len(r.Kinds) > 0 {
		fmt.Fprintf(env.Err, "  hidden: %s in %s, %s and %s as a whole\n", counted(r.Fields, "field"), countedLeaves(r.Leaves), countedLeaves(r.Withheld), counted(m.Records.Withheld, "record"))
	}
}

func countedLeaves(n int) string {
	if n == 1 {
		return "1 leaf"
	}
	return report.Thousands(int64(n)) + " leaves"
}
