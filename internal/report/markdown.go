package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"
)

// WriteMarkdown writes the summary and the groups of findings as GitHub
// flavoured Markdown.
func WriteMarkdown(w io.Writer, d *Document) error {
	for _, err := range d.Findings {
		if err != nil {
			return err
		}
	}
	out := bufio.NewWriterSize(w, 64<<10)
	zone := zoneOf(d.Summary)
	out.WriteString("# Findings\n\n")
	for _, item := range overview(d.Summary) {
		fmt.Fprintf(out, "- **%s:** %s\n", item.name, escapeMarkdown(item.text))
	}
	groups := d.Summary.Groups.Sorted()
	for i, group := range groups {
		if i == 0 || groups[i-1].Rule != group.Rule {
			fmt.Fprintf(out, "\n## %s: %s\n\n", strings.TrimSpace(levelTitle(group.Rule.Level)), escapeMarkdown(group.Rule.Title))
			if len(group.Rule.Techniques) > 0 {
				fmt.Fprintf(out, "%s\n\n", escapeMarkdown(strings.Join(group.Rule.Techniques, " ")))
			}
			out.WriteString("| host | findings | when | example | where |\n| --- | ---: | --- | --- | --- |\n")
		}
		fmt.Fprintf(out, "| %s | %s | %s | %s | %s |\n", escapeMarkdown(hostName(group.Host)), Thousands(group.Count),
			escapeMarkdown(span(group.First, group.Last, zone)), escapeMarkdown(Defang(exampleFields(group.Example))), escapeMarkdown(placeText(group.Example)))
	}
	if unseen := unseenLines(d.Summary); len(unseen) > 0 {
		out.WriteString("\n## What could not be seen\n\n")
		for _, line := range unseen {
			fmt.Fprintf(out, "- %s\n", escapeMarkdown(line))
		}
	}
	return out.Flush()
}

func zoneOf(s *Summary) *time.Location {
	if s.Zone == nil {
		return time.UTC
	}
	return s.Zone
}

// escapeMarkdown makes text mean itself, in a cell of a table too. Characters
// that HTML knows become references, so that no tag is left.
func escapeMarkdown(text string) string {
	var out strings.Builder
	for _, r := range Visible(text) {
		switch {
		case r == '&':
			out.WriteString("&amp;")
		case r == '<':
			out.WriteString("&lt;")
		case r == '>':
			out.WriteString("&gt;")
		case strings.ContainsRune("\\`*_{}[]()#+!|~^$@:", r):
			fmt.Fprintf(&out, "&#%d;", r)
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}

// Defang breaks links, so that nobody follows one by accident: hxxp for http,
// and [.] for the dots of the host.
func Defang(text string) string {
	if !strings.Contains(text, "://") {
		return text
	}
	var out strings.Builder
	for {
		at := strings.Index(text, "://")
		if at < 0 {
			return out.String() + text
		}
		start := at
		for start > 0 && isLetter(text[start-1]) {
			start--
		}
		scheme, rest := text[start:at], text[at+3:]
		host := rest
		if end := strings.IndexAny(rest, "/?# \"'<>|\\"); end >= 0 {
			host = rest[:end]
		}
		out.WriteString(text[:start] + defangedScheme(scheme) + "://" + strings.ReplaceAll(host, ".", "[.]"))
		text = rest[len(host):]
	}
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func defangedScheme(scheme string) string {
	if len(scheme) >= 4 && strings.EqualFold(scheme[:4], "http") {
		return "hxxp" + scheme[4:]
	}
	return scheme + "[:]"
}
