package knowledge

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"go.yaml.in/yaml/v4"

	embedded "github.com/kulla-defence/kulla/knowledge"
)

func builtin(t testing.TB) *Base {
	t.Helper()
	base, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	return base
}

func TestBuiltin(t *testing.T) {
	t.Parallel()
	base := builtin(t)
	for _, id := range []string{"G1055", "KA-0001", "G0049", "KA-0002", "G1001", "G1030", "G1009", "KA-0003", "G0069", "G0059", "G0032", "G0034", "G0007", "G0016", "G0010"} {
		a := base.Actor(id)
		if a == nil || a.State == "" || len(a.Confusable) == 0 {
			t.Errorf("%s: %+v", id, a)
			continue
		}
		for _, other := range a.Confusable {
			if base.Actor(other) == nil || other == id {
				t.Errorf("%s is taken for %s", id, other)
			}
		}
	}
	if base.Identity() != builtin(t).Identity() {
		t.Error("the identity changes")
	}
	if err := base.check(); err != nil {
		t.Error(err)
	}
}

// Reports say what to do first for all that the rules look for.
func TestRulesHaveMitigations(t *testing.T) {
	t.Parallel()
	base := builtin(t)
	tag, seen := regexp.MustCompile(`(?i)\battack\.(t\d{4}(\.\d{3})?)\b`), 0
	err := filepath.WalkDir(filepath.Join("..", "..", "rules"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".yml" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, match := range tag.FindAllSubmatch(data, -1) {
			seen++
			id := strings.ToUpper(string(match[1]))
			if base.TechniqueName(id) == id || len(base.Mitigations(id)) == 0 {
				t.Errorf("%s: %s (%s) has no name or no mitigation", path, id, base.Current(id))
			}
		}
		return nil
	})
	if err != nil || seen == 0 {
		t.Fatalf("%d techniques seen, %v", seen, err)
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	base := builtin(t)
	for old, now := range map[string]string{"T1562.001": "T1685", "T1562.002": "T1685.001", "T1070.001": "T1685.005", "T1089": "T1685", "T1190": "T1190", "T9999": "T9999"} {
		if got := base.Current(old); got != now {
			t.Errorf("Current(%s) = %s, want %s", old, got, now)
		}
	}
	if got := base.TechniqueName("T1562.001"); got != "Disable or Modify Tools" {
		t.Errorf("name %q", got)
	}
	if got := base.TechniqueName("T9999"); got != "T9999" {
		t.Errorf("name %q", got)
	}
	if own, whole := base.Mitigations("T1003.005"), base.Mitigations("T1003"); len(whole) == 0 || !slices.Equal(own, whole) {
		t.Errorf("a part of a technique without steps of its own has %v", own)
	}
	circle := Base{Renamed: map[string]string{"T1": "T2", "T2": "T1"}}
	if got := circle.Current("T1"); got != "T1" && got != "T2" {
		t.Errorf("a circle leads to %q", got)
	}
}

// Reports and steps that no fact rests on are out of date.
func TestNothingIsUnused(t *testing.T) {
	t.Parallel()
	var all []byte
	for _, name := range []string{"actors.yml", "artefacts.yml", "campaigns.yml", "software.yml", "techniques.yml"} {
		data, err := embedded.FS.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, data...)
	}
	for _, name := range []string{"sources.yml", "mitigations.yml"} {
		data, err := embedded.FS.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		keys := map[string]any{}
		if err := yaml.Load(data, &keys); err != nil || len(keys) == 0 {
			t.Fatalf("%s: %d entries, %v", name, len(keys), err)
		}
		for key := range keys {
			if !bytes.Contains(all, []byte(key)) {
				t.Errorf("%s: nothing rests on %q", name, key)
			}
		}
	}
}

