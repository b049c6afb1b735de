package syslog

import (
	"bytes"

	"github.com/kulla-defence/kulla/internal/source/row"
)

// isHuawei knows %%01MODULE/SEVERITY/MNEMONIC: with which the messages of
// Huawei's routers begin.
func isHuawei(text []byte) bool {
	return len(text) > 8 && text[0] == '%' && text[1] == '%' && bytes.Count(text[:min(len(text), 80)], []byte{'/'}) >= 2
}

// huawei reads "%%01BGP/3/BGP_AUTH_FAILED(l)[71]:TEXT".
func (p *parser) huawei(text []byte) {
	module, rest, _ := bytes.Cut(text[min(len(text), 4):], []byte{'/'})
	_, rest, _ = bytes.Cut(rest, []byte{'/'})
	mnemonic, _, _ := bytes.Cut(rest, []byte{':'})
	mnemonic, _, _ = bytes.Cut(mnemonic, []byte{'('})
	p.source = row.LogSource{Product: "huawei"}
	p.add("module", module)
	p.add("mnemonic", mnemonic)
	switch string(module) {
	case "BGP":
		p.source.Service = "bgp"
	case "LDP", "MPLSLDP":
		p.source.Service = "ldp"
	}
}

// isJuniper knows Junos by its routing process, by its flows, and by what its
// kernel says of a session between routers.
func isJuniper(h *header) bool {
	switch string(h.program) {
	case "rpd", "RT_FLOW":
		return true
	case "kernel", "/kernel":
		return bytes.HasPrefix(h.body, []byte("tcp_auth_ok")) || bytes.Contains(h.body, []byte(" MD5 digest"))
	}
	return false
}

// juniper reads the messages of Junos OS.
func (p *parser) juniper(h *header) {
	p.source = row.LogSource{Product: "juniper"}
	switch {
	case string(h.program) == "RT_FLOW":
		p.juniperFlow(h)
	case bytes.Contains(h.body, []byte("ldp")), bytes.Contains(h.body, []byte("LDP")):
		p.source.Service = "ldp"
	case bytes.Contains(h.body, []byte("bgp")), bytes.Contains(h.body, []byte("BGP")), bytes.Contains(h.body, []byte(":179")):
		p.source.Service = "bgp"
	}
}

// juniperFlow reads what SRX says of a session in structured data (Junos OS,
// Understanding Security Logs). Its parameters are columns already.
func (p *parser) juniperFlow(h *header) {
	own := bytes.TrimPrefix(h.kindID, []byte("RT_FLOW_SESSION_"))
	if len(own) == len(h.kindID) || len(h.structured) == 0 {
		return
	}
	p.source.Category = "firewall"
	text := h.structured
	p.from(between(text, `source-address="`, `"`), between(text, `source-port="`, `"`))
	p.to(between(text, `destination-address="`, `"`), between(text, `destination-port="`, `"`))
	if name := protocols[string(between(text, `protocol-id="`, `"`))]; name != "" {
		p.addWord("protocol", name)
	}
	p.addSome("bytes_out", between(text, `bytes-from-client="`, `"`))
	p.addSome("bytes_in", between(text, `bytes-from-server="`, `"`))
	if user := between(text, `username="`, `"`); string(user) != "N/A" {
		p.addSome("user", user)
	}
	switch string(own) {
	case "DENY":
		p.addWord("action", "deny")
	case "CREATE":
		p.actions(own, "accept")
	default:
		p.add("action", own)
	}
}

// protocols are the names that rules ask for.
var protocols = map[string]string{"1": "icmp", "6": "tcp", "17": "udp"}
