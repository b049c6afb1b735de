package casereport

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/kulla-defence/kulla/internal/attribution"
	"github.com/kulla-defence/kulla/internal/incident"
)

// answer is one sentence of each kind, never two in one.
func (p *screen) answer(d *Document) {
	if d.Assessment == nil {
		return
	}
	a := d.Assessment
	p.line("Who", p.Text(a.Answer.Sentence))
	p.line("Likelihood", p.Text(a.Likelihood))
	p.line("Confidence", p.Text(a.Confidence.Sentence))
	known := p.phases(a.Phases)
	if a.HandOver.Message != "" {
		p.line("Hand-off", p.Text(a.HandOver))
		return
	}
	p.handOffs(a.HandOffs, known)
}

// phases names who is likeliest to have done each part, in order of time; the
// parts of which nobody knows stand together. It reports whether any is by an
// actor that is known.
func (p *screen) phases(phases []attribution.Phase) (known bool) {
	ordered := slices.Clone(phases)
	slices.SortStableFunc(ordered, func(a, b attribution.Phase) int { return a.First.Compare(b.First) })
	var parts, open []string
	for i := range ordered {
		phase := &ordered[i]
		leading := leadingOf(phase.Hypotheses)
		switch {
		case len(leading) == 0:
		case leading[0].Kind == "unknown":
			open = append(open, p.phase(phase.Name))
		default:
			h := &leading[0]
			known = true
			parts = append(parts, fmt.Sprintf("%s: %s %s%s", p.phase(phase.Name), p.hypothesis(h), percentText(h.Posterior), published(phase, h)))
		}
	}
	if len(open) > 0 {
		parts = append(parts, strings.Join(open, ", ")+": "+p.Text(incident.Sentence{Message: "report.hypothesis.unknown"}))
	}
	if len(parts) > 0 {
		p.line("Phases", strings.Join(parts, "; "))
	}
	return known
}

// published says where an answer is likeliest and does not pass the gates.
func published(phase *attribution.Phase, h *attribution.Hypothesis) string {
	if h.Kind != "false_flag" && phase.Answer.Hypothesis != h.ID {
		return " (not published)"
	}
	return ""
}

// handOffs tells where another actor may have taken over: where that is
// likelier than not, else where it is likeliest, if somebody is known who may
// have.
func (p *screen) handOffs(edges []attribution.HandOff, known bool) {
	ordered := slices.Clone(edges)
	slices.SortStableFunc(ordered, func(a, b attribution.HandOff) int { return cmp.Compare(b.Probability, a.Probability) })
	heading := "Hand-off"
	for i := range ordered {
		edge := &ordered[i]
		if (i > 0 || !known) && edge.Probability < .5 || i == handOffLines {
			break
		}
		p.line(heading, fmt.Sprintf("- %s → %s: %s that another actor took over. %s", p.phase(edge.From), p.phase(edge.To),
			percentText(edge.Probability), p.Text(edge.Reason)))
		heading = ""
	}
}

func (p *screen) phase(name string) string {
	return p.Text(incident.Sentence{Message: "report.phase." + name})
}

// hypothesis names an answer to "who?", as hypothesisWords does.
func (p *screen) hypothesis(h *attribution.Hypothesis) string {
	switch {
	case h.Kind == "false_flag" && h.Name == "":
		return p.Text(incident.Sentence{Message: "report.hypothesis.false_flag_other"})
	case h.Kind == "false_flag":
		return p.Text(incident.Sentence{Message: "report.hypothesis.false_flag", Values: []incident.Value{{Name: "name", Text: h.Name}}})
	case h.Kind == "state":
		if name := p.Text(incident.Sentence{Message: "country." + h.Name}); !strings.Contains(name, "country.") {
			return name
		}
	}
	return h.Name
}
