package exchange

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/internal/source/format"
	"github.com/kulla-defence/kulla/internal/source/formattest"
)

func directives(kind, fields string) string {
	return "#Software: Microsoft Exchange Server\r\n#Version: 15.01.2507.006\r\n#Log-type: " + kind + "\r\n#Date: 2024-01-02T00:00:00.000Z\r\n#Fields: " + fields + "\r\n"
}

func TestLines(t *testing.T) {
	t.Parallel()
	const proxy = "DateTime,RequestId,AnchorMailbox,ServerHostName"
	for name, test := range map[string]struct {
		log          string
		want, faults []string
	}{
		"line breaks": {directives("X", "date-time,a,b") + "2024-01-02T03:04:05Z,\"x\r\n2,y\",z\r\n2024-01-02T03:04:06Z,\"open,z\r\n2024-01-02T03:04:07Z,1,2\r\n", []string{
			`exchange//x 2024-01-02T03:04:05Z date-time="2024-01-02T03:04:05Z" a="x\n2,y" b="z"`,
			`exchange//x 2024-01-02T03:04:06Z date-time="2024-01-02T03:04:06Z" a="open,z"`,
			`exchange//x 2024-01-02T03:04:07Z date-time="2024-01-02T03:04:07Z" a="1" b="2"`}, []string{"line 8: line has 2 fields where the header has 3"}},
		"sent": {directives("Message Tracking Log", "date-time,client-hostname,server-hostname,source,event-id") + "2024-01-02T03:04:05Z,EX01,mx.example.test,SMTP,SEND\n2024-01-02T03:04:05Z,mx.example.test,EX01,SMTP,RECEIVE\n", []string{
			`exchange//message-tracking 2024-01-02T03:04:05Z on EX01 date-time="2024-01-02T03:04:05Z" client-hostname="EX01" server-hostname="mx.example.test" source="SMTP" event-id="SEND"`,
			`exchange//message-tracking 2024-01-02T03:04:05Z on EX01 date-time="2024-01-02T03:04:05Z" client-hostname="mx.example.test" server-hostname="EX01" source="SMTP" event-id="RECEIVE"`}, nil},
		"tracking": {"\ufeff" + directives("Message Tracking Log", "date-time,server-hostname,message-subject") + "2024-01-02T03:04:05.678Z,EX01,\"a \"\"b\"\", c\"\r\n", []string{
			`exchange//message-tracking 2024-01-02T03:04:05.678Z on EX01 date-time="2024-01-02T03:04:05.678Z" server-hostname="EX01" message-subject="a \"b\", c"`}, nil},
		"proxy": {"\ufeff" + proxy + "\r\n" + directives("HttpProxy Logs", proxy) + "2024-01-02T03:04:05.678Z,r,Smtp:a@example.test,EX01,,\r\n", []string{
			`exchange//httpproxy 2024-01-02T03:04:05.678Z on EX01 DateTime="2024-01-02T03:04:05.678Z" RequestId="r" AnchorMailbox="Smtp:a@example.test" ServerHostName="EX01"`}, nil},
		"other logs": {directives("Ews Logs", "DateTime,a") + "2024-01-02T03:04:05Z,1\n" + directives("Transport Connectivity Log", "date-time,b") + "2024-01-02T03:04:05Z,2\n" + directives("Throttling Log", "#TimeStamp,c") + "yesterday,3\n", []string{
			`exchange//ews 2024-01-02T03:04:05Z DateTime="2024-01-02T03:04:05Z" a="1"`,
			`exchange//connectivity 2024-01-02T03:04:05Z date-time="2024-01-02T03:04:05Z" b="2"`,
			`exchange//throttling (yesterday) #TimeStamp="yesterday" c="3"`}, nil},
		"columns": {directives("Ews Logs", "DateTime,a") + "2024-01-02T03:04:05Z\n2024-01-02T03:04:05Z,1,2\n", []string{
			`exchange//ews 2024-01-02T03:04:05Z DateTime="2024-01-02T03:04:05Z"`,
			`exchange//ews 2024-01-02T03:04:05Z DateTime="2024-01-02T03:04:05Z" a="1"`},
			[]string{"line 6: line has 1 fields where the header has 2", "line 7: line has 3 fields where the header has 2"}},
		"no header": {"2024-01-02T03:04:05Z,1\n", nil, []string{"line 1: line comes before a #Fields directive, which names the columns"}},
	} {
		for _, piece := range []int{3, 50, 10_000} {
			got := formattest.Read(t, Format(), []byte(test.log), piece, format.Options{})
			var events []string
			for _, text := range got.Events {
				_, text, _ = strings.Cut(text, " ")
				events = append(events, text)
			}
			if !slices.Equal(events, test.want) || !slices.Equal(got.Problems, test.faults) {
				t.Errorf("%s in pieces of %d:\n got %q\nwant %q\nproblems %q", name, piece, events, test.want, got.Problems)
			}
		}
		if name != "no header" && !recognise([]byte(test.log)) {
			t.Errorf("%s is not recognised", name)
		}
	}
}

