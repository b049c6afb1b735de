package attribution

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"
)

// techniquePhases place techniques whose tactic alone would mislead; the
// longest prefix counts. Ids are as they are now, and as they were.
var techniquePhases = map[string]string{
	"T1595": "access", "T1190": "access", "T1133": "access", "T1110": "access", "T1078": "access", "T1566": "access",
	"T1505": "persistence", "T1136": "persistence", "T1543": "persistence", "T1547": "persistence", "T1053": "persistence", "T1036": "persistence",
	"T1098": "persistence", "T1218": "persistence", "T1027": "persistence", "T1105": "persistence", "T1548": "persistence",
	"T1098.002": "mail", "T1114": "mail", "T1087.003": "mail", "T1041": "mail",
	"T1021": "movement", "T1570": "movement", "T1003": "movement", "T1006": "movement", "T1047": "movement", "T1090": "movement", "T1572": "movement", "T1569": "movement", "T1071": "movement",
	"T1562": "impairment", "T1685": "impairment", "T1070": "impairment",
	"T1486": "destruction", "T1485": "destruction", "T1561": "destruction", "T1489": "destruction", "T1490": "destruction", "T1491": "destruction", "T1480": "destruction", "T1529": "destruction",
	"T1585": "leak", "T1583": "leak",
}

var tacticPhases = map[string]string{
	"reconnaissance": "access", "resource-development": "access", "initial-access": "access",
	"execution": "persistence", "persistence": "persistence", "privilege-escalation": "persistence", "stealth": "persistence",
	"lateral-movement": "movement", "credential-access": "movement", "command-and-control": "movement",
	"collection": "mail", "exfiltration": "mail", "discovery": "discovery",
	"defense-evasion": "impairment", "defense-impairment": "impairment", "impact": "destruction",
}

// phaseOf is the phase that a technique, seen with tactics, is of.
func phaseOf(technique string, tactics []string) string {
	for id := technique; id != ""; id, _, _ = cutLast(id) {
		if phase, ok := techniquePhases[id]; ok {
			return phase
		}
	}
	for _, tactic := range tactics {
		if phase, ok := tacticPhases[tactic]; ok {
			return phase
		}
	}
	return ""
}

// cutLast cuts "T1003.001" to "T1003", and that to "".
func cutLast(id string) (before, after string, found bool) {
	if i := strings.LastIndexByte(id, '.'); i >= 0 {
		return id[:i], id[i+1:], true
	}
	return "", id, false
}

// roles are what groups are known for that fits a phase; a phase that is not
// listed fits any.
var roles = map[string][]string{
	"access": {"access"}, "persistence": {"access"}, "mail": {"mail"},
	"impairment": {"destruction"}, "destruction": {"destruction"}, "leak": {"leak", "destruction"},
}

// lean makes a phase likelier for actors known for it, and half as likely for
// those known for something else.
func (k *knownBase) lean(phase string) []float64 {
	fitting, ok := roles[phase]
	if !ok {
		return nil
	}
	lean := make([]float64, len(k.actors))
	for h := range k.actors {
		known := k.actors[h].Roles
		switch {
		case len(known) == 0:
		case slices.ContainsFunc(known, func(role string) bool { return slices.Contains(fitting, role) }):
			lean[h] = math.Ln2
		default:
			lean[h] = -math.Ln2
		}
	}
	return lean
}

// A part is what is judged of one phase.
type part struct {
	*judgement
	name   string
	answer Answer
}

// judgeParts asks of each part of the intrusion who did it: by its own items
// and those of the whole.
func (m *model) judgeParts(options Options) []part {
	var parts []part
	for _, name := range Phases {
		if !slices.ContainsFunc(m.items, func(w weighed) bool { return w.Phase == name }) {
			continue
		}
		j := m.judge(func(i int) bool { return m.items[i].Phase == name || m.items[i].Phase == "" }, m.known.lean(name))
		parts = append(parts, part{j, name, j.answer(options)})
	}
	return parts
}

// shownLevel is the level whose hypotheses a phase is told of.
func shownLevel(published string) string {
	if published == clusterLevel {
		return "state"
	}
	return published
}

// phases tells what was judged of each part.
func (m *model) phases(parts []part, order []int, level string, options Options) []Phase {
	phases := []Phase{}
	for _, p := range parts {
		name := p.name
		phase := Phase{Name: name, Level: level, Answer: p.answer, Hypotheses: p.few(level)}
		if top := p.leading("group"); top != "" {
			likeliest := p.hypothesis(top)
			phase.group = &likeliest
		}
		for _, i := range order {
			if m.items[i].Phase == name {
				phase.Items = append(phase.Items, m.items[i].ID)
				if m.items[i].here() {
					phase.span(m.items[i].ObservedAt)
				}
			}
		}
		for _, incident := range options.Incidents {
			for _, use := range incident.Techniques {
				if phaseOf(m.known.current(use.ID), use.Tactics) == name {
					phase.span(use.First)
					phase.span(use.Last)
				}
			}
		}
		phases = append(phases, phase)
	}
	return phases
}

// here is whether an item is of the intrusion itself: what a partner saw has
// another time.
func (i *Item) here() bool { return i.Kind != Victimology }

// span widens the time of a phase.
func (p *Phase) span(at time.Time) {
	if at.IsZero() {
		return
	}
	if p.First.IsZero() || at.Before(p.First) {
		p.First = at
	}
	if at.After(p.Last) {
		p.Last = at
	}
}

// few are the likeliest hypotheses of a level, the unknown actor and false
// flags, the likeliest first.
func (j *judgement) few(level string) []Hypothesis {
	const most, mostFlags = 4, 2
	var list []Hypothesis
	ranked := j.ranked(level)
	for _, id := range ranked[:min(len(ranked), most)] {
		list = append(list, j.hypothesis(id))
	}
	list = append(list, j.hypothesis(unknownID), j.hypothesis(otherFlagID))
	for _, f := range j.posterior.flags[:min(len(j.posterior.flags), mostFlags)] {
		list = append(list, j.hypothesis(j.known.flagID(f)))
	}
	j.bracket(list)
	slices.SortStableFunc(list, func(a, b Hypothesis) int { return cmp.Compare(b.Posterior, a.Posterior) })
	return list
}
