package casereport

import (
	"slices"
	"testing"

	"github.com/kulla-defence/kulla/internal/incident"
	"github.com/kulla-defence/kulla/internal/knowledge"
)

// Rules are tagged with several techniques and tactics: each technique stands
// under its own, whatever version of ATT&CK named them.
func TestTechniquesStandUnderTheirTactics(t *testing.T) {
	t.Parallel()
	d := &Document{Base: &knowledge.Base{Techniques: []*knowledge.Technique{
		{ID: "T1036.005", Tactics: []string{"stealth"}}, {ID: "T1105", Tactics: []string{"command-and-control"}},
		{ID: "T1546", Tactics: []string{"privilege-escalation", "persistence"}}}}}
	for _, test := range []struct {
		id           string
		tagged, want []string
	}{
		{"T1036.005", []string{"execution", "defense-evasion"}, []string{"stealth"}},
		{"T1036.005", []string{"execution"}, []string{"stealth"}},
		{"T1105", []string{"initial-access", "execution"}, []string{"command-and-control"}},
		{"T1546", []string{"persistence", "execution"}, []string{"persistence"}},
		{"T9999", []string{"execution"}, []string{"execution"}},
	} {
		if got := d.ownTactics(test.id, test.tagged); !slices.Equal(got, test.want) {
			t.Errorf("%s, tagged %v: %v, want %v", test.id, test.tagged, got, test.want)
		}
	}
}

// A column has as many findings as its cells.
func TestTacticsCountTheirCells(t *testing.T) {
	t.Parallel()
	d := fixture(t)
	d.Incidents[0].Techniques = append(d.Incidents[0].Techniques, incident.TechniqueUse{ID: "T9999", Tactics: []string{"impact"}, Count: 40})
	for _, column := range (&page{Document: d}).matrix() {
		sum := int64(0)
		for _, cell := range column.Cells {
			sum += cell.Count
		}
		if column.Count != sum {
			t.Errorf("%s: %d findings, but %d in its cells", column.Tactic, column.Count, sum)
		}
	}
}
