package knowledge

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// openATTACK opens version 18.1, where the machine has it.
func openATTACK(t *testing.T) *os.File {
	t.Helper()
	folder := os.Getenv("KULLA_DATA")
	if folder == "" {
		folder = "../../../shared/data"
	}
	file, err := os.Open(filepath.Join(folder, "attack", "enterprise-attack-18.1.stix20.json.gz"))
	if err != nil {
		t.Skipf("ATT&CK is not here: %v", err)
	}
	t.Cleanup(func() { file.Close() })
	return file
}

// Version 18.1 has 172 groups that are not revoked, 5466 uses by them, and 24
// attributed campaigns; counted with another program.
func TestImportATTACKWhole(t *testing.T) {
	t.Parallel()
	base, err := ImportATTACK(openATTACK(t))
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{"actors": len(base.Actors), "software": len(base.Software), "campaigns": len(base.Campaigns), "techniques": len(base.Techniques)}
	for _, actor := range base.Actors {
		if actor.State != "" {
			counts["states"]++
		}
		for _, f := range actor.Features {
			counts["uses"]++
			if slices.ContainsFunc(f.Citations, func(c Citation) bool { return !c.Published.IsZero() }) {
				counts["dated"]++
			}
		}
	}
	for _, campaign := range base.Campaigns {
		if len(campaign.Actors) > 0 {
			counts["attributed"]++
		}
	}
	want := map[string]int{"actors": 172, "software": 784, "campaigns": 52, "techniques": 691, "states": 91, "uses": 5466, "dated": 5371, "attributed": 24}
	if !reflect.DeepEqual(counts, want) {
		t.Errorf("counted %v, wanted %v", counts, want)
	}
}

// bundle is a small one of STIX 2.1 as version 19 has it.
const bundle = `{"type":"bundle","id":"bundle--1","objects":[
{"type":"x-mitre-collection","id":"x--1","x_mitre_version":"19.1"},
{"type":"intrusion-set","spec_version":"2.1","id":"g1","name":"River","aliases":["River","Brook"],"description":"River is a group.(Citation: Vendor River (2020))",
 "external_references":[{"source_name":"mitre-attack","external_id":"G0049","url":"https://example.test/g"},{"source_name":"Brook","description":"(Citation: Vendor River (2020))"},
 {"source_name":"Vendor River (2020)","url":"https://example.test/2020/","description":"Vendor. (2020, March 4). River. Retrieved June 1, 2021."}]},
{"type":"intrusion-set","id":"g2","name":"Old River","revoked":true,"external_references":[{"source_name":"mitre-attack","external_id":"G0002"}]},
{"type":"intrusion-set","id":"g3","name":"Gone","x_mitre_deprecated":true,"external_references":[{"source_name":"mitre-attack","external_id":"G0003"}]},
{"type":"malware","id":"s1","name":"Hammer","x_mitre_aliases":["Hammer","Mallet"],"external_references":[{"source_name":"mitre-attack","external_id":"S0001"}]},
{"type":"tool","id":"s2","name":"Net","external_references":[{"source_name":"mitre-attack","external_id":"S0039"}]},
{"type":"attack-pattern","id":"t1","name":"Disable Tools","revoked":true,"external_references":[{"source_name":"mitre-attack","external_id":"T1562.001"}]},
{"type":"attack-pattern","id":"t2","name":"Disable or Modify Tools","kill_chain_phases":[{"kill_chain_name":"mitre-attack","phase_name":"defense-impairment"},{"kill_chain_name":"other","phase_name":"x"}],
 "external_references":[{"source_name":"mitre-attack","external_id":"T1685"}]},
{"type":"course-of-action","id":"m1","name":"Restrict","external_references":[{"source_name":"mitre-attack","external_id":"M1022"}]},
{"type":"campaign","id":"c1","name":"Flood","first_seen":"2021-05-01T04:00:00.000Z","last_seen":"nonsense","external_references":[{"source_name":"mitre-attack","external_id":"C0038"}]},
{"type":"relationship","id":"r1","relationship_type":"revoked-by","source_ref":"t1","target_ref":"t2"},
{"type":"relationship","id":"r2","relationship_type":"revoked-by","source_ref":"g2","target_ref":"g1"},
{"type":"relationship","id":"r3","relationship_type":"uses","source_ref":"g1","target_ref":"t1","description":"(Citation: Vendor River (2020))"},
{"type":"relationship","id":"r4","relationship_type":"uses","source_ref":"g2","target_ref":"t2","description":"(Citation: Later) and (Citation: Unknown"},
{"type":"relationship","id":"r5","relationship_type":"uses","source_ref":"g1","target_ref":"s1","external_references":[{"source_name":"Later","url":"https://example.test/blog/2022/07/later"}]},
{"type":"relationship","id":"r6","relationship_type":"uses","source_ref":"s1","target_ref":"t2"},
{"type":"relationship","id":"r7","relationship_type":"uses","source_ref":"g1","target_ref":"s2","revoked":true},
{"type":"relationship","id":"r8","relationship_type":"uses","source_ref":"c1","target_ref":"s2"},
{"type":"relationship","id":"r9","relationship_type":"attributed-to","source_ref":"c1","target_ref":"g2"},
{"type":"relationship","id":"r10","relationship_type":"mitigates","source_ref":"m1","target_ref":"t2"},
{"type":"relationship","id":"r11","relationship_type":"uses","source_ref":"nobody","target_ref":"t2"},
{"type":"relationship","id":"r12","relationship_type":"uses","source_ref":"g3","target_ref":"t2"}
],"after":{"anything":[1,2]}}`

