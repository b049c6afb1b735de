package detect

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/sigma"
)

const rulesText = `
title: Shell
id: 11111111-1111-4111-8111-111111111111
level: high
tags: [attack.execution, attack.t1059.001, attack.g0049]
logsource: {product: windows, category: process_creation}
detection:
    selection:
        Image|endswith: '\cmd.exe'
    filter:
        CommandLine|contains: harmless
    condition: selection and not filter
---
title: Logon
id: 22222222-2222-4222-8222-222222222222
name: logon
level: informational
logsource: {product: windows, service: security}
detection:
    selection:
        EventID: 4624
    condition: selection
---
title: Words
id: 33333333-3333-4333-8333-333333333333
level: low
logsource: {product: windows}
detection:
    keywords: ['mimikatz']
    condition: keywords
---
title: Many logons
id: 44444444-4444-4444-8444-444444444444
level: high
correlation:
    type: event_count
    rules: [logon]
    group-by: [TargetUserName]
    timespan: 1m
    condition: {gte: 3}
---
title: Web
id: 55555555-5555-4555-8555-555555555555
level: medium
logsource: {category: webserver}
detection:
    selection:
        cs-method: POST
    condition: selection
`

// texts are the columns of an event in a test.
type texts []string

func (t texts) AppendValue(dst []byte, column int) ([]byte, event.State) {
	if t[column] == "(absent)" {
		return dst, event.Absent
	}
	return append(dst, t[column]...), event.Present
}

// windows makes an event of a Windows channel out of "name=value" columns.
func windows(second int, columns ...string) *event.Event {
	layout := &event.Layout{Product: "windows"}
	var values texts
	for _, column := range columns {
		name, value, _ := strings.Cut(column, "=")
		layout.Names = append(layout.Names, name)
		values = append(values, value)
	}
	e := &event.Event{Layout: layout, Values: values, Host: "WEB01",
		Provenance: event.Provenance{Source: testSource, Offset: int64(second) * 8, RecordID: uint64(second)}}
	if second > 0 {
		e.Time = time.Date(2022, 7, 15, 3, 0, second, 0, time.UTC)
	}
	return e
}

var testSource = &event.Source{Name: "Security.evtx"}

func shell(second int, commandLine string) *event.Event {
	return windows(second, "Channel=Microsoft-Windows-Sysmon/Operational", "EventID=1", `Image=C:\Windows\cmd.exe`, "CommandLine="+commandLine, "User=SYSTEM")
}

func logon(second int, user string) *event.Event {
	return windows(second, "Channel=Security", "EventID=4624", "TargetUserName="+user, "LogonType=3", "Empty=-")
}

func testEngine(t *testing.T, options Options) *Engine {
	t.Helper()
	documents, err := sigma.Parse("rules.yml", []byte(rulesText))
	if err != nil {
		t.Fatal(err)
	}
	taxonomy, err := sigma.DefaultTaxonomy()
	if err != nil {
		t.Fatal(err)
	}
	engine, err := New(sigma.NewRuleSet(documents, sigma.Options{}), taxonomy, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { engine.Close() })
	return engine
}

// find gives events to an engine's sinks in turn, and describes its findings.
func find(t *testing.T, options Options, sinks int, events ...*event.Event) (*Result, []string) {
	t.Helper()
	engine := testEngine(t, options)
	taking := make([]*Sink, sinks)
	for i := range taking {
		taking[i] = engine.Sink()
	}
	for i, e := range events {
		if err := taking[i%sinks].Event(e); err != nil {
			t.Fatal(err)
		}
	}
	result, err := engine.Finish()
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for f, err := range result.Findings() {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, describeFinding(f))
	}
	return result, found
}

func describeFinding(f *Finding) string {
	text := fmt.Sprintf("%s %d", f.Rule.Title, f.Place.RecordID)
	for _, field := range f.Fields {
		text += " " + field.Name
		if field.Asked {
			text += "!"
		}
	}
	if c := f.Correlation; c != nil {
		text += fmt.Sprintf(" %d events %s=%s", len(c.Events), c.Group[0].Name, c.Group[0].Value)
	}
	return text
}

var someEvents = []*event.Event{
	logon(4, "bob"), shell(2, "cmd /c whoami"), logon(3, "alice"), logon(6, "bob"), shell(1, "harmless"),
	logon(5, "bob"), windows(7, "Channel=Other", "Text=has Mimikatz in it"), windows(8, "Channel=Security", "EventID=1102"),
}

func TestEngineFinds(t *testing.T) {
	t.Parallel()
	want := []string{
		"Shell 2 Image!", // the taxonomy asks for the channel and the event id, not the rule
		"Many logons 6 3 events TargetUserName=bob",
		"Words 7 Text!",
	}
	for _, sinks := range []int{1, 2, 5} {
		for _, plain := range []bool{false, true} {
			if _, found := find(t, Options{Plain: plain}, sinks, someEvents...); !cmp.Equal(found, want) {
				t.Errorf("%d sinks, plain %v: %s", sinks, plain, cmp.Diff(want, found))
			}
		}
	}
}

