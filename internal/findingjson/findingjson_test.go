package findingjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/sigma"
)

var (
	security = &event.Source{Name: "case.zip!web01/Security\x1b.evtx"}
	sysmon   = &event.Source{Name: "Sysmon.evtx"}
)

// digests knows one of the two sources.
func digests(s *event.Source) ([32]byte, bool) {
	if s == nil || s.Name != security.Name {
		return [32]byte{}, false
	}
	return [32]byte{1, 2, 3}, true
}

func awkward() map[string]*detect.Finding {
	at := time.Date(2022, 7, 15, 3, 0, 1, 123456700, time.UTC)
	rule := &detect.Rule{ID: "6e6b3a52-0000-4000-8000-000000000001", Title: "Log \"cleared\"", Level: sigma.High,
		Techniques: []string{"T1070.001", "T1190"}, Tactics: []string{"defense-evasion"}}
	burst := &detect.Rule{Title: "Many logons", Level: sigma.Low, Correlation: true}
	place := event.Provenance{Source: security, Offset: 4096, Size: 480, Line: 7, RecordID: math.MaxUint64, Carved: true}
	fields := []detect.Field{
		{Name: "Image", Value: `C:\Windows\System32\cmd.exe`},
		{Name: "CommandLine", Value: "cmd /c \"echo\u202e\x1b]0;t\a\"\n\t\U000e0041 管理員"},
		{Name: "Data", Value: "one"}, {Name: "Data", Null: true}, {Name: "Data", Value: ""},
		{Name: "Empty", Value: ""}, {Name: "Null", Null: true},
	}
	return map[string]*detect.Finding{
		"fields": {Rule: rule, Time: at, TimeText: "Jul 15", Host: "WEB01", Place: place, Record: [32]byte{9}, Fields: fields},
		"little": {Rule: &detect.Rule{}, Place: event.Provenance{Source: sysmon}},
		"correlation": {Rule: burst, Time: at, Place: place, Correlation: &detect.Correlation{
			First: at, Last: at, Count: 2, Value: 2.5, Incomplete: true, Group: []detect.Field{{Name: "User", Value: "svc"}, {Name: "Null", Null: true}},
			Events: []detect.Member{
				{Rule: &detect.Rule{ID: "a", Title: "b"}, Time: at, Host: "DC", Place: place, Record: [32]byte{8}, Fields: fields},
				{Place: event.Provenance{Source: sysmon, Offset: -1}},
			},
		}},
	}
}

var comparison = cmp.Options{
	cmpopts.IgnoreUnexported(detect.Finding{}, detect.Member{}, detect.Rule{}),
	cmpopts.EquateEmpty(),
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for name, f := range awkward() {
		var parser Parser
		data := Append(nil, f, digests)
		if !json.Valid(data) {
			t.Errorf("%s: no JSON: %s", name, data)
		}
		parsed, err := parser.Parse(data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(f, parsed.Finding, comparison); diff != "" {
			t.Errorf("%s differs (-want +got):\n%s", name, diff)
		}
		if digest, _ := digests(f.Place.Source); parsed.SHA256 != digest || parsed.ID != ID(f, digests) {
			t.Errorf("%s: id %s, digest %x", name, parsed.ID, parsed.SHA256)
		}
		if again := Append(nil, parsed.Finding, parser.Digest); !bytes.Equal(again, data) {
			t.Errorf("%s is written anew as\n%s\nand was\n%s", name, again, data)
		}
	}
}

// Fields beyond the number up to which names are compared one by one are
// written no other way.
func TestManyFields(t *testing.T) {
	t.Parallel()
	var fields []detect.Field
	for i := range fewFields + 20 {
		fields = append(fields, detect.Field{Name: fmt.Sprint("n", i%(fewFields+10)), Value: fmt.Sprint(i)})
	}
	var object Object
	object.Fields("event", fields)
	var decoded map[string]any
	if err := json.Unmarshal(append([]byte("{"), append(object.JSON, '}')...), &decoded); err != nil {
		t.Fatal(err)
	}
	event := decoded["event"].(map[string]any)
	if len(event) != fewFields+10 {
		t.Errorf("%d names, want %d", len(event), fewFields+10)
	}
	if diff := cmp.Diff([]any{"0", fmt.Sprint(fewFields + 10)}, event["n0"]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff("20", event["n20"]); diff != "" {
		t.Error(diff)
	}
}

// A time that RFC 3339 cannot say is none.
func TestTimesOutOfRange(t *testing.T) {
	t.Parallel()
	for year, want := range map[int]bool{-1: false, 0: true, 1601: true, 9999: true, 10000: false, 30828: false} {
		f := &detect.Finding{Rule: &detect.Rule{}, Time: time.Date(year, 6, 1, 0, 0, 0, 0, time.UTC)}
		parsed, err := Parse(Append(nil, f, digests))
		if err != nil {
			t.Fatalf("year %d: %v", year, err)
		}
		if got := parsed.Time.Equal(f.Time); got != want {
			t.Errorf("year %d came back as %v", year, parsed.Time)
		}
	}
}

func TestSharedRulesAndSources(t *testing.T) {
	t.Parallel()
	var parser Parser
	data := Append(nil, awkward()["fields"], digests)
	a, err := parser.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	b, err := parser.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	if a.Rule != b.Rule || a.Place.Source != b.Place.Source {
		t.Error("two findings of one rule and source do not share them")
	}
}

// A text that was cut anywhere, or has something behind it, is refused.
func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, f := range awkward() {
		data := Append(nil, f, digests)
		for end := range data {
			if _, err := Parse(data[:end]); err == nil {
				t.Fatalf("%s: read from %d of %d bytes", name, end, len(data))
			}
		}
		if _, err := Parse(append(data, " {}"...)); err == nil {
			t.Errorf("%s: something behind it was passed over", name)
		}
	}
	refused := func(text, want string) {
		t.Helper()
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%s): %v, want %q in it", text, err, want)
		}
	}
	refused(`{"level":"loud"}`, "a level")
	refused(`{"time":"yesterday"}`, "a time")
	refused(`{"sha256":"00"}`, "a SHA-256")
	refused(`{"sha256":"`+strings.Repeat("g", 64)+`"}`, "a SHA-256")
	refused(`{"offset":1.5}`, "a whole number")
	refused(`{"record_id":-1}`, "without a sign")
	refused(`{"event":{"a":1}}`, "a string")
	refused("{\"host\":\"é\x01\"}", "no control character")
	refused(`{"x":`+strings.Repeat("[", 1000)+`}`, "less depth")
	refused(`{"host":"\q"}`, "an escape")
}