// The public samples are lines of protocol logs without their headers.
func TestSamples(t *testing.T) {
	t.Parallel()
	for name, log := range formattest.Samples(t, "exchange/*.log") {
		got := formattest.Read(t, Format(), log, 1<<20, format.Options{})
		if want := bytes.Count(bytes.TrimSpace(log), []byte{'\n'}) + 1; !recognise(log) || len(got.Events) != want || len(got.Problems) > 0 {
			t.Errorf("%s: %d events of %d, %q", name, len(got.Events), want, got.Problems)
			continue
		}
		service := strings.Split(name, "-")[1]
		if !strings.Contains(got.Events[0], " exchange//"+service+" 2022-07-20T21:") {
			t.Errorf("%s: %s", name, got.Events[0])
		}
		if split := formattest.Read(t, Format(), log, 100, format.Options{}); !slices.Equal(split.Events, got.Events) {
			t.Errorf("%s: other events when it is split", name)
		}
	}
}

func TestRecognise(t *testing.T) {
	t.Parallel()
	for _, head := range []string{"", "#", "a,b\n", "2024-01-02T03:04:05Z,a,b\n", "#Software: Microsoft Internet Information Services 10.0\n"} {
		if recognise([]byte(head)) {
			t.Errorf("%q is recognised", head)
		}
	}
}

func FuzzSplit(f *testing.F) {
	f.Add([]byte("DateTime,a\n"+directives("Ews Logs", "DateTime,a")+"2024-01-02T03:04:05Z,\"x\"\"\"\r\n#Fields: b,c\n1,2\n"), uint8(9))
	f.Add([]byte("2022-07-20T21:12:06.270Z,A,08DA4F7C11473A60,9,192.0.2.1:25,192.0.2.2:5,>,535,\n"), uint8(1))
	f.Add([]byte("\r\r\n\r\rm, T"), uint8(0))
	f.Add([]byte("\n\n#Fields: \n#a,b\n,\n"), uint8(3))
	formattest.FuzzSplit(f, Format, 3, formattest.EncodingShown)
}

func BenchmarkTracking(b *testing.B) {
	var log bytes.Buffer
	log.WriteString(directives("Message Tracking Log", "date-time,client-ip,client-hostname,server-ip,server-hostname,source,event-id,message-id,recipient-address,total-bytes,message-subject,sender-address"))
	for i := 0; log.Len() < 1<<20; i++ {
		fmt.Fprintf(&log, "2024-01-02T03:%02d:%02d.%03dZ,192.0.2.%d,ws%d,192.0.2.10,EX01,STOREDRIVER,RECEIVE,<%d@ex01.example.test>,b@example.test,%d,\"Minutes, and what followed\",a@example.test\r\n", i/60%60, i%60, i%1000, i%250, i%50, i, i)
	}
	formattest.Benchmark(b, Format(), log.Bytes())
}
