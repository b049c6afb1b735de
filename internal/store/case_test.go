package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kulla-defence/kulla/internal/attribution"
	"github.com/kulla-defence/kulla/internal/custody"
	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/incident"
	"github.com/kulla-defence/kulla/sigma"
)

var start = time.Date(2022, 7, 15, 3, 0, 0, 0, time.UTC)

func clock() time.Time { return start.AddDate(0, 0, 20) }

var evidenceSource = &event.Source{Name: "case.zip!web01/Security.evtx", Format: "evtx"}

func digests(s *event.Source) ([32]byte, bool) { return [32]byte{byte(len(s.Name))}, true }

// sampleRules are few, as in life.
var sampleRules = []*detect.Rule{
	{ID: "6e6b3a52-0000-4000-8000-000000000001", Title: "Security log cleared", Level: sigma.High, Techniques: []string{"T1070.001"}, Tactics: []string{"defense-evasion"}},
	{ID: "6e6b3a52-0000-4000-8000-000000000002", Title: "Web server started a shell", Level: sigma.Critical, Techniques: []string{"T1505.003"}},
	{ID: "6e6b3a52-0000-4000-8000-000000000003", Title: "Logon from an address", Level: sigma.Low},
}

// sample is the finding of one record.
func sample(i int) *detect.Finding {
	return &detect.Finding{
		Rule: sampleRules[i%len(sampleRules)], Time: start.Add(time.Duration(i) * time.Second), Host: fmt.Sprintf("host%02d.example.test", i%7),
		Place:  event.Provenance{Source: evidenceSource, Offset: 4096 + int64(i)*1320, Size: 1320, RecordID: uint64(i)},
		Record: [32]byte{byte(i), byte(i >> 8), byte(i >> 16), 7, 8, 9, byte(i)},
		Fields: []detect.Field{
			{Name: "EventID", Value: "4688"}, {Name: "SubjectUserName", Value: fmt.Sprintf("user%d", i%50)},
			{Name: "NewProcessName", Value: `C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`},
			{Name: "CommandLine", Value: fmt.Sprintf("powershell -nop -w hidden -file C:\\inetpub\\temp\\run%d.ps1 -host 192.0.2.%d", i, i%256)},
			{Name: "ProcessId", Value: fmt.Sprintf("0x%x", i*4)}, {Name: "TokenElevationType", Null: true},
		},
	}
}

func samples(from, to int) iter.Seq2[*detect.Finding, error] {
	return func(yield func(*detect.Finding, error) bool) {
		for i := from; i < to; i++ {
			if !yield(sample(i), nil) {
				return
			}
		}
	}
}

func each(list ...*detect.Finding) iter.Seq2[*detect.Finding, error] {
	return func(yield func(*detect.Finding, error) bool) {
		for _, f := range list {
			if !yield(f, nil) {
				return
			}
		}
	}
}

