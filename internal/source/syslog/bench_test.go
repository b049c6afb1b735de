package syslog

import (
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/internal/source/formattest"
)

var benchmarkLines = map[string]string{
	"auth":    "Oct  1 22:14:15 web sshd[1234]: Failed password for invalid user admin from 192.0.2.1 port 51182 ssh2\n",
	"5424":    "<38>1 2023-10-01T22:14:15.003Z web su 12 - - FAILED SU (to root) anna on pts/0\n",
	"cron":    "Oct  1 22:17:01 web CRON[31051]: (root) CMD (   cd / && run-parts --report /etc/cron.hourly)\n",
	"pam":     "Oct  1 22:17:01 web CRON[31051]: pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)\n",
	"plain":   "Oct  1 22:17:01 web systemd[1]: Starting Daily apt download activities...\n",
	"fortios": `<190>date=2023-10-01 time=22:14:15 devname="wall" eventtime=1696198455000000000 tz="+0200" logid="0000000013" type="traffic" subtype="forward" level="notice" vd="root" srcip=192.0.2.1 srcport=51182 dstip=198.51.100.2 dstport=443 action="accept" policyid=1 service="HTTPS" sentbyte=1234 rcvdbyte=5678` + "\n",
	"cef":     "<134>Oct  1 22:14:15 wall CEF:0|Example|Wall|7.1|101|deny|3|rt=1696198455000 src=192.0.2.1 spt=51182 dst=198.51.100.2 dpt=445 act=deny msg=two words\n",
	"bind":    "01-Oct-2023 22:14:15.425 queries: info: client @0x7f65100ee4d8 192.0.2.1#3076 (www.example.test): query: www.example.test IN A +E(0)K (198.51.100.53)\n",
	"haproxy": `<134>Oct  1 22:14:15 lb haproxy[3]: 192.0.2.1:5300 [01/Oct/2023:22:14:15.655] in~ web/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 "GET /a/b?c=d HTTP/1.1"` + "\n",
	"sysmon":  "<14>Oct  1 22:14:16 web sysmon: " + sysmonEvent + "\n",
}

func BenchmarkLines(b *testing.B) {
	for name, line := range benchmarkLines {
		b.Run(name, func(b *testing.B) { formattest.Benchmark(b, Format(), []byte(strings.Repeat(line, 5_000))) })
	}
}

func BenchmarkMixed(b *testing.B) {
	var mixed strings.Builder
	for _, name := range []string{"auth", "plain", "fortios", "cron", "auth", "5424", "cef", "bind", "pam", "plain", "haproxy", "sysmon", "auth", "plain"} {
		mixed.WriteString(benchmarkLines[name])
	}
	formattest.Benchmark(b, Format(), []byte(strings.Repeat(mixed.String(), 500)))
}