func TestImportATTACK(t *testing.T) {
	t.Parallel()
	base, err := ImportATTACK(strings.NewReader(bundle))
	if err != nil {
		t.Fatal(err)
	}
	vendor := Citation{Name: "Vendor River (2020)", URL: "https://example.test/2020/", Published: time.Date(2020, 3, 4, 0, 0, 0, 0, time.UTC)}
	later := Citation{Name: "Later", URL: "https://example.test/blog/2022/07/later", Published: time.Date(2022, 7, 1, 0, 0, 0, 0, time.UTC)}
	want := &Base{
		Sources: base.Sources,
		Actors: []*Actor{{ID: "G0049", Name: "River", Aliases: []string{"Brook"}, State: "IR", Citations: []Citation{vendor},
			Features: []Feature{{"software", "S0001", []Citation{later}}, {"technique", "T1685", []Citation{later, {Name: "Unknown"}, vendor}}}}},
		Software: []*Software{{ID: "S0001", Name: "Hammer", Aliases: []string{"Mallet"}, Features: []Feature{{"technique", "T1685", nil}}}, {ID: "S0039", Name: "Net", Public: true}},
		Campaigns: []*Campaign{{ID: "C0038", Name: "Flood", Actors: []string{"G0049"}, First: time.Date(2021, 5, 1, 4, 0, 0, 0, time.UTC),
			Features: []Feature{{"software", "S0039", nil}}}},
		Techniques: []*Technique{{ID: "T1685", Name: "Disable or Modify Tools", Tactics: []string{"defense-impairment"}, Mitigations: []Mitigation{{"M1022", "Restrict"}}}},
		Renamed:    map[string]string{"T1562.001": "T1685"},
	}
	if base.Identity() != want.Identity() {
		t.Errorf("imported\n%+v\nwanted\n%+v", show(t, base), show(t, want))
	}
	if s := base.Sources[0]; s.Version != "19.1" || len(s.SHA256) != 64 {
		t.Errorf("source %+v", s)
	}
	if compressed, err := ImportATTACK(bytes.NewReader(gzipped(t, bundle))); err != nil || compressed.Sources[0].SHA256 == base.Sources[0].SHA256 {
		t.Errorf("compressed: %v; the digest is of the file as it is", err)
	} else if compressed.Sources = base.Sources; compressed.Identity() != base.Identity() {
		t.Error("compressed, the bundle gives another base")
	}
}

