package attribution

import "testing"

// What this program writes passes; what nobody but a forger writes does not.
func TestCheckOfAssessments(t *testing.T) {
	t.Parallel()
	whole := func() *Assessment {
		return &Assessment{Answer: Answer{Level: "cluster", Gates: []Gate{{Level: "group"}}}, Confidence: Confidence{Level: "low"}, Incidents: []string{"I-7F3KQ"},
			Items:      []Item{{ID: "E-01", Kind: Secret, Phase: "destruction", Reliability: "A", Value: "<b>"}},
			Hypotheses: []Hypothesis{{ID: "group:<b>", Kind: "group", Name: "<b>", Word: "likely"}},
			Phases:     []Phase{{Name: "access", Items: []string{"E-01"}, Hypotheses: []Hypothesis{{Kind: "unknown"}}}},
			HandOffs:   []HandOff{{From: "access", To: "mail"}}, Without: []Without{{Item: "E-01"}}}
	}
	if err := whole().Check(); err != nil {
		t.Error(err)
	}
	const forged = "\x1b[31m<b>"
	for name, change := range map[string]func(*Assessment){
		"level": func(a *Assessment) { a.Answer.Level = forged }, "gate": func(a *Assessment) { a.Answer.Gates[0].Level = forged },
		"confidence": func(a *Assessment) { a.Confidence.Level = forged }, "incident": func(a *Assessment) { a.Incidents[0] = forged },
		"item": func(a *Assessment) { a.Items[0].ID = forged }, "kind": func(a *Assessment) { a.Items[0].Kind = forged },
		"phase of an item": func(a *Assessment) { a.Items[0].Phase = forged }, "reliability": func(a *Assessment) { a.Items[0].Reliability = forged },
		"hypothesis": func(a *Assessment) { a.Hypotheses[0].Kind = forged }, "word": func(a *Assessment) { a.Hypotheses[0].Word = forged },
		"phase": func(a *Assessment) { a.Phases[0].Name = forged }, "items of a phase": func(a *Assessment) { a.Phases[0].Items[0] = forged },
		"hypothesis of a phase": func(a *Assessment) { a.Phases[0].Hypotheses[0].Word = forged },
		"hand-off":              func(a *Assessment) { a.HandOffs[0].To = forged }, "without": func(a *Assessment) { a.Without[0].Item = forged },
	} {
		one := whole()
		change(one)
		if one.Check() == nil {
			t.Errorf("a forged %s passes", name)
		}
	}
}
