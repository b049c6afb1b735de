package knowledge

import (
	"archive/zip"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

func openGalaxy(t testing.TB) *os.File {
	t.Helper()
	folder := cmp.Or(os.Getenv("KULLA_DATA"), filepath.Join("..", "..", "..", "shared", "data"))
	file, err := os.Open(filepath.Join(folder, "misp", "galaxy.zip"))
	if err != nil {
		t.Skipf("the MISP galaxy is not there: %v", err)
	}
	t.Cleanup(func() { file.Close() })
	return file
}

// The counts are those that a script of a few lines in another language gives
// of the same files.
func TestImportMISPGalaxyWhole(t *testing.T) {
	t.Parallel()
	base, err := ImportMISPGalaxy(openGalaxy(t))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{"software": len(base.Software), "techniques": len(base.Techniques), "renamed": len(base.Renamed)}
	for _, a := range base.Actors {
		if strings.HasPrefix(a.ID, "G") {
			got["groups"]++
		}
	}
	want := map[string]int{"groups": 185, "software": 945, "techniques": 709, "renamed": 149}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, name := range []string{"Handala", "BiBiGun"} {
		at := slices.IndexFunc(base.Actors, func(a *Actor) bool { return a.Name == name || slices.Contains(a.Aliases, name) })
		if at < 0 {
			t.Fatalf("there is no %s", name)
		}
		a := base.Actors[at]
		if a.State == "PS" || !slices.ContainsFunc(a.Claims, func(c Claim) bool { return c.Field == "country" && c.Value == "PS" }) {
			t.Errorf("%s: state %q, claims %v: the persona's word is a claim", name, a.State, a.Claims)
		}
	}
	if oilrig := base.Actor("G0049"); oilrig == nil || oilrig.State != "IR" || !slices.Contains(oilrig.Aliases, "ATK40") {
		t.Errorf("OilRig is not joined with what MISP says of it: %+v", oilrig)
	}
	t.Logf("%d actors, %d conflicts", len(base.Actors), len(base.Conflicts))
}

// What changed between versions 18 and 19 is known whole, and the same, from
// our own file and from the galaxy.
func TestRenamedIsWhole(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes minutes with race detection")
	}
	galaxy, err := ImportMISPGalaxy(openGalaxy(t))
	if err != nil {
		t.Fatal(err)
	}
	own := builtin(t)
	if diff := gocmp.Diff(galaxy.Renamed, own.Renamed); diff != "" {
		t.Errorf("(-galaxy +renamed.yml)\n%s", diff)
	}
	old, err := ImportATTACK(openATTACK(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, technique := range old.Techniques {
		if now := own.Current(technique.ID); galaxy.Technique(now) == nil {
			t.Errorf("%s %s of v18.1 is %s, which v19 does not have", technique.ID, technique.Name, now)
		}
	}
	for from, to := range old.Renamed {
		if own.Current(from) != own.Current(to) {
			t.Errorf("%s: v18.1 says %s, renamed.yml %s", from, to, own.Current(from))
		}
	}
	for _, technique := range own.Techniques {
		theirs := galaxy.Technique(technique.ID)
		if theirs == nil || theirs.Name != technique.Name || !slices.Equal(theirs.Tactics, technique.Tactics) {
			t.Errorf("%+v: v19 has %+v", technique, theirs)
		}
	}
}

const (
	techniqueClusters = `{"type": "mitre-attack-pattern", "version": 36, "values": [
		{"uuid": "t1", "value": "Disable or Modify Tools - T1685", "meta": {"external_id": "T1685", "kill_chain": ["attack-Windows:defense-impairment"]}},
		{"uuid": "t2", "value": "Disable or Modify Tools - T1562.001", "revoked": true, "meta": {"external_id": "T1562.001", "kill_chain": ["attack-Windows:defense-evasion"]},
		 "related": [{"dest-uuid": "t1", "type": "revoked-by"}]},
		{"uuid": "t3", "value": "Jammed - T1464", "meta": {"external_id": "T1464", "kill_chain": ["mobile-attack-Android:impact"]}},
		{"uuid": "t4", "value": "Old - T1043", "meta": {"external_id": "T1043"}},
		{"uuid": "t5", "value": "Impact - TA0040", "meta": {"external_id": "TA0040"}}]}`
	groupClusters = `{"type": "mitre-intrusion-set", "version": 40, "values": [
		{"uuid": "g1", "value": "River - G0901", "meta": {"external_id": "G0901", "synonyms": ["River", "APT 901", "Estuary"], "refs": ["https://attack.mitre.org/groups/G0901"]},
		 "related": [{"dest-uuid": "t2", "type": "uses"}, {"dest-uuid": "s1", "type": "uses"}, {"dest-uuid": "t3", "type": "uses"}, {"dest-uuid": "g2", "type": "similar"}]},
		{"uuid": "g2", "value": "Lake - G0902", "meta": {"external_id": "G0902", "synonyms": ["Lake", "Estuary"]}},
		{"uuid": "g3", "value": "Pond - G0903", "revoked": true, "meta": {"external_id": "G0903"}, "related": [{"dest-uuid": "g1", "type": "revoked-by"}]}]}`
	malwareClusters = `{"type": "mitre-malware", "version": 39, "values": [{"uuid": "s1", "value": "Wave - S9901", "meta": {"external_id": "S9901", "synonyms": ["Wave", "Surf"]}}]}`
	actorClusters   = `{"type": "threat-actor", "version": 349, "values": [
		{"uuid": "a1", "value": "RIVER", "meta": {"country": "AL", "cfr-suspected-state-sponsor": "Albania", "attribution-confidence": "50", "synonyms": ["Brook"],
		 "cfr-suspected-victims": ["Malta", "Middle East"], "targeted-sector": ["Energy"], "refs": ["https://example.test/river", "javascript:x"]}},
		{"uuid": "a2", "value": "Persona", "meta": {"country": "MT", "refs": ["https://example.test/persona"]}},
		{"uuid": "a3", "value": "Delta", "meta": {"synonyms": "Estuary", "country": "mt", "cfr-suspected-state-sponsor": "Unknown"}},
		{"uuid": "a4", "value": "Doubt", "meta": {"country": "MT", "cfr-suspected-state-sponsor": "Malta", "attribution-confidence": "10"}}]}`
)

func readers(texts ...string) []io.Reader {
	var made []io.Reader
	for _, text := range texts {
		made = append(made, strings.NewReader(text))
	}
	return made
}

func TestImportMISPGalaxy(t *testing.T) {
	t.Parallel()
	base, err := ImportMISPGalaxy(readers(actorClusters, malwareClusters, techniqueClusters, groupClusters, `{"type": "tea", "version": 1, "values": [{"value": "Earl Grey"}]}`)...)
	if err != nil {
		t.Fatal(err)
	}
	river := base.Actor("G0901")
	if river == nil || river.State != "AL" || !slices.Equal(river.Aliases, []string{"APT 901", "Brook", "Estuary", "misp:a1"}) {
		t.Errorf("the group and the actor of the same name are not joined: %+v", river)
	}
	attack := []Citation{{Name: "ATT&CK G0901", URL: "https://attack.mitre.org/groups/G0901"}}
	if diff := gocmp.Diff([]Feature{{FeatureSoftware, "S9901", attack}, {FeatureTechnique, "T1685", attack}}, river.Features); diff != "" {
		t.Errorf("features (-want +got)\n%s", diff)
	}
	if len(river.Victims) != 2 || river.Victims[0].Sector != "energy" || river.Victims[1].Country != "MT" {
		t.Errorf("victims: %+v", river.Victims)
	}
	for id, claimed := range map[string]string{"misp:a2": "MT", "misp:a3": "MT", "misp:a4": "MT"} {
		if a := base.Actor(id); a == nil || a.State != "" || len(a.Claims) != 1 || a.Claims[0].Value != claimed {
			t.Errorf("%s: %+v, want no state and the claim %s", id, a, claimed)
		}
	}
	if got := base.Renamed; len(got) != 1 || got["T1562.001"] != "T1685" {
		t.Errorf("renamed: %v", got)
	}
	if want := (Conflict{"alias", "estuary", []string{"G0901", "G0902", "misp:a3"}}); !slices.ContainsFunc(base.Conflicts, func(c Conflict) bool { return gocmp.Equal(c, want) }) {
		t.Errorf("the alias that three share is not listed: %v", base.Conflicts)
	}
	left := map[string]int{}
	for _, s := range base.Sources {
		for _, o := range s.Left {
			left[o.What+": "+o.Why] += o.Count
		}
	}
	want := map[string]int{"mitre-attack-pattern: revoked": 1, "mitre-attack-pattern: not of ATT&CK Enterprise": 1, "mitre-attack-pattern: deprecated": 1, "mitre-attack-pattern: a tactic": 1,
		"mitre-intrusion-set: revoked": 1, "relation: to what is not in the base": 1, "relation: other than uses": 1, "victim: not a country": 1, "tea: not a cluster that is read": 1}
	if diff := gocmp.Diff(want, left); diff != "" {
		t.Errorf("left out (-want +got)\n%s", diff)
	}
}

// The order of files, and an archive around them, change nothing.
func TestImportMISPGalaxyOrder(t *testing.T) {
	t.Parallel()
	var identities []string
	for _, files := range [][]io.Reader{
		readers(actorClusters, malwareClusters, techniqueClusters, groupClusters), readers(groupClusters, techniqueClusters, malwareClusters, actorClusters),
		{bytes.NewReader(archived(t, actorClusters, groupClusters, `{"name": "no clusters"}`, malwareClusters, techniqueClusters))},
	} {
		base, err := ImportMISPGalaxy(files...)
		if err != nil {
			t.Fatal(err)
		}
		identities = append(identities, base.Identity())
	}
	if slices.Sort(identities); len(slices.Compact(identities)) != 1 {
		t.Errorf("identities differ: %v", identities)
	}
}

func archived(t testing.TB, texts ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	for i, text := range texts {
		member, err := archive.Create(fmt.Sprintf("clusters/%d.json", i))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(member, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestImportMISPGalaxyRefuses(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"nothing": "", "a list": "[]", "no clusters": `{"type": "threat-actor"}`, "STIX": `{"type": "bundle", "objects": []}`,
		"archive of nothing": string(archived(t)), "half an archive": string(archived(t, actorClusters)[:200])} {
		if base, err := ImportMISPGalaxy(strings.NewReader(text)); err == nil {
			t.Errorf("%s: no error, %d actors", name, len(base.Actors))
		}
	}
	if _, err := ImportMISPGalaxy(); !errors.Is(err, ErrNotGalaxy) {
		t.Errorf("no files: %v", err)
	}
	var bomb []string
	for range maxGalaxyFiles + 1 {
		bomb = append(bomb, "{}")
	}
	if _, err := ImportMISPGalaxy(bytes.NewReader(archived(t, bomb...))); err == nil {
		t.Error("an archive of too many files is read")
	}
}

// An archive of few bytes that unpacks to more than is allowed ends there.
func TestImportMISPGalaxyBomb(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	member, err := archive.Create("bomb.json")
	if err != nil {
		t.Fatal(err)
	}
	blanks := bytes.Repeat([]byte(" "), 1<<20)
	for range 9 {
		if _, err := member.Write(blanks); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	opened, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if content, err := readMember(opened.File[0], 8<<20); err == nil || len(content) > 8<<20 {
		t.Errorf("read %d bytes, error %v", len(content), err)
	}
}

func FuzzImportMISPGalaxy(f *testing.F) {
	for _, text := range []string{actorClusters, groupClusters, malwareClusters, techniqueClusters, `{"type":"threat-actor","values":[{"meta":{"synonyms":[[1]],"country":{}}}]}`,
		string(archived(f, groupClusters, techniqueClusters))} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		base, err := ImportMISPGalaxy(bytes.NewReader(data))
		if err != nil {
			return
		}
		reloaded(t, base)
	})
}
