package zeek

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/internal/source/format"
	"github.com/kulla-defence/kulla/internal/source/formattest"
)

const conn = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n#open\t2024-01-01-00-00-00\n" +
	"#fields\tts\tid.orig_h\tservice\ttunnel_parents\thistory\n#types\ttime\taddr\tstring\tset[string]\tstring\n"

const smb = "#separator \\x09\r\n#path\tsmb_files\r\n#fields\tts\tpath\tname\r\n#types\ttime\tstring\tstring\r\n"

func TestLines(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		log          string
		want, faults []string
	}{
		"plain": {conn + "1700000000.123456\t192.0.2.1\t-\t(empty)\t\n#close\t2024\n", []string{
			`zeek//conn 2023-11-14T22:13:20.123456Z ts="1700000000.123456" id.orig_h="192.0.2.1" service=null tunnel_parents="" history=""`}, nil},
		"sets": {conn + "1.5\t2001:db8::1\tdns\ta,b,c\tD\n2\t192.0.2.1\tdns\tone\\x2ctwo\tD\n", []string{
			`zeek//conn 1970-01-01T00:00:01.5Z ts="1.5" id.orig_h="2001:db8::1" service="dns" tunnel_parents="a" tunnel_parents="b" tunnel_parents="c" history="D"`,
			`zeek//conn 1970-01-01T00:00:02Z ts="2" id.orig_h="192.0.2.1" service="dns" tunnel_parents="one,two" history="D"`}, nil},
		"escapes": {smb + "1\t\\\\\\\\srv\\\\ADMIN$\ta\\x09b\\x\\q\\\r\n", []string{
			`zeek//smb_files 1970-01-01T00:00:01Z ts="1" path="\\\\srv\\ADMIN$" name="a\tb\\x\\q\\"`}, nil},
		"header comes again": {conn + "1\ta\tb\tc\td\n" + smb + "2\tx\ty\n" + conn + "3\te\tf\tg\th\n", []string{
			`zeek//conn 1970-01-01T00:00:01Z ts="1" id.orig_h="a" service="b" tunnel_parents="c" history="d"`,
			`zeek//smb_files 1970-01-01T00:00:02Z ts="2" path="x" name="y"`,
			`zeek//conn 1970-01-01T00:00:03Z ts="3" id.orig_h="e" service="f" tunnel_parents="g" history="h"`}, nil},
		"columns": {conn + "1\ta\n2\ta\tb\tc\td\te\tf\n", []string{
			`zeek//conn 1970-01-01T00:00:01Z ts="1" id.orig_h="a"`,
			`zeek//conn 1970-01-01T00:00:02Z ts="2" id.orig_h="a" service="b" tunnel_parents="c" history="d"`},
			[]string{"line 9: line has 2 columns where the header has 5", "line 10: line has 7 columns where the header has 5"}},
		"other separators": {"#separator \\x7c\\x7c\n#set_separator||;\n#path||p\n#fields||when||s\n#types||time||vector[count]\n5||1;2\n", []string{
			`zeek//p 1970-01-01T00:00:05Z when="5" s="1" s="2"`}, nil},
		"times": {conn + "-\ta\tb\tc\td\nyesterday\ta\tb\tc\td\n99999999999999\ta\tb\tc\td\n", []string{
			`zeek//conn ts=null id.orig_h="a" service="b" tunnel_parents="c" history="d"`,
			`zeek//conn (yesterday) ts="yesterday" id.orig_h="a" service="b" tunnel_parents="c" history="d"`,
			`zeek//conn (99999999999999) ts="99999999999999" id.orig_h="a" service="b" tunnel_parents="c" history="d"`}, nil},
		"no header": {"#path\tconn\n1\ta\n", nil, []string{"line 2: line comes before a #fields header, which names the columns"}},
	} {
		for _, piece := range []int{1, 7, 50, 10_000} {
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
	}
}

func TestLargeSetIsBounded(t *testing.T) {
	t.Parallel()
	got := formattest.Read(t, Format(), []byte(conn+"1\ta\tb\t"+strings.Repeat("x,", 100_000)+"\td\n"), 1<<20, format.Options{})
	if len(got.Events) != 1 || strings.Count(got.Events[0], "tunnel_parents=") > 2*maxFields+1 || !strings.HasSuffix(got.Events[0], `history="d"`) {
		t.Errorf("%d events", len(got.Events))
	}
}

func TestRecognise(t *testing.T) {
	t.Parallel()
	for head, want := range map[string]bool{
		conn: true, "### a comment\n" + conn: true, "#path\tconn": true, "#fields\tts\tuid\n": true, "\xef\xbb\xbf" + conn: true,
		"": false, "#Fields: date time\n": false, "#Software: x\n#Version: 1.0\n": false, "text\n#separator \\x09\n": false,
	} {
		if got := recognise([]byte(head)); got != want {
			t.Errorf("recognise(%.20q) = %v", head, got)
		}
	}
}

// Every line of the public samples that is no header is one event with as many
// values as the line has tabs, and no other way of cutting changes it.
func TestSamples(t *testing.T) {
	t.Parallel()
	for name, log := range formattest.Samples(t, "zeek/*.log") {
		want := 0
		for l := range bytes.Lines(log) {
			if l[0] != '#' && l[0] != '\n' {
				want++
			}
		}
		got := formattest.Read(t, Format(), log, 1<<20, format.Options{})
		if !recognise(log[:min(len(log), format.HeadSize)]) || len(got.Events) != want || len(got.Problems) > 0 {
			t.Errorf("%s: %d events of %d, %q", name, len(got.Events), want, got.Problems)
		}
		service, _, _ := strings.Cut(name[strings.LastIndex(name, "/")+1:], "-")
		if want > 0 && !strings.Contains(got.Events[0], " zeek//"+service+" ") {
			t.Errorf("%s: %s", name, got.Events[0])
		}
		split := formattest.Read(t, Format(), log, 100, format.Options{})
		if !slices.Equal(split.Events, got.Events) {
			t.Errorf("%s: other events when it is split", name)
		}
	}
}

func FuzzSplit(f *testing.F) {
	f.Add([]byte(conn+"1\ta\tb\tc,d\te\n"+smb+"1\t\\x5c\\\\\tn\n"), uint8(9))
	f.Add([]byte("#separator \\x\n#fields\x5cx\n#set_separator\n1\n"), uint8(1))
	f.Add([]byte("#fields\t\t\t\n\t\n#types\n#types\ttime\tset[a]\ttime\n\t,,\t-"), uint8(3))
	formattest.FuzzSplit(f, Format, 1, formattest.EncodingShown)
}

func BenchmarkConn(b *testing.B) {
	var log bytes.Buffer
	log.WriteString("#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n" +
		"#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes\tresp_bytes\tconn_state\tlocal_orig\tlocal_resp\tmissed_bytes\thistory\torig_pkts\torig_ip_bytes\tresp_pkts\tresp_ip_bytes\ttunnel_parents\n" +
		"#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\tstring\tbool\tbool\tcount\tstring\tcount\tcount\tcount\tcount\tset[string]\n")
	for i := 0; log.Len() < 1<<20; i++ {
		fmt.Fprintf(&log, "17000%05d.%06d\tCHhAvVGS1DHFjw%d\t192.0.2.%d\t%d\t198.51.100.7\t443\ttcp\tssl\t0.001018\t%d\t0\tSF\tT\tF\t0\tShADadFf\t12\t1584\t10\t2199\t-\n", i, i, i%1000, i%250, 1024+i%60000, i)
	}
	formattest.Benchmark(b, Format(), log.Bytes())
}
