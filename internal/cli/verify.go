package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kulla-defence/kulla/internal/custody"
	"github.com/kulla-defence/kulla/internal/report"
	"github.com/kulla-defence/kulla/internal/source"
	"github.com/kulla-defence/kulla/internal/store"
)

// verifyFlags are the flags of "kulla verify" as typed.
type verifyFlags struct {
	format, checkpoint string
	trusted            []string
	limits             []string
	noProgress         bool
}

func newVerify(env Environment) *cobra.Command {
	var flags verifyFlags
	command := &cobra.Command{
		Use:   "verify CASE [EVIDENCE...]",
		Short: "Check a case, or an export of one, against its own proof and the evidence",
		Long: `Verify checks that a case is as it was signed: every leaf of its ledger, every hash,
checkpoint and signature. With evidence it also compares every file and every
record that findings cite, and says which sentences rest on what differs.

It works offline, on a case and on what "kulla case export" wrote. The evidence may
lie elsewhere than when it was read: files are known by their content, then by the
end of their names.

A whole case can be made anew by whoever has a key. To notice that, name the key
that you expect (--trust), or a checkpoint that you kept (--checkpoint).`,
		Example: `  kulla verify ministry.kulla
  kulla verify ministry.kulla evidence/
  kulla verify --trust 'kulla+7a23c830+AY…' export.zip`,
		Args: someEvidence("name a case or an export"),
		RunE: func(command *cobra.Command, paths []string) error {
			options, err := flags.parse(env, paths)
			if err != nil {
				return err
			}
			return runVerify(command.Context(), env, options)
		},
	}
	f := command.Flags()
	f.StringVarP(&flags.format, "format", "f", "table", "`FORMAT`: table or json")
	f.StringArrayVar(&flags.trusted, "trust", nil, "public `KEY` that the last checkpoint must be signed with; may be repeated")
	f.StringVar(&flags.checkpoint, "checkpoint", "", "`FILE` with a checkpoint that was kept elsewhere, which the ledger must continue")
	f.StringArrayVar(&flags.limits, "limit", nil, "raise or lower a limit on what archives unpack to: `NAME=VALUE`")
	f.BoolVar(&flags.noProgress, "no-progress", false, "show no progress")
	complete(command, "format", []string{"table", "json"})
	return command
}

// maxCheckpoint is far more than a signed checkpoint has.
const maxCheckpoint = 1 << 20

// verifyOptions are the flags, parsed.
type verifyOptions struct {
	path, format string
	check        custody.VerifyOptions
	evidence     *evidenceCopy // nil without evidence
}

func (f *verifyFlags) parse(env Environment, paths []string) (verifyOptions, error) {
	o := verifyOptions{path: paths[0], format: f.format}
	if f.format != "table" && f.format != "json" {
		return o, usagef("formats are table and json", "unknown format %q", f.format)
	}
	for _, key := range f.trusted {
		key = strings.TrimSpace(key)
		if err := custody.CheckKey(key); err != nil {
			return o, usagef("it begins with kulla+, and is printed by kulla verify where the case was made", "--trust %q is no public key: %w", key, err)
		}
		o.check.TrustedKeys = append(o.check.TrustedKeys, key)
	}
	if f.checkpoint != "" {
		data, err := readBounded(f.checkpoint, maxCheckpoint)
		if err == nil {
			o.check.Checkpoint, err = custody.ReadCheckpoint(data)
		}
		if err != nil {
			return o, usagef("kulla case checkpoint CASE prints one", "--checkpoint %s: %w", f.checkpoint, err)
		}
	}
	limits, err := parseLimits(f.limits)
	if err != nil {
		return o, err
	}
	if len(paths) > 1 {
		o.evidence = &evidenceCopy{env: env, paths: paths[1:], limits: limits, quiet: f.noProgress, own: ownOf(paths[0], reportBeside(paths[0]))}
		o.check.Evidence = o.evidence.copy
	}
	return o, nil
}

func runVerify(ctx context.Context, env Environment, o verifyOptions) error {
	verification, err := verifyPath(ctx, env, o)
	if errors.Is(err, context.Canceled) {
		return &outcome{exitInterrupted}
	}
	if err != nil {
		return fmt.Errorf("verify %s: %w", o.path, err)
	}
	if o.format == "json" {
		err = writeVerificationJSON(env.Out, verification)
	} else {
		err = writeVerification(env.Out, o, verification)
	}
	switch {
	case err != nil:
		return err
	case !verification.Holds():
		return &outcome{exitError}
	case o.evidence != nil && (o.evidence.unread || verification.Missing > 0):
		return &outcome{exitUnreadable}
	}
	return nil
}

