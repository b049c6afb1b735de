package stix

import "time"

// A Marking says who may see an object.
type Marking struct {
	Type        string         `json:"type"`
	SpecVersion string         `json:"spec_version"`
	ID          string         `json:"id"`
	Created     Time           `json:"created"`
	Name        string         `json:"name"`
	Extensions  map[string]any `json:"extensions"`
}

// Identifier returns the id.
func (m *Marking) Identifier() string { return m.ID }

// TLP returns the marking of the Traffic Light Protocol 2.0 of a level:
// "clear", "green", "amber", "amber+strict" or "red"; nil for any other. The
// ids and the extension are those that OASIS published on 2022-10-01.
func TLP(level string) *Marking {
	id, ok := map[string]string{
		"clear":        "94868c89-83c2-464b-929b-a1a8aa3c8487",
		"green":        "bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
		"amber":        "55d920b0-5e8b-4f79-9ee9-91f868d9b421",
		"amber+strict": "939a9414-2ddd-4d32-a0cd-375ea402b003",
		"red":          "e828b379-4e03-4974-9ac4-e53a884c97c1",
	}[level]
	if !ok {
		return nil
	}
	names := map[string]string{"clear": "TLP:CLEAR", "green": "TLP:GREEN", "amber": "TLP:AMBER",
		"amber+strict": "TLP:AMBER+STRICT", "red": "TLP:RED"}
	return &Marking{Type: "marking-definition", SpecVersion: "2.1", ID: "marking-definition--" + id, Name: names[level],
		Created: Time{time.Date(2022, 10, 1, 0, 0, 0, 0, time.UTC)},
		Extensions: map[string]any{"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d": map[string]string{
			"extension_type": "property-extension", "tlp_2_0": level}}}
}