// A rule below the level is looked for where a correlation needs it, and not
// reported.
func TestEngineMinLevel(t *testing.T) {
	t.Parallel()
	result, found := find(t, Options{MinLevel: sigma.High}, 1, someEvents...)
	want := []string{"Shell 2 Image!", "Many logons 6 3 events TargetUserName=bob"}
	if !cmp.Equal(found, want) || result.Rules != 3 || result.BelowLevel != 2 {
		t.Errorf("%d rules looked for, %d left out, found:\n%s", result.Rules, result.BelowLevel, cmp.Diff(want, found))
	}
}

// All that is loaded is looked for, or left out for its level: correlations
// too.
func TestEngineCountsCorrelationsBelowTheLevel(t *testing.T) {
	t.Parallel()
	result, _ := find(t, Options{MinLevel: sigma.Critical}, 1)
	if result.Rules != 0 || result.BelowLevel != 5 {
		t.Errorf("%d rules looked for, %d left out, want none and 5", result.Rules, result.BelowLevel)
	}
}

// A correlation has the fields of its last event, for a person to see.
func TestEngineKeepsTheLatestOfACorrelation(t *testing.T) {
	t.Parallel()
	result, _ := find(t, Options{}, 1, someEvents...)
	for f, err := range result.Findings() {
		if err != nil {
			t.Fatal(err)
		}
		if f.Correlation == nil {
			continue
		}
		want := []Field{{Name: "EventID", Value: "4624", Asked: true}, {Name: "TargetUserName", Value: "bob"}, {Name: "LogonType", Value: "3"}}
		if diff := cmp.Diff(want, f.Correlation.Latest); diff != "" {
			t.Errorf("%s: the latest differs (-want +got):\n%s", f.Rule.Title, diff)
		}
		if f.Correlation.Events[0].Fields != nil {
			t.Error("the other events have fields")
		}
	}
}

func TestEngineTimes(t *testing.T) {
	t.Parallel()
	from := time.Date(2022, 7, 15, 3, 0, 2, 0, time.UTC)
	timeless := shell(0, "cmd")
	result, found := find(t, Options{From: from, To: from.Add(4 * time.Second)}, 1, append([]*event.Event{timeless}, someEvents...)...)
	want := []string{"Shell 0 Image!", "Shell 2 Image!"} // only two logons of bob are left
	if !cmp.Equal(found, want) || result.OutsideRange != 4 || result.WithoutTime != 1 {
		t.Errorf("%d events outside, %d without a time, found:\n%s", result.OutsideRange, result.WithoutTime, cmp.Diff(want, found))
	}
}

func TestEngineKeepsFullEvents(t *testing.T) {
	t.Parallel()
	_, found := find(t, Options{Full: true}, 1, shell(1, "cmd"))
	if want := []string{"Shell 1 Channel EventID Image! CommandLine User"}; !cmp.Equal(found, want) {
		t.Error(cmp.Diff(want, found))
	}
}

// Where a rule looks at the kind of event only, its finding has some of what
// the event says.
func TestEngineGivesContext(t *testing.T) {
	t.Parallel()
	engine := testEngine(t, Options{})
	engine.silent = map[*Rule]bool{}
	sink := engine.Sink()
	if err := sink.Event(logon(1, "bob")); err != nil {
		t.Fatal(err)
	}
	if _, err := engine.Finish(); err != nil {
		t.Fatal(err)
	}
	for f := range engine.matches.all() {
		if got, want := describeFinding(f), "Logon 1 EventID! TargetUserName LogonType"; got != want {
			t.Errorf("finding %q, want %q", got, want)
		}
	}
}

func TestEngineSaysWhatItCouldNotSee(t *testing.T) {
	t.Parallel()
	result, _ := find(t, Options{}, 2, windows(1, "Channel=Microsoft-Windows-Sysmon/Operational", "EventID=1", "User=x"), windows(2, "Channel=Security", "EventID=1102"))
	var reasons []string
	for _, blind := range result.Blind {
		for _, rule := range blind.Rules {
			reasons = append(reasons, rule.Title+": "+blind.Reason)
		}
	}
	want := []string{
		"Logon: no events of Security EventID 4624",
		"Many logons: no events of Security EventID 4624",
		"Shell: no event it looks at has the field Image",
		"Web: no events of Microsoft-IIS-Logging/Logs, or webserver",
	}
	if diff := cmp.Diff(want, reasons); diff != "" {
		t.Error(diff)
	}
	if len(result.Cleared) != 1 || result.Cleared[0].Place.RecordID != 2 {
		t.Errorf("cleared logs %+v, want record 2", result.Cleared)
	}
}

