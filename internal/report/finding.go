package report

import (
	"bufio"
	"io"
	"iter"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/findingjson"
	"github.com/kulla-defence/kulla/sigma"
)

// Digests gives the SHA-256 of a source, and false where it is not known.
type Digests = findingjson.Digests

// WriteFindings writes findings as JSON, one object a line, as
// docs/formats/finding.md describes them.
func WriteFindings(w io.Writer, findings iter.Seq2[*detect.Finding, error], digests Digests) error {
	out := bufio.NewWriterSize(w, 64<<10)
	var line []byte
	for finding, err := range findings {
		if err != nil {
			return err
		}
		line = findingjson.Append(line[:0], finding, digests)
		line = append(line, '\n')
		if _, err := out.Write(line); err != nil {
			return err
		}
	}
	return out.Flush()
}

// FindingID names a finding by what it rests on.
func FindingID(f *detect.Finding, digests Digests) string { return findingjson.ID(f, digests) }

// An object is a JSON object that is being written, with the members that the
// formats of this package share.
type object struct{ findingjson.Object }

func begin(dst []byte) object { return object{findingjson.Begin(dst)} }

func levelName(level sigma.Level) string { return findingjson.LevelName(level) }
