package source

import (
	"bytes"
	"crypto/sha256"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/kulla-defence/kulla/internal/event"
)

// What is said of a source is added to a copy: the parser's own event stays as
// it is, for its next source may be one of which nothing is said.
func TestGivenLeavesTheParsersEvent(t *testing.T) {
	t.Parallel()
	layout := &event.Layout{Names: []string{"a"}}
	noon := time.Date(2022, time.July, 15, 12, 0, 0, 0, time.UTC)
	its := event.Event{Layout: layout, Time: noon, TimeText: "12:00"}
	g := &given{Given: Given{Zone: time.FixedZone("", 2*3600), Product: "okta"}, layouts: new(namedLayouts)}
	var place tally
	got := g.complete(&its, &place)
	if got.Layout.Product != "okta" || !got.Time.Equal(noon.Add(-2*time.Hour)) || got.TimeText != "" {
		t.Errorf("completed to %+v, layout %+v", got, got.Layout)
	}
	if its.Layout != layout || its.Time != noon || its.TimeText != "12:00" {
		t.Errorf("the parser's event became %+v", its)
	}
	if known := (&event.Event{Layout: &event.Layout{Product: "windows"}}); g.complete(known, &place) != known {
		t.Error("an event to which nothing is added was copied")
	}
}

// The register says of each file what of that which was given made a
// difference, and what was given before holds where nothing else is.
func TestGivenThatMattersIsInTheRegister(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for name, text := range map[string]string{
		"auth.log": "Jul 15 03:00:00 web01 sshd[1]: Accepted password for root from 192.0.2.1 port 22 ssh2\n",
		"zeek.log": "#separator \\x09\n#path\tconn\n#fields\tts\tuid\n#types\ttime\tstring\n1657854000.0\tC1\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	zone := time.FixedZone("there", 2*3600)
	known := func(name string) Given { return Given{Zone: time.UTC, Year: 2024} }
	register, err := Read(t.Context(), []string{folder}, func(int) Sink { return noSink{} }, Options{Given: []Given{{Zone: zone}}, Known: known})
	if err != nil || len(register.Files) != 2 {
		t.Fatalf("%v, %+v", err, register)
	}
	if got, want := register.Files[0].Given, (Given{Zone: zone, Year: 2024}); got != want {
		t.Errorf("auth.log: %+v, want %+v", got, want)
	}
	if got := register.Files[1].Given; got != (Given{}) {
		t.Errorf("zeek.log states its times: %+v", got)
	}
}

type noSink struct{}

func (noSink) Event(*event.Event) error { return nil }

// The beginnings that were asked for have the digests of shorter files,
// wherever buffers and blocks end, and whether or not the format is known.
func TestBeginnings(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	line := "2022-07-15T03:00:00Z web01 sshd[1]: Accepted password for root from 192.0.2.1 port 22 ssh2\n"
	contents := map[string][]byte{"auth.log": bytes.Repeat([]byte(line), 3000), "noise": bytes.Repeat([]byte{0, 7, 255}, 100_000)}
	for name, data := range contents {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	wanted := []Mark{{Size: 70_000}, {Size: 1}, {Size: 4096}, {Size: 8192}, {Size: 8192}, {Size: 65_536}, {Size: 100_000_000}, {}, {Size: 12_345},
		{9000, "another head"}, {50_000, "another head"}, {12, "another head"}, {100_000_000, "another head"}, {8192, line[:5]}, {8192, "\x00\x07"}}
	register, err := Read(t.Context(), []string{folder}, func(int) Sink { return noSink{} },
		Options{BlockSize: 8192, Marks: func(string, []byte) []Mark { return wanted }})
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range register.Files {
		data := contents[filepath.Base(file.Source.Name)]
		if len(file.Beginnings) != 10 || file.SHA256 != sha256.Sum256(data) {
			t.Errorf("%s: %d beginnings, digest %x", file.Source.Name, len(file.Beginnings), file.SHA256)
		}
		for _, beginning := range file.Beginnings {
			if beginning.SHA256 != sha256.Sum256(slices.Concat([]byte(beginning.Head), data[len(beginning.Head):beginning.Size])) {
				t.Errorf("%s: the digest of the first %d bytes is wrong, with the head %q", file.Source.Name, beginning.Size, beginning.Head)
			}
		}
	}
}
