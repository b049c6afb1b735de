package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/source"
	"github.com/kulla-defence/kulla/sigma"
)

// A Summary is what stands beside findings: what was read, what was counted,
// and what could not have been found.
type Summary struct {
	Register *source.Register
	Result   *detect.Result
	Groups   *Groups
	// RuleProblems are the rules that were not loaded, and why.
	RuleProblems []sigma.Problem
	Zone         *time.Location
	// Interrupted is set when the user stopped the run before its end.
	Interrupted bool
}

// maxListed is how many lines of one kind a summary for people has. The JSON
// summary has all of them.
const maxListed = 8

// WriteSummary writes the summary for a person.
func WriteSummary(w io.Writer, s *Summary, style Style) error {
	p := &page{out: bufio.NewWriter(w), style: style}
	p.out.WriteByte('\n')
	if s.Interrupted {
		p.line("Interrupted", style.paint(red, "the evidence was not read to its end; this is what was found so far"))
		list(p, "Unfinished", unfinished(s.Register), unfinishedLine.fit)
	}
	s.writeEvidence(p)
	s.writeEvents(p)
	s.writeFindings(p)
	s.writeRules(p)
	s.writeUnseen(p)
	s.writeUnstated(p)
	list(p, "Correlation", s.Result.Uncorrelated, func(text string, _ int) string { return Visible(text) })
	s.writeBlind(p)
	return p.out.Flush()
}

// A page writes lines with a heading on the left.
type page struct {
	out   *bufio.Writer
	style Style
	last  string
}

const headingWidth = 12

func (p *page) line(heading, text string) {
	shown := heading
	if heading == p.last {
		shown = ""
	}
	p.last = heading
	fmt.Fprintf(p.out, "%s%s\n", p.style.paint(bold, fmt.Sprintf("%-*s", headingWidth, shown)), text)
}

// room is the number of columns right of the heading; 0 is any.
func (p *page) room() int {
	if p.style.Width == 0 {
		return 0
	}
	return max(p.style.Width-headingWidth, 40)
}

// list writes up to maxListed lines, and says how many more there are.
func list[T any](p *page, heading string, items []T, text func(item T, room int) string) {
	for i, item := range items {
		if i == maxListed && len(items) > maxListed+1 {
			p.line(heading, fmt.Sprintf("… and %s more (all of them with --summary FILE)", Thousands(int64(len(items)-i))))
			return
		}
		p.line(heading, text(item, p.room()))
	}
}

func (s *Summary) writeEvidence(p *page) {
	var bytes, records, carved int64
	formats := map[string]int{}
	read := 0
	for i := range s.Register.Files {
		file := &s.Register.Files[i]
		bytes += file.Size
		records += file.Records
		carved += file.Carved
		if file.Source.Format != "" {
			formats[file.Source.Format]++
			read++
		}
	}
	p.line("Evidence", fmt.Sprintf("%s, %s bytes, %s%s", s.filesRead(read),
		Thousands(bytes), quantity(records, "record", "records"), nameCounts(formats)))
	if carved > 0 {
		p.line("Evidence", quantity(carved, "record was carved", "records were carved")+" from bytes that logs no longer count")
	}
	if first, last := s.period(); !first.IsZero() {
		p.line("Evidence", clock(first, s.Zone)+" … "+clock(last, s.Zone))
	}
}

// filesRead says how many files were read; of how many, nobody knows when the run
// was interrupted.
func (s *Summary) filesRead(read int) string {
	if s.Interrupted {
		return quantity(int64(read), "file", "files") + " read before the interruption"
	}
	return fmt.Sprintf("%s of %s read", Thousands(int64(read)), quantity(int64(len(s.Register.Files)), "file", "files"))
}

// period is from the first to the last event.
func (s *Summary) period() (first, last time.Time) {
	for _, channel := range s.Result.Channels {
		if channel.First.IsZero() {
			continue
		}
		if first.IsZero() || channel.First.Before(first) {
			first = channel.First
		}
		if channel.Last.After(last) {
			last = channel.Last
		}
	}
	return first, last
}