func writeVerificationJSON(w io.Writer, v *custody.Verification) error {
	data, err := json.Marshal(verificationJSON{Holds: v.Holds(), Verification: v})
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, appendHarmless(nil, data, escapeJSON), "", "  "); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", &out)
	return err
}

// verificationJSON is what -f json prints.
type verificationJSON struct {
	Holds bool `json:"holds"`
	*custody.Verification
}

// verifyPath checks an export, which is a zip file, or a case.
func verifyPath(ctx context.Context, env Environment, o verifyOptions) (*custody.Verification, error) {
	file, err := os.Open(o.path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	head := make([]byte, 4)
	if n, _ := file.ReadAt(head, 0); n == 4 && bytes.Equal(head, []byte("PK\x03\x04")) {
		return custody.VerifyExport(ctx, file, info.Size(), o.check)
	}
	kept, err := store.Open(ctx, o.path, store.Options{ReadOnly: true, Now: env.Now})
	if errors.Is(err, store.ErrNotCase) {
		return nil, withHint(err, "verify takes a case of kulla investigate, or what kulla case export wrote")
	}
	if err != nil {
		return nil, err
	}
	defer kept.Close()
	return custody.Verify(ctx, kept, o.check)
}

// An evidenceCopy passes on the bytes of evidence (custody.Evidence).
type evidenceCopy struct {
	env    Environment
	paths  []string
	limits source.Limits
	quiet  bool
	// own are the case, and what is written.
	own []string
	// unread is set when a part of it could not be read.
	unread bool
	// absent are the paths at which there is nothing.
	absent []string
}

func (e *evidenceCopy) copy(ctx context.Context, writerOf func(name string) io.Writer) ([]custody.EvidenceFile, error) {
	for _, path := range e.paths {
		if _, err := os.Stat(path); path != "-" && errors.Is(err, fs.ErrNotExist) {
			e.absent = append(e.absent, path)
		}
	}
	progress := new(source.Progress)
	stop := func() {}
	if !e.quiet {
		width := e.env.ErrTerminal()
		m := &meter{out: e.env.Err, terminal: width > 0, width: width, now: e.env.Now, start: e.env.Now(), progress: progress}
		stop = m.run(ctx)
	}
	register, err := source.Copy(ctx, e.paths, writerOf, source.Options{Limits: e.limits, Stdin: e.env.In, TempDir: e.env.TempDir, Progress: progress, Skip: skipOwn(e.env, e.own)})
	stop()
	if err != nil {
		return nil, err
	}
	writeSkipped(e.env, register)
	var list []custody.EvidenceFile
	for i := range register.Files {
		file := &register.Files[i]
		copied := custody.EvidenceFile{Name: file.Source.Name, Size: file.Size, SHA256: file.SHA256}
		if file.ProblemCount > 0 {
			copied.Problem = file.Problems[0].Reason
		}
		e.unread = e.unread || file.Unread()
		list = append(list, copied)
	}
	for i := range register.Archives {
		e.unread = e.unread || register.Archives[i].Unread()
	}
	return list, nil
}

// checkNames say in words what was checked.
var checkNames = []struct{ name, words string }{
	{custody.CheckMembers, "files of the export, against its manifest"},
	{custody.CheckSignatures, "signatures"},
	{custody.CheckKeys, "keys"},
	{custody.CheckCheckpoints, "checkpoints, against the tree"},
	{custody.CheckLeaves, "leaves of the ledger, against the tree"},
	{custody.CheckHashes, "stored hashes of the tree"},
	{custody.CheckRows, "rows beside the ledger, against their leaves"},
	{custody.CheckReferences, "references from sentences to leaves"},
	{custody.CheckFiles, "files of the evidence"},
	{custody.CheckRecords, "records that findings cite"},
}

// writeVerification prints the verdict first, then what it rests on.
func writeVerification(out io.Writer, o verifyOptions, v *custody.Verification) error {
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s\n", report.Visible(o.path), headline(v))
	if o.evidence != nil {
		for _, path := range o.evidence.absent {
			fmt.Fprintf(&text, "  ✗ %s: there is no such file or folder\n", report.Visible(path))
		}
	}
	writeFaults(&text, v)
	text.WriteString("\nChecked\n")
	for _, check := range checkNames {
		for _, done := range v.Checks {
			if done.Name == check.name && done.Count+done.Faults > 0 {
				fmt.Fprintf(&text, "  %12s  %s%s\n", report.Thousands(done.Count), check.words, faultsOf(done))
			}
		}
	}
	writeUnchecked(&text, v)
	if v.Kind == "export" {
		fmt.Fprintf(&text, "\nLedger\n  %s of %s signed leaves, root %s\n", report.Thousands(v.Leaves), report.Thousands(v.Signed), v.Root)
	} else {
		fmt.Fprintf(&text, "\nLedger\n  %s leaves, %s signed, root %s\n", report.Thousands(v.Leaves), report.Thousands(v.Signed), v.Root)
	}
	for _, key := range v.Keys {
		fmt.Fprintf(&text, "  key %s\n", report.Visible(key))
	}
	for _, remark := range v.Remarks {
		fmt.Fprintf(&text, "  %s\n", report.Visible(remark))
	}
	_, err := io.WriteString(out, text.String())
	return err
}

// headline is the verdict in one line.
func headline(v *custody.Verification) string {
	missing := ""
	if v.Missing > 0 {
		missing = fmt.Sprintf("%s of %s of the evidence %s missing", report.Thousands(v.Missing), counted(int(v.Files), "file"), isOrAre(v.Missing))
	}
	switch {
	case !v.Holds() && missing != "":
		return "DOES NOT HOLD: " + counted(int(v.FaultCount), "fault") + "; " + missing
	case !v.Holds():
		return "DOES NOT HOLD: " + counted(int(v.FaultCount), "fault")
	case v.Unsigned:
		return strings.TrimSuffix("holds, as far as it could be checked, but it is UNSIGNED: nothing ties the report to its maker; "+missing, "; ")
	case missing != "":
		return "holds, as far as it could be checked: " + missing
	case len(v.Unchecked) > 0:
		return "holds, as far as it could be checked"
	}
	return "holds"
}

func isOrAre(n int64) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func faultsOf(check custody.Check) string {
	if check.Faults == 0 {
		return ""
	}
	return ": " + counted(int(check.Faults), "fault")
}

// What a table lists is cut short; -f json has it all.
const (
	shownFaults    = 50
	shownSentences = 8
	shownMissing   = 5
)

func writeFaults(text *strings.Builder, v *custody.Verification) {
	for i, fault := range v.Faults {
		if i == shownFaults {
			fmt.Fprintf(text, "  … and %s more; -f json lists them\n", report.Thousands(v.FaultCount-shownFaults))
			return
		}
		place := ""
		if fault.Source != "" {
			place = report.Visible(fault.Source) + ": "
		}
		if fault.Check == custody.CheckRecords && fault.Size > 0 {
			place = fmt.Sprintf("%s, %d bytes at %d: ", report.Visible(fault.Source), fault.Size, fault.Offset)
		}
		fmt.Fprintf(text, "  ✗ %s%s\n", place, report.Visible(fault.What))
		for i, sentence := range fault.Sentences {
			if i == shownSentences {
				fmt.Fprintf(text, "      and %d more\n", len(fault.Sentences)-i)
				break
			}
			fmt.Fprintf(text, "      %s rests on it\n", report.Visible(sentence))
		}
	}
}

func writeUnchecked(text *strings.Builder, v *custody.Verification) {
	if len(v.Unchecked) == 0 {
		return
	}
	text.WriteString("\nNot checked\n")
	shown, absent := 0, 0
	for _, missing := range v.Unchecked {
		if missing.Why == custody.WhyMissing {
			if absent++; absent > shownMissing {
				continue
			}
		}
		if shown++; shown > shownFaults {
			continue
		}
		fmt.Fprintf(text, "  %12s  %s: %s\n", report.Thousands(missing.Count), report.Visible(missing.What), report.Visible(missing.Why))
	}
	if more := len(v.Unchecked) - min(shown, shownFaults); more > 0 {
		fmt.Fprintf(text, "  … and %s more; -f json lists them\n", report.Thousands(int64(more)))
	}
}
