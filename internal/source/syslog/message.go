package syslog

import (
	"bytes"

	"github.com/kulla-defence/kulla/internal/source/row"
)

// message finds who speaks, and adds what is known of such messages.
func (p *parser) message(h *header) {
	switch {
	case bytes.HasPrefix(h.rest, []byte("CEF:")):
		h.body = h.rest
		p.cef(h.body)
		return
	case bytes.HasPrefix(h.rest, []byte("LEEF:")):
		h.body = h.rest
		p.leef(h.body)
		return
	case isEventXML(h.body):
		p.eventXML(h.body)
		return
	case isFortinet(h.rest):
		h.body = h.rest
		p.fortinet(h.body)
		return
	}
	if p.appliance(h) || p.server(h) {
		return
	}
	switch string(h.program) {
	case "sshd", "sshd-session":
		p.source.Service = "sshd"
		p.openssh(h.body)
	case "sudo":
		p.source.Service = "sudo"
		p.sudo(h.body)
	case "su", "login", "passwd", "chpasswd", "useradd", "usermod", "userdel", "groupadd", "groupmod", "groupdel", "gpasswd", "chage", "systemd-logind", "pkexec", "polkitd":
		p.source.Service = "auth"
	case "CRON", "cron", "crond", "crontab", "anacron":
		p.source.Service = "cron"
	case "clamd", "freshclam":
		p.source.Service = "clamav"
	case "vsftpd":
		p.source.Service = "vsftpd"
	case "guacd":
		p.source.Service = "guacamole"
	case "kernel":
		p.netfilter(h.body)
	default:
		if h.priority>>3 == 4 || h.priority>>3 == 10 {
			p.source.Service = "auth"
		}
	}
	if isPAM := p.account(h.program, h.body); isPAM && (p.source.Service == "cron" || p.source.Service == "syslog") {
		p.source.Service = "auth"
	}
}

// server reads the messages of BIND and HAProxy, which have their program in
// front of them, or none in files of their own.
func (p *parser) server(h *header) bool {
	if string(h.program) == "haproxy" || h.program == nil {
		if l, ok := parseHaproxy(h.body); ok {
			p.ownFile(h)
			p.haproxy(l)
			return true
		}
	}
	if string(h.program) == "named" || h.program == nil {
		if b, ok := parseBind(h.body); ok {
			p.ownFile(h)
			p.bind(b)
			return true
		}
	}
	return false
}

// ownFile says that a message without a header comes from the file of a server
// on whatever system, and not from syslog.
func (p *parser) ownFile(h *header) {
	if h.priority < 0 && h.host == nil {
		p.source = row.LogSource{}
	}
}

// isServerLine says whether a line without a header is one of BIND or HAProxy.
func isServerLine(text []byte) bool {
	if _, ok := parseHaproxy(text); ok {
		return true
	}
	_, ok := parseBind(text)
	return ok
}

// isBare says whether a line is one that appliances and servers write without
// a header.
func isBare(text []byte) bool {
	return isServerLine(text) || bytes.HasPrefix(text, []byte("CEF:")) || bytes.HasPrefix(text, []byte("LEEF:")) || isFortinet(text) || isBareAppliance(text)
}

func isFortinet(text []byte) bool {
	return bytes.HasPrefix(text, []byte("date=")) && bytes.Contains(text[:min(len(text), 64)], []byte(" time="))
}

// cutPair reads name=value or name="value" at the beginning of a text.
func cutPair(text []byte) (name, value, rest []byte, ok bool) {
	name, text, ok = bytes.Cut(skipSpaces(text), []byte{'='})
	if !ok || bytes.IndexByte(name, ' ') >= 0 {
		return nil, nil, nil, false
	}
	if len(text) == 0 || text[0] != '"' {
		value, rest, _ = bytes.Cut(text, []byte{' '})
		return name, value, rest, true
	}
	end := 1
	for end < len(text) && text[end] != '"' {
		if text[end] == '\\' {
			end++
		}
		end++
	}
	end = min(end, len(text))
	return name, text[1:end], text[min(end+1, len(text)):], true
}

// netfilter reads what iptables, nftables and UFW log: pairs of upper-case
// names behind a word that the rule gives.
func (p *parser) netfilter(text []byte) {
	begin := bytes.Index(text, []byte("IN="))
	if begin < 0 || !bytes.Contains(text[begin:], []byte(" OUT=")) || !bytes.Contains(text[begin:], []byte(" SRC=")) {
		return
	}
	p.source.Category = "firewall"
	switch prefix := text[:begin]; {
	case bytes.Contains(prefix, []byte("BLOCK")), bytes.Contains(prefix, []byte("DROP")), bytes.Contains(prefix, []byte("DENY")), bytes.Contains(prefix, []byte("REJECT")):
		p.addWord("action", "deny")
	case bytes.Contains(prefix, []byte("ACCEPT")), bytes.Contains(prefix, []byte("ALLOW")):
		p.addWord("action", "accept")
	}
	for rest := text[begin:]; len(rest) > 0; {
		var word []byte
		word, rest, _ = bytes.Cut(rest, []byte{' '})
		name, value, found := bytes.Cut(word, []byte{'='})
		if !found {
			continue
		}
		p.addNamed(name, value)
		switch string(name) {
		case "SRC":
			p.add("src_ip", value)
		case "DST":
			p.add("dst_ip", value)
		case "SPT":
			p.add("src_port", value)
		case "DPT":
			p.add("dst_port", value)
		}
	}
}