func (s *Summary) writeEvents(p *page) {
	const most = 6
	p.line("Events", joinCounts(s.Result.Channels, most, "sources", func(c detect.Channel) (string, int64) { return c.Name, c.Events }))
	p.line("Hosts", joinCounts(s.Result.Hosts, most, "hosts", func(h detect.Host) (string, int64) { return h.Name, h.Events }))
	if s.Result.OutsideRange > 0 {
		p.line("Left out", Thousands(s.Result.OutsideRange)+" events outside the asked times")
	}
}

func joinCounts[T any](items []T, most int, noun string, of func(T) (string, int64)) string {
	if len(items) == 0 {
		return "none"
	}
	var parts []string
	for i, item := range items {
		if i == most && len(items) > most+1 {
			parts = append(parts, fmt.Sprintf("and %d more %s", len(items)-i, noun))
			break
		}
		name, n := of(item)
		parts = append(parts, Visible(name)+" "+Thousands(n))
	}
	return strings.Join(parts, " · ")
}

func (s *Summary) writeFindings(p *page) {
	var parts []string
	var total int64
	for level := sigma.Critical; ; level-- {
		if n := s.Groups.Levels()[level]; n > 0 {
			total += n
			name := cmp.Or(levelName(level), "without a level")
			parts = append(parts, p.style.paint(levelColor(level), name+" "+Thousands(n)))
		}
		if level == sigma.NoLevel {
			break
		}
	}
	if total == 0 {
		p.line("Findings", "none: read on for what could not have been seen")
		return
	}
	p.line("Findings", strings.Join(parts, " · "))
}

func (s *Summary) writeRules(p *page) {
	text := quantity(int64(s.Result.Rules), "rule", "rules") + " looked for"
	if n := s.Result.BelowLevel; n > 0 {
		text += fmt.Sprintf("; %s below the asked level left out", Thousands(int64(n)))
	}
	p.line("Rules", text)
	kinds := map[string]int{}
	for _, problem := range s.RuleProblems {
		kinds[problem.Kind.String()]++
	}
	if len(s.RuleProblems) > 0 {
		p.line("Rules", fmt.Sprintf("%s not loaded%s", Thousands(int64(len(s.RuleProblems))), nameCounts(kinds)))
		list(p, "Rules", s.RuleProblems, func(problem sigma.Problem, room int) string {
			return fitName("  ", problem.At.String(), ": "+Visible(problem.Message), room)
		})
	}
}

// writeUnseen lists what the evidence itself hides: files that could not be
// read, damaged records, gaps and cleared logs.
func (s *Summary) writeUnseen(p *page) {
	list(p, "Cleared", s.Result.Cleared, func(m detect.Cleared, room int) string {
		return fitName(fmt.Sprintf("%s  %s  %s was cleared: ", clock(m.Time, s.Zone), hostName(m.Host), clearedName(m)), m.Place.Source.Name,
			fmt.Sprintf(" record %d", m.Place.RecordID), room)
	})
	list(p, "Gaps", s.gaps(), func(g gapLine, room int) string {
		return fitName(fmt.Sprintf("%s missing between %d (%s) and %d (%s): ", quantity(int64(g.gap.Missing), "record", "records"),
			g.gap.After, clock(g.gap.AfterTime, s.Zone), g.gap.Before, clock(g.gap.BeforeTime, s.Zone)), g.file.Source.Name, "", room)
	})
	list(p, "Copies", copies(s.Register), func(f *source.File, room int) string {
		return fitName("", f.Source.Name, ": "+copyNote(f), room)
	})
	unread, notes := problemLines(s.Register)
	list(p, "Not read", unread, problemLine.fit)
	list(p, "Notes", notes, problemLine.fit)
}

// copies are the files that are not counted, as another has the same content.
func copies(register *source.Register) (files []*source.File) {
	for i := range register.Files {
		if f := &register.Files[i]; f.CopyOf != "" {
			files = append(files, f)
		}
	}
	return files
}