func mustOpen(t testing.TB, path string, options Options) *Case {
	t.Helper()
	if options.Now == nil {
		options.Now = clock
	}
	c, err := Open(context.Background(), path, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func newCase(t testing.TB) (*Case, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a case?.kulla")
	return mustOpen(t, path, Options{Create: true}), path
}

func must[T any](t testing.TB) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestFindingsComeBack(t *testing.T) {
	t.Parallel()
	c, path := newCase(t)
	if added := must[int64](t)(c.PutFindings(samples(0, 1000), digests)); added != 1000 {
		t.Fatalf("%d added", added)
	}
	if added := must[int64](t)(c.PutFindings(samples(500, 1100), digests)); added != 100 {
		t.Fatalf("%d added the second time", added)
	}
	check(t, c.Commit())
	check(t, c.Close())
	c = mustOpen(t, path, Options{ReadOnly: true})
	var n int64
	for f, err := range c.Findings(Filter{}) {
		check(t, err)
		want := sample(int(n))
		if f.Number != n || !f.Time.Equal(want.Time) || f.Rule.ID != want.Rule.ID || f.Record != want.Record || f.Host != want.Host || len(f.Fields) != len(want.Fields) {
			t.Fatalf("finding %d is %+v", n, f)
		}
		n++
	}
	if n != 1100 {
		t.Errorf("%d findings", n)
	}
	size := must[int64](t)(c.Size())
	root, err := c.Ledger().Root(size)
	check(t, err)
	for number := range size {
		check(t, c.Ledger().Check(number, size, root))
	}
}

// fill puts one of everything into a case.
func fill(t testing.TB, c *Case) {
	t.Helper()
	must[int](t)(c.PutEvidence([]Evidence{
		{Name: "b.evtx", Format: "evtx", Size: 9, SHA256: [32]byte{2}, Records: 3, First: start, Last: start.Add(time.Hour), Problems: []string{"a gap"}},
		{Name: "a.evtx", SHA256: [32]byte{1}},
	}))
	must[bool](t)(c.PutRules(Rules{Name: "built in", Count: 3, SHA256: "00"}))
	must[bool](t)(c.PutKnowledge(Knowledge{SHA256: "11", Sources: []string{"ATT&CK 18.1"}}))
	must[int64](t)(c.PutFindings(samples(0, 300), digests))
	must[int](t)(c.PutIncidents(sampleIncidents("I-1", "I-2"), everySecond))
	must[bool](t)(c.PutAssessment(&attribution.Assessment{Cluster: "KC-0001"}))
	must[bool](t)(c.PutArtefact([]byte(`{ "license_key": "x" }`)))
	check(t, c.PutContext([]byte("context")))
	check(t, c.SetMeta("name", "Case 1"))
	check(t, c.PutRun(start, true))
	check(t, c.Checkpoint())
}

func sampleIncidents(ids ...string) []*incident.Incident {
	var list []*incident.Incident
	for i, id := range ids {
		list = append(list, &incident.Incident{ID: id, Level: "high", First: start, Score: incident.Score{Total: 90 - i},
			Story: []incident.Sentence{{Message: "story.x", Proof: []int64{5}}}})
	}
	return list
}

// everySecond gives I-1 the even findings, and others the odd ones, in no order.
func everySecond(id string) iter.Seq[int64] {
	return func(yield func(int64) bool) {
		odd := int64(1)
		if id == "I-1" {
			odd = 0
		}
		for n := int64(200); n > 10; n-- {
			if n%2 == odd && !yield(n) {
				return
			}
		}
	}
}

func TestEverythingComesBack(t *testing.T) {
	t.Parallel()
	c, path := newCase(t)
	fill(t, c)
	number := must[int64](t)(c.AddNote("A. Analyst", "looks bad", NoteKind, "I-1"))
	check(t, c.SetStatus("A. Analyst", StatusContained, "isolated"))
	check(t, c.Commit())
	check(t, c.Close())
	c = mustOpen(t, path, Options{ReadOnly: true})

	evidence := must[[]Evidence](t)(c.Evidence())
	if diff := cmp.Diff([]Evidence{{Name: "a.evtx", Number: 1, SHA256: [32]byte{1}},
		{Name: "b.evtx", Format: "evtx", Size: 9, SHA256: [32]byte{2}, Records: 3, First: start, Last: start.Add(time.Hour), Problems: []string{"a gap"}}}, evidence); diff != "" {
		t.Error(diff)
	}
	if got := must[Rules](t)(c.Rules()); got != (Rules{"built in", 3, "00"}) {
		t.Errorf("rules: %+v", got)
	}
	if got := must[Knowledge](t)(c.Knowledge()); got.SHA256 != "11" || len(got.Sources) != 1 {
		t.Errorf("knowledge: %+v", got)
	}
	if diff := cmp.Diff(sampleIncidents("I-1", "I-2"), must[[]*incident.Incident](t)(c.Incidents()), cmpopts.IgnoreUnexported(incident.Incident{})); diff != "" {
		t.Error(diff)
	}
	if got := must[*attribution.Assessment](t)(c.Assessment()); got == nil || got.Cluster != "KC-0001" {
		t.Errorf("assessment: %+v", got)
	}
	if got := must[[][]byte](t)(c.Artefacts()); len(got) != 1 || string(got[0]) != `{"license_key":"x"}` {
		t.Errorf("artefacts: %s", got)
	}
	if got := must[[]byte](t)(c.Context()); string(got) != "context" {
		t.Errorf("context: %q", got)
	}
	if got := must[string](t)(c.Meta("name")); got != "Case 1" {
		t.Errorf("name: %q", got)
	}
	if diff := cmp.Diff([]Note{
		{Number: number, Time: clock(), Author: "A. Analyst", Text: "looks bad", Kind: NoteKind, Ref: "I-1"},
		{Number: number + 1, Time: clock(), Author: "A. Analyst", Text: "isolated", Kind: StatusKind, Status: StatusContained},
	}, must[[]Note](t)(c.Notes())); diff != "" {
		t.Error(diff)
	}
	if got := must[string](t)(c.Status()); got != StatusContained {
		t.Errorf("status: %q", got)
	}
}

func TestEmptyCase(t *testing.T) {
	t.Parallel()
	c, _ := newCase(t)
	if got := must[*attribution.Assessment](t)(c.Assessment()); got != nil {
		t.Errorf("assessment: %+v", got)
	}
	if got := must[[]byte](t)(c.Context()); got != nil {
		t.Errorf("context: %q", got)
	}
	if got := must[string](t)(c.Status()); got != StatusOpen {
		t.Errorf("status: %q", got)
	}
	if got := must[int64](t)(c.FindingCount()); got != 0 {
		t.Errorf("%d findings", got)
	}
	check(t, c.Checkpoint())
	check(t, c.Commit())
	if _, err := c.Finding(0); err == nil {
		t.Error("a finding in an empty case")
	}
}

// The same put twice writes nothing at all.
func TestUnchanged(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "case.kulla")
	signer, public, err := custody.OpenSigner(path+".key", rand.Reader)
	check(t, err)
	options := Options{Create: true, Signer: signer, PublicKey: public}
	var before []byte
	for range 3 {
		c := mustOpen(t, path, options)
		fill(t, c)
		check(t, c.Commit())
		check(t, c.Close())
		after := must[[]byte](t)(os.ReadFile(path))
		if before != nil && !bytes.Equal(before, after) {
			t.Fatal("the file has changed")
		}
		before = after
	}
}

func TestCloseWithoutCommit(t *testing.T) {
	t.Parallel()
	c, path := newCase(t)
	before := must[[]byte](t)(os.ReadFile(path))
	fill(t, c)
	check(t, c.Close())
	c = mustOpen(t, path, Options{})
	if size := must[int64](t)(c.Size()); size != 0 {
		t.Errorf("%d leaves", size)
	}
	check(t, c.Close())
	after := must[[]byte](t)(os.ReadFile(path))
	if len(after) > len(before) {
		t.Errorf("the file grew from %d to %d bytes", len(before), len(after))
	}
}

func TestIncidentsChange(t *testing.T) {
	t.Parallel()
	c, _ := newCase(t)
	fill(t, c)
	size := must[int64](t)(c.Size())
	list := sampleIncidents("I-2", "I-3")
	list[0].Score.Total = 89 // as before
	if changed := must[int](t)(c.PutIncidents(list, everySecond)); changed != 2 {
		t.Errorf("%d changed, want I-3 and the withdrawn I-1", changed)
	}
	if now := must[int64](t)(c.Size()); now != size+2 {
		t.Errorf("%d new leaves", now-size)
	}
	var ids []string
	for _, in := range must[[]*incident.Incident](t)(c.Incidents()) {
		ids = append(ids, in.ID)
	}
	if diff := cmp.Diff([]string{"I-2", "I-3"}, ids); diff != "" {
		t.Error(diff)
	}
	_, last, err := c.leaf(size + 1)
	check(t, err)
	if want := `{"withdrawn":"I-1"}`; string(last) != want {
		t.Errorf("the last leaf is %s, want %s", last, want)
	}
	if _, err := c.PutIncidents(sampleIncidents("I-9"), func(string) iter.Seq[int64] { return slices.Values([]int64{1 << 40}) }); err == nil {
		t.Error("a member that is no leaf was taken")
	}
}

func TestFilters(t *testing.T) {
	t.Parallel()
	c, _ := newCase(t)
	must[int64](t)(c.PutFindings(samples(0, 300), digests))
	must[int](t)(c.PutIncidents(sampleIncidents("I-1", "I-2"), everySecond))
	f := func(filter Filter, want func(i int) bool) {
		t.Helper()
		var got, wanted []int64
		for finding, err := range c.Findings(filter) {
			check(t, err)
			got = append(got, finding.Number)
		}
		for i := range 300 {
			if want(i) {
				wanted = append(wanted, int64(i))
			}
		}
		if len(wanted) == 0 || !slices.Equal(got, wanted) {
			t.Errorf("%+v: %v, want %v", filter, got, wanted)
		}
	}
	f(Filter{}, func(i int) bool { return true })
	f(Filter{From: start.Add(10 * time.Second)}, func(i int) bool { return i >= 10 })
	f(Filter{To: start.Add(10 * time.Second)}, func(i int) bool { return i < 10 })
	f(Filter{MinLevel: sigma.High}, func(i int) bool { return i%3 != 2 })
	f(Filter{Rule: sampleRules[1].ID}, func(i int) bool { return i%3 == 1 })
	f(Filter{Rule: sampleRules[1].Title, Hosts: []string{"none", "HOST03.example.test"}}, func(i int) bool { return i%3 == 1 && i%7 == 3 })
	f(Filter{Incident: "I-1"}, func(i int) bool { return i > 10 && i <= 200 && i%2 == 0 })
	f(Filter{Incident: "I-2", MinLevel: sigma.Critical}, func(i int) bool { return i > 10 && i <= 200 && i%2 == 1 && i%3 == 1 })
	for _, err := range c.Findings(Filter{Incident: "I-3"}) {
		if !errors.Is(err, ErrNoIncident) {
			t.Errorf("findings of an incident that is not there: %v", err)
		}
	}
	if finding := must[*Finding](t)(c.Finding(12)); finding.Incident != "I-1" {
		t.Errorf("finding 12 is in %q", finding.Incident)
	}
	if finding := must[*Finding](t)(c.Finding(2)); finding.Incident != "" {
		t.Errorf("finding 2 is in %q", finding.Incident)
	}
}

// Findings of later runs stand in their place in time; those without a time are
// first.
func TestOrderOfTime(t *testing.T) {
	t.Parallel()
	c, _ := newCase(t)
	timeless := sample(1000)
	timeless.Time = time.Time{}
	ancient := sample(1001)
	ancient.Time = time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC)
	far := sample(1002)
	far.Time = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	must[int64](t)(c.PutFindings(samples(100, 200), digests))
	must[int64](t)(c.PutFindings(samples(0, 150), digests))
	must[int64](t)(c.PutFindings(each(timeless, ancient, far), digests))
	var last time.Time
	count := 0
	for finding, err := range c.Findings(Filter{}) {
		check(t, err)
		if finding.Time.Before(last) {
			t.Errorf("%v stands behind %v", finding.Time, last)
		}
		last = finding.Time
		count++
	}
	if count != 203 {
		t.Errorf("%d findings", count)
	}
	hours := must[[]Hour](t)(c.Timeline())
	if len(hours) != 4 || !hours[0].Start.IsZero() || !hours[1].Start.Equal(ancient.Time) || !hours[2].Start.Equal(start) {
		t.Errorf("hours: %+v", hours)
	}
	if diff := cmp.Diff(map[string]int64{"high": 68, "critical": 68, "low": 67}, must[map[string]int64](t)(c.Levels())); diff != "" {
		t.Error(diff)
	}
}
