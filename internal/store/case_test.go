package store

import (
	"context"
	"fmt"
	"iter"
	"path/filepath"
	"testing"
	"time"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/event"
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