func show(t *testing.T, base *Base) string {
	t.Helper()
	var text strings.Builder
	if err := base.Save(&text); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// The order of a bundle's objects says nothing.
func TestImportATTACKInAnyOrder(t *testing.T) {
	t.Parallel()
	head, rest, _ := strings.Cut(bundle, "[\n")
	body, tail, _ := strings.Cut(rest, "\n],")
	lines := strings.Split(strings.ReplaceAll(body, "\n \"external", " \"external"), ",\n{")
	for i := range lines {
		lines[i] = "{" + strings.TrimPrefix(lines[i], "{")
	}
	slices.Reverse(lines)
	first, err := ImportATTACK(strings.NewReader(bundle))
	if err != nil {
		t.Fatal(err)
	}
	turned, err := ImportATTACK(strings.NewReader(head + "[\n" + strings.Join(lines, ",\n") + "\n]," + tail))
	if err != nil {
		t.Fatal(err)
	}
	turned.Sources = first.Sources
	if first.Identity() != turned.Identity() {
		t.Error("turned round, the bundle gives another base")
	}
}

func TestImportATTACKRefuses(t *testing.T) {
	t.Parallel()
	object := func(text string) string { return `{"objects":[` + text + `]}` }
	for name, c := range map[string]struct {
		data string
		want error
	}{
		"nothing":               {"", io.EOF},
		"no JSON":               {"once upon a time", ErrNotATTACK},
		"a list":                {"[1,2]", ErrNotATTACK},
		"no objects":            {`{"type":"bundle"}`, ErrNotATTACK},
		"objects that are none": {`{"objects":7}`, ErrNotATTACK},
		"an empty bundle":       {object(""), ErrNotATTACK},
		"no group or technique": {object(`{"type":"indicator"}`), ErrNotATTACK},
		"cut short":             {bundle[:len(bundle)/2], io.ErrUnexpectedEOF},
		"cut gzip":              {string(gzipped(t, bundle)[:100]), io.ErrUnexpectedEOF},
		"no gzip":               {"\x1f\x8b and then text", gzip.ErrHeader},
		"an object too large":   {object(`{"type":"tool","name":"` + strings.Repeat("x", maxObject+1<<20) + `"}`), ErrTooLarge},
		"too many objects":      {object(strings.Repeat("{},", maxObjects) + "{}"), ErrTooLarge},
		"a reader that fails":   {"", io.ErrClosedPipe},
	} {
		reader := io.Reader(strings.NewReader(c.data))
		if name == "a reader that fails" {
			reader = failing{}
		}
		if base, err := ImportATTACK(reader); base != nil || !errors.Is(err, c.want) {
			t.Errorf("%s: base %v, error %v, wanted %v", name, base != nil, err, c.want)
		}
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }

// Objects of the wrong shape are counted and left out; the others stay.
func TestImportATTACKSkips(t *testing.T) {
	t.Parallel()
	damaged := strings.Replace(bundle, `"objects":[`, `"objects":[{"type":"tool","name":7},"text",`+strings.Repeat("[],", 20), 1)
	base, err := ImportATTACK(strings.NewReader(damaged))
	skipped := (*SkippedError)(nil)
	if !errors.As(err, &skipped) || skipped.Objects != 22 || len(skipped.Problems) != 10 || !strings.HasPrefix(skipped.Problems[0], "object 0: ") {
		t.Fatalf("error %v", err)
	}
	if base == nil || len(base.Actors) != 1 {
		t.Error("the rest was not kept")
	}
}

// Revocations that go round in a circle end, and lead nowhere.
func TestImportATTACKCircle(t *testing.T) {
	t.Parallel()
	circle := strings.NewReplacer(`"name":"Disable or Modify Tools",`, `"name":"Disable or Modify Tools","revoked":true,`,
		`"id":"r1",`, `"id":"r0","relationship_type":"revoked-by","source_ref":"t2","target_ref":"t1"},{"type":"relationship","id":"r1",`).Replace(bundle)
	base, err := ImportATTACK(strings.NewReader(circle))
	if err != nil || len(base.Techniques) != 0 || len(base.Renamed) != 0 {
		t.Errorf("error %v, techniques %v, renamed %v", err, base.Techniques, base.Renamed)
	}
}

func TestCitationNames(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"": nil, "no citation": nil, "(Citation: A)": {"A"}, "x(Citation: A) y (Citation: B 2020).": {"A", "B 2020"},
		"(Citation: A (B) C)": {"A (B) C"}, "(Citation: open": {"open"}, "(Citation: )": nil, "(Citation:": nil,
	} {
		if got := citationNames(text); !slices.Equal(got, want) {
			t.Errorf("%q: %q, wanted %q", text, got, want)
		}
	}
}

func TestPublishedAt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ description, url, want string }{
		{"MSTIC. (2022, September 8). Title (2019). Retrieved August 6, 2024.", "", "2022-09-08"},
		{"Doe, J. (2017, May). Title.", "", "2017-05-01"},
		{"Doe, J. (2017). Title.", "", "2017-01-01"},
		{"Doe, J. (2017, Sept. 3). Title.", "", "2017-09-03"},
		{"Doe, J. (n.d.). Title. Retrieved March 1, 2020.", "https://example.test/2019/02/11/title", "2019-02-11"},
		{"Doe, J. (n.d.). Title.", "https://example.test/2019/title", "2019-01-01"},
		{"Doe, J. (n.d.). Title. Retrieved March 1, 2020.", "https://example.test/title", "0001-01-01"},
		{"(1066, October 14)", "", "0001-01-01"},
		{"(2017, x)", "", "2017-01-01"},
	} {
		if got := publishedAt(attackReference{Description: c.description, URL: c.url}).Format(time.DateOnly); got != c.want {
			t.Errorf("%q, %q: %s, wanted %s", c.description, c.url, got, c.want)
		}
	}
}

// Each label is a country and stands once.
func TestStateLabels(t *testing.T) {
	t.Parallel()
	labels, err := stateLabels()
	if err != nil || len(labels) < 90 {
		t.Fatalf("%d labels, %v", len(labels), err)
	}
	for id, label := range labels {
		if len(label.state) != 2 || strings.ToUpper(label.state) != label.state || !strings.HasPrefix(id, "G") {
			t.Errorf("%s: %q", id, label.state)
		}
	}
}

func gzipped(t *testing.T, text string) []byte {
	t.Helper()
	var buffer bytes.Buffer
	w := gzip.NewWriter(&buffer)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}
