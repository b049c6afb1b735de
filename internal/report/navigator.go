package report

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/kulla-defence/kulla/sigma"
)

// A layer of the ATT&CK Navigator, in version 4.5 of its format.
type layerJSON struct {
	Name        string              `json:"name"`
	Versions    map[string]string   `json:"versions"`
	Domain      string              `json:"domain"`
	Description string              `json:"description"`
	Sorting     int                 `json:"sorting"`
	Techniques  []layerTechnique    `json:"techniques"`
	Gradient    layerGradient       `json:"gradient"`
	LegendItems []map[string]string `json:"legendItems"`
}

type layerTechnique struct {
	ID      string `json:"techniqueID"`
	Score   int64  `json:"score"`
	Color   string `json:"color"`
	Comment string `json:"comment"`
	Enabled bool   `json:"enabled"`
}

type layerGradient struct {
	Colors   []string `json:"colors"`
	MinValue int64    `json:"minValue"`
	MaxValue int64    `json:"maxValue"`
}

// WriteNavigator writes the techniques of all findings as a layer: the score is
// the number of findings, the colour that of the highest level.
func WriteNavigator(w io.Writer, d *Document) error {
	for _, err := range d.Findings {
		if err != nil {
			return err
		}
	}
	type counted struct {
		findings int64
		level    sigma.Level
		titles   []string
	}
	techniques := map[string]*counted{}
	for _, group := range d.Summary.Groups.Sorted() {
		for _, id := range group.Rule.Techniques {
			if techniques[id] == nil {
				techniques[id] = &counted{}
			}
			t := techniques[id]
			t.findings += group.Count
			t.level = max(t.level, group.Rule.Level)
			if title := Visible(group.Rule.Title); !slices.Contains(t.titles, title) {
				t.titles = append(t.titles, title)
			}
		}
	}
	layer := layerJSON{Name: "Kulla findings", Domain: "enterprise-attack", Sorting: 3,
		Versions:    map[string]string{"layer": "4.5", "navigator": "5.1.0"},
		Description: "Techniques of the rules that matched. The score is the number of findings. What is empty was not found, which does not say that it did not happen.",
		Techniques:  []layerTechnique{}, LegendItems: []map[string]string{}, Gradient: layerGradient{Colors: []string{"#ffffff", "#d73027"}}}
	for level := sigma.Informational; level <= sigma.Critical; level++ {
		layer.LegendItems = append(layer.LegendItems, map[string]string{"label": levelName(level), "color": levelHex(level)})
	}
	for _, id := range slices.Sorted(maps.Keys(techniques)) {
		t := techniques[id]
		comment := fmt.Sprintf("%s: %s", quantity(t.findings, "finding", "findings"), t.titles[0])
		if more := len(t.titles) - 1; more > 0 {
			comment += fmt.Sprintf(" and %s", quantity(int64(more), "other rule", "other rules"))
		}
		layer.Techniques = append(layer.Techniques, layerTechnique{id, t.findings, levelHex(t.level), comment, true})
		layer.Gradient.MaxValue = max(layer.Gradient.MaxValue, t.findings)
	}
	layer.Gradient.MaxValue = max(layer.Gradient.MaxValue, 1)
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(layer)
}

func levelHex(level sigma.Level) string {
	return [...]string{"#bdbdbd", "#bdbdbd", "#74add1", "#fee090", "#f46d43", "#d73027"}[min(level, sigma.Critical)]
}
