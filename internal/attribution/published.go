package attribution

import "slices"

// Publishes says whether the answer names a hypothesis: it is the published
// one, or the service or state of it.
func (a *Assessment) Publishes(id string) bool {
	const levelsAbove = 3
	at := a.Answer.Hypothesis
	for range levelsAbove {
		if at == "" {
			return false
		}
		if at == id {
			return true
		}
		i := slices.IndexFunc(a.Hypotheses, func(h Hypothesis) bool { return h.ID == at })
		if i < 0 {
			return false
		}
		at = a.Hypotheses[i].Parent
	}
	return false
}

// Withheld says whether a hypothesis is an actor whom the answer does not name,
// and which gates are closed to it. Gates are those of the likeliest of each
// level: another has none.
func (a *Assessment) Withheld(h *Hypothesis) (bool, []Gate) {
	if !slices.ContainsFunc(levels, func(l level) bool { return l.name == h.Kind }) || a.Publishes(h.ID) {
		return false, nil
	}
	first := slices.IndexFunc(a.Hypotheses, func(other Hypothesis) bool { return other.Kind == h.Kind })
	if first < 0 || a.Hypotheses[first].ID != h.ID {
		return true, nil
	}
	var closed []Gate
	for _, gate := range a.Answer.Gates {
		if gate.Level == h.Kind && !gate.Passed && !gate.Human {
			closed = append(closed, gate)
		}
	}
	return true, closed
}
