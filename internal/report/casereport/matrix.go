package casereport

import (
	"cmp"
	"slices"
	"strings"
)

// A tacticView is one column of the ATT&CK matrix.
type tacticView struct {
	Tactic string
	Cells  []techniqueCell
	Count  int64 // the sum of its cells
}

type techniqueCell struct {
	ID, Name string
	Count    int64
	// Shade is how dark it is, 1 to 5: the power of ten of Count, and one.
	Shade int
	// Level is that of the gravest incident with it.
	Level string
}

// tactics are in the order of ATT&CK's enterprise matrix, versions 18 and 19.
var tactics = []string{"reconnaissance", "resource-development", "initial-access", "execution", "persistence", "privilege-escalation",
	"defense-evasion", "stealth", "defense-impairment", "credential-access", "discovery", "lateral-movement", "collection",
	"command-and-control", "exfiltration", "impact"}

func (p *page) matrix() []tacticView {
	columns := map[string]map[string]*techniqueCell{}
	for _, one := range p.Incidents {
		for _, use := range p.techniquesOf(one) {
			for _, tactic := range use.Tactics {
				if columns[tactic] == nil {
					columns[tactic] = map[string]*techniqueCell{}
				}
				c := columns[tactic][use.ID]
				if c == nil {
					c = &techniqueCell{ID: use.ID, Name: p.techniqueName(use.ID)}
					columns[tactic][use.ID] = c
				}
				c.Count += use.Count
				if levelRank(one.Level) > levelRank(c.Level) {
					c.Level = one.Level
				}
			}
		}
	}
	var views []tacticView
	for _, tactic := range tactics {
		if cells := columns[tactic]; cells != nil {
			views = append(views, newTacticView(tactic, cells))
		}
	}
	return views
}

func newTacticView(tactic string, cells map[string]*techniqueCell) tacticView {
	v := tacticView{Tactic: tactic}
	for _, c := range cells {
		for n := c.Count; n > 0 && c.Shade < 5; n /= 10 {
			c.Shade++
		}
		v.Cells = append(v.Cells, *c)
		v.Count += c.Count
	}
	slices.SortFunc(v.Cells, func(a, b techniqueCell) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.ID, b.ID))
	})
	return v
}

func (d *Document) techniqueName(id string) string {
	if d.Base == nil {
		return ""
	}
	return d.Base.TechniqueName(id)
}
