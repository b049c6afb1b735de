package syslog

import (
	"bytes"

	"github.com/kulla-defence/kulla/internal/source/row"
)

// isIvanti knows the standard format of Ivanti Connect Secure, earlier Pulse
// and Juniper: "2023-10-01 22:14:15 - NODE - [ADDRESS] USER(REALM)[ROLES] - TEXT".
func isIvanti(text []byte) bool {
	if len(text) < 30 || text[4] != '-' || text[10] != ' ' || string(text[19:22]) != " - " {
		return false
	}
	return bytes.Contains(text[:min(len(text), 200)], []byte(" - ["))
}

// ivanti reads the standard format.
func (p *parser) ivanti(text []byte) {
	node, rest, _ := bytes.Cut(text[22:], []byte(" - ["))
	address, rest, _ := bytes.Cut(rest, []byte("] "))
	who, message, _ := bytes.Cut(rest, []byte(" - "))
	user, realm := ivantiUser(who)
	p.add("node", node)
	p.addSome("realm", realm)
	p.timeIn(text[:19])
	p.ivantiMessage(user, address, message)
}

// ivantiUser cuts SYSTEM::USER(REALM)[ROLES].
func ivantiUser(who []byte) (user, realm []byte) {
	user, rest, _ := bytes.Cut(who, []byte{'('})
	realm, _, _ = bytes.Cut(rest, []byte{')'})
	if _, name, found := bytes.Cut(user, []byte("::")); found {
		user = name
	}
	return user, realm
}

// ivantiFields reads the same from WELF.
func (p *parser) ivantiFields(w *welfFields) {
	p.ivantiMessage(nil, w.source, w.message)
}

// ivantiMessage adds the uniform names. A text may have its number in front.
// What happened before somebody is known has the user System.
func (p *parser) ivantiMessage(user, address, message []byte) {
	p.source = row.LogSource{Product: "ivanti", Category: "vpn", Service: "connect-secure"}
	p.addSome("user", user)
	p.addSome("src_ip", address)
	text := message
	if id, rest, found := bytes.Cut(message, []byte(": ")); found && len(id) == 8 {
		p.add("message_id", id)
		text = rest
	}
	switch {
	case bytes.HasPrefix(text, []byte("Login succeeded")):
		p.addWord("action", "login")
	case bytes.HasPrefix(text, []byte("Login failed")):
		p.addSome("reason", skipSpaces(after(text, "Reason:")))
		p.addWord("action", "failed")
	case bytes.HasPrefix(text, []byte("Logout from")), bytes.HasPrefix(text, []byte("Session timed out")):
		p.addWord("action", "logout")
	case bytes.HasPrefix(text, []byte("VPN Tunneling: Session started")):
		p.addSome("tunnel_ip", ivantiTunnel(text))
		p.addWord("action", "login")
	case bytes.HasPrefix(text, []byte("VPN Tunneling: Session ended")):
		p.addSome("tunnel_ip", ivantiTunnel(text))
		p.addWord("action", "logout")
	case bytes.HasPrefix(text, []byte("Closed connection")):
		p.addSome("bytes_in", lastWord(between(text, ", with ", " bytes read")))
		p.addSome("bytes_out", lastWord(between(text, " and ", " bytes written")))
		p.addWord("action", "closed")
	case bytes.HasPrefix(text, []byte("Primary authentication ")):
		p.add("action", word(text[len("Primary authentication "):]))
	}
}

// ivantiTunnel reads "with IPv4 address 10.8.0.5, hostname" and "with IP
// 10.8.0.5".
func ivantiTunnel(text []byte) []byte {
	if address := word(after(text, "IPv4 address ")); len(address) > 0 {
		return address
	}
	return word(after(text, "with IP "))
}

func lastWord(text []byte) []byte { return text[bytes.LastIndexByte(text, ' ')+1:] }
