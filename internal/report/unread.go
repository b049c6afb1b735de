package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/kulla-defence/kulla/internal/source"
	"github.com/kulla-defence/kulla/internal/source/format"
)

// A severity orders what could not be read: the worst first.
type severity int

const (
	nothingRead  severity = iota // also archives, of which nobody knows what they hold
	partLost                     // records or bytes are gone, or the end is
	damaged                      // all was read, although it is not as it should be
	unrecognised                 // nobody looked into it
	passedOver
	empty
)

// A problemLine is a source with problems, and what they come to; or several
// sources of which the same is to be said.
type problemLine struct {
	name     string
	reason   string
	problems int64
	lost     int64
	severity severity
}

func (l problemLine) String() string { return l.fit(0) }

// fit writes the line such that it fits a number of columns, if it can: the name
// is shortened, never the reason.
func (l problemLine) fit(room int) string {
	return fitName("", l.name, ": "+Visible(l.reason), room)
}

// problemsOf says of each source with problems what they come to: what could
// not be opened first, then the greatest losses.
func problemsOf(register *source.Register) []problemLine {
	var lines []problemLine
	for i := range register.Archives {
		if file := &register.Archives[i]; file.ProblemCount > 0 {
			line := problemLine{file.Source.Name, lossOf(file), file.ProblemCount, file.LostBytes, severityOf(file)}
			if file.Unread() {
				line.severity = nothingRead
			}
			lines = append(lines, line)
		}
	}
	for i := range register.Files {
		if file := &register.Files[i]; file.ProblemCount > 0 {
			lines = append(lines, problemLine{file.Source.Name, lossOf(file), file.ProblemCount, file.LostBytes, severityOf(file)})
		}
	}
	slices.SortStableFunc(lines, func(a, b problemLine) int {
		return cmp.Or(cmp.Compare(a.severity, b.severity), cmp.Compare(b.lost, a.lost))
	})
	return lines
}

func severityOf(file *source.File) severity {
	switch kinds := &file.OfKind; {
	case kinds[format.NothingRead] > 0:
		return nothingRead
	case kinds[format.PartLost]+kinds[format.Truncated] > 0:
		return partLost
	case kinds[format.Unrecognised] > 0:
		return unrecognised
	case kinds[format.PassedOver] > 0:
		return passedOver
	case kinds[format.Empty] > 0:
		return empty
	}
	return damaged
}

// lossOf says in one line what the problems of a source come to, the greatest
// loss first.
func lossOf(file *source.File) string {
	text := problemText(file)
	if severityOf(file) == damaged {
		text = "damaged, and read all the same: " + text
	}
	return text
}

func problemText(file *source.File) string {
	if file.ProblemCount == 1 {
		return describeProblem(file.Problems[0])
	}
	var parts []string
	for _, kind := range []format.Kind{format.NothingRead, format.Truncated, format.PartLost, format.Unrecognised, format.PassedOver, format.Empty, format.ChecksumDiffers, format.ReadAnyway} {
		if n := file.OfKind[kind]; n > 0 {
			parts = append(parts, ofKind(file, kind, n))
		}
	}
	return strings.Join(parts, "; ")
}

// ofKind says what the n problems of one kind come to.
func ofKind(file *source.File, kind format.Kind, n int64) string {
	switch kind {
	case format.PartLost:
		return partsLost(file, n)
	case format.ChecksumDiffers:
		if n > 1 {
			return Thousands(n) + " checksums differ"
		}
	case format.ReadAnyway:
		if n > 1 {
			return Thousands(n) + " places are not as they should be"
		}
	}
	text := "not all was read"
	for i := range file.Problems {
		if file.Problems[i].Kind == kind {
			text = describeProblem(file.Problems[i])
			break
		}
	}
	if n > 1 {
		text += fmt.Sprintf(" (and %s more)", Thousands(n-1))
	}
	return text
}

