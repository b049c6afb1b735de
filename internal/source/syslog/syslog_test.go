package syslog

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/internal/source/format"
	"github.com/kulla-defence/kulla/internal/source/formattest"
)

func TestMessages(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ log, want string }{
		"sshd": {"<38>Oct  1 22:14:15 web sshd[7]: Failed password for invalid user a from 1 from 192.0.2.1 port 22 ssh2",
			`linux//sshd 2023-10-01T22:14:15Z (Oct  1 22:14:15) on web facility="auth" severity="info" hostname="web" program="sshd" pid="7" method="password" outcome="failure" user="a from 1" src_ip="192.0.2.1" src_port="22"`},
		"sudo": {"2023-10-01T22:14:15+02:00 web sudo:  anna : TTY=pts/0 ; USER=#-1 ; COMMAND=/bin/sh -c a ; b",
			`linux//sudo 2023-10-01T20:14:15Z on web hostname="web" program="sudo" user="anna" TTY="pts/0" USER="#-1" COMMAND="/bin/sh -c a ; b"`},
		"5424": {`<165>1 2023-10-01T22:14:15.003Z host app - ID47 [x@32473 a="b\"\]c"][y] ` + "\xef\xbb\xbfhello",
			`linux//syslog 2023-10-01T22:14:15.003Z on host facility="local4" severity="notice" hostname="host" program="app" msgid="ID47" x.a="b\"]c" Message="hello"`},
		"fortinet": {`<190>1 2023-10-01T22:14:15Z vpn - - - - date=2023-10-01 time=22:14:15 type="event" subtype="vpn" action="ssl-login-fail" remip=192.0.2.1 user="anna"`,
			`fortios/vpn/sslvpnd 2023-10-01T22:14:15Z on vpn facility="local7" severity="info" hostname="vpn" date="2023-10-01" time="22:14:15" type="event" subtype="vpn" action="ssl-login-fail" remip="192.0.2.1" src_ip="192.0.2.1" user="anna" action="failed"`},
		"cef": {`CEF:0|Example|Wall|7.1|101|a\|b|3|src=192.0.2.1 msg=two words\=2 dst=192.0.2.2 dpt=445 act=deny`,
			`/firewall/ cef_version="0" device_vendor="Example" device_product="Wall" device_version="7.1" signature_id="101" name="a|b" cef_severity="3" src="192.0.2.1" src_ip="192.0.2.1" msg="two words=2" dst="192.0.2.2" dst_ip="192.0.2.2" dpt="445" dst_port="445" act="deny" action="deny"`},
		"cisco": {"<166>Oct 01 2023 22:14:15: %ASA-6-302013: Built", `cisco//syslog 2023-10-01T22:14:15Z (Oct 01 2023 22:14:15) facility="local4" severity="info" mnemonic="302013" Message="%ASA-6-302013: Built"`},
	} {
		if !recognise([]byte(test.log)) {
			t.Errorf("%s is not recognised", name)
		}
		got := formattest.Read(t, Format(), []byte(test.log), 1000, format.Options{Year: 2023})
		_, text, _ := strings.Cut(strings.Join(got.Events, "\n"), " ")
		if !strings.HasPrefix(text, test.want) || !strings.Contains(text, " Message=") || len(got.Problems) > 0 {
			t.Errorf("%s:\n got %s\nwant %s", name, text, test.want)
		}
	}
}

func TestYearRollsOver(t *testing.T) {
	t.Parallel()
	log := "Dec 31 23:59:59 h a: x\nJan  1 00:00:00 h a: x\nDec 31 23:59:58 h a: late\nJan  2 00:00:00 h a: x\n"
	for _, piece := range []int{20, 30, 1000} {
		got := formattest.Read(t, Format(), []byte(log), piece, format.Options{Year: 2022})
		for i, year := range []string{" 2022-12-31", " 2023-01-01", " 2022-12-31", " 2023-01-02"} {
			if !strings.Contains(got.Events[i], year) {
				t.Errorf("pieces of %d: %s, want%s", piece, got.Events[i], year)
			}
		}
	}
}

