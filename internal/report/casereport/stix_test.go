package casereport

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/kulla-defence/kulla/internal/attribution"
	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/incident"
	"github.com/kulla-defence/kulla/internal/incident/entity"
	"github.com/kulla-defence/kulla/internal/knowledge"
	"github.com/kulla-defence/kulla/stix"
)

// plainText stands for the words of a sentence.
func plainText(s incident.Sentence) string { return s.Message }

func sharedCase() *Document {
	seen := time.Date(2022, 7, 15, 3, 0, 0, 123456789, time.UTC)
	use := func(kind entity.Kind, name string, aliases ...string) incident.EntityUse {
		return incident.EntityUse{Entity: entity.Entity{Key: entity.Key(string(kind) + ":" + name), Kind: kind, Name: name, Aliases: aliases},
			Count: 3, First: seen, Last: seen.Add(time.Hour), Weight: 1}
	}
	one := &incident.Incident{ID: "I-7F3KQ", Level: "critical", Title: incident.Sentence{Message: "title"}, First: seen, Last: seen,
		Story: []incident.Sentence{{Message: "story.one"}, {Message: "story.two"}},
		Entities: []incident.EntityUse{use(entity.Address, "192.0.2.10"), use(entity.Address, "10.0.0.5"), use(entity.Address, "2001:db8::1"),
			use(entity.Domain, "c2.example.test"), use(entity.URL, "https://c2.example.test/a'b"), use(entity.URL, "https://c2.example.test/a b\\"), use(entity.URL, "/owa/"), use(entity.Host, "WEB01"),
			use(entity.Account, `CORP\svc-web`, "S-1-5-21-1-2-3-1104"), use(entity.Account, "nobody"),
			use(entity.File, `C:\Users\Public\cl.exe`, "sha256="+strings.Repeat("ab", 32), "md5="+strings.Repeat("cd", 16)), use(entity.File, `error4.aspx`)},
		Techniques: []incident.TechniqueUse{{ID: "T1505.003", Tactics: []string{"persistence"}}},
		Rules:      []incident.RuleUse{{ID: "11111111-1111-4111-8111-111111111111", Title: "Web shell", Level: "high", First: seen, Example: 7}}}
	one.Entities = append(one.Entities, familiarThings(use)...)
	// The same address in a second incident is no second indicator.
	earlier := use(entity.Address, "192.0.2.10")
	earlier.First = seen.Add(-24 * time.Hour)
	second := &incident.Incident{ID: "I-2", Level: "low", First: earlier.First, Entities: []incident.EntityUse{earlier}}
	known := &knowledge.Base{Artefacts: []*knowledge.Artefact{{ID: "KF-1", Kind: "malware", Field: "md5", Value: strings.Repeat("EF", 16)}, {ID: "KF-2", Kind: "tool", Field: "md5", Value: strings.Repeat("a0", 16)}}}
	rule := &detect.Finding{Rule: &detect.Rule{Techniques: []string{"T1505.003", "T1190"}}}
	return &Document{Name: "x", Generated: seen, Tool: "test", Incidents: []*incident.Incident{one, second}, Base: known,
		Finding:  func(int64) (*Finding, error) { return &Finding{Finding: rule}, nil },
		RuleText: func(id string) string { return "title: Web shell\nid: " + id + "\n" },
		Assessment: &attribution.Assessment{Cluster: "KC-0001", Incidents: []string{"I-7F3KQ"},
			Hypotheses: []attribution.Hypothesis{{ID: "group:G1", Kind: "group", Name: "A GROUP", Posterior: .876}},
			Answer:     attribution.Answer{Level: "group", Hypothesis: "group:G1"}, Likelihood: incident.Sentence{Message: "likely"}}}
}

