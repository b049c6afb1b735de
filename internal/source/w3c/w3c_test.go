package w3c

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

const iis = "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n#Date: 2024-01-02 00:00:00\r\n"

const short = "#Fields: date time cs-method cs-uri-stem cs-uri-query cs(User-Agent)\r\n"

func TestLines(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		log                 string
		want, faults, notes []string
	}{
		"web": {iis + short + "2024-01-02 03:04:05 GET /a.aspx b=c+d Agent/1+(x)\r\n2024-01-02 03:04:06 GET /a - -\r\n", []string{
			`/webserver/ 2024-01-02T03:04:05Z date="2024-01-02" time="03:04:05" cs-method="GET" cs-uri-stem="/a.aspx" cs-uri-query="b=c+d" cs-user-agent="Agent/1 (x)" cs-uri-query="/a.aspx?b=c+d" cs-uri="/a.aspx?b=c+d" cs-user-agent="Agent/1+(x)"`,
			`/webserver/ 2024-01-02T03:04:06Z date="2024-01-02" time="03:04:06" cs-method="GET" cs-uri-stem="/a" cs-uri-query=null cs-user-agent=null cs-uri-query="/a" cs-uri="/a"`}, nil, nil},
		"fields change": {iis + short + "2024-01-02 03:04:05 GET / - -\n" + "#Fields: date time c-ip s-computername\n2024-01-02 03:04:06 192.0.2.1 WEB01\n", []string{
			`/webserver/ 2024-01-02T03:04:05Z date="2024-01-02" time="03:04:05" cs-method="GET" cs-uri-stem="/" cs-uri-query=null cs-user-agent=null cs-uri-query="/" cs-uri="/"`,
			`// 2024-01-02T03:04:06Z on WEB01 date="2024-01-02" time="03:04:06" c-ip="192.0.2.1" s-computername="WEB01"`}, nil, nil},
		"no date": {iis + "#Fields: time cs-method\n03:04:05 GET\n#Date: 2024-01-03 00:00:00\n03:04:06.5 GET\n", []string{
			`/webserver/ 2024-01-02T03:04:05Z time="03:04:05" cs-method="GET"`,
			`/webserver/ 2024-01-03T03:04:06.5Z time="03:04:06.5" cs-method="GET"`}, nil,
			[]string{"lines do not name the day: it is that of the #Date directive before them"}},
		"no date at all": {"#Fields: time cs-method\n03:04:05 GET\n", []string{`/webserver/ (03:04:05) time="03:04:05" cs-method="GET"`}, nil,
			[]string{"neither the lines nor a #Date directive name the day: times of events are unknown"}},
		"faults": {"early\n" + iis + short + "2024-01-02 03:04:05 GET /\n2024-13-02 03:04:05 GET / - - -\n\x00\x00\x00", []string{
			`/webserver/ 2024-01-02T03:04:05Z date="2024-01-02" time="03:04:05" cs-method="GET" cs-uri-stem="/" cs-uri-query="/" cs-uri="/"`,
			`/webserver/ (2024-13-02 03:04:05) date="2024-13-02" time="03:04:05" cs-method="GET" cs-uri-stem="/" cs-uri-query=null cs-user-agent=null cs-uri-query="/" cs-uri="/"`},
			[]string{"line 1: line comes before a #Fields directive, which names the columns", "line 6: line has 4 fields where the header has 6", "line 7: line has 7 fields where the header has 6"},
			[]string{"the log holds zeros where lines should be: the machine stopped before they were written"}},
		"services of IIS": {"#Software: Microsoft Internet Information Services 6.0\n#Fields: date time s-sitename cs-method\n" +
			"2024-01-02 03:04:05 SMTPSVC1 HELO\n2024-01-02 03:04:05 MSFTPSVC1 [1]USER\n2024-01-02 03:04:05 W3SVC1 GET\n#Fields: date time x-session\n2024-01-02 03:04:05 s\n", []string{
			`iis//smtp 2024-01-02T03:04:05Z date="2024-01-02" time="03:04:05" s-sitename="SMTPSVC1" cs-method="HELO"`,
			`iis//ftp 2024-01-02T03:04:05Z date="2024-01-02" time="03:04:05" s-sitename="MSFTPSVC1" cs-method="[1]USER"`,
			`/webserver/ 2024-01-02T03:04:05Z date="2024-01-02" time="03:04:05" s-sitename="W3SVC1" cs-method="GET"`,
			`iis//ftp 2024-01-02T03:04:05Z date="2024-01-02" time="03:04:05" x-session="s"`}, nil, nil},
		"firewall": {"#Version: 1.5\n#Software: Microsoft Windows Firewall\n#Time Format: Local\n#Fields: date time action src-ip dst-ip dst-port\n2024-01-02 03:04:05 DROP 192.0.2.1 192.0.2.2 445\n", []string{
			`windows/firewall/ 2024-01-02T03:04:05Z (2024-01-02 03:04:05) date="2024-01-02" time="03:04:05" action="DROP" src_ip="192.0.2.1" dst_ip="192.0.2.2" dst_port="445"`}, nil, nil},
		"quotes": {"#Software: SGOS 6\n#Fields: date time s-action cs(User-Agent) x\n2024-01-02 03:04:05 TCP_HIT \"Agent (a b)\" \"open\n", []string{
			`/proxy/ 2024-01-02T03:04:05Z date="2024-01-02" time="03:04:05" s-action="TCP_HIT" cs-user-agent="Agent (a b)" x="\"open"`}, nil, nil},
		"tabs": {"#Version: 1.0\n#Fields: date time cs-method cs(Host) x\n2024-01-02\t03:04:05\tGET\ta b\t\n", []string{
			`/webserver/ 2024-01-02T03:04:05Z date="2024-01-02" time="03:04:05" cs-method="GET" cs-host="a b" x=""`}, nil, nil},
	} {
		for _, piece := range []int{1, 7, 100, 10_000} {
			got := formattest.Read(t, Format(), []byte(test.log), piece, format.Options{})
			var events []string
			for _, text := range got.Events {
				_, text, _ = strings.Cut(text, " ")
				events = append(events, text)
			}
			slices.Sort(got.Notes)
			if !slices.Equal(events, test.want) || !slices.Equal(got.Problems, test.faults) || !slices.Equal(slices.Compact(got.Notes), test.notes) {
				t.Errorf("%s in pieces of %d:\n got %q\nwant %q\nproblems %q\nnotes %q", name, piece, events, test.want, got.Problems, got.Notes)
			}
		}
	}
}

