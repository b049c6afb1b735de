package syslog

import (
	"bytes"

	"github.com/kulla-defence/kulla/internal/source/row"
)

// isWELF knows the WebTrends Enhanced Log Format, which begins with id=. Its
// values may hold blanks also without quotes.
func isWELF(text []byte) bool {
	return bytes.HasPrefix(text, []byte("id=")) && bytes.Contains(text[:min(len(text), 200)], []byte(" time=\""))
}

// welf reads the pairs of SonicOS and of Ivanti Connect Secure.
func (p *parser) welf(text []byte) {
	var w welfFields
	for len(text) > 0 {
		name, value, rest, ok := cutWELF(text)
		if !ok {
			break
		}
		text = rest
		p.addNamed(name, value)
		w.keep(name, value)
	}
	p.timeIn(w.time)
	if w.vpn != nil {
		p.ivantiFields(&w)
		return
	}
	p.sonicWall(&w)
}

// welfFields are the values that more is made of.
type welfFields struct {
	time, vpn, user, source, destination, protocol, message, sent, received, action []byte
}

func (w *welfFields) keep(name, value []byte) {
	switch string(name) {
	case "time":
		w.time = value
	case "vpn":
		w.vpn = value
	case "user", "usr":
		w.user = value
	case "src":
		w.source = value
	case "dst":
		w.destination = value
	case "proto":
		w.protocol = value
	case "msg":
		w.message = value
	case "sent":
		w.sent = value
	case "rcvd":
		w.received = value
	case "fw_action":
		w.action = value
	}
}

// cutWELF reads name="value", or name=value, which ends before the next word
// with a sign of equality.
func cutWELF(text []byte) (name, value, rest []byte, ok bool) {
	name, value, ok = bytes.Cut(skipSpaces(text), []byte{'='})
	if !ok || bytes.IndexByte(name, ' ') >= 0 {
		return nil, nil, nil, false
	}
	if len(value) > 0 && value[0] == '"' {
		value, rest, _ = bytes.Cut(value[1:], []byte{'"'})
		return name, value, rest, true
	}
	size := extensionSize(value)
	return name, bytes.TrimRight(value[:size], " "), value[size:], true
}

// sonicWall adds the uniform names (SonicOS Log Events Reference Guide). An end
// is address:port:interface.
func (p *parser) sonicWall(w *welfFields) {
	p.source = row.LogSource{Product: "sonicwall"}
	p.from(cutSonicEnd(w.source))
	p.to(cutSonicEnd(w.destination))
	if own := bytes.Trim(w.action, `"`); len(own) > 0 && string(own) != "NA" {
		p.add("action", own)
	}
	if action := sonicWallLogin(w.message); action != "" {
		p.source.Category = "vpn"
		if w.user != nil {
			p.add("user", w.user)
		}
		p.addWord("action", action)
		return
	}
	if len(w.source) == 0 || len(w.destination) == 0 {
		return
	}
	protocol, _, _ := bytes.Cut(w.protocol, []byte{'/'})
	p.addSome("protocol", protocol)
	p.addSome("bytes_out", w.sent)
	p.addSome("bytes_in", w.received)
	switch {
	case bytes.HasPrefix(w.message, []byte("Connection ")):
		p.source.Category = "firewall"
		p.addWord("action", "accept")
	case bytes.Contains(w.message, []byte("dropped")), bytes.Contains(w.message, []byte("denied")), string(w.action) == "drop":
		p.source.Category = "firewall"
		p.addWord("action", "deny")
	}
}

// sonicWallLogin is the uniform word for a message about a remote user; empty
// for others.
func sonicWallLogin(message []byte) string {
	switch {
	case bytes.Contains(message, []byte("zone remote user login allowed")), bytes.HasPrefix(message, []byte("XAUTH Succeeded")):
		return "login"
	case bytes.HasPrefix(message, []byte("User login denied")), bytes.HasPrefix(message, []byte("User login failed")),
		bytes.Contains(message, []byte("remote user login denied")), bytes.HasPrefix(message, []byte("XAUTH Failed")):
		return "failed"
	case bytes.HasPrefix(message, []byte("User logged out")):
		return "logout"
	}
	return ""
}

func cutSonicEnd(text []byte) (address, port []byte) {
	if bytes.Count(text, []byte{':'}) > 3 {
		return text, nil
	}
	address, port, _ = bytes.Cut(text, []byte{':'})
	port, _, _ = bytes.Cut(port, []byte{':'})
	return address, port
}