// familiarThings are what nobody should be told to look for, and two that only
// look so.
func familiarThings(use func(kind entity.Kind, name string, aliases ...string) incident.EntityUse) []incident.EntityUse {
	own := use(entity.Host, "MAIL01.corp.example.test", "MAIL01", "198.51.100.25", "10.0.0.6")
	own.Roles = []entity.Role{entity.At}
	digest := func(pair string) string { return "md5=" + strings.Repeat(pair, 16) }
	known := use(entity.File, `C:\Windows\System32\drivers\rwdsk.sys`, digest("ef"))
	known.Weight = .1
	return []incident.EntityUse{own,
		use(entity.Address, "198.51.100.25"), use(entity.Address, "169.254.1.1"), use(entity.Address, "100.64.3.4"), use(entity.Address, "8.8.8.8"), use(entity.Address, "224.0.0.1"),
		use(entity.Domain, "mail01.corp.example.test"), use(entity.Domain, "printer.CORP.example.test"), use(entity.Domain, "api.telegram.org"), use(entity.Domain, "MAIL01"),
		use(entity.URL, "https://mail01.corp.example.test/owa/"), use(entity.URL, "https://api.telegram.org/bot"), use(entity.URL, "http://10.0.0.5/x"),
		use(entity.File, `C:\Windows\System32\cmd.exe`, digest("01")), use(entity.File, `%SystemRoot%\System32\net.exe`, digest("02")),
		use(entity.File, `\Device\HarddiskVolume3\Program Files\Tool\tool.exe`, digest("03")), use(entity.File, "/usr/bin/bash", digest("04")),
		use(entity.File, `D:\Temp\reg.exe`, digest("05")), use(entity.File, `C:\Users\Public\renamed.exe`, digest("01")), use(entity.File, "whoami.exe", digest("06")),
		use(entity.File, `C:\Windows\Temp\dropped.exe`, digest("07")), known}
}

// Each indicator leads to what it indicates, as the standard has it.
func TestIndicatorsIndicate(t *testing.T) {
	t.Parallel()
	objects := objectsOf(t, bundleOf(t, sharedCase()))
	kinds := map[string]string{}
	for _, o := range objects {
		kinds[o["id"].(string)] = o["type"].(string)
		if o["pattern_type"] != nil {
			kinds[o["id"].(string)] = o["pattern_type"].(string)
		}
	}
	found := map[string]bool{}
	for _, o := range objects {
		if o["type"] == "relationship" {
			found[fmt.Sprintf("%s %s %s", kinds[o["source_ref"].(string)], o["relationship_type"], kinds[o["target_ref"].(string)])] = true
		}
	}
	for _, want := range []string{"sigma indicates attack-pattern", "sigma indicates campaign", "stix indicates campaign", "stix based-on observed-data"} {
		if !found[want] {
			t.Errorf("no %s: %v", want, found)
		}
	}
}

// What is seen in two incidents is one indicator, valid from the first.
func TestIndicatorsAreOnce(t *testing.T) {
	t.Parallel()
	count := 0
	for _, o := range objectsOf(t, bundleOf(t, sharedCase())) {
		if o["pattern"] == "[ipv4-addr:value = '192.0.2.10']" {
			count++
			if o["valid_from"] != "2022-07-14T03:00:00.123456Z" || !strings.Contains(o["description"].(string), "I-7F3KQ, I-2") {
				t.Errorf("%v", o)
			}
		}
	}
	if count != 1 {
		t.Errorf("%d indicators of one address", count)
	}
}

// A state is a name, and nothing is asserted of it that nobody knows.
func TestActorIsNamedAndNoMore(t *testing.T) {
	t.Parallel()
	d := sharedCase()
	d.Assessment.Hypotheses = []attribution.Hypothesis{{ID: "state:IR", Kind: "state", Name: "IR", Posterior: .9}}
	d.Assessment.Answer = attribution.Answer{Level: "state", Hypothesis: "state:IR"}
	var out bytes.Buffer
	text, err := English()
	if err != nil {
		t.Fatal(err)
	}
	if err := writeSTIX(&out, d, text, false); err != nil {
		t.Fatal(err)
	}
	for _, o := range objectsOf(t, out.Bytes()) {
		if o["type"] == "intrusion-set" && (o["name"] != "Actor of Iran" || o["resource_level"] != nil || o["primary_motivation"] != nil) {
			t.Errorf("%v", o)
		}
	}
}

func bundleOf(t *testing.T, d *Document) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := writeSTIX(&out, d, plainText, false); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func objectsOf(t *testing.T, data []byte) []map[string]any {
	t.Helper()
	var bundle struct{ Objects []map[string]any }
	if err := json.Unmarshal(data, &bundle); err != nil {
		t.Fatal(err)
	}
	return bundle.Objects
}

// The same case gives the same bytes.
func TestBundleIsDeterministic(t *testing.T) {
	t.Parallel()
	if !bytes.Equal(bundleOf(t, sharedCase()), bundleOf(t, sharedCase())) {
		t.Error("two bundles of one case differ")
	}
}

