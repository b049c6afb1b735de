package syslog

import "github.com/kulla-defence/kulla/internal/source/row"

// fortinet reads the pairs of FortiOS. What it says of VPN users gets the names
// of category vpn beside its own, and traffic those of category firewall.
func (p *parser) fortinet(text []byte) {
	var kind, subtype, action, date, clock, zone []byte
	for {
		name, value, rest, ok := cutPair(text)
		if !ok {
			break
		}
		text = rest
		value = p.unescaped(value)
		p.addNamed(name, value)
		switch string(name) {
		case "eventtime":
			p.timeIn(value)
		case "date":
			date = value
		case "time":
			clock = value
		case "tz":
			zone = value
		case "devname":
			p.hostIn(value)
		case "type":
			kind = value
		case "subtype":
			subtype = value
		case "action":
			action = value
		case "srcip", "remip":
			p.add("src_ip", value)
		case "tunnelip":
			if string(value) != "N/A" && string(value) != "(null)" {
				p.add("tunnel_ip", value)
			}
		case "dstip":
			p.add("dst_ip", value)
		case "srcport":
			p.add("src_port", value)
		case "dstport":
			p.add("dst_port", value)
		case "sentbyte":
			p.add("bytes_out", value)
		case "rcvdbyte":
			p.add("bytes_in", value)
		case "srccountry":
			p.add("src_country", value)
		}
	}
	begin := len(p.text)
	p.text = append(append(append(append(append(p.text, date...), ' '), clock...), ' '), zone...)
	p.timeIn(p.text[begin:])
	p.source = row.LogSource{Product: "fortios"}
	switch {
	case string(kind) == "traffic":
		p.source.Category = "firewall"
	case string(subtype) == "vpn":
		p.source.Service, p.source.Category = "sslvpnd", "vpn"
		if word := fortinetActions[string(action)]; word != "" {
			p.addWord("action", word)
		}
	case string(kind) == "event":
		p.source.Service = "event"
	}
}

var fortinetActions = map[string]string{"tunnel-up": "login", "tunnel-down": "logout", "ssl-login-fail": "failed"}
