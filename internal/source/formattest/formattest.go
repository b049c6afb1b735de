// Package formattest reads logs through one format alone, without files and
// workers, for the tests of readers. It is used by tests only.
//
// Begin with Read; Samples gives the public logs where they are there.
package formattest

import (
	"archive/zip"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/source/format"
)

// A Result is what came of reading, as text. It is the format.Output of a read.
type Result struct {
	// Events are written by Text, Problems as "line N: reason".
	Events, Problems, Notes []string
}

// Event implements format.Output.
func (r *Result) Event(e *event.Event) error {
	r.Events = append(r.Events, Text(e))
	return nil
}

// Problem implements format.Output.
func (r *Result) Problem(p format.Problem) {
	r.Problems = append(r.Problems, fmt.Sprintf("line %d: %s", p.Line, p.Reason))
}

// Note implements format.Output.
func (r *Result) Note(text string) { r.Notes = append(r.Notes, text) }

// Text writes an event on one line: its place, log source, time, host, and
// each column with a value; a column without one is NAME=null.
func Text(e *event.Event) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d@%d+%d %s/%s/%s", e.Provenance.Line, e.Provenance.Offset, e.Provenance.Size, e.Layout.Product, e.Layout.Category, e.Layout.Service)
	if !e.Time.IsZero() {
		b.WriteString(" " + e.Time.Format(time.RFC3339Nano))
	}
	if e.TimeText != "" {
		fmt.Fprintf(&b, " (%s)", e.TimeText)
	}
	if e.Host != "" {
		b.WriteString(" on " + e.Host)
	}
	for i, name := range e.Layout.Names {
		switch text, state := e.Values.AppendValue(nil, i); state {
		case event.Present:
			fmt.Fprintf(&b, " %s=%q", name, text)
		case event.Null:
			fmt.Fprintf(&b, " %s=null", name)
		}
	}
	return b.String()
}

// Fields returns the part of Text that holds the columns.
func Fields(text string) string {
	if _, after, found := strings.Cut(text, "/"); found {
		if _, after, found = strings.Cut(after, " "); found {
			return after
		}
	}
	return ""
}

// Read reads data that comes in pieces of a size.
func Read(tb testing.TB, f *format.Format, data []byte, piece int, options format.Options) *Result {
	tb.Helper()
	if options.Record == 0 {
		options.Record = 1 << 20
	}
	result, splitter, parser := new(Result), f.NewSplitter(options), f.NewParser()
	source := &event.Source{Name: "test", Format: f.Name}
	line := int64(1)
	for offset, have := 0, min(piece, len(data)); offset < len(data); {
		final := have == len(data)
		cut := splitter.Split(data[offset:have], final)
		if cut.Size == 0 {
			if final {
				tb.Fatal("nothing is cut at the end")
			}
			have = min(have+piece, len(data))
			continue
		}
		if cut.Problem != nil {
			result.Problems = append(result.Problems, cut.Problem.Reason)
		}
		block := &format.Block{
			Source: source, Data: data[offset : offset+cut.Size], Offset: int64(offset), Line: line,
			First: offset == 0, Last: offset+cut.Size == len(data), State: cut.State,
		}
		if !cut.Lost {
			if err := parser.Parse(block, result); err != nil {
				tb.Fatal(err)
			}
		}
		offset += cut.Size
		line += cut.Lines
		have = max(have, min(offset+piece, len(data)))
	}
	return result
}

// FuzzSplit fuzzes a format, with the seeds that were added: a text in pieces of
// least bytes and more gives the events it gives as a whole. Compared, when not
// nil, says of which texts that is asked; others only have to be read. Every
// reading has a new format.
func FuzzSplit(f *testing.F, newFormat func() *format.Format, least int, compared func(text []byte) bool) {
	f.Fuzz(func(t *testing.T, text []byte, piece uint8) {
		newFormat().Recognise(text)
		size := int(piece) + least
		whole := Read(t, newFormat(), text, len(text)+1, format.Options{})
		split := Read(t, newFormat(), text, size, format.Options{})
		if (compared == nil || compared(text)) && !slices.Equal(whole.Events, split.Events) {
			t.Errorf("in pieces of %d:\n got %q\nwant %q", size, split.Events, whole.Events)
		}
	})
}

// EncodingShown says whether text has the two bytes by which its encoding is
// known, and no zero among them: with one, what it is taken for depends on how
// much of it is seen.
func EncodingShown(text []byte) bool { return len(text) > 1 && text[0] != 0 && text[1] != 0 }

// Samples returns the members of the public logs.zip whose names match a
// pattern of package path, by name. The test is skipped where they are absent.
func Samples(tb testing.TB, pattern string) map[string][]byte {
	tb.Helper()
	folder := os.Getenv("KULLA_DATA")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "..", "shared", "data")
	}
	archive, err := zip.OpenReader(filepath.Join(folder, "logs.zip"))
	if err != nil {
		tb.Skipf("public data is absent: %v (set KULLA_DATA to the folder that has it)", err)
	}
	defer archive.Close()
	samples := map[string][]byte{}
	for _, member := range archive.File {
		if matched, err := path.Match(pattern, member.Name); err != nil {
			tb.Fatal(err)
		} else if matched {
			samples[member.Name] = content(tb, member)
		}
	}
	if len(samples) == 0 {
		tb.Fatalf("logs.zip has no %s", pattern)
	}
	return samples
}

func content(tb testing.TB, member *zip.File) []byte {
	tb.Helper()
	in, err := member.Open()
	if err != nil {
		tb.Fatal(err)
	}
	defer in.Close()
	text, err := io.ReadAll(in)
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

// counter takes events and keeps nothing.
type counter struct{ events int }

func (c *counter) Event(*event.Event) error { c.events++; return nil }
func (c *counter) Problem(format.Problem)   {}
func (c *counter) Note(string)              {}

// Benchmark measures splitting and parsing a text, again and again.
func Benchmark(b *testing.B, f *format.Format, text []byte) {
	b.Helper()
	parser, out := f.NewParser(), new(counter)
	block := format.Block{Source: new(event.Source), Data: text, Line: 1, First: true, Last: true}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		cut := f.NewSplitter(format.Options{Record: 8 << 20}).Split(text, true)
		block.Data, block.State = text[:cut.Size], cut.State
		if err := parser.Parse(&block, out); err != nil {
			b.Fatal(err)
		}
	}
	if out.events == 0 {
		b.Fatal("no events")
	}
	b.ReportMetric(float64(out.events)/b.Elapsed().Seconds(), "events/s")
}