// Every reference leads to an object of the bundle, no id stands twice, and
// everything has a marking and a creator.
func TestBundleIsWhole(t *testing.T) {
	t.Parallel()
	objects := objectsOf(t, bundleOf(t, sharedCase()))
	ids := map[string]bool{}
	for _, o := range objects {
		id := o["id"].(string)
		if ids[id] {
			t.Errorf("%s stands twice", id)
		}
		ids[id] = true
	}
	if !ids[stix.TLP(defaultTLP).ID] {
		t.Error("the marking is not there")
	}
	for _, o := range objects {
		for _, id := range references(o) {
			if !ids[id] {
				t.Errorf("%s refers to %s, which is not there", o["id"], id)
			}
		}
		if o["type"] == "marking-definition" {
			continue
		}
		if o["object_marking_refs"] == nil {
			t.Errorf("%s has no marking", o["id"])
		}
		if observable := o["created"] == nil; observable != (o["created_by_ref"] == nil) {
			t.Errorf("%s: creators are of all objects but observables", o["id"])
		}
	}
}

func references(o map[string]any) []string {
	var list []string
	for name, value := range o {
		switch v := value.(type) {
		case string:
			if strings.HasSuffix(name, "_ref") {
				list = append(list, v)
			}
		case []any:
			if strings.HasSuffix(name, "_refs") {
				for _, id := range v {
					list = append(list, id.(string))
				}
			}
		}
	}
	return list
}

// What is the case's own, everybody's or the system's is observed, but nobody
// else is told to look for it.
func TestIndicatorsAreOfTheOutside(t *testing.T) {
	t.Parallel()
	var patterns []string
	types := map[string]any{}
	for _, o := range objectsOf(t, bundleOf(t, sharedCase())) {
		if o["type"] == "indicator" && o["pattern_type"] == "stix" {
			patterns = append(patterns, o["pattern"].(string))
			types[o["pattern"].(string)] = o["indicator_types"].([]any)[0]
		}
	}
	slices.Sort(patterns)
	want := []string{
		`[domain-name:value = 'c2.example.test']`,
		`[file:hashes.'MD5' = '` + strings.Repeat("07", 16) + `']`, `[file:hashes.'MD5' = '` + strings.Repeat("ef", 16) + `']`,
		`[file:hashes.'SHA-256' = '` + strings.Repeat("ab", 32) + `' OR file:hashes.'MD5' = '` + strings.Repeat("cd", 16) + `']`,
		`[ipv4-addr:value = '192.0.2.10']`, `[ipv6-addr:value = '2001:db8::1']`,
		`[url:value = 'https://c2.example.test/a\'b']`,
	}
	if !slices.Equal(patterns, want) {
		t.Errorf("patterns are\n%s", strings.Join(patterns, "\n"))
	}
	for pattern, kind := range types {
		if want := map[bool]string{true: malicious, false: anomalous}[strings.Contains(pattern, "efef")]; kind != want {
			t.Errorf("%s indicates %s", pattern, kind)
		}
	}
}

// A cluster is attributed to nobody; a published group is, with its confidence.
func TestAttributionOnlyPastTheGates(t *testing.T) {
	t.Parallel()
	attributed := func(d *Document) (n int, confidence any) {
		for _, o := range objectsOf(t, bundleOf(t, d)) {
			if o["relationship_type"] == "attributed-to" {
				n, confidence = n+1, o["confidence"]
			}
		}
		return n, confidence
	}
	d := sharedCase()
	if n, confidence := attributed(d); n != 1 || confidence != float64(87) {
		t.Errorf("%d attributions, confidence %v", n, confidence)
	}
	d.Assessment.Answer, d.Assessment.Cluster = attribution.Answer{Level: "cluster"}, "KC-4711"
	if !slices.ContainsFunc(objectsOf(t, bundleOf(t, d)), func(o map[string]any) bool { return o["type"] == "campaign" && o["name"] == "KC-4711" }) {
		t.Error("no campaign has the name of the cluster")
	}
	if n, _ := attributed(d); n != 0 {
		t.Errorf("a cluster has %d attributions", n)
	}
}

