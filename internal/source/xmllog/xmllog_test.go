package xmllog

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/kulla-defence/kulla/internal/source/format"
	"github.com/kulla-defence/kulla/internal/source/formattest"
	"github.com/kulla-defence/kulla/internal/source/row"
)

func one(id int, data string) string {
	return fmt.Sprintf(`<Event xmlns='%s'><System><Provider Name='P'/><EventID>%d</EventID><TimeCreated SystemTime='2024-01-02T03:04:05.1234567Z'/>`+
		`<EventRecordID>%d</EventRecordID><Correlation/><Channel>Security</Channel><Computer>dc01.example.test</Computer></System>`+
		`<EventData>%s</EventData></Event>`, namespace, id, id+100, data)
}

const fields = ` windows// 2024-01-02T03:04:05.1234567Z on dc01.example.test Provider_Name="P" EventID="%d" TimeCreated_SystemTime="2024-01-02T03:04:05.1234567Z" ` +
	`EventRecordID="%d" Channel="Security" Computer="dc01.example.test"%s`

func read(id int, data string) string { return fmt.Sprintf(fields, id, id+100, data) }

func TestEvents(t *testing.T) {
	t.Parallel()
	plain := one(1, `<Data Name='A'>x</Data>`)
	large := one(2, "<Data>"+strings.Repeat("x", 3000)+"</Data>")
	for name, test := range map[string]struct {
		log          string
		want, faults []string
	}{
		"one after another": {plain + one(2, `<Data Name='A'>a &lt;b&gt; &#x41;</Data><Data>y</Data><Data>z</Data>`) + "\r\n" + one(3, ""), []string{
			read(1, ` A="x"`), read(2, ` A="a <b> A" Data="y" Data="z"`), read(3, "")}, nil},
		"within events": {"<?xml version='1.0' encoding='utf-8' standalone='yes'?>\r\n<Events><!-- c -->" + plain + "\n" + plain + "</Events>\n", []string{
			read(1, ` A="x"`), read(1, ` A="x"`)}, nil},
		"rendered": {strings.Replace(plain, "</Event>", "<RenderingInfo Culture='en-GB'><Message>m&amp;</Message><Level>Information</Level><Keywords><Keyword>k</Keyword></Keywords></RenderingInfo></Event>", 1), []string{
			read(1, ` A="x" RenderingInfo_Culture="en-GB" Message="m&" RenderingInfo_Level="Information" RenderingInfo_Keyword="k"`)}, nil},
		"user data": {strings.Replace(one(4, ""), "<EventData></EventData>", "<UserData><e:LogFileCleared xmlns:e='u'><e:SubjectUserName kind='k'>a</e:SubjectUserName><E/></e:LogFileCleared></UserData>", 1), []string{
			read(4, ` SubjectUserName_kind="k" SubjectUserName="a" E=null`)}, nil},
		"cut off": {plain[:200] + plain + "rest" + plain, []string{read(1, ` A="x"`), read(1, ` A="x"`)},
			[]string{"line 1: event ends too early", "line 1: not an event"}},
		"broken":   {plain + strings.Replace(plain, "</System>", "</Sistem>", 1) + plain, []string{read(1, ` A="x"`), read(1, ` A="x"`)}, []string{"line 1: not valid XML"}},
		"too long": {plain + large + plain, []string{read(1, ` A="x"`), read(1, ` A="x"`)}, []string{"event is longer than 2000 bytes"}},
		"ends":     {plain + plain[:300], []string{read(1, ` A="x"`)}, []string{"line 1: event ends too early"}},
		"no time":  {strings.Replace(plain, "2024-01-02T03:04:05.1234567Z", "today", 1), []string{strings.ReplaceAll(strings.Replace(read(1, ` A="x"`), " 2024-01-02T03:04:05.1234567Z", " (today)", 1), "2024-01-02T03:04:05.1234567Z", "today")}, nil},
		"of linux": {strings.Replace(plain, ">Security<", ">Linux-Sysmon/Operational<", 1), []string{strings.NewReplacer("windows//", "linux//", "Security", "Linux-Sysmon/Operational").Replace(read(1, ` A="x"`))}, nil},
	} {
		for _, piece := range []int{1, 50, 700} {
			got := formattest.Read(t, Format(), []byte(test.log), piece, format.Options{Record: 2000})
			var events []string
			for _, text := range got.Events {
				_, text, _ = strings.Cut(text, " ")
				events = append(events, " "+text)
			}
			if faults := losses(got.Problems); !slices.Equal(events, test.want) || !slices.Equal(faults, test.faults) {
				t.Errorf("%s in pieces of %d:\n got %q\nwant %q\nproblems %q", name, piece, events, test.want, got.Problems)
			}
		}
	}
}

// losses joins the pieces of one event that was given up.
func losses(problems []string) []string { return slices.Compact(problems) }

// Limits cost the event that exceeds them, and no other.
func TestLimits(t *testing.T) {
	t.Parallel()
	for reason, data := range map[string]string{
		"line 1: nested more than 32 elements deep": strings.Repeat("<a>", 40),
		"line 1: more than 16384 fields":            strings.Repeat("<Data/>", 20_000),
	} {
		got := formattest.Read(t, Format(), []byte(one(1, "")+one(2, data)+one(3, "")), 1<<20, format.Options{})
		if len(got.Events) != 2 || !slices.Equal(got.Problems, []string{reason}) {
			t.Errorf("%d events, %q, want %q", len(got.Events), got.Problems, reason)
		}
	}
}

