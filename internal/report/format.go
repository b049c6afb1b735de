package report

import (
	"bufio"
	"encoding/json"
	"io"
	"iter"
	"time"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/findingjson"
)

// Findings is a stream of findings in order. It may be read again.
type Findings = iter.Seq2[*detect.Finding, error]

// A Document is all that a writer of whole documents shows. Its findings must
// have been added to the groups of the summary before.
type Document struct {
	Findings Findings
	Summary  *Summary
	Digests  Digests
	// Tool is the version of this program.
	Tool string
}

// Documents are the writers of formats that hold findings and summary in one
// document, by name of the format.
func Documents() map[string]func(io.Writer, *Document) error {
	return map[string]func(io.Writer, *Document) error{
		"json":       WriteJSON,
		"csv":        WriteCSV,
		"html":       WriteHTML,
		"markdown":   WriteMarkdown,
		"sarif":      WriteSARIF,
		"timesketch": WriteTimesketch,
		"navigator":  WriteNavigator,
	}
}

// Formats names all formats of findings, in the order in which they are shown.
func Formats() []string {
	return []string{"table", "jsonl", "json", "csv", "html", "markdown", "sarif", "timesketch", "navigator"}
}

// WriteJSON writes one document: the summary (docs/formats/summary.md) and
// the list of findings (docs/formats/finding.md).
func WriteJSON(w io.Writer, d *Document) error {
	out := bufio.NewWriterSize(w, 64<<10)
	summary, err := json.Marshal(d.Summary.toJSON())
	if err != nil {
		return err
	}
	out.WriteString(`{"summary":`)
	out.Write(appendHarmlessJSON(nil, summary))
	out.WriteString(`,"findings":[`)
	err = eachLine(out, d.Findings, "\n", ",\n", func(dst []byte, f *detect.Finding) []byte {
		return findingjson.Append(dst, f, d.Digests)
	})
	if err != nil {
		return err
	}
	out.WriteString("\n]}\n")
	return out.Flush()
}

// eachLine writes what text makes of each finding, with something before the
// first and something between.
func eachLine(out *bufio.Writer, findings Findings, before, between string, text func([]byte, *detect.Finding) []byte) error {
	var line []byte
	for f, err := range findings {
		if err != nil {
			return err
		}
		line = text(append(line[:0], before...), f)
		before = between
		if _, err := out.Write(line); err != nil {
			return err
		}
	}
	return nil
}

// appendHarmlessJSON escapes in a JSON document the characters of strings that
// a terminal would act on. Outside of strings there are none.
func appendHarmlessJSON(dst, document []byte) []byte {
	for _, r := range string(document) {
		dst = findingjson.AppendRune(dst, r)
	}
	return dst
}

// isoTime is a time with its zone, or empty.
func isoTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// messageOf is a finding in one line.
func messageOf(f *detect.Finding) string {
	text := f.Rule.Title
	if fields := exampleFields(f); fields != "" {
		text += " · " + fields
	}
	return text
}

func sourceOf(f *detect.Finding) string {
	if f.Place.Source == nil {
		return ""
	}
	return f.Place.Source.Name
}
