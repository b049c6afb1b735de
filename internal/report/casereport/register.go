package casereport

import (
	"encoding/hex"
	"html/template"
	"strings"
)

// maxRegistered files of the evidence are on a page.
const maxRegistered = 2000

// Registered are the rows of the evidence register. They are most of the rows
// of a page, and a template takes ten times as long for them.
func (p *page) Registered() template.HTML {
	var out strings.Builder
	for i := range p.Evidence[:min(len(p.Evidence), maxRegistered)] {
		p.registerRow(&out, &p.Evidence[i])
	}
	return template.HTML(out.String())
}

// MoreEvidence counts the files that are not on the page.
func (p *page) MoreEvidence() int { return max(0, len(p.Evidence)-maxRegistered) }

func (p *page) registerRow(out *strings.Builder, one *Evidence) {
	out.WriteString(`<tr><th scope="row">` + evidenceHTML(one.Name))
	for _, alias := range one.Aliases {
		out.WriteString(`<br><small>= ` + evidenceHTML(alias) + `</small>`)
	}
	for _, problem := range one.Problems {
		out.WriteString(`<br><small class="problem">` + evidenceHTML(problem) + `</small>`)
	}
	out.WriteString(`</th><td>` + evidenceHTML(one.Format) + `</td><td class="n">`)
	out.WriteString(string(p.words.number(one.Size)) + `</td><td class="n">` + string(p.words.number(one.Records)))
	out.WriteString(`</td><td class="when">` + string(timeHTML(one.First)) + `</td><td class="when">` + string(timeHTML(one.Last)))
	out.WriteString(`</td><td class="code">` + hex.EncodeToString(one.SHA256[:]) + `</td></tr>`)
}
