package csvlog

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/kulla-defence/kulla/internal/source/format"
	"github.com/kulla-defence/kulla/internal/source/formattest"
)

func TestRecords(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		log          string
		want, faults []string
	}{
		"plain": {"user,action,when\r\nanna,\"a, b\",2024\r\n\r\nben,\"say \"\"no\"\"\",\r\n", []string{
			`// user="anna" action="a, b" when="2024"`, `// user="ben" action="say \"no\"" when=""`}, nil},
		"line breaks": {"a,b\n\"one\r\ntwo\",x\n5\"6,\"\n\"\ny\"z,2", []string{
			`// a="one\r\ntwo" b="x"`, `// a="5\"6" b="\n"`, `// a="y\"z" b="2"`}, nil},
		"semicolons":  {"a;b\n1,5;2\n", []string{`// a="1,5" b="2"`}, nil},
		"tabs":        {"\"a\"\t\"b\"\n\"1\"\t2\n", []string{`// a="1" b="2"`}, nil},
		"bars":        {"a|b|c\n1|2|3\n", []string{`// a="1" b="2" c="3"`}, nil},
		"of Excel":    {"sep=;\r\na,b;c\r\n1;2\r\n", []string{`// a,b="1" c="2"`}, nil},
		"comes again": {"a,b\n1,2\na,b\n3,4\n", []string{`// a="1" b="2"`, `// a="3" b="4"`}, nil},
		"counts": {"a,b,c\n1,2\n1,2,3,4\n1,2,3,,\n", []string{`// a="1" b="2"`, `// a="1" b="2" c="3"`, `// a="1" b="2" c="3"`},
			[]string{"line 2: record has 2 values where the header has 3", "line 3: record has 4 values where the header has 3"}},
		"no names":   {"a,,b\n1,2,3\n", []string{`// a="1" column2="2" b="3"`}, nil},
		"not closed": {"a,b\n1,2\n3,\"4\n5,6\n7,8\n", []string{`// a="1" b="2"`, `// a="5" b="6"`, `// a="7" b="8"`}, []string{"quote is not closed"}},
		"PowerShell": {"#TYPE System.Diagnostics.Eventing.Reader.EventLogRecord\r\n\"Message\",\"Id\",\"RecordId\",\"ProviderName\",\"LogName\",\"MachineName\",\"TimeCreated\"\r\n" +
			"\"An account\r\nwas logged on.\",\"4624\",\"99\",\"P\",\"Security\",\"dc01.example.test\",\"31/01/2024 15:04:05\"\r\n", []string{
			`windows// 2024-01-31T15:04:05Z (31/01/2024 15:04:05) on dc01.example.test Message="An account\r\nwas logged on." EventID="4624" EventRecordID="99" Provider_Name="P" Channel="Security" Computer="dc01.example.test" TimeCreated="31/01/2024 15:04:05"`}, nil},
		"Event Viewer": {"\ufeffKeywords,Date and Time,Source,Event ID,Task Category\r\nAudit Success,2024-01-31 15:04:05,P,4624,Logon,\"An account\nwas\"\r\n", []string{
			`windows// 2024-01-31T15:04:05Z (2024-01-31 15:04:05) Keywords="Audit Success" TimeCreated="2024-01-31 15:04:05" Provider_Name="P" EventID="4624" TaskCategory="Logon" Message="An account\nwas"`}, nil},
		"admin audit": {"\"ObjectModified\",\"CmdletName\",\"CmdletParameters\",\"Caller\",\"RunDate\",\"OriginatingServer\"\n\"anna\",\"Set-Mailbox\",\"x\",\"admin\",\"2024-01-31T15:04:05Z\",\"EX01 (15.02.1118.040)\"\n", []string{
			`exchange//admin-audit 2024-01-31T15:04:05Z on EX01 ObjectModified="anna" CmdletName="Set-Mailbox" CmdletParameters="x" Caller="admin" RunDate="2024-01-31T15:04:05Z" OriginatingServer="EX01 (15.02.1118.040)"`}, nil},
		"unified audit": {"CreationDate,UserIds,Operations,AuditData\n2024-01-31T15:04:05.0000000Z,anna,New-InboxRule," +
			`"{""CreationTime"":""2024-01-31T15:04:05"",""Operation"":""New-InboxRule"",""Workload"":""Exchange"",""RecordType"":1}"` + "\n2024-01-31T15:04:05.0000000Z,ben,x,{broken\n", []string{
			`m365//audit 2024-01-31T15:04:05Z CreationDate="2024-01-31T15:04:05.0000000Z" UserIds="anna" Operations="New-InboxRule" CreationTime="2024-01-31T15:04:05" Operation="New-InboxRule" Workload="Exchange" RecordType="1"`,
			`// 2024-01-31T15:04:05Z CreationDate="2024-01-31T15:04:05.0000000Z" UserIds="ben" Operations="x" AuditData="{broken"`}, nil},
		"EvtxECmd": {"RecordNumber,TimeCreated,EventId,Provider,Channel,Computer,Payload\n7,2024-01-31 15:04:05.1234567,4688,P,Security,dc01," +
			`"{""EventData"":{""Data"":[{""@Name"":""CommandLine"",""#text"":""cmd \\x""}]}}"` + "\n", []string{
			`windows// 2024-01-31T15:04:05.1234567Z (2024-01-31 15:04:05.1234567) on dc01 EventRecordID="7" TimeCreated="2024-01-31 15:04:05.1234567" EventID="4688" Provider_Name="P" Channel="Security" Computer="dc01" CommandLine="cmd \\x"`}, nil},
		"month first": {"Date,who\n2/3/2024 3:04:05 PM,a\n1/31/2024 12:04:05 AM,b\n", []string{
			`// 2024-02-03T15:04:05Z (2/3/2024 3:04:05 PM) Date="2/3/2024 3:04:05 PM" who="a"`,
			`// 2024-01-31T00:04:05Z (1/31/2024 12:04:05 AM) Date="1/31/2024 12:04:05 AM" who="b"`}, nil},
		"no order":      {"Date,who\n2/3/2024 15:04:05,a\n", []string{`// (2/3/2024 15:04:05) Date="2/3/2024 15:04:05" who="a"`}, nil},
		"date and time": {"Date,Time,who\n2024-01-31,15:04:05,a\n", []string{`// 2024-01-31T15:04:05Z (2024-01-31 15:04:05) Date="2024-01-31" Time="15:04:05" who="a"`}, nil},
		"Azure":         {"TimeGenerated [UTC],who\n\"1/31/2024, 3:04:05.123 PM\",a\n", []string{`// 2024-01-31T15:04:05.123Z TimeGenerated [UTC]="1/31/2024, 3:04:05.123 PM" who="a"`}, nil},
	} {
		for _, piece := range []int{1, 7, 10_000} {
			got := formattest.Read(t, Format(), []byte(test.log), piece, format.Options{})
			var events []string
			for _, text := range got.Events {
				_, text, _ = strings.Cut(text, " ")
				events = append(events, text)
			}
			if !slices.Equal(events, test.want) || !slices.Equal(got.Problems, test.faults) {
				t.Errorf("%s in pieces of %d:\n got %q\nwant %q\nproblems %q", name, piece, events, test.want, got.Problems)
			}
			if noted := len(got.Notes) > 0; noted != (name == "no order") {
				t.Errorf("%s: notes %q", name, got.Notes)
			}
		}
	}
}