func TestParsePassesOverUnknownKeys(t *testing.T) {
	t.Parallel()
	parsed, err := Parse([]byte(` { "new" : [ {"a":[null,true,false,-1.5e+9,"\ud83d\ude00"]} , 0 ] , "host" : "\ud83d\ude00 \ud83d \/" } `))
	if err != nil {
		t.Fatal(err)
	}
	if want := "😀 \ufffd /"; parsed.Host != want {
		t.Errorf("host %q, want %q", parsed.Host, want)
	}
}

// What can be read is written as something that reads the same.
func FuzzParse(f *testing.F) {
	for _, finding := range awkward() {
		f.Add(Append(nil, finding, digests))
	}
	f.Add([]byte(`{"event":{"a":["1",null],"b":[]},"correlation":{"value":1e400}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var parser Parser
		parsed, err := parser.Parse(data)
		if err != nil {
			return
		}
		written := Append(nil, parsed.Finding, parser.Digest)
		again, err := parser.Parse(written)
		if err != nil {
			t.Fatalf("%q was written as %q: %v", data, written, err)
		}
		if twice := Append(nil, again.Finding, parser.Digest); !bytes.Equal(twice, written) {
			t.Errorf("%q, then %q", written, twice)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	f := awkward()["fields"]
	var dst []byte
	for b.Loop() {
		dst = Append(dst[:0], f, digests)
	}
	b.SetBytes(int64(len(dst)))
}

func BenchmarkParse(b *testing.B) {
	data := Append(nil, awkward()["fields"], digests)
	var parser Parser
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := parser.Parse(data); err != nil {
			b.Fatal(err)
		}
	}
}

// Which columns the rule looked at is kept in a case; elsewhere it looked at all.
func TestAskedColumnsComeBack(t *testing.T) {
	t.Parallel()
	f := &detect.Finding{Rule: &detect.Rule{ID: "r"}, Fields: []detect.Field{{Name: "A", Value: "1", Asked: true}, {Name: "B", Value: "2"}, {Name: "A", Value: "3", Asked: true}}}
	for _, record := range [][32]byte{{}, {1}} {
		f.Record = record
		parsed, err := Parse(Append(nil, f, func(*event.Source) ([32]byte, bool) { return [32]byte{}, false }))
		if err != nil {
			t.Fatal(err)
		}
		for _, field := range parsed.Fields {
			if want := field.Name == "A" || record == [32]byte{}; field.Asked != want {
				t.Errorf("record %x: %s asked: %v", record[:1], field.Name, field.Asked)
			}
		}
	}
}