func TestUTF16(t *testing.T) {
	t.Parallel()
	log := iis + short + "2024-01-02 03:04:05 GET /\u00e9 b=c -\r\n"
	encoded := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(log)) {
		encoded = append(encoded, byte(unit), byte(unit>>8))
	}
	want := formattest.Read(t, Format(), []byte(log), 1000, format.Options{})
	if !recognise(encoded) || len(want.Events) != 1 {
		t.Fatalf("recognised %v, %q", recognise(encoded), want)
	}
	for _, piece := range []int{2, 50, 1000} {
		got := formattest.Read(t, Format(), encoded, piece, format.Options{})
		if len(got.Events) != 1 || formattest.Fields(got.Events[0]) != formattest.Fields(want.Events[0]) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestRecognise(t *testing.T) {
	t.Parallel()
	for head, want := range map[string]bool{
		iis: true, short: true, "\xef\xbb\xbf" + iis: true, "\r\n#Version: 1.0\n#Fields: a b": true, "#Software: Microsoft Windows Firewall": true,
		"": false, "#": false, "# comment\n": false, "#fields\tts\tuid\n": false, "#Software: Microsoft Exchange Server\n#Fields: a b\n": false,
		"#Fields: date-time,client-ip\n": false, "text\n" + iis: false,
	} {
		if got := recognise([]byte(head)); got != want {
			t.Errorf("recognise(%.30q) = %v", head, got)
		}
	}
}

// Every line of the public samples that is no directive is one event with all
// fields of the header, and no other way of cutting changes it.
func TestSamples(t *testing.T) {
	t.Parallel()
	samples := formattest.Samples(t, "iis/*.log")
	for name, log := range formattest.Samples(t, "linux/windows_firewall.log") {
		samples[name] = log
	}
	for name, log := range samples {
		want := 0
		for l := range bytes.Lines(log) {
			if l[0] != '#' && len(bytes.TrimSpace(l)) > 0 {
				want++
			}
		}
		got := formattest.Read(t, Format(), log, 1<<20, format.Options{})
		if !recognise(log[:min(len(log), format.HeadSize)]) || len(got.Events) != want || len(got.Problems) > 0 {
			t.Errorf("%s: %d events of %d, %q", name, len(got.Events), want, got.Problems)
		}
		source := " /webserver/ 20"
		if strings.HasPrefix(name, "linux/") {
			source = " windows/firewall/ 2005-"
		}
		for _, text := range got.Events {
			if !strings.Contains(text, source) {
				t.Errorf("%s: %s", name, text)
			}
		}
		if split := formattest.Read(t, Format(), log, 100, format.Options{}); !slices.Equal(split.Events, got.Events) {
			t.Errorf("%s: other events when it is split", name)
		}
	}
}

func FuzzSplit(f *testing.F) {
	f.Add([]byte(iis+short+"2024-01-02 03:04:05 GET / a=b x+y\r\n#Fields: time x\n03:04:05 1\n"), uint8(9))
	f.Add([]byte("#Fields: cs(User-Agent) cs-uri-stem\n\"a b\" \"\n\t\t\n#:\n#\n"), uint8(1))
	f.Add([]byte("#Fields: date date time\n\n#Fields:\n#Software: x\n- - -"), uint8(3))
	formattest.FuzzSplit(f, Format, 1, formattest.EncodingShown)
}

func BenchmarkIIS(b *testing.B) {
	var log bytes.Buffer
	log.WriteString(iis + "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken\r\n")
	for i := 0; log.Len() < 1<<20; i++ {
		fmt.Fprintf(&log, "2024-01-02 03:%02d:%02d 192.0.2.10 GET /owa/auth/logon%d.aspx replaceCurrent=1&url=https%%3a%%2f%%2fmail.example.test%%2fowa%%2f 443 EXAMPLE\\user%d 198.51.100.%d Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64)+AppleWebKit/537.36+(KHTML,+like+Gecko)+Chrome/120.0.0.0+Safari/537.36 https://mail.example.test/owa/ 200 0 0 %d\r\n", i/60%60, i%60, i%100, i%50, i%250, i%1000)
	}
	formattest.Benchmark(b, Format(), log.Bytes())
}

func BenchmarkFirewall(b *testing.B) {
	var log bytes.Buffer
	log.WriteString("#Version: 1.5\r\n#Software: Microsoft Windows Firewall\r\n#Time Format: Local\r\n#Fields: date time action protocol src-ip dst-ip src-port dst-port size tcpflags tcpsyn tcpack tcpwin icmptype icmpcode info path\r\n")
	for i := 0; log.Len() < 1<<20; i++ {
		fmt.Fprintf(&log, "2024-01-02 03:%02d:%02d ALLOW TCP 192.0.2.%d 198.51.100.7 %d 443 0 - 0 0 0 - - - SEND\r\n", i/60%60, i%60, i%250, 1024+i%60000)
	}
	formattest.Benchmark(b, Format(), log.Bytes())
}
