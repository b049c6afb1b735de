package casereport

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/internal/incident"
	"github.com/kulla-defence/kulla/internal/incident/entity"
	"github.com/kulla-defence/kulla/internal/report"
)

// A Screen says how the summary of a case is shown on a terminal.
type Screen struct {
	// Text puts a sentence into words.
	Text func(incident.Sentence) string
	// Width in columns; 0 is no terminal, and lines of 100.
	Width int
	Color bool
	// Height is how many lines there are; 0 is unknown. The summary is cut to
	// it, within 21 and 40.
	Height int
	// Last are lines for the end: where the case and its report are.
	Last []ScreenLine
}

// A ScreenLine is a heading and what stands beside it. Whole is not wrapped: a
// command is copied as it stands.
type ScreenLine struct {
	Heading, Text string
	Whole         bool
}

const (
	screenWidth   = 100
	screenHeading = 11
	leastLines    = 21
	mostLines     = 40
	noteLines     = 3
	handOffLines  = 2
	clockNames    = 4
)

// A room is how much of each part is told, and into how many lines a text may
// be wrapped (0: any number).
type room struct{ story, others, missing, steps, wrapped int }

// rooms are tried one after the other until what is told fits the screen.
var rooms = []room{{4, 3, 2, 2, 0}, {3, 3, 2, 2, 0}, {3, 3, 1, 2, 0}, {3, 3, 1, 1, 2}, {2, 3, 1, 1, 2}, {2, 2, 1, 1, 2},
	{1, 2, 1, 1, 2}, {1, 1, 1, 1, 2}, {1, 1, 1, 1, 1}}

// WriteScreen writes the summary of a case that fits one screen: the
// incidents with their stories, who probably did it, what is missing.
func WriteScreen(w io.Writer, d *Document, s Screen) error {
	if s.Width == 0 {
		s.Width = screenWidth
	}
	fits := mostLines
	if s.Height > 0 {
		fits = min(max(s.Height-1, leastLines), mostLines) // a line for the prompt
	}
	p := &screen{Screen: s}
	for _, p.room = range rooms {
		p.out.Reset()
		p.write(d)
		if bytes.Count(p.out.Bytes(), []byte("\n")) <= fits {
			break
		}
	}
	_, err := p.out.WriteTo(w)
	return err
}

type screen struct {
	Screen
	room room
	out  bytes.Buffer
}

func (p *screen) write(d *Document) {
	if d.Unfinished {
		p.line("Case", Unfinished)
	} else {
		p.evidence(d)
		p.incidents(d)
	}
	p.decided(d)
	p.answer(d)
	p.missing(d)
	p.first(d)
	p.clocks(d.Clocks)
	p.unseen(d)
	for _, line := range p.Last {
		if line.Whole {
			fmt.Fprintf(&p.out, "%s%s\n", p.bold(fmt.Sprintf("%-*s", screenHeading, line.Heading)), report.Visible(line.Text))
			continue
		}
		p.whole(line.Heading, line.Text)
	}
}

// Unfinished is what is said of a case in which no run came to its end.
const Unfinished = "nothing has been investigated: the run did not finish"

// decided says what the case is, and what was noted last.
func (p *screen) decided(d *Document) {
	if status := d.Status(); status != nil {
		p.line("Status", status.Status+by(status))
	}
	heading := "Notes"
	for i := max(len(d.Notes)-noteLines, 0); i < len(d.Notes); i++ {
		if n := &d.Notes[i]; n.Kind != "status" {
			about := ""
			if n.Ref != "" {
				about = " about " + n.Ref
			}
			p.line(heading, "- "+n.Kind+about+by(n))
			heading = ""
		}
	}
}

// by says who wrote a note, and what.
func by(n *Note) string {
	text := ", " + day(n.Time) + ", " + n.Author
	if n.Text != "" {
		text += ": " + n.Text
	}
	return text
}

// line writes a text beside its heading, wrapped, and cut where there is little
// room.
func (p *screen) line(heading, text string) {
	parts := wrap(report.Visible(text), p.Width-screenHeading)
	if most := p.room.wrapped; most > 0 && len(parts) > most {
		last := []rune(parts[most-1])
		parts = append(parts[:most-1], string(last[:min(len(last), max(p.Width-screenHeading-2, 1))])+" …")
	}
	p.lines(heading, parts)
}

// whole writes a text that is never cut: a command is copied from it.
func (p *screen) whole(heading, text string) {
	p.lines(heading, wrap(report.Visible(text), p.Width-screenHeading))
}

func (p *screen) lines(heading string, parts []string) {
	for i, part := range parts {
		if i > 0 {
			heading = ""
		}
		fmt.Fprintf(&p.out, "%s%s\n", p.bold(fmt.Sprintf("%-*s", screenHeading, heading)), part)
	}
}

func (p *screen) bold(text string) string {
	if !p.Color {
		return text
	}
	return "\x1b[1m" + text + "\x1b[0m"
}

// wrap cuts a text at blanks into lines of a width, in runes.
func wrap(text string, width int) []string {
	var lines []string
	line, length := "", 0
	for _, word := range strings.Fields(text) {
		size := len([]rune(word))
		if length > 0 && length+1+size > width {
			lines = append(lines, line)
			line, length = "", 0
		}
		if length > 0 {
			line, length = line+" ", length+1
		}
		line, length = line+word, length+size
	}
	return append(lines, line)
}

