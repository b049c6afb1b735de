package cli

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/kulla-defence/kulla/internal/knowledge"
)

const (
	sampleBundle = `{"type": "bundle", "id": "bundle--1", "spec_version": "2.0", "objects": [
 {"type": "attack-pattern", "id": "attack-pattern--1", "name": "Web Shell", "kill_chain_phases": [{"kill_chain_name": "mitre-attack", "phase_name": "persistence"}],
  "external_references": [{"source_name": "mitre-attack", "external_id": "T1505.003"}]},
 {"type": "intrusion-set", "id": "intrusion-set--1", "name": "River", "aliases": ["River", "Brook"], "external_references": [{"source_name": "mitre-attack", "external_id": "G9901"}]},
 {"type": "relationship", "id": "relationship--1", "relationship_type": "uses", "source_ref": "intrusion-set--1", "target_ref": "attack-pattern--1"}]}`
	sampleGalaxy = `{"type": "threat-actor", "version": 349, "values": [{"uuid": "a1", "value": "Brook", "meta": {"country": "MT"}},
 {"uuid": "a2", "value": "Water", "meta": {"synonyms": ["OilRig", "Turla"], "cfr-suspected-victims": ["Nowhere"]}}]}`
)

// What is typed, and what is seen.
func TestKnowledge(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	bundle, galaxy, other := file("bundle.json", sampleBundle), file("galaxy.json", sampleGalaxy), file("other.json", `{"tea": 1}`)
	base := filepath.Join(folder, "base.json")
	own, err := knowledge.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	together := fmt.Sprintf(`(?m)^together +%d actors`, len(own.Actors)+2)
	for _, test := range []struct {
		arguments []string
		want      []string
		fails     string
	}{
		{[]string{"list"}, []string{`(?m)^G1055 +IR/MOIS +VOID MANTICORE +.*HomeLand Justice`, `(?m)^\d+ actors$`}, ""},
		{[]string{"list", "artefacts"}, []string{`(?m)^KF-0001 +secret +license_key=rawdisk-zerocleare-2019`}, ""},
		{[]string{"list", "techniques", "-f", "jsonl"}, []string{`(?m)^\{"id":"T1685","name":"Disable or Modify Tools"`}, ""},
		{[]string{"show"}, []string{`(?m)^made of +Kulla `, `(?m)^identity +[0-9a-f]{64}$`}, ""},
		{[]string{"show", "homeland justice"}, []string{`(?m)^actor +G1055`, `(?m)^claim +identity: .*\(weighs nothing\)`, `(?m)^source +CISA .*https://www\.cisa\.gov`}, ""},
		{[]string{"show", "t1562.001"}, []string{`(?m)^technique +T1685`, `(?m)^formerly +T1562\.001$`, `(?m)^do +KM-08 `}, ""},
		{[]string{"show", "S1151"}, []string{`(?m)^software +S1151  ZeroCleare$`, `(?m)^used by +G1055`}, ""},
		{[]string{"show", "C0038"}, []string{`(?m)^attributed to +KA-0001`}, ""},
		{[]string{"show", "KF-0002"}, []string{`(?m)^cost to fake +much$`, `(?m)^grade +A1 `}, ""},
		{[]string{"import", bundle, galaxy}, []string{`(?m)^read +MITRE ATT&CK`, `(?m)^joined +G9901 (River|Brook) is misp:a1 too$`, `(?m)^conflict +"Water" is a name of G0010, G0049, misp:a2: it joins nothing$`,
			`(?m)^left out +1 victim: not a country$`, together, `(?m)^written +nothing`}, ""},
		{[]string{"import", galaxy, bundle, "-o", base}, []string{`(?m)^written .*--knowledge `}, ""},
		{[]string{"show", "--knowledge", base, "Brook"}, []string{`(?m)^claim +country: MT \(weighs nothing\)`}, ""},
		{[]string{"import", base}, []string{together}, ""},
		{[]string{"import", other}, nil, "not a file of knowledge"},
		{[]string{"import", filepath.Join(folder, "absent")}, nil, "absent"},
		{[]string{"list", "--knowledge", bundle}, nil, "no saved knowledge"},
		{[]string{"list", "tea"}, nil, `no list of "tea"`},
		{[]string{"show", "tea"}, nil, `there is no "tea"`},
	} {
		var out bytes.Buffer
		env := System()
		env.Out, env.Err = &out, &out
		command := newKnowledge(env)
		command.SetArgs(test.arguments)
		command.SetOut(&out)
		command.SetErr(&bytes.Buffer{})
		err := command.Execute()
		if (err == nil) != (test.fails == "") || err != nil && !regexp.MustCompile(test.fails).MatchString(err.Error()) {
			t.Errorf("%v: error %v, want %q", test.arguments, err, test.fails)
		}
		for _, want := range test.want {
			if !regexp.MustCompile(want).MatchString(out.String()) {
				t.Errorf("%v: %s is missing in\n%s", test.arguments, want, out.String())
			}
		}
	}
}
