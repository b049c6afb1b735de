package casereport

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/internal/incident"
	"github.com/kulla-defence/kulla/internal/knowledge"
)

// A document has the numbers of one version of ATT&CK, in all formats, and the
// layer says of which.
func TestTechniquesHaveOneVersion(t *testing.T) {
	t.Parallel()
	d := fixture(t)
	d.Base = &knowledge.Base{Renamed: map[string]string{"T1562.001": "T1685", "T1562.002": "T1685.001"},
		Techniques: []*knowledge.Technique{{ID: "T1685.001", Name: "Disable or Modify Windows Event Log", Tactics: []string{"defense-impairment"}}}}
	one := d.Incidents[0]
	one.Techniques = []incident.TechniqueUse{{ID: "T1562.002", Tactics: []string{"defense-evasion"}, Count: 2, Findings: []int64{101}},
		{ID: "T1685.001", Tactics: []string{"defense-impairment"}, Count: 3, Findings: []int64{101, 103}}}
	if list := d.techniquesOf(one); len(list) != 1 || list[0].ID != "T1685.001" || list[0].Count != 5 || len(list[0].Findings) != 2 || len(list[0].Tactics) != 1 || list[0].Tactics[0] != "defense-impairment" {
		t.Errorf("%+v", list)
	}
	for _, format := range []string{"json", "navigator", "stix", "html"} {
		var out bytes.Buffer
		if err := Write(&out, format, d, "en"); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(out.String(), "T1562.002") {
			t.Errorf("%s has a number of the version before", format)
		}
	}
	var layer layerJSON
	if err := json.Unmarshal([]byte(written(t, "navigator", d, "en")), &layer); err != nil {
		t.Fatal(err)
	}
	if layer.Versions["attack"] != "19" {
		t.Errorf("versions are %v", layer.Versions)
	}
	if d.Base.Renamed = nil; d.attackVersion() != "18" {
		t.Errorf("without the changes of version 19 the version is %s", d.attackVersion())
	}
}
