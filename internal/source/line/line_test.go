package line_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/source/format"
	"github.com/kulla-defence/kulla/internal/source/line"
)

// utf16le encodes text with a byte order mark.
func utf16le(text string) []byte {
	out := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(text)) {
		out = append(out, byte(unit), byte(unit>>8))
	}
	return out
}

// read splits data as it would come in pieces of some size, and returns the
// lines with their places, and the problems.
func read(t *testing.T, data []byte, piece, limit int) (lines, problems []string) {
	t.Helper()
	splitter := line.NewSplitter(format.Options{Record: limit}, nil)
	var walker line.Walker
	offset, number := 0, int64(1)
	for have := min(piece, len(data)); offset < len(data); {
		final := have == len(data)
		cut := splitter.Split(data[offset:have], final)
		if cut.Size == 0 {
			if final {
				t.Fatal("nothing is cut at the end")
			}
			have = min(have+piece, len(data))
			continue
		}
		block := &format.Block{Source: new(event.Source), Data: data[offset : offset+cut.Size], Offset: int64(offset), Line: number, First: offset == 0, State: cut.State}
		if cut.Lost {
			problems = append(problems, cut.Problem.Reason)
		} else if err := walker.Each(block, func(l line.Line) error {
			lines = append(lines, fmt.Sprintf("%d@%d+%d %s", l.Number, l.Offset, l.Size, l.Text))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		offset += cut.Size
		number += cut.Lines
		have = max(have, min(offset+piece, len(data)))
	}
	return lines, problems
}

func TestLines(t *testing.T) {
	t.Parallel()
	const text = "one\r\n\nthree é\nfour"
	for _, piece := range []int{1, 2, 3, 5, 100} {
		lines, problems := read(t, []byte(text), piece, 100)
		if want := []string{"1@0+3 one", "3@6+8 three é", "4@15+4 four"}; !slices.Equal(lines, want) || problems != nil {
			t.Errorf("in pieces of %d: %q, %q", piece, lines, problems)
		}
		lines, problems = read(t, utf16le(text), 2*piece, 100)
		if want := []string{"1@2+6 one", "3@14+14 three é", "4@30+8 four"}; !slices.Equal(lines, want) || problems != nil {
			t.Errorf("UTF-16 in pieces of %d: %q, %q", piece, lines, problems)
		}
	}
}

func TestLineTooLong(t *testing.T) {
	t.Parallel()
	text := "one\n" + strings.Repeat("x", 50) + "\nthree\n"
	for _, piece := range []int{4, 7, 20} {
		lines, problems := read(t, []byte(text), piece, 20)
		if len(lines) != 2 || lines[1] != "3@55+5 three" || len(problems) == 0 {
			t.Errorf("in pieces of %d: %q, %q", piece, lines, problems)
		}
	}
}