// Offsets in a file of UTF-16 are those in the file.
func TestUTF16(t *testing.T) {
	t.Parallel()
	log := "\ufeff\"a\",\"b\"\r\n\"ä\r\n\",\"x\"\r\n€,y\r\n"
	var encoded []byte
	for _, unit := range utf16.Encode([]rune(log)) {
		encoded = append(encoded, byte(unit), byte(unit>>8))
	}
	want := []string{`2@20+18 // a="ä\r\n" b="x"`, `4@42+6 // a="€" b="y"`}
	for _, piece := range []int{2, 9, 1000} {
		if got := formattest.Read(t, Format(), encoded, piece, format.Options{}); !slices.Equal(got.Events, want) || len(got.Problems) > 0 {
			t.Errorf("in pieces of %d:\n got %q\nwant %q\n%q", piece, got.Events, want, got.Problems)
		}
	}
	if !recognise(encoded) {
		t.Error("not recognised")
	}
}

// A record that is too long is lost up to the end of its first line, and the
// next line is a record again.
func TestTooLong(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	log.WriteString("a,b\n")
	for i := range 40_000 {
		fmt.Fprintf(&log, "%d,x\n", i)
		if i == 20_000 {
			log.WriteString("lost,\"" + strings.Repeat("y", 200_000) + "\nstill,lost\n")
		}
	}
	got := formattest.Read(t, Format(), []byte(log.String()), 1000, format.Options{Record: 100_000})
	if len(got.Events) != 40_001 || len(got.Problems) == 0 || got.Problems[0] != "record is longer than 100000 bytes" {
		t.Errorf("%d events, %.200q", len(got.Events), got.Problems)
	}
}