// Of names that are no host's there is no domain-name, which the validator
// would refuse.
func TestNamesOfHosts(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{"c2.example.test": true, "C2": true, "a-b.1.example": true, strings.Repeat("a", 63) + ".test": true,
		"": false, ".": false, "a..b": false, "a.": false, "-a.test": false, "a-.test": false, "_ldap._tcp.example.test": false, "a b.test": false, "<b>": false, "' OR 'a": false,
		"xn--zzz99.test": false, "\u05d0.test": false, "a\x00.test": false, strings.Repeat("a", 64) + ".test": false, strings.Repeat("a.", 126) + "aa": false} {
		if isHostName(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
}

func TestUnknownMarkingIsRefused(t *testing.T) {
	t.Parallel()
	d := sharedCase()
	d.TLP = "white"
	if err := writeSTIX(new(bytes.Buffer), d, plainText, false); err == nil {
		t.Error("a marking of version 1 was taken")
	}
}

// Every object is valid by OASIS' schemas, and by those of interoperability.
func TestBundleIsValid(t *testing.T) {
	t.Parallel()
	schemas := oasisSchemas(t)
	kinds := map[string]bool{}
	for _, interop := range []bool{false, true} {
		var bundle bytes.Buffer
		if err := writeSTIX(&bundle, sharedCase(), plainText, interop); err != nil {
			t.Fatal(err)
		}
		whole, err := jsonschema.UnmarshalJSON(&bundle)
		if err != nil {
			t.Fatal(err)
		}
		folders := []string{"schemas/sdos", "schemas/sros", "schemas/observables", "schemas/common"}
		if interop {
			folders = append(folders, "interop")
		}
		for _, o := range whole.(map[string]any)["objects"].([]any) {
			kind := o.(map[string]any)["type"].(string)
			kinds[kind] = true
			if interop && (kind == "marking-definition" || o.(map[string]any)["created_by_ref"] == nil) {
				t.Errorf("the validator refuses %v by the profile", o)
			}
			for _, folder := range folders {
				schemas.check(t, folder+"/"+kind+".json", o)
			}
		}
	}
	if len(kinds) < 15 || schemas.checked < 2*len(kinds) {
		t.Errorf("only %d kinds of objects, %d checks", len(kinds), schemas.checked)
	}
}

// A broken object is seen by the schemas: the test above can fail.
func TestSchemasRefuse(t *testing.T) {
	t.Parallel()
	schemas := oasisSchemas(t)
	schema, err := schemas.compiler.Compile(schemaAddress + "interop/indicator.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objectsOf(t, bundleOf(t, sharedCase())) {
		if o["type"] != "indicator" {
			continue
		}
		delete(o, "pattern")
		if schema.Validate(o) == nil {
			t.Error("an indicator without a pattern is valid")
		}
	}
}

const schemaAddress = "http://raw.githubusercontent.com/oasis-open/cti-stix2-json-schemas/stix2.1/"

type schemaSet struct {
	compiler *jsonschema.Compiler
	known    map[string]bool
	checked  int
}

// oasisSchemas reads the schemas of the shared data.
func oasisSchemas(t *testing.T) *schemaSet {
	t.Helper()
	folder := os.Getenv("KULLA_DATA")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "..", "shared", "data")
	}
	archive, err := zip.OpenReader(filepath.Join(folder, "stix-schemas.zip"))
	if err != nil {
		t.Skipf("OASIS' schemas are absent: %v (set KULLA_DATA to the folder that has them)", err)
	}
	defer archive.Close()
	set := &schemaSet{compiler: jsonschema.NewCompiler(), known: map[string]bool{}}
	set.compiler.AssertFormat()
	for _, member := range archive.File {
		if path.Ext(member.Name) == ".json" {
			set.add(t, member)
		}
	}
	return set
}

func (s *schemaSet) add(t *testing.T, member *zip.File) {
	t.Helper()
	in, err := member.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	schema, err := jsonschema.UnmarshalJSON(in)
	if err != nil {
		t.Fatal(err)
	}
	// Two of them bear the name of another.
	schema.(map[string]any)["$id"] = schemaAddress + member.Name
	s.known[member.Name] = true
	if err := s.compiler.AddResource(schemaAddress+member.Name, schema); err != nil {
		t.Fatal(err)
	}
}

// check validates a value by a schema, where there is one of that name.
func (s *schemaSet) check(t *testing.T, name string, value any) {
	t.Helper()
	if !s.known[name] {
		return
	}
	schema, err := s.compiler.Compile(schemaAddress + name)
	if err != nil {
		t.Fatal(err)
	}
	s.checked++
	if err := schema.Validate(value); err != nil {
		text := fmt.Sprint(value)
		t.Errorf("%s: %s: %v", name, text[:min(len(text), 300)], err)
	}
}
