package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/report"
	"github.com/kulla-defence/kulla/internal/source"
)

func newDump(env Environment) *cobra.Command {
	var format, file string
	var clobber bool
	var records []uint
	var evidence evidenceFlags
	command := &cobra.Command{
		Use:   "dump PATH...",
		Short: "Print records as JSON or XML",
		Long: `Dump prints the records of evidence, one a line, in the order in which they stand.

Windows event log records are written as Windows' own XML, or as the JSON form of it.
Records of other formats are written as JSON objects of their columns.
Records that --carve recovered have "carved": true, or a comment in XML.
Line breaks, control characters and invisible ones are escaped in both.`,
		Example: `  kulla dump Security.evtx | jq .Event.System.EventID | sort | uniq -c
  kulla dump -f xml --record 4711 case.zip!Security.evtx`,
		Args: someEvidence("nothing to dump"),
		RunE: func(command *cobra.Command, paths []string) error {
			if format = strings.ToLower(format); format != "jsonl" && format != "xml" {
				return usagef("formats are jsonl and xml", "unknown format %q", format)
			}
			options, err := evidence.parse()
			if err != nil {
				return err
			}
			return runDump(command.Context(), env, paths, output{name: file, kind: "dump", clobber: clobber, evidence: paths}, options, &dumper{xml: format == "xml", records: records, found: map[uint]bool{}})
		},
	}
	flags := command.Flags()
	flags.StringVarP(&format, "format", "f", "jsonl", "`FORMAT`: jsonl or xml")
	registerClobber(command, &clobber)
	flags.StringVarP(&file, "output", "o", "", "write to `FILE`, which appears when it is whole, instead of standard output (-)")
	flags.UintSliceVar(&records, "record", nil, "only records with this `ID`; may be repeated")
	evidence.register(command)
	complete(command, "format", []string{"jsonl", "xml"})
	return command
}

func runDump(ctx context.Context, env Environment, paths []string, file output, options source.Options, d *dumper) error {
	out, finish, err := openOutput(env, file)
	if err != nil {
		return err
	}
	d.out = bufio.NewWriterSize(out, 64<<10)
	options.Skip = skipOwn(env, ownOf("", file.name))
	options.InOrder, options.Stdin, options.TempDir = true, env.In, env.TempDir
	register, err := readEvidence(ctx, paths, func(int) source.Sink { return d }, options)
	if err := finish(errors.Join(err, d.out.Flush())); err != nil {
		if errors.Is(err, context.Canceled) {
			return &outcome{exitInterrupted}
		}
		return err
	}
	if err := reportUnread(env, register); err != nil {
		d.writeMissing(env)
		return err
	}
	if d.writeMissing(env) {
		return &outcome{exitError}
	}
	return nil
}

// writeMissing says which of the wanted records were not there, and reports
// whether there are any.
func (d *dumper) writeMissing(env Environment) bool {
	missing := slices.DeleteFunc(slices.Clone(d.records), func(id uint) bool { return d.found[id] })
	for _, id := range slices.Compact(missing) {
		fmt.Fprintf(env.Err, "kulla: there is no record %d in what was read\n", id)
	}
	return len(missing) > 0
}

// reportUnread lists what could not be read on standard error, and ends with
// the code that says so.
func reportUnread(env Environment, register *source.Register) error {
	report.WriteProblems(env.Err, register)
	if anyUnread(register) {
		return &outcome{exitUnreadable}
	}
	return nil
}

// A dumper is a sink that writes each record as a line.
type dumper struct {
	out     *bufio.Writer
	xml     bool
	records []uint
	// found are those of records that were there.
	found map[uint]bool
	// line is what is written; own is what the record says of itself.
	line, own []byte
}

// markup is what values offer that know their record's own form.
type markup interface {
	AppendJSON(dst []byte) []byte
	AppendXML(dst []byte) []byte
}

// Event writes one record.
func (d *dumper) Event(e *event.Event) error {
	if id := uint(e.Provenance.RecordID); !d.wanted(id) {
		return nil
	} else if len(d.records) > 0 {
		d.found[id] = true
	}
	d.line = d.line[:0]
	switch own, ok := e.Values.(markup); {
	case ok && d.xml:
		if e.Provenance.Carved {
			d.line = append(d.line, "<!--carved-->"...)
		}
		d.own = own.AppendXML(d.own[:0])
		d.line = appendHarmless(d.line, d.own, escapeXML)
	case d.xml:
		return withHint(fmt.Errorf("%s: records of format %s have no XML form", e.Provenance.Source.Name, e.Provenance.Source.Format), "leave out -f xml")
	case ok:
		d.own = own.AppendJSON(d.own[:0])
		d.line = appendHarmless(d.line, d.own, escapeJSON)
		if e.Provenance.Carved {
			d.line = append(d.line[:len(d.line)-1], `,"carved":true}`...)
		}
	default:
		d.line = report.AppendEvent(d.line, e)
	}
	d.line = append(d.line, '\n')
	_, err := d.out.Write(d.line)
	return err
}

func (d *dumper) wanted(id uint) bool {
	return len(d.records) == 0 || slices.Contains(d.records, id)
}