// partsLost says how much is gone, and where the most.
func partsLost(file *source.File, n int64) string {
	var greatest *source.Problem
	for i := range file.Problems {
		if p := &file.Problems[i]; p.Kind == format.PartLost && (greatest == nil || p.Lost > greatest.Lost) {
			greatest = p
		}
	}
	var text string
	switch {
	case greatest == nil: // it is behind those that are listed
		return quantity(n, "place was", "places were") + " not read"
	case file.LostBytes == 0:
		text = describeProblem(*greatest)
	case n == 1:
		return describeProblem(*greatest)
	case file.LostRecords > 0:
		return fmt.Sprintf("%s, %s lost, the most at offset %d: %s", quantity(file.LostRecords, "record", "records"), byteSize(file.LostBytes), greatest.Offset, greatest.Reason)
	default:
		return fmt.Sprintf("%s lost in %s places, the most at offset %d: %s", byteSize(file.LostBytes), Thousands(n), greatest.Offset, greatest.Reason)
	}
	if n > 1 {
		text += fmt.Sprintf(" (and %s more)", Thousands(n-1))
	}
	return text
}

// byteSize writes a number of bytes with a decimal unit.
func byteSize(n int64) string {
	if n < 1000 {
		return quantity(n, "byte", "bytes")
	}
	value, units := float64(n)/1000, []string{"kB", "MB", "GB", "TB"}
	for value >= 1000 && len(units) > 1 {
		value, units = value/1000, units[1:]
	}
	return fmt.Sprintf("%.1f %s", value, units[0])
}

// problemLines are the lines for a person: what was not read, and notes of what
// lost nothing: files that are damaged or empty. Of what nobody looked into, one line says how many
// there are, so that it does not hide a loss.
func problemLines(register *source.Register) (unread, notes []problemLine) {
	type group struct {
		severity severity
		names    []string
	}
	alike := map[string]*group{}
	var reasons []string
	for _, line := range problemsOf(register) {
		switch {
		case line.severity <= partLost:
			unread = append(unread, line)
		case line.severity == damaged:
			notes = append(notes, line)
		default:
			if alike[line.reason] == nil {
				reasons, alike[line.reason] = append(reasons, line.reason), &group{severity: line.severity}
			}
			alike[line.reason].names = append(alike[line.reason].names, line.name)
		}
	}
	for _, reason := range reasons {
		if line := together(reason, alike[reason].names); alike[reason].severity == empty {
			notes = append(notes, line)
		} else {
			unread = append(unread, line)
		}
	}
	return unread, notes
}

// together says the same of several sources.
func together(reason string, names []string) problemLine {
	const examples = 3
	if len(names) == 1 {
		return problemLine{name: names[0], reason: reason}
	}
	text := reason + ": "
	if len(names) > examples {
		text = reason + ", such as "
	}
	for i, name := range names[:min(examples, len(names))] {
		if i > 0 {
			text += ", "
		}
		text += shortenMiddle(Visible(name), 40)
	}
	return problemLine{name: quantity(int64(len(names)), "file", "files"), reason: text}
}

// describeProblem says what could not be read, and where.
func describeProblem(p source.Problem) string {
	text := p.Reason
	if p.Record != 0 {
		text += fmt.Sprintf(", record %d", p.Record)
	}
	if p.Line != 0 {
		text += fmt.Sprintf(", line %d", p.Line)
	}
	if p.Offset >= 0 {
		text += fmt.Sprintf(", offset %d", p.Offset)
	}
	if p.Lost > 0 {
		text += fmt.Sprintf(", %s lost", byteSize(p.Lost))
	}
	if slices.Contains(raisable, p.Limit) {
		text += fmt.Sprintf(" (raise it with --limit %s=N)", p.Limit)
	}
	return text
}

// raisable are the limits that the user settles.
var raisable = []string{"bytes", "members", "depth", "ratio", "memory"}

// WriteProblems lists all that could not be read, and what is damaged, one line
// a file.
func WriteProblems(w io.Writer, register *source.Register) error {
	if err := WriteUnread(w, register); err != nil {
		return err
	}
	_, notes := problemLines(register)
	return writeLines(w, "note", notes)
}

// WriteUnread lists all that could not be read, one line a file.
func WriteUnread(w io.Writer, register *source.Register) error {
	unread, _ := problemLines(register)
	return writeLines(w, "not read", unread)
}

func writeLines(w io.Writer, what string, lines []problemLine) error {
	for _, line := range lines {
		if _, err := fmt.Fprintf(w, "kulla: %s: %s\n", what, line); err != nil {
			return err
		}
	}
	return nil
}

// fitName writes a name between two texts. When they do not fit a number of
// columns together, the name is shortened in its middle: its beginning says which
// evidence it is, its end which file.
func fitName(before, name, after string, room int) string {
	const least = 16
	name = Visible(name)
	if room > 0 {
		name = shortenMiddle(name, max(room-width(before)-width(after), least))
	}
	return before + name + after
}