// copyNote says of a copy what it is one of.
func copyNote(f *source.File) string { return "not counted, the same content as " + Visible(f.CopyOf) }

// clearedName names the log that was cleared.
func clearedName(m detect.Cleared) string {
	if m.Log == "" {
		return "a log"
	}
	return "log " + Visible(m.Log)
}

// writeUnstated says which times had to be taken in a way the evidence does not
// state, and what settles it.
func (s *Summary) writeUnstated(p *page) {
	for _, line := range Unstated(s.Register) {
		p.line("Times", line)
	}
}

// Unstated says, a line each, how many sources leave open of their times what
// only the user can know.
func Unstated(register *source.Register) []string {
	var zones, years []string
	var events, timeless int64
	for i := range register.Files {
		file := &register.Files[i]
		if file.WithoutZone > 0 {
			zones = append(zones, file.Source.Name)
		}
		if file.WithoutYear > 0 {
			years = append(years, file.Source.Name)
			events += file.WithoutYear
		}
		timeless += file.WithoutTime - file.WithoutYear
	}
	var lines []string
	if len(zones) > 0 {
		lines = append(lines, fmt.Sprintf("times of %s state no zone: taken as UTC; give --source-tz", namedSources(zones)))
	}
	if len(years) > 0 {
		lines = append(lines, fmt.Sprintf("times of %s state no year: %s without a time; give --source-year", namedSources(years), quantity(events, "event", "events")))
	}
	if timeless > 0 {
		lines = append(lines, quantity(timeless, "event", "events")+" without a time")
	}
	return lines
}

// namedSources counts sources, and names the first.
func namedSources(names []string) string {
	const most = 3
	text := quantity(int64(len(names)), "source", "sources") + " (" + Visible(strings.Join(names[:min(len(names), most)], ", "))
	if more := len(names) - most; more > 0 {
		text += fmt.Sprintf(" and %s more", Thousands(int64(more)))
	}
	return text + ")"
}

type gapLine struct {
	file *source.File
	gap  source.Gap
}

func (s *Summary) gaps() []gapLine {
	var lines []gapLine
	for i := range s.Register.Files {
		file := &s.Register.Files[i]
		for _, gap := range file.Gaps {
			lines = append(lines, gapLine{file, gap})
		}
	}
	slices.SortStableFunc(lines, func(a, b gapLine) int { return cmp.Compare(b.gap.Missing, a.gap.Missing) })
	return lines
}

// writeBlind lists rules that could not have fired on this evidence.
func (s *Summary) writeBlind(p *page) {
	if len(s.Result.Blind) == 0 {
		return
	}
	total := map[*detect.Rule]bool{}
	for _, blind := range s.Result.Blind {
		for _, rule := range blind.Rules {
			total[rule] = true
		}
	}
	where := "on this evidence"
	if s.Interrupted {
		where = "on what was read before the interruption"
	}
	p.line("Blind", fmt.Sprintf("%s of %s could not have fired %s:", Thousands(int64(len(total))), quantity(int64(s.Result.Rules), "rule", "rules"), where))
	list(p, "Blind", s.Result.Blind, func(b detect.Blind, room int) string {
		return shorten(fmt.Sprintf("%6s  %s", Thousands(int64(len(b.Rules))), Visible(b.Reason)), room)
	})
}

// nameCounts is " (evtx 190, json 4)", or nothing.
func nameCounts(counts map[string]int) string {
	if len(counts) == 0 {
		return ""
	}
	var parts []string
	for name, n := range counts {
		parts = append(parts, fmt.Sprintf("%s %s", name, Thousands(int64(n))))
	}
	slices.Sort(parts)
	return " (" + strings.Join(parts, ", ") + ")"
}

// quantity writes a number of things.
func quantity(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Thousands(n) + " " + many
}

// Thousands writes a number with its thousands apart: 1,234,567.
func Thousands(n int64) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
