package syslog

import (
	"bytes"

	"github.com/kulla-defence/kulla/internal/source/row"
)

// openVPN reads what the server says of a client, "USER/ADDRESS:PORT TEXT" once
// it knows the user and "ADDRESS:PORT TEXT" before (OpenVPN 2.6, mudp.c,
// multi.c, ssl_verify.c). Which messages there are depends on verb: from 3 on
// the address inside.
func (p *parser) openVPN(text []byte) {
	p.source = row.LogSource{Product: "openvpn", Category: "vpn"}
	client, rest, found := bytes.Cut(text, []byte{' '})
	if bytes.HasPrefix(text, []byte("MULTI: Learn: ")) { // of the server as a whole
		client, rest = after(text, " -> "), text
	}
	user, address, port := openVPNClient(client)
	if !found || len(port) == 0 || len(rest) == 0 {
		p.openVPNScript(text)
		return
	}
	switch {
	case rest[0] == '[' && bytes.Contains(rest, []byte("Peer Connection Initiated")):
		user = between(rest, "[", "]")
		p.addWord("action", "login")
	case bytes.HasPrefix(rest, []byte("MULTI: Learn: ")):
		if inside := word(rest[len("MULTI: Learn: "):]); bytes.IndexByte(inside, '/') < 0 {
			p.add("tunnel_ip", inside)
			p.addWord("action", "login")
		}
	case bytes.HasPrefix(rest, []byte("SENT CONTROL [")) && bytes.Contains(rest, []byte("AUTH_FAILED")):
		user = between(rest, "[", "]")
		p.addWord("action", "AUTH_FAILED")
		p.addWord("action", "failed")
	case bytes.HasPrefix(rest, []byte("TLS Auth Error:")), bytes.HasPrefix(rest, []byte("VERIFY ERROR:")):
		p.addSome("reason", skipSpaces(after(rest, ":")))
		p.addWord("action", "failed")
	case bytes.HasPrefix(rest, []byte("TLS: Username/Password authentication succeeded")):
		user = between(rest, "username '", "'")
		p.addWord("action", "succeeded")
	case bytes.HasPrefix(rest, []byte("SIGTERM[")), bytes.HasPrefix(rest, []byte("SIGUSR1[")):
		p.addSome("reason", between(rest, "[", "]"))
		p.actions(rest[:bytes.IndexByte(rest, '[')], "logout")
	case bytes.HasPrefix(rest, []byte("peer info: ")):
		name, value, _ := bytes.Cut(rest[len("peer info: "):], []byte{'='})
		p.addNamed(name, value)
	}
	if string(user) != "UNDEF" {
		p.addSome("user", user)
	}
	p.from(address, port)
}

// openVPNClient cuts USER/ADDRESS:PORT. A port is all digits.
func openVPNClient(text []byte) (user, address, port []byte) {
	user, end := cutLast(text, '/')
	if end == nil {
		user, end = nil, text
	}
	address, port = cutLast(end, ':')
	if _, rest := digits(port, 5); len(rest) > 0 {
		return nil, nil, nil
	}
	return user, bytes.Trim(address, "[]"), port
}

// openVPNScript reads what the script of pfSense and OPNsense says that checks
// passwords: it knows the user and not the address.
func (p *parser) openVPNScript(text []byte) {
	switch {
	case bytes.Contains(text, []byte("' authenticated")):
		p.addSome("user", between(text, "user '", "'"))
		p.addWord("action", "authenticated")
	case bytes.Contains(text, []byte("' could not authenticate")):
		p.addSome("user", between(text, "user '", "'"))
		p.addWord("action", "failed")
	}
}
