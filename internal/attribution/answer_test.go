package attribution

import (
	"slices"
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/internal/knowledge"
)

// However the evidence is, that somebody planted it remains an answer, and the
// false flags have the prior that they always have.
func TestFalseFlagIsAlwaysAnAnswer(t *testing.T) {
	t.Parallel()
	base := testBase()
	for name, items := range map[string][]Item{"nothing": nil, "techniques": tiranaTechniques(), "logs": tiranaLogs(t, base),
		"given": tiranaGiven(t, base), "planted": decoy(t, base)} {
		a := Assess(base, items, cluster)
		if unknown := find(t, a.Hypotheses, unknownID); unknown.Prior != unknownPrior {
			t.Errorf("%s: the unknown actor has a prior of %v", name, unknown.Prior)
		}
		other := find(t, a.Hypotheses, otherFlagID)
		if other.Kind != "false_flag" || other.Posterior <= 0 {
			t.Errorf("%s: %+v", name, other)
		}
		var prior float64
		for _, h := range a.Hypotheses {
			if h.Kind == "false_flag" {
				prior += h.Prior
			}
		}
		if prior < falseFlagPrior-1e-9 || prior > falseFlagPrior+1e-9 {
			t.Errorf("%s: false flags have a prior of %v", name, prior)
		}
	}
}

// Where nothing was compared, no gate passes because there is nothing to sum.
func TestFalseFlagGateAsksForEvidence(t *testing.T) {
	t.Parallel()
	for _, gate := range Assess(testBase(), nil, cluster).Answer.Gates {
		if gate.Name.Message == "gate.false_flag" && gate.Passed {
			t.Errorf("%s: passed without any evidence", gate.Level)
		}
	}
}

// A claim makes the false flag of whom it names likelier, traces or none.
func TestClaimTiltsTheOtherFalseFlag(t *testing.T) {
	t.Parallel()
	base := testBase()
	claim := Item{Kind: Claim, Value: base.Actors[0].Name, Reliability: "F", Credibility: 6, Dependency: "persona"}
	before, after := Assess(base, nil, cluster), Assess(base, []Item{claim}, cluster)
	if a, b := find(t, before.Hypotheses, otherFlagID), find(t, after.Hypotheses, otherFlagID); b.Posterior <= a.Posterior {
		t.Errorf("%v before the claim, %v after", a.Posterior, b.Posterior)
	}
}

// Below the gates no sentence of the whole or of a phase names anybody, however
// likely somebody is.
func TestClusterNamesNobody(t *testing.T) {
	t.Parallel()
	base := testBase()
	// Two items make a state likely, and no three kinds.
	items := []Item{artefactItem(t, base, "KF-0001", "destruction", july), artefactItem(t, base, "KF-0005", "destruction", july)}
	a := Assess(base, items, cluster)
	state := find(t, a.Hypotheses, "state:AA")
	if a.Answer.Level != clusterLevel || state.Posterior < .55 {
		t.Fatalf("no test: %s, %v", a.Answer.Level, state.Posterior)
	}
	if a.Focus != unknownID || a.Likelihood.Message != "likelihood.unknown" {
		t.Errorf("the likelihood is of %s: %s", a.Focus, a.Likelihood.Message)
	}
	for _, s := range append([]string{inWords(catalogue(t), a.Likelihood), inWords(catalogue(t), a.Answer.Sentence)}, reasonsOf(t, a)...) {
		if strings.Contains(s, "AA") || strings.Contains(s, base.Actors[0].Name) {
			t.Errorf("a sentence names somebody: %s", s)
		}
	}
}

func reasonsOf(t *testing.T, a *Assessment) []string {
	t.Helper()
	var list []string
	for _, s := range a.Confidence.Reasons {
		list = append(list, inWords(catalogue(t), s))
	}
	return list
}

// What is said of an unknown actor is so: evidence does not speak for it, and
// it has no strongest items.
func TestReasonsForAnUnknownActor(t *testing.T) {
	t.Parallel()
	a := Assess(testBase(), tiranaTechniques(), cluster)
	for _, s := range a.Confidence.Reasons {
		switch s.Message {
		case "confidence.kinds_few", "confidence.kinds_enough", "confidence.fragile", "confidence.robust", "confidence.items_few":
			t.Errorf("of an unknown actor it is said: %s", inWords(catalogue(t), s))
		}
	}
	if len(a.Confidence.Reasons) != confidenceReasons {
		t.Errorf("%d reasons", len(a.Confidence.Reasons))
	}
}

// Of a hypothesis with hardly any item, it is not said that it fails without
// three of them.
func TestReasonsForFewItems(t *testing.T) {
	t.Parallel()
	base := testBase()
	known := newKnownBase(base)
	m := newModel(known, []Item{artefactItem(t, base, "KF-0001", "destruction", july)}, cluster)
	for _, s := range m.judge(all, nil).confidence("group:G0001", cluster).Reasons {
		if s.Message == "confidence.fragile" {
			t.Error(inWords(catalogue(t), s))
		}
	}
}

