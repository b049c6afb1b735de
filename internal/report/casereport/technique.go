package casereport

import (
	"slices"

	"github.com/kulla-defence/kulla/internal/incident"
)

// Techniques have the numbers of one version of ATT&CK in a document: rules
// are tagged with those of any, the knowledge says what they are now.

// currentTechnique is a technique's number as the knowledge has it.
func (d *Document) currentTechnique(id string) string {
	if d.Base == nil {
		return id
	}
	return d.Base.Current(id)
}

// currentTechniques are the numbers of several, each once, in their order.
func (d *Document) currentTechniques(ids []string) []string {
	var list []string
	for _, id := range ids {
		if id = d.currentTechnique(id); !slices.Contains(list, id) {
			list = append(list, id)
		}
	}
	return list
}

// techniquesOf are the techniques of an incident under their present numbers;
// those that became one are put together.
func (d *Document) techniquesOf(one *incident.Incident) []incident.TechniqueUse {
	list := make([]incident.TechniqueUse, 0, len(one.Techniques))
	for _, use := range one.Techniques {
		use.ID = d.currentTechnique(use.ID)
		use.Tactics = d.ownTactics(use.ID, use.Tactics)
		at := slices.IndexFunc(list, func(other incident.TechniqueUse) bool { return other.ID == use.ID })
		if at < 0 {
			list = append(list, use)
			continue
		}
		same := &list[at]
		same.Count += use.Count
		same.First, same.Last = widen(same.First, same.Last, use.First, use.Last)
		same.Findings = append(slices.Clone(same.Findings), use.Findings...)
		slices.Sort(same.Findings)
		same.Findings = slices.Compact(same.Findings)
		for _, tactic := range use.Tactics {
			if !slices.Contains(same.Tactics, tactic) {
				same.Tactics = append(slices.Clone(same.Tactics), tactic)
			}
		}
	}
	return list
}

// evasion are the tactics into which version 19 split one of version 18: rules
// are tagged with either.
var evasion = []string{"defense-evasion", "stealth", "defense-impairment"}

// ownTactics are those of a technique's own tactics, as ATT&CK has them, that
// rules are tagged with: other tags are of another technique of the rule. Where
// there are none, they are all its own.
func (d *Document) ownTactics(id string, tagged []string) []string {
	if d.Base == nil {
		return tagged
	}
	technique := d.Base.Technique(id)
	if technique == nil || len(technique.Tactics) == 0 {
		return tagged
	}
	var own []string
	for _, tactic := range technique.Tactics {
		if slices.ContainsFunc(tagged, func(tag string) bool { return isSameTactic(tag, tactic) }) {
			own = append(own, tactic)
		}
	}
	if own == nil {
		return technique.Tactics
	}
	return own
}

func isSameTactic(one, other string) bool {
	return one == other || slices.Contains(evasion, one) && slices.Contains(evasion, other)
}

// renumbered are the incidents with the present numbers of their techniques.
func (d *Document) renumbered() []*incident.Incident {
	if d.Incidents == nil {
		return nil
	}
	list := make([]*incident.Incident, len(d.Incidents))
	for i, one := range d.Incidents {
		renumbered := *one
		if one.Techniques != nil {
			renumbered.Techniques = d.techniquesOf(one)
		}
		list[i] = &renumbered
	}
	return list
}