func TestFrames(t *testing.T) {
	t.Parallel()
	log := "19 <34>Oct  1 22:14:15" + "9 <34>x: a\n" + "10 <34>x: a\nb"
	got := formattest.Read(t, Format(), []byte(log), 3, format.Options{})
	if len(got.Events) == 0 || !slices.Equal(got.Events, formattest.Read(t, Format(), []byte(log), 1000, format.Options{}).Events) {
		t.Errorf("%q", got.Events)
	}
	if last := got.Events[len(got.Events)-1]; !strings.Contains(last, `Message="a\nb"`) {
		t.Errorf("%s", last)
	}
}

// Every line of the public samples that is not empty is one event.
func TestSamples(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{"linux/syslog_copy", "linux/sshd*", "linux/iptables*"} {
		for name, log := range formattest.Samples(t, pattern) {
			want := 0
			for l := range bytes.Lines(log) {
				if len(bytes.TrimRight(l, "\r\n")) > 0 {
					want++
				}
			}
			got := formattest.Read(t, Format(), log, 1<<20, format.Options{})
			if !recognise(log) || len(got.Events) != want {
				t.Errorf("%s: %d events of %d", name, len(got.Events), want)
			}
			if split := formattest.Read(t, Format(), log, 100, format.Options{}); !slices.Equal(split.Events, got.Events) {
				t.Errorf("%s: other events when it is split", name)
			}
		}
	}
}

// However much a message says, its event has no more columns than the bound,
// and the whole message.
func TestColumnsAreBounded(t *testing.T) {
	t.Parallel()
	for head, unit := range map[string]string{
		"h sudo: anna : ": "why ; ", "h kernel: IN= OUT= SRC= ": "SRC=192.0.2.1 ", "CEF:0|a|b|1|2|c|3|": "src=192.0.2.1 ",
		"LEEF:1.0|a|b|1|2|": "src=192.0.2.1\t", "date=2023-10-01 time=22:14:15 ": "srcip=192.0.2.1 ", "h useradd: new user: name=": "a, name=",
		"h sysmon: <Event><EventData>": "<Data Name='a'>b</Data>",
	} {
		if head[0] == 'h' {
			head = "Oct  1 22:14:15 " + head
		}
		got := formattest.Read(t, Format(), []byte(head+strings.Repeat(unit, 2*maxColumns)), 1<<20, format.Options{})
		text, _, whole := strings.Cut(got.Events[0], " Message=")
		if columns := strings.Count(text, `="`); columns != maxColumns || !whole {
			t.Errorf("%s: %d columns, Message %v", head, columns, whole)
		}
	}
}

func FuzzSplit(f *testing.F) {
	f.Add([]byte("<34>Oct 11 22:14:15 h su[1]: x\n<34>1 - - - - - [a b=\"\\]\"] m\n"), uint8(9))
	f.Add([]byte("9 <34>x: a\n10 <34>x: a\nb"), uint8(2))
	f.Add([]byte("CEF:0|a|b|c|d|e|f|a=b c d=\\\n<1>CEF:|\ndate=1 time=\"\\"), uint8(3))
	f.Add(applianceLog(), uint8(100))
	f.Fuzz(func(t *testing.T, log []byte, piece uint8) {
		if len(log) > 1<<12 { // a long line in small pieces is looked at again with each of them
			return
		}
		whole := formattest.Read(t, Format(), log, len(log)+1, format.Options{Year: 2023})
		split := formattest.Read(t, Format(), log, int(piece)+1, format.Options{Year: 2023})
		if len(log) > 1 && log[0] != 0 && log[1] != 0 && !slices.Equal(whole.Events, split.Events) {
			t.Errorf("in pieces of %d:\n got %q\nwant %q", piece, split.Events, whole.Events)
		}
	})
}
