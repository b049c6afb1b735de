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
		p.addWord("outcome", outcome(verb[0] == 'A'))
		p.login(bytes.TrimPrefix(who, []byte("invalid user ")))
	case "Invalid":
		p.addWord("outcome", "failure")
		p.login(bytes.TrimPrefix(rest, []byte("user ")))
	case "User":
		p.addWord("outcome", "failure")
		if end := bytes.LastIndex(rest, []byte(" not allowed")); end >= 0 {
			p.login(rest[:end])
		}
	default:
		p.connection(text)
	}
}

// outcome is the word for how an attempt ended.
func outcome(success bool) string {
	if success {
		return "success"
	}
	return "failure"
}

// connection adds whose connection a message is about:
//
//	Connection closed by [authenticating user USER] ADDRESS port PORT [preauth]
//	Unable to negotiate with ADDRESS port PORT: what the client says
//	error: maximum authentication attempts exceeded for USER from ADDRESS port PORT ssh2
//
// What the client says comes last in messages without a user.
func (p *parser) connection(text []byte) {
	find := bytes.Index
	if bytes.HasPrefix(text, []byte("Connection ")) || bytes.HasPrefix(text, []byte("Disconnected ")) || bytes.HasPrefix(text, []byte("error: maximum ")) {
		find = bytes.LastIndex
	}
	at := find(text, []byte(" port "))
	if at < 0 || bytes.HasPrefix(text, []byte("Server listening ")) {
		return
	}
	who, address := cutLast(text[:at], ' ')
	if !isIP(address) {
		return
	}
	if name := after(who, " user "); name != nil {
		p.add("user", bytes.TrimSuffix(name, []byte(" from")))
	}
	p.add("src_ip", address)
	port, rest := digits(text[at+len(" port "):], 5)
	if port >= 0 {
		p.add("src_port", text[at+len(" port "):len(text)-len(rest)])
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
		if command, found := bytes.CutPrefix(rest, []byte("COMMAND=")); found {
			p.add("COMMAND", command)
			return
		}
		var part []byte
		part, rest, _ = bytes.Cut(rest, []byte(" ; "))
		if name, value, isPair := bytes.Cut(part, []byte{'='}); isPair {
			p.addNamed(name, value)
		} else {
			p.add("reason", part)
		}
	}
}
