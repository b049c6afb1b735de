package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/findingjson"
	"github.com/kulla-defence/kulla/internal/source"
	"github.com/kulla-defence/kulla/sigma"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file that was reviewed when it was committed.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", file, diff)
	}
}

// findings is a small incident with all that can be awkward in one.
func findings() []*detect.Finding {
	security := &event.Source{Name: "case.zip!web01/Security.evtx", Format: "evtx"}
	sysmon := &event.Source{Name: "case.zip!web01/Sysmon\x1b[2J.evtx", Format: "evtx"}
	cleared := &detect.Rule{ID: "6e6b3a52-0000-4000-8000-000000000001", Title: "Security log cleared", Level: sigma.High,
		Techniques: []string{"T1070.001"}, Tactics: []string{"defense-evasion"}}
	shell := &detect.Rule{ID: "6e6b3a52-0000-4000-8000-000000000002", Title: "Web server started a shell", Level: sigma.Critical,
		Techniques: []string{"T1505.003", "T1190"}}
	burst := &detect.Rule{Title: "Many logons", Level: sigma.Low, Correlation: true}
	at := func(second int) time.Time { return time.Date(2022, 7, 15, 3, 0, second, 123456700, time.UTC) }
	place := func(s *event.Source, record uint64) event.Provenance {
		return event.Provenance{Source: s, Offset: 4096 + int64(record)*512, Size: 480, RecordID: record}
	}
	return []*detect.Finding{
		{Rule: burst, Time: at(1), Host: "", Place: place(security, 1), Correlation: &detect.Correlation{
			First: at(0), Last: at(1), Count: 2, Value: 2.5, Group: []detect.Field{{Name: "TargetUserName", Value: "svc-web"}},
			Events: []detect.Member{{Rule: cleared, Time: at(0), Host: "WEB01", Place: place(security, 9)}},
			Latest: []detect.Field{{Name: "Channel", Value: "Security", Asked: true}, {Name: "SubjectUserName", Value: "anna\x1b", Asked: true}},
		}},
		{Rule: shell, Time: at(2), Host: "WEB01", Place: place(sysmon, 7), Fields: []detect.Field{
			{Name: "Image", Value: `C:\Windows\System32\cmd.exe`, Asked: true},
			{Name: "CommandLine", Value: "cmd /c \"echo\u202e\x1b]0;title\a\"", Asked: true},
			{Name: "Data", Value: "one"}, {Name: "Data", Null: true},
		}},
		{Rule: cleared, Time: at(3), Host: "WEB01", Place: place(security, 8), Fields: []detect.Field{{Name: "EventID", Value: "1102", Asked: true}}},
		{Rule: cleared, Time: at(9), TimeText: "Jul 15 03:00:09", Host: "WEB01", Place: place(security, 9)},
		{Rule: cleared, Host: "DC01", Place: event.Provenance{Source: security, Line: 3}},
	}
}

func streamOf(list []*detect.Finding) iter.Seq2[*detect.Finding, error] {
	return func(yield func(*detect.Finding, error) bool) {
		for _, f := range list {
			if !yield(f, nil) {
				return
			}
		}
	}
}

func digests(s *event.Source) ([32]byte, bool) {
	return [32]byte{0xab, 31: 1}, s.Name == "case.zip!web01/Security.evtx"
}

func TestWriteFindings(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := WriteFindings(&out, streamOf(findings()), digests); err != nil {
		t.Fatal(err)
	}
	golden(t, "findings.jsonl", out.Bytes())
	for line := range bytes.Lines(out.Bytes()) {
		if !json.Valid(line) {
			t.Errorf("not JSON: %s", line)
		}
	}
}

// However many findings are put into JSON side by side, they stand in order, and
// what came before an error is written.
func TestWriteFindingsKeepsTheirOrder(t *testing.T) {
	t.Parallel()
	var list []*detect.Finding
	var want []byte
	for i := range 20*findingsAtOnce + 3 {
		f := *findings()[i%3]
		f.Place.Offset = int64(i)
		list, want = append(list, &f), append(findingjson.Append(want, &f, digests), '\n')
	}
	failure := errors.New("disk failure")
	for name, stream := range map[string]iter.Seq2[*detect.Finding, error]{
		"whole": streamOf(list),
		"failing": func(yield func(*detect.Finding, error) bool) {
			streamOf(list)(yield)
			yield(nil, failure)
		},
	} {
		var out bytes.Buffer
		if err := WriteFindings(&out, stream, digests); errors.Is(err, failure) != (name == "failing") {
			t.Errorf("%s: error %v", name, err)
		}
		if !bytes.Equal(out.Bytes(), want) {
			t.Errorf("%s: %d bytes, want %d, in the order of the findings", name, out.Len(), len(want))
		}
	}
}

// Where nothing can be written any more, no more findings are asked for.
func TestWriteFindingsStopsWhereNothingCanBeWritten(t *testing.T) {
	t.Parallel()
	asked := 0
	endless := func(yield func(*detect.Finding, error) bool) {
		for ; yield(findings()[0], nil); asked++ {
		}
	}
	if err := WriteFindings(brokenPipe{}, endless, digests); !errors.Is(err, errBroken) {
		t.Errorf("after %d findings: error %v, want the one of the writer", asked, err)
	}
}