func (p *screen) evidence(d *Document) {
	var records int64
	var first, last time.Time
	for _, f := range d.Evidence {
		records += f.Records
		if !f.First.IsZero() && (first.IsZero() || f.First.Before(first)) {
			first = f.First
		}
		if f.Last.After(last) {
			last = f.Last
		}
	}
	text := quantity(int64(len(d.Evidence)), "file") + ", " + quantity(records, "event")
	if !first.IsZero() {
		text += ", " + day(first) + " to " + day(last)
	}
	p.line("Evidence", text+", "+levelsText(d.Levels))
}

// quantity writes a number of things.
func quantity(n int64, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return report.Thousands(n) + " " + thing
}

// day is a date; all times are UTC.
func day(t time.Time) string { return t.UTC().Format("2006-01-02") }

// levelNames are the levels, the gravest first.
var levelNames = []string{"critical", "high", "medium", "low", "informational"}

func levelsText(levels map[string]int64) string {
	var parts []string
	for _, level := range levelNames {
		if n := levels[level]; n > 0 {
			parts = append(parts, level+" "+report.Thousands(n))
		}
	}
	if len(parts) == 0 {
		return "no findings"
	}
	return "findings: " + strings.Join(parts, ", ")
}

// incidents tells the story of the first, and the titles of the next few.
func (p *screen) incidents(d *Document) {
	if len(d.Incidents) == 0 {
		p.line("Incidents", "none; what could not be seen is below")
		return
	}
	for i, one := range d.Incidents {
		if i > p.room.others {
			p.line("", fmt.Sprintf("and %s: kulla case show", countIncidents(d.Incidents[i:])))
			break
		}
		p.line(levelHeading(one.Level), fmt.Sprintf("%s %s (score %d)", one.ID, p.Text(one.Title), one.Score.Total))
		if hosts := namesOf(one, entity.Host); len(hosts) > 0 && i == 0 {
			p.line("", "on "+list(hosts, 8))
		}
		if i == 0 {
			p.story(one)
		}
	}
}

// levelHeading is a level in capitals, short enough for a heading.
func levelHeading(level string) string {
	if level == "informational" {
		return "INFO"
	}
	return strings.ToUpper(level)
}

func (p *screen) story(one *incident.Incident) {
	for i, sentence := range one.Story {
		if i == p.room.story && len(one.Story) > p.room.story+1 {
			p.whole("", fmt.Sprintf("… and %d more sentences: kulla case show CASE %s", len(one.Story)-i, one.ID))
			return
		}
		p.line("", "- "+p.Text(sentence))
	}
}

// countIncidents counts incidents by level, in words.
func countIncidents(list []*incident.Incident) string {
	var parts []string
	for _, level := range levelNames {
		n := 0
		for _, one := range list {
			if one.Level == level {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d more %s", n, level))
		}
	}
	return strings.Join(parts, ", ")
}

// namesOf are the entities of a kind in an incident.
func namesOf(one *incident.Incident, kind entity.Kind) []string {
	var names []string
	for _, use := range one.Entities {
		if use.Kind == kind {
			names = append(names, use.Name)
		}
	}
	return names
}

// list writes the first names, and how many more there are.
func list(names []string, most int) string {
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// missing lists evidence that was not there, of the gravest incident.
func (p *screen) missing(d *Document) {
	if len(d.Incidents) == 0 {
		return
	}
	heading := "Missing"
	for i, m := range d.Incidents[0].Missing {
		if i == p.room.missing {
			break
		}
		p.line(heading, "- "+p.Text(m.What)+" "+p.Text(m.Ask))
		heading = ""
	}
}

// first is what to do first against the techniques that were seen.
func (p *screen) first(d *Document) {
	heading := "Do first"
	for i, step := range FirstSteps(d) {
		if i == p.room.steps {
			break
		}
		p.line(heading, "- "+step.Name)
		heading = ""
	}
}

// clocks names those that are wrong, and counts those that agree.
func (p *screen) clocks(clocks []entity.Skew) {
	var wrong []string
	agree := 0
	for i := range clocks {
		switch c := &clocks[i]; {
		case c.Offset == 0:
			agree++
		default:
			way := "behind"
			if c.Offset < 0 {
				way = "ahead of"
			}
			wrong = append(wrong, fmt.Sprintf("%s %s %s %s", c.Source, c.Offset.Abs().Round(time.Second), way, c.Against))
		}
	}
	var parts []string
	if len(wrong) > 0 {
		parts = append(parts, list(wrong, clockNames))
	}
	if agree > 0 {
		parts = append(parts, fmt.Sprintf("%d agree", agree))
	}
	if len(parts) > 0 {
		p.line("Clocks", strings.Join(parts, "; "))
	}
}

// unseen counts what could not have been seen, by kind.
func (p *screen) unseen(d *Document) {
	counts := map[string]int64{}
	var kinds []string
	for _, u := range d.Unseen {
		if counts[u.What] == 0 {
			kinds = append(kinds, u.What)
		}
		counts[u.What] += max(u.Count, 1)
	}
	var parts []string
	for _, kind := range kinds {
		parts = append(parts, fmt.Sprintf("%s %s", kind, report.Thousands(counts[kind])))
	}
	if len(parts) > 0 {
		p.line("Not seen", strings.Join(parts, "; "))
	}
}