// Ever new names take bounded memory.
func TestManyShapes(t *testing.T) {
	t.Parallel()
	p := newParser(row.NewLayouts())
	for i := range 200 {
		if fault := p.scan([]byte(one(1, fmt.Sprintf("<Data Name='%d%s'>x</Data>", i, strings.Repeat("n", 100_000))))); fault != "" {
			t.Fatal(fault)
		}
		p.fill()
	}
	if len(p.known) > maxKnown/100_000+1 {
		t.Errorf("%d shapes are remembered", len(p.known))
	}
}

// The place in a file of UTF-16 is that in the file.
func TestUTF16(t *testing.T) {
	t.Parallel()
	log := "\ufeff<Events>\n" + one(1, "<Data>ä</Data>") + "\n" + one(2, "<Data>€</Data>") + "</Events>"
	var encoded []byte
	for _, unit := range utf16.Encode([]rune(log)) {
		encoded = append(encoded, byte(unit), byte(unit>>8))
	}
	whole := formattest.Read(t, Format(), encoded, len(encoded), format.Options{})
	split := formattest.Read(t, Format(), encoded, 33, format.Options{})
	first := 2 * len("x<Events>\n")
	size := 2*len(one(1, "<Data>ä</Data>")) - 2
	want := []string{
		fmt.Sprintf("2@%d+%d", first, size) + read(1, ` Data="ä"`),
		fmt.Sprintf("3@%d+%d", first+size+2, size) + read(2, ` Data="€"`),
	}
	if !recognise(encoded) || !slices.Equal(whole.Events, want) || !slices.Equal(split.Events, want) || len(whole.Problems) > 0 {
		t.Errorf("\n got %q\n and %q\nwant %q\n%q", whole.Events, split.Events, want, whole.Problems)
	}
}

func TestRecognise(t *testing.T) {
	t.Parallel()
	for head, want := range map[string]bool{
		one(1, ""): true, "\ufeff \r\n<?xml version='1.0'?>\n" + one(1, ""): true, "<Events>" + one(1, ""): true, "<!-- x --><Events>\n<Event >": true, "<Events></Events>": false,
		"": false, "<Event><System/></Event>": false, "<EventData>": false, "<Eventsx><Event >": false, "<html><Events>": false, "<?xml": false, "<!--": false, "<Events": false,
	} {
		if got := recognise([]byte(head)); got != want {
			t.Errorf("recognise(%.40q) = %v", head, got)
		}
	}
}

func TestSample(t *testing.T) {
	t.Parallel()
	for name, log := range formattest.Samples(t, "web/iis-xml-logs*") {
		got := formattest.Read(t, Format(), log, 1<<20, format.Options{})
		if !recognise(log) || len(got.Events) != bytes.Count(log, endTag) || len(got.Problems) > 0 {
			t.Fatalf("%s: %d events, %q", name, len(got.Events), got.Problems)
		}
		for _, want := range []string{
			"windows// 2022-10-01T11:25:54.620689Z on exchange-1.mydomain.test ", ` EventRecordID="530178"`, ` csCookie="-"`, ` CustomFields=null`,
			` cs-uri-query="bla=powershell&CorrelationID=;&cafeReqId=f1351975-5024-4240-9508-3b4ea50eaf70;"`,
		} {
			if !strings.Contains(got.Events[0], want) {
				t.Errorf("%s has no %s", got.Events[0], want)
			}
		}
	}
}

func FuzzSplit(f *testing.F) {
	f.Add([]byte("<Events>\n"+one(1, "<Data Name='A'>&amp;<![CDATA[x]]></Data>")+"\n"+one(2, "")+"</Events>"), uint8(9))
	f.Add([]byte(one(1, "")[:90]+one(2, "<!-- ")+"<Event >x</Event><Events></Event>"), uint8(1))
	f.Add([]byte("\xff\xfe<\x00E\x00v\x00"), uint8(3))
	formattest.FuzzSplit(f, Format, 1, nil)
}

func BenchmarkProcesses(b *testing.B) {
	var log bytes.Buffer
	for i := 0; log.Len() < 1<<20; i++ {
		fmt.Fprintf(&log, "<Event xmlns='%s'><System><Provider Name='Microsoft-Windows-Security-Auditing' Guid='{54849625-5478-4994-a5ba-3e3b0328c30d}'/><EventID>4688</EventID><Version>2</Version><Level>0</Level><Task>13312</Task><Opcode>0</Opcode><Keywords>0x8020000000000000</Keywords>"+
			"<TimeCreated SystemTime='2024-01-02T03:04:05.1234567Z'/><EventRecordID>%d</EventRecordID><Correlation/><Execution ProcessID='4' ThreadID='212'/><Channel>Security</Channel><Computer>dc01.example.test</Computer><Security/></System>"+
			"<EventData><Data Name='SubjectUserSid'>S-1-5-18</Data><Data Name='SubjectUserName'>DC01$</Data><Data Name='SubjectDomainName'>EXAMPLE</Data><Data Name='SubjectLogonId'>0x3e7</Data><Data Name='NewProcessId'>0x%x</Data><Data Name='NewProcessName'>C:\\Windows\\System32\\svchost.exe</Data>"+
			"<Data Name='TokenElevationType'>%%%%1936</Data><Data Name='ProcessId'>0x268</Data><Data Name='CommandLine'>C:\\Windows\\system32\\svchost.exe -k netsvcs -p -s %d</Data><Data Name='MandatoryLabel'>S-1-16-16384</Data></EventData></Event>\n", namespace, i, i, i)
	}
	formattest.Benchmark(b, Format(), log.Bytes())
}
