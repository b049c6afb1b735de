package cli

import (
	"bytes"
	"encoding/json"
	"regexp"
	"testing"
)

// The layer has what the Navigator asks for, and nothing else.
func TestNavigatorLayer(t *testing.T) {
	t.Parallel()
	set, err := builtInRules()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := writeNavigator(&out, coverageOf(set)); err != nil {
		t.Fatal(err)
	}
	var layer navigatorLayer
	decoder := json.NewDecoder(&out)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&layer); err != nil {
		t.Fatal(err)
	}
	if layer.Name == "" || layer.Domain != "enterprise-attack" || layer.Versions["layer"] != "4.5" || len(layer.Techniques) < 20 {
		t.Errorf("name %q, domain %q, versions %v, %d techniques", layer.Name, layer.Domain, layer.Versions, len(layer.Techniques))
	}
	if layer.Versions["attack"] != "19" {
		t.Errorf("the numbers are those of v19, the layer says %q", layer.Versions["attack"])
	}
	id, seen := regexp.MustCompile(`^T\d{4}(\.\d{3})?$`), map[string]bool{}
	for _, technique := range layer.Techniques {
		if !id.MatchString(technique.ID) || seen[technique.ID] || technique.Score < 1 || technique.Score > layer.Gradient.Max || !technique.Enabled {
			t.Errorf("technique %+v", technique)
		}
		if renamedTechniques[technique.ID] != "" {
			t.Errorf("%s has another number since v19", technique.ID)
		}
		seen[technique.ID] = true
	}
}
