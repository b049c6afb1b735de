package attribution

import "testing"

// What the answer names is the published hypothesis and all above it; of the
// rest it is said what keeps it back.
func TestWithheld(t *testing.T) {
	t.Parallel()
	base := testBase()
	a := Assess(base, tiranaGiven(t, base), cluster)
	if a.Answer.Hypothesis != "service:AA/First" {
		t.Fatalf("no test: %s", a.Answer.Hypothesis)
	}
	for id, want := range map[string]bool{"service:AA/First": false, "state:AA": false, unknownID: false, otherFlagID: false, "group:G0001": true, "state:CC": true} {
		h := find(t, a.Hypotheses, id)
		withheld, _ := a.Withheld(&h)
		if withheld != want {
			t.Errorf("%s is withheld: %v", id, withheld)
		}
	}
	for i := range a.Hypotheses {
		if h := &a.Hypotheses[i]; h.Kind == "group" {
			if _, closed := a.Withheld(h); len(closed) == 0 {
				t.Errorf("%s leads its level and is not published, and no gate is closed", h.ID)
			}
			break
		}
	}
}
