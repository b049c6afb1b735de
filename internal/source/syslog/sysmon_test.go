package syslog

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/internal/source/format"
	"github.com/kulla-defence/kulla/internal/source/formattest"
	"github.com/kulla-defence/kulla/internal/source/jsonlog"
)

const sysmonEvent = `<Event><System><Provider Name="Linux-Sysmon" Guid="{g}"/><EventID>1</EventID><TimeCreated SystemTime="2023-10-01T22:14:15.500000000Z"/>` +
	`<Channel>Linux-Sysmon/Operational</Channel><Computer>web.example.test</Computer><Security UserId="0"/></System>` +
	`<EventData><Data Name="UtcTime">2023-10-01 22:14:14.395</Data><Data Name="CommandLine">sh -c "a &gt; b &amp;&amp; c"</Data></EventData></Event>`

func TestSysmon(t *testing.T) {
	t.Parallel()
	log := "<14>Oct  1 22:14:16 relay sysmon: " + sysmonEvent + "\n<14>Oct  1 22:14:16 relay sysmon: " + sysmonEvent[:len(sysmonEvent)-28] + "\n"
	got := formattest.Read(t, Format(), []byte(log), 1000, format.Options{Year: 2023})
	const want = `linux// 2023-10-01T22:14:14.395Z on web.example.test facility="user" severity="info" hostname="relay" program="sysmon" Provider_Name="Linux-Sysmon" Provider_Guid="{g}" EventID="1" ` +
		`TimeCreated_SystemTime="2023-10-01T22:14:15.500000000Z" Channel="Linux-Sysmon/Operational" Computer="web.example.test" Security_UserID="0" ` +
		`UtcTime="2023-10-01 22:14:14.395"`
	for i, text := range got.Events {
		if !strings.Contains(text, want) || !strings.Contains(text, [...]string{` CommandLine="sh -c \"a > b && c\""`, ` CommandLine="sh -c \"a > b && c" Message`}[i]) {
			t.Errorf("got %s\nwant %s", text, want)
		}
	}
	if len(got.Events) != 2 || len(got.Problems) != 1 || !strings.Contains(got.Problems[0], "line 2: ") {
		t.Errorf("%d events, problems %q", len(got.Events), got.Problems)
	}
	other := strings.ReplaceAll(sysmonEvent, "Linux-Sysmon/Operational", "Security")
	if got := formattest.Read(t, Format(), []byte("<14>Oct  1 22:14:16 dc agent: "+other), 1000, format.Options{}); !strings.Contains(got.Events[0], " windows// ") {
		t.Errorf("an event of Windows is %s", got.Events[0])
	}
}

// The reader of JSON knows the same events inside of Azure's table; both have
// to find the same.
func TestSysmonSamples(t *testing.T) {
	t.Parallel()
	table := sysmonTable(t)
	var messages bytes.Buffer
	for l := range bytes.Lines(table) {
		var record struct{ EventTime, HostName, SyslogMessage string }
		if err := json.Unmarshal(l, &record); err != nil {
			t.Fatal(err)
		}
		messages.WriteString(record.EventTime + " " + record.HostName + " sysmon: " + record.SyslogMessage + "\n")
	}
	ours := formattest.Read(t, Format(), messages.Bytes(), 1<<20, format.Options{})
	theirs := formattest.Read(t, jsonlog.Format(), table, 1<<20, format.Options{})
	if len(ours.Events) != len(theirs.Events) || len(ours.Problems) != 1 || !strings.HasPrefix(ours.Problems[0], "line 8: ") {
		t.Fatalf("%d events, %d from JSON; %q", len(ours.Events), len(theirs.Events), ours.Problems)
	}
	for i := range ours.Events {
		if i == 7 { // it was cut off, and the reader of JSON leaves it as text
			if !strings.Contains(ours.Events[i], ` ParentCommandLine="/usr/lib/jvm/java-1.8.0`) {
				t.Errorf("no command line in %s", ours.Events[i])
			}
			continue
		}
		got, want := eventPart(ours.Events[i]), eventPart(theirs.Events[i])
		if got == "" || got != want {
			t.Fatalf("event %d:\n got %s\nwant %s", i, got, want)
		}
	}
	t.Logf("%d events", len(ours.Events))
}

// eventPart is the columns of the event itself.
func eventPart(text string) string {
	_, text, _ = strings.Cut(text, " Provider_Name=")
	for _, after := range []string{" Message=", " HostIP="} {
		text, _, _ = strings.Cut(text, after)
	}
	return text
}

func sysmonTable(t *testing.T) []byte {
	t.Helper()
	folder := os.Getenv("KULLA_DATA")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "..", "shared", "data")
	}
	outer, err := zip.OpenReader(filepath.Join(folder, "winlog-json.zip"))
	if err != nil {
		t.Skipf("public data is absent: %v (set KULLA_DATA to the folder that has it)", err)
	}
	defer outer.Close()
	at := slices.IndexFunc(outer.File, func(f *zip.File) bool { return strings.Contains(f.Name, "syslog_sysmon") })
	if at < 0 {
		t.Fatal("winlog-json.zip has no messages of Sysmon")
	}
	packed := unzipped(t, outer.File[at])
	inner, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		t.Fatal(err)
	}
	return unzipped(t, inner.File[0])
}

func unzipped(t *testing.T, member *zip.File) []byte {
	t.Helper()
	in, err := member.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	text, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func FuzzEventXML(f *testing.F) {
	f.Add(sysmonEvent)
	f.Add(`<Event xmlns="u"><System><Channel>a</Channel></System><EventData><Data Name="a&#10;b"/><Data><![CDATA[<x>]]></Data></EventData>`)
	f.Fuzz(func(t *testing.T, text string) {
		log := []byte("<14>Oct  1 22:14:16 web sysmon: " + strings.ReplaceAll(text, "\n", " "))
		got := formattest.Read(t, Format(), log, len(log), format.Options{Year: 2023})
		if len(got.Events) != 1 || !strings.Contains(got.Events[0], " Message=") {
			t.Errorf("%q", got.Events)
		}
	})
}