// However many quotes are not closed, the text is not looked at over and over.
func TestManyQuotes(t *testing.T) {
	t.Parallel()
	log := "a,b\n" + strings.Repeat("x\",\"\n", 400_000)
	s := Format().NewSplitter(format.Options{Record: 1 << 20})
	lost := 0
	for data := []byte(log); len(data) > 0; lost++ {
		data = data[s.Split(data, true).Size:]
	}
	if lost < 2 || lost > 100 {
		t.Errorf("%d cuts", lost)
	}
}

func TestRecognise(t *testing.T) {
	t.Parallel()
	long := "CreationDate,UserIds,Operations,AuditData\n2024,a,b,\"" + strings.Repeat("x", format.HeadSize)
	for head, want := range map[string]bool{
		"a,b\n1,2": true, "a,b\n1,2\n3,4\n": true, "\"a\",\"b c\"\r\n\"x\ny\",1\r\n": true, "#TYPE x\r\n\"a\",\"b\"\r\n1,2\r\n": true, long[:format.HeadSize]: true,
		"Keywords,Date and Time,Source,Event ID,Task Category\nx,y,z,1,l,m\n": true,
		"": false, "a,b": false, "a,b\n": false, "a\n1\n": false, "a,b\n1\n": false, "a,b\n1,2,3\n": false, "1,2\n3,4\n": false, "a,a\n1,2\n": false,
		"Dear all, we met.\nThen, we left.\n": false, "a, b\n1, 2\n": false, "{\"a\":1,\"b\":2}\n{\"a\":1,\"b\":2}\n": false, "Jan 1 10:00:00 host x: a=1, b\nJan 1 10:00:00 host x: a=1, b\n": false,
	} {
		if got := recognise([]byte(head)); got != want {
			t.Errorf("recognise(%.60q) = %v", head, got)
		}
	}
}

// No log of another kind is taken for a table.
func TestOthersAreNotRecognised(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{"*/*.log", "*/*.jsonl"} {
		for name, log := range formattest.Samples(t, pattern) {
			if recognise(log[:min(len(log), format.HeadSize)]) {
				t.Errorf("%s is recognised", name)
			}
		}
	}
}

