package syslog

import (
	"bytes"
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/internal/source/format"
	"github.com/kulla-defence/kulla/internal/source/formattest"
)

func TestBind(t *testing.T) {
	t.Parallel()
	const client = `src_ip="192.0.2.1" src_port="5300" `
	for name, test := range map[string]struct{ log, want string }{
		"file": {"19-Oct-2022 05:34:02.425 queries: info: client @0x7f 192.0.2.1#5300 (www.example.test): view inside: query: www.example.test IN TXT +E(0)K (192.0.2.53)",
			`/dns/ 2022-10-19T05:34:02.425Z (19-Oct-2022 05:34:02.425) log_category="queries" log_severity="info" ` + client + `view="inside" query="www.example.test" record_class="IN" record_type="TXT" flags="+E(0)K" dst_ip="192.0.2.53"`},
		"ISO times": {"2022-10-19T05:34:02.425Z client 192.0.2.1#5300 (example.test): query: example.test IN A + (2001:db8::1)",
			`/dns/ 2022-10-19T05:34:02.425Z ` + client + `query="example.test" record_class="IN" record_type="A" flags="+" dst_ip="2001:db8::1"`},
		"syslog": {"<30>Oct 19 05:34:02 ns1 named[7]: client @0x7f 192.0.2.1#5300/key example.test (example.test): zone transfer 'example.test/AXFR/IN' denied",
			`linux/dns/syslog (Oct 19 05:34:02) on ns1 facility="daemon" severity="info" hostname="ns1" program="named" pid="7" ` + client + `query="example.test" record_type="AXFR" record_class="IN" action="denied" operation="zone transfer"`},
		"syslog with a year": {"2022-10-19T05:34:02Z ns1 named[7]: client @0x7f 192.0.2.1#5300 (a): query: a IN A +",
			`linux/dns/syslog 2022-10-19T05:34:02Z on ns1 hostname="ns1" program="named" pid="7" ` + client + `query="a" record_class="IN" record_type="A" flags="+"`},
		"bare": {"security: error: client 2001:db8::1#5300 (a): query (cache) 'a/b/ANY/IN' denied (allow-query-cache did not match)",
			`/dns/ log_category="security" log_severity="error" src_ip="2001:db8::1" src_port="5300" query="a/b" record_type="ANY" record_class="IN" action="denied" operation="query (cache)"`},
		"old": {"client 192.0.2.1#5300: query: a IN A +", `/dns/ ` + client + `query="a" record_class="IN" record_type="A" flags="+"`},
		"failed": {"client @0x7f 192.0.2.1#5300 (a): query failed (SERVFAIL) for a/IN/A at query.c:1",
			`/dns/ ` + client + `response_code="SERVFAIL" query="a" record_class="IN" record_type="A"`},
		"transfer": {"client @0x7f 192.0.2.1#5300 (example.test): transfer of 'example.test/IN': AXFR started (serial 1)",
			`/dns/ ` + client + `query="example.test" record_class="IN" record_type="AXFR" operation="transfer of"`},
	} {
		check(t, name, test.log, test.want)
	}
	for _, text := range []string{"client connected", "client a#b (c): d", "a: b: c: client 192.0.2.1#1: x", "19-Oct-2022 05:34:02.425 INFO [main] org.example.Server started"} {
		if recognise([]byte(text)) {
			t.Errorf("%q is recognised", text)
		}
	}
}

