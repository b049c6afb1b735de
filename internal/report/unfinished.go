package report

import "github.com/kulla-defence/kulla/internal/source"

// An unfinishedLine is an input that an interruption came before, or into.
type unfinishedLine struct{ name, how string }

func (l unfinishedLine) fit(room int) string { return fitName("", l.name, ": "+l.how, room) }

// unfinished lists what was not read to its end: archives first, of which
// nobody knows what else they hold.
func unfinished(register *source.Register) []unfinishedLine {
	var lines []unfinishedLine
	for _, files := range [][]source.File{register.Archives, register.Files} {
		for i := range files {
			if files[i].Interrupted {
				lines = append(lines, unfinishedLine{files[i].Source.Name, "not read to its end"})
			}
		}
	}
	for _, name := range register.NotBegun {
		lines = append(lines, unfinishedLine{name, "not begun"})
	}
	return lines
}
