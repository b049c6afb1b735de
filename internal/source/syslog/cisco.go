package syslog

import (
	"bytes"

	"github.com/kulla-defence/kulla/internal/source/row"
)

// ciscoMessage finds a message of Cisco behind what its devices and relays may
// put in front of it: a colon, a number, a second time. Nil is none.
func ciscoMessage(text []byte) []byte {
	at := bytes.IndexByte(text[:min(len(text), 100)], '%')
	if at < 0 || at > 0 && (at < 2 || text[at-1] != ' ' || text[at-2] != ':') || !isCisco(text[at:]) {
		return nil
	}
	return text[at:]
}

// ciscoHead reads what stands in front of a message where the header has no
// time: a number, the name of the device, its time, each with a colon. Behind a
// time the name of its zone may stand.
func (h *header) ciscoHead(text []byte) {
	for len(text) > 0 {
		if s, rest, ok := headStamp(text); ok {
			if !h.stamped {
				h.stamp, h.stamped = s, true
			}
			text = rest
			continue
		}
		var part []byte
		part, text, _ = bytes.Cut(text, []byte(": "))
		if n, rest := digits(part, 9); n < 0 || len(rest) > 0 {
			if h.host == nil && !h.stamped && bytes.IndexByte(part, ' ') < 0 {
				h.host = part
			}
		}
	}
}

// isCisco knows %FACILITY-SEVERITY-MNEMONIC: with which Cisco's messages begin.
func isCisco(text []byte) bool {
	if len(text) < 8 || text[0] != '%' {
		return false
	}
	facility, mnemonic, _ := cutTag(text)
	return len(facility) > 0 && len(mnemonic) > 0
}

// cutTag cuts the tag in front of a message of Cisco. The facility may hold
// hyphens; the severity is one digit.
func cutTag(text []byte) (facility, mnemonic, body []byte) {
	end := bytes.IndexByte(text[:min(len(text), 100)], ':')
	if end < 0 || bytes.IndexByte(text[:end], ' ') >= 0 {
		return nil, nil, nil
	}
	front, mnemonic := cutLast(text[1:end], '-')
	facility, severity := cutLast(front, '-')
	if len(severity) != 1 || severity[0] < '0' || severity[0] > '7' {
		return nil, nil, nil
	}
	return facility, mnemonic, skipSpaces(text[end+1:])
}

// cisco reads a message of ASA, Firepower (Cisco Secure Firewall ASA Series
// Syslog Messages) or IOS (System Message Guide).
func (p *parser) cisco(text []byte) {
	p.source = row.LogSource{Product: "cisco", Service: "syslog"}
	facility, mnemonic, body := cutTag(text)
	p.add("mnemonic", mnemonic)
	switch {
	case bytes.HasPrefix(facility, []byte("ASA")), bytes.HasPrefix(facility, []byte("FTD")), bytes.HasPrefix(facility, []byte("PIX")):
		p.asa(mnemonic, body)
	case bytes.Contains(facility, []byte("LDP")), bytes.Contains(body, []byte("LDP")) && bytes.Contains(bytes.ToLower(mnemonic), []byte("md5")):
		p.source.Service = "ldp"
	case bytes.Contains(facility, []byte("BGP")), bytes.HasSuffix(facility, []byte("TCP")):
		p.source.Service = "bgp"
	default:
		p.ios(mnemonic, body)
	}
}

func (p *parser) ios(mnemonic, text []byte) {
	switch string(mnemonic) {
	case "LOGIN_SUCCESS", "WEBLOGIN_SUCCESS":
		p.iosLogin(text)
		p.addWord("action", "login")
	case "LOGIN_FAILED", "WEBLOGIN_FAILED":
		p.iosLogin(text)
		p.addSome("reason", between(text, "[Reason: ", "]"))
		p.addWord("action", "failed")
	case "CONFIG_I":
		p.addSome("user", word(after(text, " by ")))
		p.addSome("src_ip", between(text, " (", ")"))
	case "CONFIG_P":
		p.addSome("user", word(after(text, " as ")))
	case "CFGLOG_LOGGEDCMD":
		p.command(word(after(text, "User:")), after(text, "logged command:"))
	case "IPACCESSLOGP", "IPACCESSLOGDP", "IPACCESSLOGNP", "IPACCESSLOGRP", "ACCESSLOGP", "ACCESSLOGDP", "ACCESSLOGNP":
		p.iosAccess(text)
	}
}

func (p *parser) iosLogin(text []byte) {
	p.addSome("user", between(text, "[user: ", "]"))
	p.from(between(text, "[Source: ", "]"), nil)
	p.addSome("dst_port", between(text, "[localport: ", "]"))
}

// command adds who gave a command to a device.
func (p *parser) command(user, command []byte) {
	p.source.Service = "aaa"
	p.addSome("user", user)
	p.addSome("command", command)
}

// iosAccess reads "list NAME denied tcp 192.0.2.1(51182) -> 198.51.100.5(80), 1
// packet", in which more may follow the first address.
func (p *parser) iosAccess(text []byte) {
	source, destination, found := bytes.Cut(text, []byte(" -> "))
	name, rest, _ := bytes.Cut(bytes.TrimPrefix(source, []byte("list ")), []byte{' '})
	own, rest, _ := bytes.Cut(rest, []byte{' '})
	protocol, address, hasAddress := bytes.Cut(rest, []byte{' '})
	uniform := verdict(own)
	if !found || !hasAddress || uniform == "" {
		return
	}
	p.source.Category = "firewall"
	p.add("rule", name)
	p.actions(own, uniform)
	p.add("protocol", protocol)
	p.from(cutParentheses(word(address)))
	p.to(cutParentheses(word(destination)))
}

// cutParentheses cuts 192.0.2.1(51182).
func cutParentheses(text []byte) (address, port []byte) {
	address, port, _ = bytes.Cut(text, []byte{'('})
	port, _, _ = bytes.Cut(port, []byte{')'})
	return address, port
}

// verdict is the uniform word for what a filter did; empty when a word is none
// of those that appliances use.
func verdict(own []byte) string {
	switch string(own) {
	case "denied", "Deny", "deny", "Denied", "block", "Block", "drop", "Drop", "reject", "reset-client", "reset-server", "reset-both", "drop-icmp", "drop-packet", "drop-all-packets", "reset", "block-url", "block-ip", "block-continue", "block-override", "random-drop", "sinkhole", "Block with reset":
		return "deny"
	case "permitted", "permit", "allow", "Allow", "pass", "Built", "est-allowed", "Trust", "Allowed":
		return "accept"
	}
	return ""
}
