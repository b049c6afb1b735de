package custody

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

// exported is the export of a case, and its manifest.
func exported(tb testing.TB, s *sampleCase, options ExportOptions) ([]byte, *Manifest) {
	tb.Helper()
	if options.Report == nil {
		options.Report = []byte("<html>what happened</html>")
	}
	if options.Signer == nil {
		options.Signer, options.PublicKey = keyPair(tb, 1)
	}
	var out bytes.Buffer
	manifest, err := Export(context.Background(), &out, s, options)
	if err != nil {
		tb.Fatal(err)
	}
	return out.Bytes(), manifest
}

func verifyExport(tb testing.TB, data []byte, options VerifyOptions) *Verification {
	tb.Helper()
	v, err := VerifyExport(context.Background(), bytes.NewReader(data), int64(len(data)), options)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

// contents are the members of a zip file by name.
func contents(tb testing.TB, data []byte) (names []string, members map[string][]byte) {
	tb.Helper()
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		tb.Fatal(err)
	}
	members = map[string][]byte{}
	for _, file := range archive.File {
		in, err := file.Open()
		if err != nil {
			tb.Fatal(err)
		}
		if members[file.Name], err = io.ReadAll(in); err != nil {
			tb.Fatal(err)
		}
		names = append(names, file.Name)
	}
	return names, members
}

