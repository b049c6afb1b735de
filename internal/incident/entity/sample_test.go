package entity_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/kulla-defence/kulla/internal/incident/entity"
	"github.com/kulla-defence/kulla/internal/source"
)

// A sink shows events to an observer, and drops what readers say.
type sink struct{ *entity.Observer }

// read reads evidence into a context.
func read(tb testing.TB, workers int, path string) *entity.Context {
	tb.Helper()
	c := entity.NewContext()
	_, err := source.Read(context.Background(), []string{path}, func(int) source.Sink { return sink{c.Observer()} }, source.Options{Workers: workers})
	if err != nil {
		tb.Fatal(err)
	}
	c.Finish()
	return c
}

const sample = "../../../examples/evidence.zip"

// The story's machines, accounts and processes are joined across sources.
func TestSample(t *testing.T) {
	t.Parallel()
	c := read(t, 2, sample)
	for name, want := range map[string]entity.Key{
		"WEB01": "host:web01.corp.example.test", "web01.corp.example.test": "host:web01.corp.example.test",
		"10.10.2.10": "host:web01.corp.example.test", "MAIL01": "host:mail01.corp.example.test", "fw01": "host:fw01",
	} {
		if got := c.Resolve(entity.Mention{Kind: entity.Host, Value: name}).Key; got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	const webSID = "S-1-5-21-1111111111-2222222222-3333333333-1601"
	for _, m := range []entity.Mention{{Value: `CORP\svc-sharepoint`}, {SID: webSID}, {Value: "svc-sharepoint@corp.example.test"}} {
		m.Kind = entity.Account
		if got := c.Resolve(m).Key; got != `account:corp\svc-sharepoint` {
			t.Errorf("%+v is %s", m, got)
		}
	}
	if host, ok := c.HostOf("203.0.113.77"); ok {
		t.Errorf("the intruder's address is that of %s", host)
	}
	shell := c.Resolve(entity.Mention{Kind: entity.Process, GUID: "{30db7646-b5f0-6099-e67c-000000000200}"})
	if parent, ok := c.Parent(shell.Key); !ok || parent != "process:30db7646-b5f0-6099-3635-000000000200" {
		t.Errorf("the shell's parent is %s", parent)
	}
	for host, want := range map[entity.Key]time.Duration{"host:ws02.corp.example.test": 4*time.Minute + 12*time.Second, "host:vpn01": -95 * time.Second, "host:mail01.corp.example.test": 0,
		"host:fw01": 0} {
		if got := c.AheadOf(host); (got-want).Abs() > 5*time.Second || want == 0 && got != 0 {
			t.Errorf("%s is %v ahead, want %v", host, got, want)
		}
	}
	if none := c.Uncompared(); len(none) != 0 {
		t.Errorf("the clocks of %v could not be compared", none)
	}
	common, rare := c.Rarity(`account:corp\svc-backup`), c.Rarity(`account:corp\healthmailbox55x2yq`)
	if common > 0.3 || rare < 0.7 {
		t.Errorf("the backup's account has rarity %v, the intruder's %v", common, rare)
	}
	if limits := c.Limits(); len(limits) > 0 {
		t.Errorf("limits: %q", limits)
	}
}

func TestSampleWithAnyWorkers(t *testing.T) {
	t.Parallel()
	var first []byte
	for workers := 1; workers <= 4; workers++ {
		data, err := read(t, workers, sample).MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = data
		}
		if !bytes.Equal(data, first) {
			t.Errorf("%d workers see something else than one", workers)
		}
	}
}

// The clean host was renamed while it was set up; its logs say so.
func TestRenamedHost(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("KULLA_DATA")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "..", "shared", "data")
	}
	file := filepath.Join(folder, "host-clean-w10.zip")
	if _, err := os.Stat(file); err != nil {
		t.Skipf("public data is absent: %v (set KULLA_DATA to the folder that has it)", err)
	}
	c := read(t, 2, file)
	if got := c.Resolve(entity.Mention{Kind: entity.Host, Value: "WIN-28GFHAGEV4P"}); got.Key != "host:desktop-gnccvrk" {
		t.Errorf("the old name is %+v", got)
	}
	if len(c.Skews()) == 0 {
		t.Error("that its clock was set by hours is not told")
	}
}