// Everything that is wrong with a file is said with its file and line.
func TestBuiltinIsStrict(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, file, find, put, want string }{
		{"unknown key", "actors.yml", "  state: IR\n", "  nation: IR\n", "actors.yml: .*line \\d+.*nation"},
		{"unknown technique", "actors.yml", "T1134.001", "T9134.001", `actors.yml:\d+: there is no technique "T9134.001"`},
		{"unknown software", "campaigns.yml", "KS-0013", "KS-9913", `campaigns.yml:\d+: there is no software "KS-9913"`},
		{"unknown actor", "artefacts.yml", "actors: [G1055]", "actors: [G9055]", `artefacts.yml:\d+: there is no actor "G9055"`},
		{"unknown confusable", "actors.yml", "confusable: [G0049]", "confusable: [G9949]", `actors.yml:\d+: there is no actor "G9949"`},
		{"unknown source", "software.yml", "Mandiant ROADSWEEP August 2022", "Mandiant nothing", `software.yml:\d+: .* sources.yml has no "Mandiant nothing"`},
		{"no source", "campaigns.yml", "  sources: [IBM ZeroCleare Wiper December 2019]\n", "  sources: []\n", `campaigns.yml:\d+: KP-0001: a fact has no source`},
		{"fact without source", "actors.yml", "    - sources: [Mandiant ROADSWEEP August 2022]\n      tech", "    - tech", `actors.yml:\d+: G1055: a fact has no source`},
		{"id twice", "actors.yml", "- id: G1001\n", "- id: G0049\n", `actors.yml:\d+: id G0049 stands twice`},
		{"odd id", "software.yml", "KS-0001", "X1", `software.yml:\d+: entry 1: id "X1"`},
		{"unknown step", "techniques.yml", "KM-04", "KM-99", `techniques.yml:\d+: mitigations.yml has no "KM-99"`},
		{"old technique", "techniques.yml", "id: T1685,", "id: T1562.001,", `techniques.yml:\d+: T1562.001 is T1685 since`},
		{"bad date", "campaigns.yml", "first: 2021-05", "first: May", `campaigns.yml: .*line \d+.*"May" is no date`},
		{"bad state", "actors.yml", "state: IR", "state: Iran", `actors.yml:\d+: .*state "Iran"`},
		{"bad role", "actors.yml", "roles: [mail]", "roles: [tea]", `actors.yml:\d+: KA-0002: there is no role "tea"`},
		{"bad kind", "artefacts.yml", "kind: secret", "kind: magic", `artefacts.yml:\d+: KF-0001: there is no kind "magic"`},
		{"bad pattern", "artefacts.yml", "55d90ec4[0-9a-f]", "55d90ec4[0-9a-f", `artefacts.yml:\d+: KF-0003: error parsing regexp`},
		{"bad field", "artefacts.yml", "field: service", "field: colour", `artefacts.yml:\d+: .* there is no field "colour"`},
		{"memory taken for fact", "artefacts.yml", "credibility: 4", "credibility: 1", `artefacts.yml:\d+: .* from memory, to be checked`},
		{"bad address", "sources.yml", "https://www.cisa.gov/news-events/cybersecurity-advisories/aa22-264a", "javascript:x", `sources.yml: CISA .*: "javascript:x" is no address`},
		{"renamed twice", "renamed.yml", "T1089: {to: T1685,", "T1089: {to: T1562.001,", `renamed.yml:\d+: T1562.001 is renamed itself`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := readFolder(altered(t, test.file, test.find, test.put))
			if err == nil || !regexp.MustCompile(test.want).MatchString(err.Error()) {
				t.Errorf("error %v, want %s", err, test.want)
			}
		})
	}
}

// altered is the folder of the base with one text in it replaced.
func altered(t *testing.T, file, find, put string) fs.FS {
	t.Helper()
	files := fstest.MapFS{}
	names, err := fs.Glob(embedded.FS, "*.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := embedded.FS.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if name == file {
			if !bytes.Contains(data, []byte(find)) {
				t.Fatalf("%s does not hold %q", file, find)
			}
			data = bytes.ReplaceAll(data, []byte(find), []byte(put))
		}
		files[name] = &fstest.MapFile{Data: data}
	}
	return files
}

func TestSaveAndLoad(t *testing.T) {
	t.Parallel()
	base := builtin(t)
	if got := reloaded(t, base); got.Identity() != base.Identity() {
		t.Error("a saved base comes back as another")
	}
	var out bytes.Buffer
	if err := base.Save(&out); err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(out.String(), "Kuwait Telecommunications", "Quwait Telecommunications", 1)
	if _, err := Load(strings.NewReader(changed)); !errors.Is(err, ErrChanged) {
		t.Errorf("a changed base: %v", err)
	}
	for name, text := range map[string]string{"nothing": "", "no base": `{"format":"kulla-knowledge/1"}`, "another version": `{"format":"kulla-knowledge/2","base":{}}`,
		"unknown key": `{"format":"kulla-knowledge/1","base":{"tea":1}}`, "null entry": `{"format":"kulla-knowledge/1","base":{"actors":[null]}}`,
		"id twice":    `{"format":"kulla-knowledge/1","base":{"actors":[{"id":"G1","name":"a"},{"id":"G1","name":"b"}]}}`,
		"bad pattern": `{"format":"kulla-knowledge/1","base":{"artefacts":[{"id":"KF-1","kind":"tool","field":"md5","value":"(","pattern":true,"actors":[],"spoof":0,"reliability":"A","credibility":1,"citations":[]}]}}`} {
		if _, err := Load(strings.NewReader(text)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// reloaded saves a base and loads it again; what comes back is the same.
func reloaded(t *testing.T, base *Base) *Base {
	t.Helper()
	var out bytes.Buffer
	if err := base.Save(&out); err != nil {
		t.Fatal(err)
	}
	again, err := Load(&out)
	if err != nil {
		t.Fatalf("a saved base cannot be loaded: %v", err)
	}
	return again
}

func FuzzLoad(f *testing.F) {
	var out bytes.Buffer
	if err := builtin(f).Save(&out); err != nil {
		f.Fatal(err)
	}
	f.Add(out.Bytes())
	f.Add([]byte(`{"format":"kulla-knowledge/1","identity":"","base":{"actors":[{"id":"G1","name":"a","features":[{"kind":"technique","id":"T1"}]}],"renamed":{"T1":"T1"}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		base, err := Load(bytes.NewReader(data))
		if err != nil {
			return
		}
		if got := reloaded(t, base); got.Identity() != base.Identity() {
			t.Error("a saved base comes back as another")
		}
		base.Mitigations(base.Current("T1.001"))
	})
}

func BenchmarkBuiltin(b *testing.B) {
	for b.Loop() {
		if _, err := Builtin(); err != nil {
			b.Fatal(err)
		}
	}
}