// A correlation could not have fired where the rules that it needs could not.
func TestBlindCorrelations(t *testing.T) {
	t.Parallel()
	const rules = `
title: Seen
name: seen
logsource: {product: windows, service: security}
detection: {s: {EventID: 1102}, condition: s}
---
title: Unseen
name: unseen
logsource: {product: windows, service: security}
detection: {s: {EventID: 4624}, condition: s}
---
title: tested
name: tested
correlation: {KEYS, timespan: 5m}
---
title: Outer
correlation: {type: event_count, rules: [tested], timespan: 5m, condition: {gte: 2}}
`
	const reason = "no events of Security EventID 4624"
	for keys, blind := range map[string]bool{
		"type: event_count, rules: [unseen], condition: {gte: 2}":           true,
		"type: event_count, rules: [seen, unseen], condition: {gte: 2}":     false,
		"type: temporal, rules: [seen, unseen]":                             true,
		"type: temporal, rules: [seen, unseen], condition: {gte: 1}":        false,
		"type: temporal, rules: [seen, unseen], condition: {eq: 2}":         true,
		"type: temporal, condition: seen and unseen":                        true,
		"type: temporal, condition: seen or unseen":                         false,
		"type: temporal_ordered, condition: seen and not unseen":            false,
		"type: temporal_ordered, condition: unseen and not seen":            true,
		"type: value_count, rules: [unseen], condition: {field: x, gte: 2}": true,
	} {
		documents, err := sigma.Parse("test.yml", []byte(strings.Replace(rules, "KEYS", keys, 1)))
		if err != nil {
			t.Fatal(err)
		}
		taxonomy, err := sigma.DefaultTaxonomy()
		if err != nil {
			t.Fatal(err)
		}
		engine, err := New(sigma.NewRuleSet(documents, sigma.Options{}), taxonomy, Options{TempFolder: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		if err := engine.Sink().Event(windows(1, "Channel=Security", "EventID=1102")); err != nil {
			t.Fatal(err)
		}
		result, err := engine.Finish()
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"Unseen"}
		if blind {
			want = []string{"Outer", "Unseen", "tested"}
		}
		var got []string
		for _, b := range result.Blind {
			if b.Reason != reason {
				t.Errorf("%s: reason %q", keys, b.Reason)
			}
			for _, rule := range b.Rules {
				got = append(got, rule.Title)
			}
		}
		if !cmp.Equal(got, want) {
			t.Errorf("%s: blind are %q, want %q", keys, got, want)
		}
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A log was cleared when the event log itself says so: other providers have events
// of these numbers.
func TestCleared(t *testing.T) {
	t.Parallel()
	result, _ := find(t, Options{}, 2,
		windows(1, "Channel=System", "EventID=104", "Provider_Name=Microsoft-Windows-Kernel-Power"),
		windows(2, "Channel=System", "EventID=104", "Provider_Name=Microsoft-Windows-Eventlog", "Channel=Application"),
		windows(3, "Channel=Security", "EventID=1102", "Provider_Name=Microsoft-Windows-Eventlog"),
		windows(4, "Channel=Security", "EventID=1102", "Provider_Name=Some-Filter"),
		windows(5, "Channel=System", "EventID=104"))
	var got []string
	for _, cleared := range result.Cleared {
		got = append(got, fmt.Sprint(cleared.Place.RecordID, cleared.Log))
	}
	if want := []string{"2Application", "3Security", "5"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestStatesOfTheTwoContractsAgree(t *testing.T) {
	t.Parallel()
	if sigma.State(event.Absent) != sigma.Absent || sigma.State(event.Null) != sigma.Null || sigma.State(event.Present) != sigma.Present {
		t.Error("event.State and sigma.State have different values, which row.AppendValue relies on")
	}
}

func TestDescribeTags(t *testing.T) {
	t.Parallel()
	rule := describe(&sigma.Metadata{Tags: []string{"attack.execution", "attack.t1059.001", "attack.T1190", "attack.g0049",
		"attack.defense_evasion", "attack.defense-evasion", "attack.t1190", "attack.ds0009", "cve.2019.0604", "attack."}}, "")
	if diff := cmp.Diff([]string{"T1059.001", "T1190"}, rule.Techniques); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"execution", "defense-evasion"}, rule.Tactics); diff != "" {
		t.Error(diff)
	}
}

// Findings, and the events of correlations with their fields, carry the digest
// of their records where that is asked for.
func TestEngineProves(t *testing.T) {
	t.Parallel()
	raw := []byte("record")
	proven := func(e *event.Event) *event.Event { e.Raw = raw; return e }
	events := []*event.Event{proven(shell(1, "cmd")), proven(logon(2, "bob")), proven(logon(3, "bob")), proven(logon(4, "bob"))}
	for _, prove := range []bool{false, true} {
		want := [32]byte{}
		if prove {
			want = sha256.Sum256(raw)
		}
		result, found := find(t, Options{Prove: prove, Full: true}, 1, events...)
		if len(found) != 2 {
			t.Fatalf("found %q", found)
		}
		for f, err := range result.Findings() {
			if err != nil || f.Record != want {
				t.Errorf("prove %v: %s has the digest %x, %v", prove, f.Rule.Title, f.Record, err)
			}
			if f.Correlation != nil && (f.Correlation.Events[0].Record != want || (len(f.Correlation.Events[0].Fields) > 0) != prove) {
				t.Errorf("prove %v: the first event has the digest %x and the fields %v", prove, f.Correlation.Events[0].Record, f.Correlation.Events[0].Fields)
			}
		}
	}
}
