package report

import (
	"bufio"
	"io"
	"strconv"
	"strings"

	"github.com/kulla-defence/kulla/internal/detect"
)

// WriteCSV writes findings as RFC 4180 has it: a header, and one line each.
// What a spreadsheet would take for a formula begins with an apostrophe.
func WriteCSV(w io.Writer, d *Document) error {
	out := bufio.NewWriterSize(w, 64<<10)
	out.Write(appendCells(nil, "time", "time_as_written", "level", "rule_title", "rule_id", "techniques", "host", "fields",
		"source", "sha256", "offset", "size", "line", "record_id", "finding_id"))
	err := eachLine(out, d.Findings, "", "", func(dst []byte, f *detect.Finding) []byte {
		return appendCells(dst, isoTime(f.Time), f.TimeText, levelName(f.Rule.Level), f.Rule.Title, f.Rule.ID,
			strings.Join(f.Rule.Techniques, " "), f.Host, exampleFields(f), sourceOf(f), digestText(f, d.Digests),
			strconv.FormatInt(f.Place.Offset, 10), strconv.FormatInt(f.Place.Size, 10), strconv.FormatInt(f.Place.Line, 10),
			strconv.FormatUint(f.Place.RecordID, 10), FindingID(f, d.Digests))
	})
	if err != nil {
		return err
	}
	return out.Flush()
}

func digestText(f *detect.Finding, digests Digests) string {
	digest, ok := digests(f.Place.Source)
	if !ok {
		return ""
	}
	return hexText(digest[:])
}

// appendCells appends one line of a CSV file.
func appendCells(dst []byte, cells ...string) []byte {
	for i, cell := range cells {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendCell(dst, cell)
	}
	return append(dst, "\r\n"...)
}

// appendCell appends a cell that no spreadsheet computes. Control characters
// are visible, so that a cell stays on its line.
func appendCell(dst []byte, text string) []byte {
	shown := Visible(text)
	if text != "" && strings.IndexByte("=+-@\t\r", text[0]) >= 0 {
		shown = "'" + shown
	}
	if !strings.ContainsAny(shown, "\",;' ") {
		return append(dst, shown...)
	}
	dst = append(dst, '"')
	dst = append(dst, strings.ReplaceAll(shown, `"`, `""`)...)
	return append(dst, '"')
}
