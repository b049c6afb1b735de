package knowledge

import (
	"bytes"
	"errors"
	"testing"
)

// Whatever an importer makes of hostile bytes is a base like any other: it is
// saved and loaded, joined with ours and looked things up in, and no reference
// of it grows.
func FuzzImport(f *testing.F) {
	f.Add([]byte(`{"type":"bundle","objects":[{"type":"intrusion-set","id":"a","name":"River","aliases":["Brook",""],"external_references":[{"source_name":"mitre-attack","external_id":"G0049"}]},
 {"type":"attack-pattern","id":"t","name":"X","revoked":true,"external_references":[{"source_name":"mitre-attack","external_id":"T1"}]},
 {"type":"relationship","id":"r","relationship_type":"revoked-by","source_ref":"t","target_ref":"t"},
 {"type":"relationship","id":"u","relationship_type":"uses","source_ref":"a","target_ref":"t"}]}`))
	f.Add([]byte(actorClusters))
	f.Add([]byte(techniqueClusters))
	f.Add(archived(f, groupClusters, malwareClusters, techniqueClusters))
	own := &Base{Actors: []*Actor{{ID: "G0049", Name: "OilRig", Aliases: []string{"Brook"}, State: "IR"}, {ID: "KA-0001", Name: "River"}},
		Techniques: []*Technique{{ID: "T1685", Name: "Disable", Mitigations: []Mitigation{{"KM-08", "turn it on"}}}}, Renamed: map[string]string{"T1562.001": "T1685", "T1": "T1685"}}
	f.Fuzz(func(t *testing.T, data []byte) {
		base, err := ImportATTACK(bytes.NewReader(data))
		if skipped := (*SkippedError)(nil); err != nil && !errors.As(err, &skipped) {
			if base, err = ImportMISPGalaxy(bytes.NewReader(data)); err != nil {
				return
			}
		}
		merged := Merge(own, base)
		if len(merged.Actors) > len(own.Actors)+len(base.Actors) || len(merged.Actors) < len(own.Actors) {
			t.Errorf("%d and %d actors are %d together", len(own.Actors), len(base.Actors), len(merged.Actors))
		}
		if again := Merge(own, base); again.Identity() != merged.Identity() {
			t.Error("merging twice gives two bases")
		}
		for id := range base.Renamed {
			merged.Mitigations(id)
		}
		if err := merged.check(); err == nil {
			reloaded(t, merged)
		}
	})
}
