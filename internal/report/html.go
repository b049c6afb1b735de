package report

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"strings"

	"github.com/kulla-defence/kulla/internal/detect"
)

const htmlStyle = `:root{color-scheme:light dark;--ink:#1b1f24;--soft:#59636e;--page:#fff;--card:#f6f8fa;--line:#d1d9e0;--critical:#b3121d;--high:#a84300;--medium:#7a5b00;--low:#0a5cb8}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9da7b3;--page:#0d1117;--card:#161b22;--line:#30363d;--critical:#ff7b81;--high:#ffa657;--medium:#e3c55f;--low:#79b8ff}}
*{box-sizing:border-box}body{margin:0 auto;padding:1.5rem;max-width:76rem;font:1rem/1.5 system-ui,sans-serif;color:var(--ink);background:var(--page);overflow-wrap:anywhere}
h1{font-size:1.6rem;margin:0 0 1rem}h2{font-size:1.2rem;margin:2rem 0 .5rem}h3{font-size:1rem;margin:0}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.5rem;margin:0}dt{color:var(--soft)}dd{margin:0}
section,.rule{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:1rem;margin:.75rem 0}
.level{font-weight:700}.critical{color:var(--critical)}.high{color:var(--high)}.medium{color:var(--medium)}.low{color:var(--low)}
.soft{color:var(--soft);font-weight:400}.when{display:inline-block;font-variant-numeric:tabular-nums}code{font:.875rem/1.5 ui-monospace,monospace}
details{margin-top:.5rem;border-top:1px solid var(--line);padding-top:.5rem}summary{cursor:pointer}ul,ol{margin:.25rem 0;padding-left:1.5rem}dd:last-child{margin:0}
section details{margin:0;border:0;padding:0}
@media(max-width:40rem){body{padding:.75rem}dl{grid-template-columns:1fr;gap:0}dd:not(:last-child){margin-bottom:.5rem}}
@media print{body{max-width:none;padding:0}h3,summary{break-after:avoid}li{break-inside:avoid}details::details-content{content-visibility:visible}}`

// A page lists so many further findings of a rule on a host, and so many of all;
// of the others it says how many there are.
const (
	maxFurther    = 100
	maxFurtherAll = 20_000
)

// WriteHTML writes one page that needs nothing else: no script, no request.
// Links in evidence are broken, and everything from outside is text.
func WriteHTML(w io.Writer, d *Document) error {
	further, err := furtherFindings(d)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 64<<10)
	out.WriteString(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">
<title>Kulla: findings</title><style>` + htmlStyle + "</style></head>\n<body><h1>Findings</h1>\n<section><dl>\n")
	for _, item := range overview(d.Summary) {
		fmt.Fprintf(out, "<dt>%s</dt><dd>%s</dd>\n", item.name, htmlText(item.text))
	}
	out.WriteString("</dl></section>\n")
	writeUnseenHTML(out, d.Summary)
	writeGroupsHTML(out, d, further)
	out.WriteString("</body></html>\n")
	return out.Flush()
}

func writeUnseenHTML(out *bufio.Writer, s *Summary) {
	lines := unseenLines(s)
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(out, "<section><details><summary>What could not be seen: %s</summary><ul>\n", quantity(int64(len(lines)), "remark", "remarks"))
	for _, line := range lines {
		fmt.Fprintf(out, "<li>%s</li>\n", htmlText(line))
	}
	out.WriteString("</ul></details></section>\n")
}

func writeGroupsHTML(out *bufio.Writer, d *Document, further map[*Group][]string) {
	groups := d.Summary.Groups.Sorted()
	for i, group := range groups {
		if i == 0 || groups[i-1].Rule != group.Rule {
			if i > 0 {
				out.WriteString("</div>\n")
			}
			level := levelTitle(group.Rule.Level)
			fmt.Fprintf(out, "<div class=\"rule\"><h3><span class=\"level %s\">%s</span> %s <span class=\"soft\">%s</span></h3>\n",
				levelName(group.Rule.Level), level, htmlText(group.Rule.Title), htmlText(strings.Join(group.Rule.Techniques, " ")))
		}
		writeGroupHTML(out, d, group, further[group])
	}
	if len(groups) > 0 {
		out.WriteString("</div>\n")
	}
}

func writeGroupHTML(out *bufio.Writer, d *Document, group *Group, further []string) {
	fmt.Fprintf(out, "<details><summary><b>%s</b> %s× <span class=\"when soft\">%s</span></summary>\n", htmlText(hostName(group.Host)),
		Thousands(group.Count), htmlText(span(group.First, group.Last, zoneOf(d.Summary))))
	fmt.Fprintf(out, "<p class=\"soft\">The first of them: %s</p><ul>\n", htmlText(placeText(group.Example)))
	for _, field := range htmlFields(group.Example) {
		fmt.Fprintf(out, "<li>%s: <code>%s</code></li>\n", htmlText(field.Name), htmlText(field.Value))
	}
	fmt.Fprintf(out, "</ul><p class=\"soft\"><code>%s</code></p>\n", FindingID(group.Example, d.Digests))
	writeFurtherHTML(out, group, further)
	out.WriteString("</details>\n")
}

func writeFurtherHTML(out *bufio.Writer, group *Group, further []string) {
	if group.Count < 2 {
		return
	}
	fmt.Fprintf(out, "<details><summary>%s</summary><ol start=\"2\">\n", quantity(group.Count-1, "further finding", "further findings"))
	for _, line := range further {
		out.WriteString(line)
	}
	out.WriteString("</ol>\n")
	if left := group.Count - 1 - int64(len(further)); left > 0 {
		fmt.Fprintf(out, "<p class=\"soft\">%s not on this page; -f jsonl has all.</p>\n", quantity(left, "is", "are"))
	}
	out.WriteString("</details>\n")
}

// furtherFindings are the lines of findings that are not the example of their
// group, as many as a page lists.
func furtherFindings(d *Document) (map[*Group][]string, error) {
	further, lines := map[*Group][]string{}, 0
	for f, err := range d.Findings {
		if err != nil {
			return nil, err
		}
		group := d.Summary.Groups.Of(f)
		if group == nil || FindingID(f, d.Digests) == FindingID(group.Example, d.Digests) {
			continue
		}
		if len(further[group]) < maxFurther && lines < maxFurtherAll {
			further[group] = append(further[group], furtherHTML(f, d))
			lines++
		}
	}
	return further, nil
}

func furtherHTML(f *detect.Finding, d *Document) string {
	return fmt.Sprintf("<li><span class=\"when\">%s</span> %s <span class=\"soft\">%s <code>%s</code></span></li>\n",
		htmlText(span(f.Time, f.Time, zoneOf(d.Summary))), htmlText(clipped(exampleFields(f))), htmlText(placeText(f)), FindingID(f, d.Digests))
}

func htmlFields(f *detect.Finding) []detect.Field {
	if f.Correlation != nil {
		return f.Correlation.Group
	}
	return f.Fields
}

// htmlText is text from outside for a page: visible, defanged, escaped.
func htmlText(text string) string { return html.EscapeString(Defang(Visible(text))) }

// clipped is the beginning of a long text.
func clipped(text string) string {
	const most = 400
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
