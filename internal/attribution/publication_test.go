package attribution

import "testing"

// Each gate by itself: what is missing closes it, and the level falls to the
// next that is open.
func TestGates(t *testing.T) {
	t.Parallel()
	base := testBase()
	wiper, key := artefactItem(t, base, "KF-0005", "destruction", july), artefactItem(t, base, "KF-0001", "destruction", july)
	service := artefactItem(t, base, "KF-0006", "destruction", july)
	certificate := artefactItem(t, base, "KF-0002", "destruction", july)
	techniques := tiranaTechniques()[4:]
	sighting := sightingItem("IL")
	second := sightingItem("AL")
	for _, c := range []struct {
		name   string
		items  []Item
		level  string
		closed map[string]bool // level and gate
	}{
		{"all", append([]Item{wiper, key, service, sighting, second}, techniques...), "group", nil},
		{"one costly kind", append([]Item{wiper, key, service}, techniques...), "state", map[string]bool{"group gate.costly": true, "group gate.fragile": true, "service gate.fragile": true}},
		{"one costly kind of two reports", append([]Item{wiper, key, certificate, service}, techniques...), "service", map[string]bool{"group gate.costly": true, "group gate.fragile": true}},
		{"no costly kind", append([]Item{wiper, service}, techniques...), "cluster",
			map[string]bool{"group gate.posterior": true, "group gate.costly": true, "service gate.posterior": true, "service gate.costly": true, "state gate.posterior": true, "group gate.fragile": true, "service gate.fragile": true}},
		{"few items", []Item{key, sighting}, "cluster", map[string]bool{"group gate.posterior": true, "group gate.fragile": true, "service gate.posterior": true, "service gate.kinds": true,
			"service gate.fragile": true, "state gate.posterior": true, "state gate.kinds": true}},
	} {
		a := Assess(base, c.items, Options{SignedBy: []string{"One", "Two"}})
		if a.Answer.Level != c.level {
			t.Errorf("%s: published on the level %s, want %s", c.name, a.Answer.Level, c.level)
		}
		for _, gate := range a.Answer.Gates {
			if key := gate.Level + " " + gate.Name.Message; gate.Passed == c.closed[key] {
				t.Errorf("%s: gate %s is %v", c.name, key, gate.Passed)
			}
		}
		if t.Failed() {
			show(t, a)
		}
	}
}
