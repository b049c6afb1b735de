package syslog

import (
	"bytes"

	"github.com/kulla-defence/kulla/internal/source/row"
)

// isBigIP knows the messages of F5's Access Policy Manager, which begin with a
// number from 01490000 on and a severity. The name of the severity may stand
// before the program.
func isBigIP(text []byte) bool {
	return bytes.Contains(text[:min(len(text), 100)], []byte(": 01490"))
}

// bigIP reads "tmm[71]: 01490500:5: /Common/PROFILE:Common:SESSION: TEXT". Who
// it is and where he comes from stand in messages of their own, with the
// session in common.
func (p *parser) bigIP(text []byte) {
	p.source = row.LogSource{Product: "f5", Category: "vpn", Service: "apm"}
	id := after(text, ": ")
	number, rest, _ := bytes.Cut(id, []byte{':'})
	session, body, _ := bytes.Cut(after(rest, ": "), []byte(": "))
	p.add("message_id", number)
	p.addSome("session", session[bytes.LastIndexByte(session, ':')+1:])
	switch string(number) {
	case "01490500":
		p.addSome("src_ip", word(after(body, "client IP ")))
		p.addWord("action", "new session")
	case "01490010":
		p.addSome("user", between(body, "Username '", "'"))
		p.addWord("action", "username")
	case "01490017", "01490019", "01490020":
		p.addSome("user", between(body, "authenticate with '", "'"))
		if bytes.Contains(body, []byte("failed")) {
			p.addWord("action", "failed")
		} else {
			p.addWord("action", "successful")
		}
	case "01490549":
		p.addSome("tunnel_ip", word(after(body, "Assigned PPP Dynamic IPv4: ")))
		p.addSome("src_ip", word(after(body, "Client IP: ")))
		p.addWord("action", "login")
	case "01490521":
		p.addSome("bytes_in", word(after(body, "bytes in: ")))
		p.addSome("bytes_out", word(after(body, "bytes out: ")))
		p.addWord("action", "statistics")
	default:
		if bytes.HasPrefix(body, []byte("Session deleted")) {
			p.addSome("reason", body)
			p.addWord("action", "logout")
		}
	}
}