// Without an item, another answer is what is published otherwise, not what
// leads on another level.
func TestWithoutComparesTheAnswer(t *testing.T) {
	t.Parallel()
	base := testBase()
	a := Assess(base, tiranaLogs(t, base), cluster)
	if a.Focus != a.Answer.Hypothesis || a.Focus != "state:AA" {
		t.Fatalf("no test: %s, %s", a.Focus, a.Answer.Hypothesis)
	}
	same := 0
	for _, w := range a.Without {
		if w.Changes == (w.Published == a.Answer.Hypothesis) {
			t.Errorf("%+v, published is %s", w, a.Answer.Hypothesis)
		}
		if !w.Changes && w.Leading == a.Focus {
			same++
		}
	}
	if same == 0 {
		t.Error("every item decides")
	}
}

// A phase is told of on the level of the answer, with the unknown actor and the
// false flags among the rest, the likeliest first.
func TestPhasesAreInOrder(t *testing.T) {
	t.Parallel()
	base := testBase()
	for _, c := range []struct {
		items []Item
		level string
	}{{tiranaLogs(t, base), "state"}, {tiranaGiven(t, base), "service"}, {tiranaTechniques(), "state"}} {
		for _, phase := range Assess(base, c.items, cluster).Phases {
			if phase.Level != c.level {
				t.Errorf("%s is told of on the level %s, want %s", phase.Name, phase.Level, c.level)
			}
			for i, h := range phase.Hypotheses {
				if h.Kind != c.level && h.Kind != unknownID && h.Kind != "false_flag" {
					t.Errorf("%s: %s on the level %s", phase.Name, h.ID, c.level)
				}
				if i > 0 && h.Posterior > phase.Hypotheses[i-1].Posterior {
					t.Errorf("%s: %s is not in order", phase.Name, h.ID)
				}
			}
			for _, id := range []string{unknownID, otherFlagID} {
				find(t, phase.Hypotheses, id)
			}
		}
	}
}

// What a partner left in its own part does not speak against the answer; the
// same in the part of whom is named does.
func TestPartnersDoNotContradict(t *testing.T) {
	t.Parallel()
	base := testBase()
	other := base.Actors[slices.IndexFunc(base.Actors, func(a *knowledge.Actor) bool { return a.ID == "G0002" })]
	known := newKnownBase(base)
	h := known.position[other.ID]
	by := make([]micronats, len(known.actors))
	by[h] = nat
	with := partners{actors: []int{h}, own: []string{"destruction"}}
	if !with.left(&Item{Phase: "access"}, by) {
		t.Error("a partner's trace in its part is none")
	}
	if with.left(&Item{Phase: "destruction"}, by) || with.left(&Item{}, by) {
		t.Error("a trace in the part of whom is named, or of the whole, is excused")
	}
}

// The summary says where one likely handed over to another, if anywhere.
func TestHandOver(t *testing.T) {
	t.Parallel()
	c := catalogue(t)
	edge := func(from, to string, p float64) HandOff {
		return HandOff{From: from, To: to, Probability: p, Reason: sentence(otherProfile)}
	}
	said := handOver([]HandOff{edge("access", "mail", .2), edge("mail", "destruction", .61)})
	if got := inWords(c, said); got != "It is likely (61 %) that those who stole the mail handed over to those who destroyed." {
		t.Error(got)
	}
	if said := handOver([]HandOff{edge("access", "mail", .3)}); said.Message != "" {
		t.Errorf("an unlikely hand-over is told: %+v", said)
	}
	pause := edge("access", "mail", .6)
	pause.Reason = sentence("hand_off.pause")
	if said := handOver([]HandOff{pause}); said.Message != "" {
		t.Errorf("a pause hands over: %+v", said)
	}
}

// What to look for is told in whole, and not where it would change little.
func TestChangesCanBeActedOn(t *testing.T) {
	t.Parallel()
	base := testBase()
	digest := strings.Repeat("0123456789abcdef", 4)
	base.Artefacts = append(base.Artefacts, &knowledge.Artefact{ID: "KF-9999", Kind: "malware", Field: "sha256", Value: digest, Actors: []string{"G0001"}, Spoof: 2, Reliability: "A", Credibility: 1})
	a := Assess(base, tiranaLogs(t, base), cluster)
	whole := false
	for _, change := range a.Change {
		for _, v := range change.What.Values {
			whole = whole || v.Text == digest
			if strings.Contains(v.Text, "…") {
				t.Errorf("%s is cut: %s", v.Name, v.Text)
			}
		}
		if change.Information < negligible {
			t.Errorf("%s gains only %v", change.What.Message, change.Information)
		}
	}
	if !whole {
		t.Errorf("the digest is not asked for: %+v", a.Change)
	}
}

// What partners saw elsewhere is not when a phase of this intrusion was.
func TestSightingsElsewhereAreNotTheTimeOfAPhase(t *testing.T) {
	t.Parallel()
	base := testBase()
	sighting := sightingItem("IL")
	sighting.Phase, sighting.ObservedAt = "destruction", date("2019-12-29")
	for _, phase := range Assess(base, append(tiranaLogs(t, base), sighting), cluster).Phases {
		if phase.Name == "destruction" && phase.First.Before(date("2021-01-01")) {
			t.Errorf("destruction begins on %s", phase.First)
		}
	}
}
