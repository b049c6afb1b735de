package syslog

import (
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/internal/source/format"
	"github.com/kulla-defence/kulla/internal/source/formattest"
)

// check reads one message, and compares it without its place and Message.
func check(t *testing.T, name, log, want string) {
	t.Helper()
	if !recognise([]byte(log)) {
		t.Errorf("%s is not recognised", name)
	}
	got := formattest.Read(t, Format(), []byte(log), 1<<16, format.Options{})
	if len(got.Events) != 1 {
		t.Fatalf("%s: %d events", name, len(got.Events))
	}
	_, text, _ := strings.Cut(got.Events[0], " ")
	if text, _, _ = strings.Cut(text, " Message="); text != want {
		t.Errorf("%s:\n got %s\nwant %s", name, text, want)
	}
}

func TestLEEF(t *testing.T) {
	t.Parallel()
	const head = ` device_vendor="Example" device_product="Wall" device_version="1" event_id="`
	for name, test := range map[string]struct{ log, want string }{
		"tabs": {"<13>Jan 18 11:07:53 192.0.2.9 LEEF:1.0|Example|Wall|1|deny|src=192.0.2.1\tdst=192.0.2.2\tsrcPort=5\tdstPort=445\tusrName=a b=c\tproto=TCP\tsrcBytes=1\tdstBytes=2",
			`/firewall/ (Jan 18 11:07:53) on 192.0.2.9 facility="user" severity="notice" hostname="192.0.2.9" leef_version="1.0"` + head + `deny" src="192.0.2.1" src_ip="192.0.2.1" dst="192.0.2.2" dst_ip="192.0.2.2" ` +
				`srcPort="5" src_port="5" dstPort="445" dst_port="445" usrName="a b=c" user="a b=c" proto="TCP" protocol="TCP" srcBytes="1" bytes_out="1" dstBytes="2" bytes_in="2"`},
		"caret":      {"LEEF:2.0|Example|Wall|1|41|^|devTime=1696198455000^usrName=anna", `// 2023-10-01T22:14:15Z leef_version="2.0"` + head + `41" devTime="1696198455000" usrName="anna" user="anna"`},
		"number":     {"LEEF:2.0|Example|Wall|1|41|0x5E|devTime=Oct 01 2023 22:14:15^cat=SSL VPN login", `/vpn/ 2023-10-01T22:14:15Z (Oct 01 2023 22:14:15) leef_version="2.0"` + head + `41" devTime="Oct 01 2023 22:14:15" cat="SSL VPN login"`},
		"short":      {"LEEF:2.0|Example|Wall|1|41|x3b|a=1;b=2", `// leef_version="2.0"` + head + `41" a="1" b="2"`},
		"empty":      {"LEEF:2.0|Example|Wall|1|41||a=1\tb=2", `// leef_version="2.0"` + head + `41" a="1" b="2"`},
		"left out":   {"LEEF:2.0|Example|Wall|1|41|a=1\tb=|", `// leef_version="2.0"` + head + `41" a="1" b="|"`},
		"not number": {"LEEF:2.0|Example|Wall|1|41|zz|a=1\tb=2", `// leef_version="2.0"` + head + `41" a="1" b="2"`},
		"equals":     {"LEEF:2.0|Example|Wall|1|41|=|a=1", `// leef_version="2.0"` + head + `41"`},
		"no pipes":   {"LEEF:1.0|Example", `linux//syslog leef_version="1.0"`},
	} {
		check(t, name, test.log, test.want)
	}
}

func TestTimesInMessages(t *testing.T) {
	t.Parallel()
	for log, want := range map[string]string{
		`date=2023-10-01 time=22:14:15 devname="wall" eventtime=1696198455000000000 tz="+0200" type="event"`: "2023-10-01T22:14:15Z on wall",
		`date=2023-10-01 time=22:14:15 eventtime=1696198455 type="event"`:                                    "2023-10-01T22:14:15Z",
		`date=2023-10-01 time=22:14:15 tz="+0200" type="event"`:                                              "2023-10-01T20:14:15Z",
		`date=2023-10-01 time=22:14:15 type="event"`:                                                         "2023-10-01T22:14:15Z (2023-10-01 22:14:15)",
		`Oct  1 22:14:15 wall date=2023-10-01 time=22:14:15 type="event"`:                                    "2023-10-01T22:14:15Z (2023-10-01 22:14:15) on wall",
		`2023-10-01T22:14:15Z wall date=2022-10-01 time=22:14:15 eventtime=1 tz="+0000"`:                     "2023-10-01T22:14:15Z on wall",
		`2023-10-01 22:14:15 wall date=2023-10-01 time=22:14:15 tz="+0200"`:                                  "2023-10-01T20:14:15Z on wall",
		`CEF:0|a|b|1|2|c|3|rt=1696198455123 dvchost=wall`:                                                    "2023-10-01T22:14:15.123Z on wall",
		`CEF:0|a|b|1|2|c|3|start=Oct 01 2023 22:14:15.5 UTC`:                                                 "2023-10-01T22:14:15.5Z",
		`CEF:0|a|b|1|2|c|3|rt=Oct 01 2023 22:14:15 CEST msg=x`:                                               "2023-10-01T22:14:15Z (Oct 01 2023 22:14:15 CEST)",
		`CEF:0|a|b|1|2|c|3|rt=Oct 01 22:14:15`:                                                               "",
		`CEF:0|a|b|1|2|c|3|rt=9999999999999999999`:                                                           "",
		`Oct  1 22:14:15 wall CEF:0|a|b|1|2|c|3|rt=1696198455000 dvchost=other`:                              "2023-10-01T22:14:15Z on wall",
	} {
		got := formattest.Read(t, Format(), []byte(log), 1000, format.Options{})
		_, text, _ := strings.Cut(got.Events[0], "/")
		_, text, _ = strings.Cut(text, " ")
		for _, column := range []string{" date=", " cef_version=", " hostname="} {
			text, _, _ = strings.Cut(" "+strings.TrimPrefix(text, " "), column)
		}
		if text = strings.TrimSpace(text); text != want || len(got.Notes) > 0 {
			t.Errorf("%s: %s, want %s; notes %q", log, text, want, got.Notes)
		}
	}
}

func FuzzPairs(f *testing.F) {
	for _, seed := range []string{
		`CEF:0|a\|b|b|c|d|e|f|rt=1 src=1 dst=\= x y=\`, "LEEF:1.0|a|b|c|d|a=1\tb=2", "LEEF:2.0|a|b|c|d|0x5E|a=1^cat=vpn", "LEEF:2.0|a|b|c|d|a=",
		`date=2023-10-01 time=22:14:15 tz="+0200" a="\"b" eventtime=1696198455`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if text = strings.Trim(strings.ReplaceAll(text, "\n", " "), "\r "); text == "" || text[0] == 0 || text[0] >= 0x80 || len(text) > 1 && text[1] == 0 {
			return
		}
		if text[0] >= '0' && text[0] <= '9' {
			return // a number may be the size of a frame, RFC 6587 section 3.4.1
		}
		for _, log := range []string{text, "<34>1 2023-10-01T22:14:15Z h - - - - " + text} {
			if got := formattest.Read(t, Format(), []byte(log), len(log), format.Options{}); len(got.Events) != 1 || !strings.Contains(got.Events[0], " Message=") {
				t.Errorf("%q: %q", log, got.Events)
			}
		}
	})
}