func TestHaproxy(t *testing.T) {
	t.Parallel()
	const head, tail = `192.0.2.1:5300 [06/Feb/2023:12:14:14.655] in~ web/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 `,
		` frontend="in" backend="web" server="srv1" timers="10/0/30/69/109" sc-status="200" sc-bytes="2750" termination_state="----" connections="1/1/1/1/0" queues="0/0"`
	const at = `2023-02-06T12:14:14.655Z (06/Feb/2023:12:14:14.655)`
	for name, test := range map[string]struct{ log, want string }{
		"file": {head + `{example.test|agent} {} "GET /a?b=%27&c HTTP/1.1" 0/0`,
			`/webserver/ ` + at + ` c-ip="192.0.2.1" c-port="5300"` + tail + ` captured_headers="{example.test|agent} {}" cs-method="GET" cs-uri-stem="/a" cs-uri-query="b=%27&c" cs-uri-query="/a?b=%27&c" cs-uri="/a?b=%27&c" cs-version="HTTP/1.1" extra="0/0"`},
		"syslog": {`<134>Feb  6 12:14:14 lb haproxy[3]: ` + head + `"GET https://example.test/#22x HTTP/2.0"`,
			`linux/webserver/syslog ` + at + ` on lb facility="local0" severity="info" hostname="lb" program="haproxy" pid="3" c-ip="192.0.2.1" c-port="5300"` + tail + ` cs-method="GET" cs-host="example.test" cs-uri-stem="/\"x" cs-uri-query="/\"x" cs-uri="https://example.test/\"x" cs-version="HTTP/2.0"`},
		"bad":   {head + `"<BADREQ>"`, `/webserver/ ` + at + ` c-ip="192.0.2.1" c-port="5300"` + tail + ` cs-uri="<BADREQ>"`},
		"blank": {head + `"GET /a b`, `/webserver/ ` + at + ` c-ip="192.0.2.1" c-port="5300"` + tail + ` cs-method="GET" cs-uri-stem="/a b" cs-uri-query="/a b" cs-uri="/a b"`},
		"tcp": {`2001:db8::1:5300 [06/Feb/2023:12:14:14.655] in back/srv 0/0/5007 212 -- 0/0/0/0/3 0/0`,
			`// ` + at + ` src_ip="2001:db8::1" src_port="5300" frontend="in" backend="back" server="srv" timers="0/0/5007" bytes_in="212" termination_state="--"`},
		"failure": {`192.0.2.1:5300 [06/Feb/2023:12:14:14.655] in/1: SSL handshake failure`, `// ` + at + ` src_ip="192.0.2.1" src_port="5300" frontend="in/1" error="SSL handshake failure"`},
	} {
		check(t, name, test.log, test.want)
	}
}

// Every line of the samples says who asked, and what.
func TestServerSamples(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ pattern, source, column string }{
		{"linux/bind9*", " /dns/ ", " query="}, {"web/haproxy*", " /", " frontend="},
	} {
		for name, log := range formattest.Samples(t, test.pattern) {
			got := formattest.Read(t, Format(), log, 1<<16, format.Options{})
			if !recognise(log) || len(got.Events) != bytes.Count(bytes.TrimSpace(log), []byte("\n"))+1 {
				t.Errorf("%s: %d events", name, len(got.Events))
			}
			for _, text := range got.Events {
				if !strings.Contains(text, test.source) || !strings.Contains(text, test.column) || strings.Contains(text, "-ip=\"\"") {
					t.Error(text)
				}
			}
		}
	}
}

func FuzzServers(f *testing.F) {
	f.Add("19-Oct-2022 05:34:02.425 queries: info: client @0x7f 192.0.2.1#5300 (a): view b: query: a IN A +E(0)K (192.0.2.53)")
	f.Add("security: client 2001:db8::1#5300 (a): query 'a/ANY/IN' denied")
	f.Add(`192.0.2.1:5300 [06/Feb/2023:12:14:14.655] in~ web/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {#22} "GET http://a/#22?b HTTP/1.1"`)
	f.Fuzz(func(t *testing.T, text string) {
		log := []byte("<134>Feb  6 12:14:14 h " + strings.ReplaceAll(text, "\n", " "))
		if got := formattest.Read(t, Format(), log, len(log), format.Options{}); len(got.Events) != 1 {
			t.Errorf("%d events", len(got.Events))
		}
		isBare([]byte(text))
	})
}
