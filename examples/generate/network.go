package main

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// keyValue is the log of an appliance as a syslog server keeps it: the header
// of RFC 5424 or of RFC 3164, and pairs.
func keyValue(path string) *textKind {
	return &textKind{path: path, stamp: "200601", line: func(file *bytes.Buffer, h *host, e entry) {
		fmt.Fprintf(file, "<%s>1 %s %s - - - - %s\n", e.fields[0], e.time.Format("2006-01-02T15:04:05.000Z07:00"), strings.ToLower(h.name), strings.Join(e.fields[1:], " "))
	}}
}

var (
	vpnLog  = keyValue("vpn-%s.log")
	traffic = &textKind{path: "traffic-%s.log", stamp: "200601", line: func(file *bytes.Buffer, h *host, e entry) {
		fmt.Fprintf(file, "<134>1 %s %s - - - - CEF:0|Example|Firewall|7.1|%s\n", e.time.Format("2006-01-02T15:04:05.000Z07:00"), strings.ToLower(h.name), strings.Join(e.fields, "|"))
	}}
	// hostFirewall is the log of the firewall of Windows, in local time, which
	// it does not say.
	hostFirewall = &textKind{path: "pfirewall-%s.log", stamp: "200601",
		begin: func(file *bytes.Buffer, _ *host, _ time.Time) {
			file.WriteString("#Version: 1.5\r\n#Software: Microsoft Windows Firewall\r\n#Time Format: Local\r\n" +
				"#Fields: date time action protocol src-ip dst-ip src-port dst-port size tcpflags tcpsyn tcpack tcpwin icmptype icmpcode info path\r\n\r\n")
		},
		line: func(file *bytes.Buffer, _ *host, e entry) {
			fmt.Fprintf(file, "%s %s\r\n", e.time.In(tirana).Format(time.DateTime), strings.Join(e.fields, " "))
		}}
)

// tirana is the zone in which the print server keeps its firewall's log. That
// of July: the log is of that month.
var tirana = time.FixedZone("CEST", 2*3600)

// A flow is a connection through the firewall.
type flow struct {
	from, to string
	port     int
	source   int // port; 0 is any
	denied   bool
	// out and in are bytes, seen from the side that began.
	out, in int
	taken   time.Duration
}

// passes records a connection.
func (h *host) passes(t time.Time, f flow) {
	id, name, action := "100", "traffic allowed", "allow"
	if f.denied {
		id, name, action = "101", "traffic denied", "deny"
	}
	application := map[int]string{21: "ftp", 53: "dns", 80: "http", 443: "https", 445: "smb", 3389: "rdp", 5985: "winrm"}[f.port]
	source := 49152 + h.random.IntN(16000)
	if f.source != 0 {
		source = f.source
	}
	h.writeLine(traffic, t, id, name, "3", fmt.Sprintf("rt=%d act=%s src=%s spt=%d dst=%s dpt=%d proto=TCP app=%s out=%d in=%d cn1=%d cn1Label=SessionDuration dvchost=%s",
		h.clock(t).UnixMilli(), action, f.from, source, f.to, f.port, orDash(application), f.out, f.in, int(f.taken.Seconds()), strings.ToLower(h.name)))
}

// signsOn records what the VPN says of a user: a login, a failed one, the end
// of a tunnel.
func (h *host) signsOn(t time.Time, action, user, from, address string) {
	local := h.clock(t)
	priority, level, reason := "190", "information", "login successfully"
	switch action {
	case "ssl-login-fail":
		priority, level, reason = "188", "alert", "sslvpn_login_permission_denied"
	case "tunnel-up", "tunnel-down":
		reason = action
	}
	h.writeLine(vpnLog, t, priority, "date="+local.Format(time.DateOnly), "time="+local.Format(time.TimeOnly), "devname="+strconv.Quote(h.name), `devid="FGVM010000000001"`,
		"eventtime="+strconv.FormatInt(local.UnixNano(), 10), `tz="+0000"`, `logid="0101039424"`, `type="event"`, `subtype="vpn"`, "level="+strconv.Quote(level), `vd="root"`,
		"action="+strconv.Quote(action), `tunneltype="ssl-web"`, "tunnelid=0", "remip="+from, "tunnelip="+orNone(address), "user="+strconv.Quote(user), `group="staff"`,
		"reason="+strconv.Quote(reason), `msg="SSL `+strings.ReplaceAll(action, "-", " ")+`"`)
}

func orNone(s string) string {
	if s == "" {
		return "(null)"
	}
	return s
}

// accepts records a connection that a host's own firewall let in.
func (h *host) accepts(t time.Time, from string, port int) {
	h.writeLine(hostFirewall, t, "ALLOW", "TCP", from, h.address, strconv.Itoa(49152+h.random.IntN(16000)), strconv.Itoa(port), "0", "-", "0", "0", "0", "-", "-", "-", "RECEIVE")
}

// home is where a user of the VPN lives, as the internet sees it.
func home(a account) string { return fmt.Sprintf("203.0.113.%d", 10+a.rid%7) }

func (h *host) ordinaryVPN(day time.Time) {
	for _, a := range []account{finance, registry, tierOne} {
		t := h.during(day)
		h.signsOn(t, "ssl-new-con", "N/A", home(a), "")
		h.signsOn(t.Add(4*time.Second), "tunnel-up", a.name, home(a), vpn)
		h.signsOn(t.Add(time.Duration(2000+h.random.IntN(9000))*time.Second), "tunnel-down", a.name, home(a), vpn)
	}
	t := h.during(day)
	h.signsOn(t, "ssl-login-fail", finance.name, home(finance), "")
	h.signsOn(t.Add(11*time.Second), "tunnel-up", finance.name, home(finance), vpn)
	h.signsOn(h.during(day), "ssl-login-fail", "admin", fmt.Sprintf("203.0.113.%d", 130+h.random.IntN(20)), "")
}

func (h *host) ordinaryFirewall(day time.Time) {
	for range 30 {
		h.passes(h.during(day), flow{from: fmt.Sprintf("10.10.51.%d", 20+h.random.IntN(40)), to: "203.0.113.80", port: 443, out: h.about(9_000), in: h.about(120_000),
			taken: time.Duration(h.random.IntN(90)) * time.Second})
	}
	for range 6 {
		h.passes(h.during(day), flow{from: fmt.Sprintf("10.10.51.%d", 20+h.random.IntN(40)), to: "10.10.2.30", port: 445, out: h.about(50_000), in: h.about(900_000), taken: time.Minute})
		h.passes(h.during(day), flow{from: fmt.Sprintf("203.0.113.%d", 130+h.random.IntN(20)), to: "10.10.2.10", port: 23, denied: true})
	}
	for range 5 { // visitors of what is published
		h.passes(h.during(day), flow{from: fmt.Sprintf("203.0.113.%d", 30+h.random.IntN(40)), to: []string{"10.10.2.10", "10.10.2.20"}[h.random.IntN(2)], port: 443, out: h.about(2_000), in: h.about(90_000),
			taken: 20 * time.Second})
	}
	h.passes(day.Add(23*time.Hour), flow{from: "10.10.2.30", to: "10.10.2.60", port: 445, out: 4_000_000_000 + h.random.IntN(1000), in: 90_000_000, taken: time.Hour})
}
