package syslog

import "bytes"

// openssh adds who tried to log in, from where, how, and whether it worked.
// A user's name is the attacker's choice and may hold " from ": the address is
// read from the end.
func (p *parser) openssh(text []byte) {
	verb, rest, _ := bytes.Cut(text, []byte{' '})
	switch string(verb) {
	case "Accepted", "Failed":
		method, who, found := bytes.Cut(rest, []byte(" for "))
		if !found {
			return
		}
		p.add("method", method)
		p.addWord("outcome", map[bool]string{true: "success", false: "failure"}[verb[0] == 'A'])
		p.login(bytes.TrimPrefix(who, []byte("invalid user ")))
	case "Invalid":
		p.addWord("outcome", "failure")
		p.login(bytes.TrimPrefix(rest, []byte("user ")))
	case "User":
		p.addWord("outcome", "failure")
		if end := bytes.LastIndex(rest, []byte(" not allowed")); end >= 0 {
			p.login(rest[:end])
		}
	}
}

// login adds the columns of "USER from ADDRESS port PORT ...".
func (p *parser) login(text []byte) {
	at := bytes.LastIndex(text, []byte(" from "))
	if at < 0 {
		return
	}
	address, rest, _ := bytes.Cut(text[at+len(" from "):], []byte{' '})
	p.add("user", text[:at])
	p.add("src_ip", address)
	if port, found := bytes.CutPrefix(rest, []byte("port ")); found {
		port, _, _ = bytes.Cut(port, []byte{' '})
		p.add("src_port", port)
	}
}

// sudo adds the user and the parts of "USER : TTY=... ; PWD=... ; USER=... ;
// COMMAND=...", of which the command is the rest of the line.
func (p *parser) sudo(text []byte) {
	user, rest, found := bytes.Cut(text, []byte(" : "))
	if !found {
		return
	}
	p.add("user", skipSpaces(user))
	for len(rest) > 0 {
		name, value, isPair := bytes.Cut(rest, []byte{'='})
		if isPair && string(name) == "COMMAND" {
			p.add("COMMAND", value)
			return
		}
		var part []byte
		part, rest, _ = bytes.Cut(rest, []byte(" ; "))
		if name, value, isPair = bytes.Cut(part, []byte{'='}); isPair {
			p.addNamed(name, value)
		} else {
			p.add("reason", part)
		}
	}
}