func TestWriteTable(t *testing.T) {
	t.Parallel()
	groups := NewGroups()
	for _, f := range findings() {
		groups.Add(f)
	}
	tirana := time.FixedZone("CEST", 2*60*60)
	for name, test := range map[string]struct {
		zone  *time.Location
		style Style
	}{
		"table.txt":        {time.UTC, Style{}},
		"table-narrow.txt": {tirana, Style{Width: 60}},
		"table-color.txt":  {time.UTC, Style{Width: 120, Color: true}},
	} {
		var out bytes.Buffer
		if err := WriteTable(&out, groups.Sorted(), test.zone, test.style); err != nil {
			t.Fatal(err)
		}
		golden(t, name, out.Bytes())
	}
	if n := groups.AtLeast(sigma.High); n != 4 {
		t.Errorf("%d findings of level high or above, want 4", n)
	}
}

func summary() *Summary {
	groups := NewGroups()
	for _, f := range findings() {
		groups.Add(f)
	}
	at := time.Date(2022, 7, 15, 3, 0, 0, 0, time.UTC)
	security := &event.Source{Name: "case.zip!web01/Security.evtx", Format: "evtx"}
	rule := &detect.Rule{ID: "x", Title: "Never"}
	result := &detect.Result{Rules: 40, BelowLevel: 2, Statistics: detect.Statistics{
		Events: 1234567, OutsideRange: 5, WithoutTime: 1,
		Channels: []detect.Channel{{Name: "Security", Events: 1234566, First: at, Last: at.Add(time.Hour)}, {Name: "x\x1b", Events: 1}},
		Hosts:    []detect.Host{{Name: "WEB01", Events: 1234567}},
		Cleared:  []detect.Cleared{{Member: detect.Member{Time: at, Host: "WEB01", Place: event.Provenance{Source: security, RecordID: 8}}, Log: "Security"}},
	}, Blind: []detect.Blind{{Reason: "no events of Microsoft-Windows-Sysmon/Operational 9", Rules: []*detect.Rule{rule}}}}
	register := &source.Register{Files: []source.File{
		{Source: security, Size: 1118208, Records: 1234567, First: at, Last: at.Add(time.Hour),
			Gaps: []source.Gap{{After: 7, Before: 10, AfterTime: at, BeforeTime: at, Missing: 2}}, GapCount: 1, Missing: 2},
		{Source: &event.Source{Name: "case.zip!notes.txt"}, Size: 12},
	}}
	for range 3 {
		register.Files[1].Problem(source.Problem{Offset: -1, Reason: "the format is not recognised"})
	}
	return &Summary{Register: register, Result: result, Groups: groups, Zone: time.UTC,
		RuleProblems: []sigma.Problem{{At: sigma.Position{File: "a.yml", Line: 7, Column: 3}, Kind: sigma.Malformed, Message: "unknown modifier \"foo\""}}}
}

func TestWriteSummary(t *testing.T) {
	t.Parallel()
	var text, machine bytes.Buffer
	s := summary()
	if err := errors.Join(WriteSummary(&text, s, Style{}), WriteSummaryJSON(&machine, s)); err != nil {
		t.Fatal(err)
	}
	golden(t, "summary.txt", text.Bytes())
	golden(t, "summary.json", machine.Bytes())
}

// A run that was interrupted says of what it did not read to its end, and states
// nothing of it.
func TestWriteSummaryOfAnInterruptedRun(t *testing.T) {
	t.Parallel()
	s := summary()
	s.Interrupted, s.Register.Files[1].Interrupted = true, true
	s.Register.Archives = []source.File{{Source: &event.Source{Name: "case.zip", Format: "zip"}, Interrupted: true}}
	for i := range 9 {
		s.Register.NotBegun = append(s.Register.NotBegun, fmt.Sprintf("more/%d.evtx", i))
	}
	var text, machine bytes.Buffer
	if err := errors.Join(WriteSummary(&text, s, Style{}), WriteSummaryJSON(&machine, s)); err != nil {
		t.Fatal(err)
	}
	golden(t, "summary-interrupted.txt", text.Bytes())
	if !strings.Contains(machine.String(), "more/8.evtx") {
		t.Error("the summary as JSON does not name what was not begun")
	}
	for _, want := range []string{"interrupted: case.zip: not read to its end",
		"1 rule could not have fired on what was read before the interruption: no events of Microsoft-Windows-Sysmon/Operational 9"} {
		if lines := unseenLines(s); !slices.Contains(lines, want) {
			t.Errorf("%q is missing in %q", want, lines)
		}
	}
}

// A failure to read findings back, or to write them, reaches the caller.
func TestWriteFindingsPassesErrorsOn(t *testing.T) {
	t.Parallel()
	failure := errors.New("disk failure")
	failing := func(yield func(*detect.Finding, error) bool) { yield(nil, failure) }
	if err := WriteFindings(&bytes.Buffer{}, failing, digests); !errors.Is(err, failure) {
		t.Errorf("error %v, want the one of the findings", err)
	}
	if err := WriteFindings(brokenPipe{}, streamOf(findings()), digests); !errors.Is(err, errBroken) {
		t.Errorf("error %v, want the one of the writer", err)
	}
}

var errBroken = errors.New("broken pipe")

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errBroken }

// The id of a finding depends on the content of the evidence, not on its path.
func TestFindingID(t *testing.T) {
	t.Parallel()
	f := findings()[2]
	id := FindingID(f, digests)
	moved := *f
	moved.Place.Source = &event.Source{Name: "elsewhere.evtx"}
	same := func(*event.Source) ([32]byte, bool) { return [32]byte{0xab, 31: 1}, true }
	if other := FindingID(&moved, same); other != id {
		t.Errorf("after a move the id is %s, was %s", other, id)
	}
	moved.Place.Offset++
	if other := FindingID(&moved, same); other == id {
		t.Errorf("another record has the same id %s", id)
	}
}