func TestParseTime(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"31.01.2024 15:04:05": "2024-01-31T15:04:05 2", "1.2.2024 5:04": "2024-02-01T05:04:00 2", "2024/01/31 15:04:05.5": "2024-01-31T15:04:05.5 2",
		"13/1/2024 15:04": "2024-01-13T15:04:00 2", "1/13/2024 3:04:05 PM": "2024-01-13T15:04:05 2", "5/5/2024 12:00:00 AM": "2024-05-05T00:00:00 2",
		"1/2/2024 15:04": "0001-01-01T00:00:00 1", "2024-01-31": "2024-01-31T00:00:00 2", "31/1/2024 15:04:05 UTC": "2024-01-31T15:04:05 3",
		"31.02.2024 15:04:05": "0001-01-01T00:00:00 0", "31/1/24 15:04": "0001-01-01T00:00:00 0", "13/13/2024": "0001-01-01T00:00:00 0", "1/31/2024 13:04 PM": "0001-01-01T00:00:00 0",
		"1/31/2024 25:04": "0001-01-01T00:00:00 0", "1/31-2024": "0001-01-01T00:00:00 0", "": "0001-01-01T00:00:00 0", "x": "0001-01-01T00:00:00 0",
	} {
		when, read := parseTime([]byte(text), unknownOrder)
		if got := fmt.Sprint(when.Format("2006-01-02T15:04:05.999999999"), " ", read); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

// No time is read where the order of day and month is not known, and none that
// is not a time of the calendar.
func FuzzParseTime(f *testing.F) {
	f.Add("31.01.2024 15:04:05", uint8(0))
	f.Add("1/2/2024, 3:04:05.123 PM UTC", uint8(3))
	f.Add("2024/2/30 24:00", uint8(1))
	f.Fuzz(func(t *testing.T, text string, order uint8) {
		when, read := parseTime([]byte(text), dateOrder(order%4))
		if read <= ambiguous && !when.IsZero() {
			t.Errorf("%q: %v without being read", text, when)
		}
		orderOf([]byte(text))
	})
}

func FuzzSplit(f *testing.F) {
	f.Add([]byte("a,b\n\"1\n\",2\n3,\"4\n5,6\n"), uint8(1))
	f.Add([]byte("\ufeff#TYPE x\r\n\"a\";\"b\"\r\n\"x\"\"\";1/2/2024\r\n"), uint8(7))
	f.Add([]byte("CreationDate,AuditData\nx,\"{\"\"a\"\":{}}\"\n\x00\x1f\\,\"\n"), uint8(3))
	f.Add([]byte("\xff\xfea\x00,\x00b\x00\n\x00\"\x00"), uint8(3))
	formattest.FuzzSplit(f, Format, 1, nil)
}

func BenchmarkEvents(b *testing.B) {
	var log bytes.Buffer
	log.WriteString("TimeCreated_SystemTime,EventID,ProviderName,LogName,MachineName,RecordId,LevelDisplayName,Message\r\n")
	for i := 0; log.Len() < 1<<20; i++ {
		fmt.Fprintf(&log, "\"2024-01-31T15:04:05.%07dZ\",\"4624\",\"Microsoft-Windows-Security-Auditing\",\"Security\",\"dc01.example.test\",\"%d\",\"Information\",\"An account was successfully logged on.\r\n\r\nSubject:\r\n\tSecurity ID:\t\tS-1-5-18\r\n\tAccount Name:\t\tDC01$\"\r\n", i, i)
	}
	formattest.Benchmark(b, Format(), log.Bytes())
}

func BenchmarkUnifiedAudit(b *testing.B) {
	var log bytes.Buffer
	log.WriteString("CreationDate,UserIds,Operations,AuditData\r\n")
	for i := 0; log.Len() < 1<<20; i++ {
		fmt.Fprintf(&log, "2024-01-31T15:04:05.0000000Z,user%d@example.test,MailItemsAccessed,\"{\"\"CreationTime\"\":\"\"2024-01-31T15:04:05\"\",\"\"Id\"\":\"\"%032d\"\",\"\"Operation\"\":\"\"MailItemsAccessed\"\",\"\"OrganizationId\"\":\"\"0\"\",\"\"RecordType\"\":50,\"\"ResultStatus\"\":\"\"Succeeded\"\",\"\"UserKey\"\":\"\"1\"\",\"\"UserType\"\":0,\"\"Workload\"\":\"\"Exchange\"\",\"\"UserId\"\":\"\"user@example.test\"\",\"\"ClientIPAddress\"\":\"\"192.0.2.1\"\"}\"\r\n", i, i)
	}
	formattest.Benchmark(b, Format(), log.Bytes())
}
