package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kulla-defence/kulla/internal/detect"
)

// WriteTable writes groups of findings for a person: each rule once, then for
// each host how often and when, and one concrete example with the place where
// its record stands. Groups of one rule must follow one another, as Sorted
// returns them. Times are shown in the given zone.
func WriteTable(w io.Writer, groups []*Group, zone *time.Location, style Style) error {
	out := bufio.NewWriter(w)
	hosts, counts := hostWidth(groups), countWidth(groups)
	for i, group := range groups {
		if i == 0 || groups[i-1].Rule != group.Rule {
			if i > 0 {
				out.WriteByte('\n')
			}
			writeRule(out, group.Rule, style)
		}
		fmt.Fprintf(out, "%s%s  %*d×  %s\n", indent,
			style.paint(bold, fmt.Sprintf("%-*s", hosts, shorten(hostName(group.Host), hosts))),
			counts, group.Count, span(group.First, group.Last, zone))
		writeExample(out, group.Example, style)
	}
	return out.Flush()
}

// indent lines up with the text behind a level's four letters.
const indent = "      "

func writeRule(out *bufio.Writer, rule *detect.Rule, style Style) {
	title, techniques := Visible(rule.Title), Visible(strings.Join(rule.Techniques, " "))
	if style.Width > 0 {
		room := style.Width - len(indent)
		if techniques != "" {
			room -= 2 + len(techniques)
		}
		title = shorten(title, max(room, 24))
	}
	fmt.Fprintf(out, "%s  %s", style.paint(levelColor(rule.Level), levelWord(rule.Level)), style.paint(bold, title))
	if techniques != "" {
		fmt.Fprintf(out, "  %s", style.paint(dim, techniques))
	}
	out.WriteByte('\n')
}

func hostName(name string) string {
	if name == "" {
		return "(host unknown)"
	}
	return Visible(name)
}

// writeExample writes the fields that matched, and where the record stands.
func writeExample(out *bufio.Writer, f *detect.Finding, style Style) {
	width := style.Width
	if width > 0 {
		width = max(width-len(indent), 24)
	}
	if text := exampleFields(f); text != "" {
		fmt.Fprintf(out, "%s%s\n", indent, shorten(text, width))
	}
	if text := latestText(f); text != "" {
		fmt.Fprintf(out, "%s%s\n", indent, shorten(text, width))
	}
	fmt.Fprintf(out, "%s%s\n", indent, style.paint(dim, placeText(f)))
}

// latestText says of a correlation what its last event is, which stands at the
// place that is shown: the rule that it matched, and what it says.
func latestText(f *detect.Finding) string {
	if f.Correlation == nil || len(f.Correlation.Events) == 0 {
		return ""
	}
	last := f.Correlation.Events[len(f.Correlation.Events)-1]
	parts := []string{"last: " + Visible(last.Rule.Title)}
	for _, field := range shownFields(f.Correlation.Latest, false) {
		parts = append(parts, Visible(field.Name)+": "+Visible(field.Value))
	}
	return strings.Join(parts, " · ")
}

func exampleFields(f *detect.Finding) string {
	fields := f.Fields
	prefix := ""
	if f.Correlation != nil {
		fields = f.Correlation.Group
		prefix = fmt.Sprintf("%d events", f.Correlation.Count)
		if f.Correlation.Value != float64(f.Correlation.Count) {
			prefix += fmt.Sprintf(", value %g", f.Correlation.Value)
		}
	}
	parts := make([]string, 0, len(fields)+1)
	if prefix != "" {
		parts = append(parts, prefix)
	}
	for _, field := range shownFields(fields, f.Correlation != nil) {
		parts = append(parts, Visible(field.Name)+": "+Visible(field.Value))
	}
	return strings.Join(parts, " · ")
}

// shownFields are the fields that made a rule match; where those only say what
// kind of event it is, what the event says. The channel stands in the source's
// name already.
func shownFields(fields []detect.Field, all bool) []detect.Field {
	const most = 8
	var asked, others []detect.Field
	telling := false
	for _, field := range fields {
		switch {
		case field.Name == "Channel" && !all:
		case field.Asked || all:
			asked = append(asked, field)
			telling = telling || all || field.Name != "EventID" && field.Name != "Provider_Name"
		case len(others) < most && field.Value != "" && field.Value != "-":
			others = append(others, field)
		}
	}
	if telling {
		return asked
	}
	return append(asked, others...)
}

// placeText says which record of which source, so that it can be looked up.
func placeText(f *detect.Finding) string {
	name := ""
	if f.Place.Source != nil {
		name = Visible(f.Place.Source.Name)
	}
	var where []string
	if f.Place.RecordID != 0 {
		where = append(where, fmt.Sprintf("record %d", f.Place.RecordID))
	}
	if f.Place.Line != 0 {
		where = append(where, fmt.Sprintf("line %d", f.Place.Line))
	}
	where = append(where, fmt.Sprintf("offset %d", f.Place.Offset))
	if f.Place.Carved {
		where = append(where, "carved")
	}
	return name + " " + strings.Join(where, ", ")
}

// span shows when a group began and ended, to the second.
func span(first, last time.Time, zone *time.Location) string {
	text := clock(first, zone)
	if last.Truncate(time.Second).After(first.Truncate(time.Second)) {
		text += " … " + clock(last, zone)
	}
	return text
}

// clock shows a time to the second, with its zone.
func clock(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return "time unknown"
	}
	return t.In(zone).Format("2006-01-02 15:04:05Z07:00")
}

func hostWidth(groups []*Group) int {
	width := 4
	for _, g := range groups {
		width = max(width, utf8.RuneCountInString(hostName(g.Host)))
	}
	return min(width, 32)
}

func countWidth(groups []*Group) int {
	width := 1
	for _, g := range groups {
		width = max(width, len(fmt.Sprint(g.Count)))
	}
	return width
}