// zipped is a zip file of members, as they come.
func zipped(tb testing.TB, names []string, members map[string][]byte) []byte {
	tb.Helper()
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	for _, name := range names {
		w, err := archive.Create(name)
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := w.Write(members[name]); err != nil {
			tb.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

func TestExportHolds(t *testing.T) {
	t.Parallel()
	s := newSampleCase(t)
	data, manifest := exported(t, s, ExportOptions{Evidence: s.evidence(same, 50)})
	again, _ := exported(t, s, ExportOptions{Evidence: s.evidence(same, 1000)})
	if !bytes.Equal(data, again) {
		t.Error("two exports of the same case differ")
	}
	// Leaves: rules, 2 evidence, findings 3 5 11 12, incident, assessment, note.
	if manifest.Leaves != 10 || manifest.Records != (Records{Included: 6}) {
		t.Errorf("%+v", manifest)
	}
	_, members := contents(t, data)
	size := bytes.IndexByte(s.files[webLog], '\n') + 1
	if got, want := members["records/5.bin"], s.files[webLog][2*size:3*size]; !bytes.Equal(got, want) {
		t.Errorf("record 5 is %q, want %q", got, want)
	}
	for _, options := range []VerifyOptions{{}, {Evidence: s.evidence(same, 9)}, {TrustedKeys: s.keys, Checkpoint: s.checkpoints[2]}} {
		v := verifyExport(t, data, options)
		if !v.Holds() || v.check(CheckLeaves).Count != 10 || v.check(CheckReferences).Count != 6 || v.check(CheckRecords).Count < 6 {
			t.Errorf("%s%+v", told(v), v)
		}
	}
}

func TestExportWithoutEvidence(t *testing.T) {
	t.Parallel()
	s := newSampleCase(t)
	data, manifest := exported(t, s, ExportOptions{})
	if manifest.Records.Missing != 6 || manifest.Records.Why == "" {
		t.Errorf("%+v", manifest.Records)
	}
	v := verifyExport(t, data, VerifyOptions{})
	if !v.Holds() || !slices.Contains(v.Unchecked, Unchecked{What: "records", Why: "they are not in the export", Count: 6}) {
		t.Errorf("%s%+v", told(v), v.Unchecked)
	}
	s.files[webLog][10] ^= 1
	if v := verifyExport(t, data, VerifyOptions{Evidence: s.evidence(same, 100)}); !strings.Contains(told(v), `finding 3 cites a record whose bytes differ ["story sentence 1 of I-7F3KQ" "title of I-7F3KQ"]`) {
		t.Errorf("%s", told(v))
	}
}

func TestExportRefusesUnsigned(t *testing.T) {
	t.Parallel()
	s := newSampleCase(t)
	if _, err := NewLedger(s).Append(Leaf{Kind: KindNote, Data: []byte(`{"text":"later"}`)}); err != nil {
		t.Fatal(err)
	}
	if _, err := Export(context.Background(), io.Discard, s, ExportOptions{}); !errors.Is(err, ErrUnsigned) {
		t.Errorf("%v, want ErrUnsigned", err)
	}
}

// redactors are what the tests hide, and the texts that must then not be
// readable.
func redactors() map[string]struct {
	hide   func(*Redactor)
	secret []string
} {
	return map[string]struct {
		hide   func(*Redactor)
		secret []string
	}{
		"account": {func(r *Redactor) { r.HideText("ADM.Kola") }, []string{"adm.kola"}},
		"address": {func(r *Redactor) { r.HideAddresses() }, []string{"192.0.2."}},
		"host":    {func(r *Redactor) { r.HideText("web01") }, []string{"web01/access"}},
		"field":   {func(r *Redactor) { r.HideField("CS-username"); r.HideField("text") }, []string{"adm.kola"}},
		"key":     {func(r *Redactor) { r.HideText("cs-username") }, []string{"cs-username"}},
		"all": {func(r *Redactor) {
			r.HideText("adm.kola")
			r.HideAddresses()
			r.HideText("mail01")
			r.HideText("web01")
		}, []string{"adm.kola", "192.0.2."}},
	}
}

// What is hidden cannot be read in any byte of the file, and all still holds.
func TestRedactedExport(t *testing.T) {
	t.Parallel()
	for name, test := range redactors() {
		s := newSampleCase(t)
		redactor := NewRedactor(s.secret)
		redactor.Say(name)
		test.hide(redactor)
		data, manifest := exported(t, s, ExportOptions{Evidence: s.evidence(same, 50), Redactor: redactor,
			Report: []byte("<p>" + redactor.Value("adm.kola") + " from " + redactor.Value("192.0.2.7") + " on " + redactor.Value("web01") + "</p>")})
		_, members := contents(t, data)
		for member, content := range members {
			for _, secret := range test.secret {
				if member != "report.html" && bytes.Contains(bytes.ToLower(content), []byte(secret)) {
					t.Errorf("%s: %s holds %q: %s", name, member, secret, content)
				}
			}
			if bytes.Contains(content, s.secret) {
				t.Errorf("%s: %s holds the case's secret", name, member)
			}
		}
		for _, secret := range test.secret {
			if bytes.Contains(data, []byte(secret)) {
				t.Errorf("%s: the zip holds %q", name, secret)
			}
		}
		v := verifyExport(t, data, VerifyOptions{Evidence: s.evidence(same, 50)})
		said := fmt.Sprintf("%d fields in %d leaves are hidden, and %d leaves as a whole", manifest.Redacted.Fields, manifest.Redacted.Leaves, manifest.Redacted.Withheld)
		if !slices.Contains(v.Remarks, said) {
			t.Errorf("%s: %q, want %q", name, v.Remarks, said)
		}
		if !v.Holds() || manifest.Redacted.Leaves+manifest.Redacted.Withheld == 0 || manifest.Leaves != 10 {
			t.Errorf("%s: %+v\n%s", name, manifest.Redacted, told(v))
		}
	}
}

func TestExportRefusesToLeak(t *testing.T) {
	t.Parallel()
	s := newSampleCase(t)
	for _, report := range []string{"by ADM.KOLA", "by CORP\\adm.kola", "href=\"?u=adm.kola\""} {
		redactor := NewRedactor(s.secret)
		redactor.HideText("adm.kola")
		_, err := Export(context.Background(), io.Discard, s, ExportOptions{Report: []byte(report), Redactor: redactor})
		if !errors.Is(err, ErrLeak) {
			t.Errorf("%s: %v, want ErrLeak", report, err)
		}
	}
}

// Every byte of every member, one after the other.
func TestVerifyExportFindsEveryFlip(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes minutes with race detection")
	}
	s := newSampleCase(t)
	redactor := NewRedactor(s.secret)
	redactor.HideText("192.0.2.00")
	for _, options := range []ExportOptions{{Evidence: s.evidence(same, 50)}, {Redactor: redactor}} {
		data, _ := exported(t, s, options)
		names, members := contents(t, data)
		for _, name := range names {
			step := 1 + len(members[name])/400
			for i := 0; i < len(members[name]); i += step {
				members[name][i] ^= 1 << (i % 7)
				changed := zipped(t, names, members)
				v, err := VerifyExport(context.Background(), bytes.NewReader(changed), int64(len(changed)), VerifyOptions{})
				if err == nil && v.Holds() {
					t.Errorf("byte %d of %s changed, and not found", i, name)
				}
				members[name][i] ^= 1 << (i % 7)
			}
		}
	}
}

// One who makes manifest and signature anew is found by the key, and what he
// changed in the ledger by the proofs.
func TestVerifyExportForged(t *testing.T) {
	t.Parallel()
	s := newSampleCase(t)
	data, _ := exported(t, s, ExportOptions{Evidence: s.evidence(same, 50)})
	for name, test := range map[string]struct {
		change  func(names []string, members map[string][]byte) []string
		options VerifyOptions
		want    string
	}{
		"value": {func(n []string, m map[string][]byte) []string {
			m[memberLeaves] = bytes.Replace(m[memberLeaves], []byte(`192.0.2.20`), []byte(`192.0.2.99`), 1)
			return n
		}, VerifyOptions{}, "finding 11, or its proof, is not as signed"},
		"leaf removed": {func(n []string, m map[string][]byte) []string {
			lines := bytes.SplitAfter(m[memberLeaves], []byte("\n"))
			m[memberLeaves] = bytes.Join(slices.Delete(lines, 4, 5), nil)
			return n
		}, VerifyOptions{}, `leaf 5 is not in the export ["story sentence 2 of I-7F3KQ"]`},
		"leaves reordered": {func(n []string, m map[string][]byte) []string {
			lines := bytes.SplitAfter(m[memberLeaves], []byte("\n"))
			lines[1], lines[2] = lines[2], lines[1]
			m[memberLeaves] = bytes.Join(lines, nil)
			return n
		}, VerifyOptions{}, "does not follow leaf 2"},
		"record": {func(n []string, m map[string][]byte) []string { m["records/5.bin"][0] ^= 1; return n }, VerifyOptions{},
			`finding 5 cites other bytes ["story sentence 2 of I-7F3KQ"]`},
		"record added": {func(n []string, m map[string][]byte) []string {
			m["records/999.bin"] = []byte("x")
			return append(n, "records/999.bin")
		}, VerifyOptions{},
			"no finding of the export cites it"},
		"report": {func(n []string, m map[string][]byte) []string { m[memberReport] = []byte("another story"); return n },
			VerifyOptions{TrustedKeys: s.keys}, "not by a trusted key"},
		"older checkpoint": {func(n []string, m map[string][]byte) []string { m[memberCheckpoint] = s.checkpoints[1]; return n }, VerifyOptions{},
			"is not as signed"},
		"given checkpoint": {func(n []string, m map[string][]byte) []string { return n }, VerifyOptions{Checkpoint: s.checkpoints[1]}, ""},
	} {
		names, members := contents(t, data)
		names = test.change(names, members)
		forged := forge(t, names, members)
		v := verifyExport(t, forged, test.options)
		if test.want == "" != v.Holds() || !strings.Contains(told(v), test.want) {
			t.Errorf("%s:\n%s\nwant %s", name, told(v), test.want)
		}
	}
}

// An export whose manifest nobody signed says so, and is none of a key that is
// trusted; one from which members are gone does not hold.
func TestVerifyExportIncomplete(t *testing.T) {
	t.Parallel()
	s := newSampleCase(t)
	data, _ := exported(t, s, ExportOptions{})
	without := func(gone ...string) []byte {
		names, members := contents(t, data)
		names = slices.DeleteFunc(names, func(name string) bool { return slices.Contains(gone, name) })
		forged := forge(t, names, members)
		if !slices.Contains(gone, memberSignature) {
			return forged
		}
		names, members = contents(t, forged)
		return zipped(t, slices.DeleteFunc(names, func(name string) bool { return name == memberSignature }), members)
	}
	if v := verifyExport(t, without(memberSignature), VerifyOptions{}); !v.Holds() || !v.Unsigned {
		t.Errorf("unsigned: %s%+v", told(v), v)
	}
	if v := verifyExport(t, without(memberSignature), VerifyOptions{TrustedKeys: s.keys}); v.Holds() || !strings.Contains(told(v), "the manifest is not signed") {
		t.Errorf("unsigned, a key trusted: %s%+v", told(v), v)
	}
	for _, gone := range [][]string{{memberCheckpoint}, {memberLeaves}, {memberCheckpoint, memberLeaves}} {
		if v := verifyExport(t, without(gone...), VerifyOptions{}); v.Holds() || !strings.Contains(told(v), gone[0]+"@0: missing") {
			t.Errorf("without %v: %s", gone, told(v))
		}
	}
}

// forge makes an export whose manifest lists what is there, signed by a key of
// the forger that the manifest names.
func forge(tb testing.TB, names []string, members map[string][]byte) []byte {
	tb.Helper()
	signer, public := keyPair(tb, 7)
	var out bytes.Buffer
	var old Manifest
	if err := json.Unmarshal(members[memberManifest], &old); err != nil {
		tb.Fatal(err)
	}
	x := &exporter{zip: zip.NewWriter(&out), manifest: old, options: ExportOptions{Signer: signer, PublicKey: public}}
	x.manifest.Files, x.manifest.Keys = nil, append(x.manifest.Keys, public)
	for _, name := range names {
		if name != memberManifest && name != memberSignature {
			if err := x.member(name, members[name]); err != nil {
				tb.Fatal(err)
			}
		}
	}
	if err := errors.Join(x.writeManifest(), x.zip.Close()); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

func TestVerifyExportHostile(t *testing.T) {
	t.Parallel()
	s := newSampleCase(t)
	data, _ := exported(t, s, ExportOptions{})
	names, members := contents(t, data)
	for _, name := range []string{"../evil", "/etc/passwd", "records/../../x.bin", `records\1.bin`, "C:evil", "records/.bin", "other.txt", memberReport} {
		members := map[string][]byte{name: []byte("x"), memberManifest: members[memberManifest], memberLeaves: members[memberLeaves],
			memberCheckpoint: members[memberCheckpoint], memberSignature: members[memberSignature], memberHowTo: members[memberHowTo], memberReport: members[memberReport]}
		v := verifyExport(t, zipped(t, append(slices.Clone(names), name), members), VerifyOptions{})
		if !slices.ContainsFunc(v.Faults, func(f Fault) bool { return f.Check == CheckMembers && f.Source == name }) {
			t.Errorf("%s: %s", name, told(v))
		}
	}
	for name, members := range map[string]map[string][]byte{
		"no manifest":    {"report.html": nil},
		"empty manifest": {memberManifest: nil},
		"other format":   {memberManifest: []byte(`{"format":"other"}`)},
		"later version":  {memberManifest: []byte(`{"format":"kulla-export","version":2}`)},
		"large manifest": {memberManifest: bytes.Repeat([]byte(" "), maxManifest+1)},
	} {
		names := []string{}
		for member := range members {
			names = append(names, member)
		}
		data := zipped(t, names, members)
		if v, err := VerifyExport(context.Background(), bytes.NewReader(data), int64(len(data)), VerifyOptions{}); err == nil {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

func TestRedactorTexts(t *testing.T) {
	t.Parallel()
	r := NewRedactor(testSecret)
	r.HideText("Kola")
	r.HideText("svc-backup01")
	if r.HideText("x") {
		t.Error("a text that would hide everything is taken")
	}
	for text, hidden := range map[string]bool{"kola": true, "CORP\\KOLA": true, "kola@example.test": true, "kolaj": false, "nikola": false,
		"xsvc-BACKUP01x": true, "backup": false, "x": false, "": false} {
		if shown := r.Value(text); (shown != text) != hidden {
			t.Errorf("%q is shown as %q", text, shown)
		}
	}
	if again := r.Value("kola"); again != r.Value("kola") || again == r.Value("CORP\\kola") {
		t.Error("bars do not tell texts apart")
	}
	var none *Redactor
	if none.Value("kola") != "kola" {
		t.Error("no redactor hides something")
	}
}

// Names of a small country's people are not all of ASCII, and Windows writes
// them in UTF-16, wherever in a record.
func TestRedactorRecords(t *testing.T) {
	t.Parallel()
	inUTF16 := func(order binary.AppendByteOrder, text string) []byte {
		var data []byte
		for _, unit := range utf16.Encode([]rune(text)) {
			data = order.AppendUint16(data, unit)
		}
		return data
	}
	r := NewRedactor(testSecret)
	r.HideText("ndërmarrja-01")
	r.HideText("gjonë")
	for name, test := range map[string]struct {
		record string
		hidden bool
	}{
		"UTF-8":                       {"user=Ndërmarrja-01", true},
		"UTF-16":                      {"\x05\x00" + string(inUTF16(binary.LittleEndian, "NDËRMARRJA-01")), true},
		"UTF-16, from the other byte": {"\x01\x05\x00" + string(inUTF16(binary.LittleEndian, "Ndërmarrja-01")), true},
		"UTF-16, the other order":     {string(inUTF16(binary.BigEndian, "Ndërmarrja-01")), true},
		"a word in UTF-16":            {"\x05\x00" + string(inUTF16(binary.LittleEndian, "Gjonë")) + "\x00\x00", true},
		"JSON of ASCII":               {`{"user":"Nd\u00ebrmarrja-01"}`, true},
		"another name":                {"\x05\x00" + string(inUTF16(binary.LittleEndian, "Ndërmarrja-02")), false},
		"nothing":                     {"", false},
	} {
		if r.hidesRecord([]byte(test.record)) != test.hidden {
			t.Errorf("%s: %v", name, !test.hidden)
		}
	}
}

func TestRedactorAddresses(t *testing.T) {
	t.Parallel()
	r := NewRedactor(testSecret)
	r.HideAddresses()
	for text, hidden := range map[string]bool{"192.0.2.7": true, "http://192.0.2.7:8080/x": true, "from 192.0.2.7.": true, "[2001:db8::1]:443": true, "2001:db8::1": true,
		"ip=2001:db8:0:0:0:0:0:1;": true, "::ffff:192.0.2.1": true, "fe80::1%eth0": true, "10.0.17763": false, "12:30:45": false, "2022-07-15T13:00:00Z": false, "a.b.c.d": false, "C:\\x": false} {
		if got := r.hidesText(text); got != hidden {
			t.Errorf("%q: hidden %v", text, got)
		}
	}
}

func TestRedactorData(t *testing.T) {
	t.Parallel()
	r := NewRedactor(testSecret)
	r.HideText("adm.kola")
	r.HideField("port")
	got, err := r.Data([]byte(`{"a":"x","b":["adm.kola","y"],"port":443,"proof":[1,2]}`))
	want := fmt.Sprintf(`{"a":"x","b":[%q,"y"],"port":null,"proof":[1,2]}`, r.Value("adm.kola"))
	if err != nil || string(got) != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
}

// A line of leaves.jsonl, from anybody.
func FuzzOpenExported(f *testing.F) {
	s := newSampleCase(f)
	redactor := NewRedactor(s.secret)
	redactor.HideText("adm.kola")
	data, _ := exported(f, s, ExportOptions{Redactor: redactor})
	_, members := contents(f, data)
	for line := range bytes.Lines(members[memberLeaves]) {
		f.Add(line)
	}
	f.Add([]byte(`{"number":0,"kind":"note","seal":"00","proof":[]}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		e, leaf, fields, _, err := openExported(line)
		if err != nil {
			return
		}
		if len(leaf.Seal) != 32 || (fields == nil) == (e.Seal == "") && len(e.Fields) > 0 {
			t.Errorf("opened as %+v with %d fields", leaf, len(fields))
		}
		newContent().addExported(e.Number, e.Kind, shownFields(fields))
	})
}

// Members as somebody may write them: one leaf is enough to go everywhere.
func FuzzVerifyExport(f *testing.F) {
	s := newSampleCase(f)
	data, _ := exported(f, s, ExportOptions{})
	_, members := contents(f, data)
	leaf, _, _ := bytes.Cut(members[memberLeaves], []byte("\n"))
	f.Add([]byte(`{"format":"kulla-export","version":1,"size":17,"leaves":1,"files":[{"name":"ledger/leaves.jsonl"}]}`), leaf, members[memberCheckpoint])
	f.Fuzz(func(t *testing.T, manifest, leaves, checkpoint []byte) {
		data := zipped(t, []string{memberManifest, memberLeaves, memberCheckpoint, "records/3.bin"},
			map[string][]byte{memberManifest: manifest, memberLeaves: leaves, memberCheckpoint: checkpoint})
		v, err := VerifyExport(context.Background(), bytes.NewReader(data), int64(len(data)), VerifyOptions{})
		if err == nil && (v.FaultCount < int64(len(v.Faults)) || v.Holds()) {
			t.Errorf("%d faults, and %d listed", v.FaultCount, len(v.Faults))
		}
	})
}

// A file that says it is a zip.
func FuzzVerifyZip(f *testing.F) {
	f.Add(zipped(f, []string{memberManifest, memberLeaves}, map[string][]byte{memberManifest: []byte(`{"format":"kulla-export","version":1}`)}))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := VerifyExport(context.Background(), bytes.NewReader(data), int64(len(data)), VerifyOptions{})
		if err == nil && v.Holds() && v.Signed == 0 && v.Leaves > 0 {
			t.Errorf("%+v", v)
		}
	})
}
