package syslog

import "bytes"

// asa reads the messages of ASA and Firepower that say who came in, and what
// was let through.
func (p *parser) asa(number, text []byte) {
	switch string(number) {
	case "302013", "302015":
		p.asaBuilt(text)
	case "302014", "302016":
		p.asaTeardown(text)
	case "106023":
		p.asaDeny(text)
	case "106100":
		p.asaList(text)
	case "106001", "106006", "106007", "106015", "106021", "710002", "710003":
		p.asaFromTo(text)
	case "113004", "113005", "113012", "113015":
		p.asaAuthentication(text)
	case "109005", "109006", "605004", "605005":
		p.asaManagement(text)
	case "109031":
		p.addSome("user", bytes.TrimRight(after(text, "guest login for "), "."))
		p.addWord("action", "failed")
	case "611101", "611102":
		p.addSome("user", bytes.TrimSpace(after(text, "Uname:")))
		p.from(word(skipSpaces(after(text, "IP address:"))), nil)
		p.addWord("action", map[bool]string{true: "login", false: "failed"}[number[5] == '1'])
	case "111008", "111009", "111010":
		p.from(word(after(text, "from IP ")), nil)
		p.command(between(text, "User '", "'"), asaCommand(text))
	case "430001", "430002", "430003", "430004", "430005":
		p.firepower(text)
	default:
		p.asaSession(string(number), text)
	}
}

// asaBuilt reads "Built outbound TCP connection 7 for outside:192.0.2.1/443
// (192.0.2.1/443) to inside:10.0.0.5/51182 (198.51.100.5/51182)". The end that
// is named first is the one outside, so in an outbound connection the
// destination.
func (p *parser) asaBuilt(text []byte) {
	outbound := bytes.HasPrefix(text, []byte("Built outbound"))
	first, second := asaEnds(text)
	if first == nil {
		return
	}
	if outbound {
		first, second = second, first
	}
	p.source.Category = "firewall"
	p.addWord("action", "Built")
	p.addWord("action", "accept")
	p.add("protocol", word(after(text, "bound ")))
	p.add("connection", word(after(text, "connection ")))
	p.from(cutEnd(first))
	p.to(cutEnd(second))
}

// asaTeardown reads the end of a connection. The message does not say who
// opened it: the end with the lower port is taken for the one that was called.
// The bytes are those of both directions together.
func (p *parser) asaTeardown(text []byte) {
	first, second := asaEnds(text)
	if first == nil {
		return
	}
	source, sourcePort := cutEnd(first)
	destination, destinationPort := cutEnd(second)
	if number(sourcePort) < number(destinationPort) {
		source, destination = destination, source
		sourcePort, destinationPort = destinationPort, sourcePort
	}
	p.source.Category = "firewall"
	p.addWord("action", "Teardown")
	p.add("protocol", word(after(text, "Teardown ")))
	p.add("connection", word(after(text, "connection ")))
	p.from(source, sourcePort)
	p.to(destination, destinationPort)
	p.addSome("duration", word(after(text, " duration ")))
	p.addSome("bytes", word(after(text, " bytes ")))
}

// asaEnds returns the two ends of "for END ... to END".
func asaEnds(text []byte) (first, second []byte) {
	text = after(text, " for ")
	first, second = word(text), word(after(text, " to "))
	if len(second) == 0 {
		return nil, nil
	}
	return first, second
}

// cutEnd cuts interface:address/port.
func cutEnd(text []byte) (address, port []byte) {
	_, end, found := bytes.Cut(text, []byte{':'})
	if !found {
		end = text
	}
	address, port = cutLast(end, '/')
	port, _, _ = bytes.Cut(port, []byte{'('})
	return address, port
}

// asaDeny reads "Deny tcp src outside:192.0.2.1/51182 dst inside:10.0.0.5/445
// by access-group "acl" [0x0, 0x0]".
func (p *parser) asaDeny(text []byte) {
	source, destination := word(after(text, " src ")), word(after(text, " dst "))
	if len(source) == 0 || len(destination) == 0 {
		return
	}
	p.source.Category = "firewall"
	p.addWord("action", "deny")
	p.addSome("protocol", word(after(text, "Deny ")))
	p.from(cutEnd(source))
	p.to(cutEnd(destination))
	p.addSome("rule", between(text, `access-group "`, `"`))
}

// asaList reads "access-list acl permitted tcp inside/10.0.0.5(51182) ->
// outside/192.0.2.1(443) hit-cnt 1 first hit [0x0, 0x0]".
func (p *parser) asaList(text []byte) {
	name, rest, _ := bytes.Cut(after(text, "access-list "), []byte{' '})
	own, rest, _ := bytes.Cut(rest, []byte{' '})
	protocol, rest, _ := bytes.Cut(rest, []byte{' '})
	source, destination, found := bytes.Cut(rest, []byte("-> "))
	if !found {
		return
	}
	p.source.Category = "firewall"
	p.actions(own, verdict(own))
	p.add("protocol", protocol)
	p.from(cutSlash(source))
	p.to(cutSlash(destination))
	p.add("rule", name)
}

// cutSlash cuts interface/address(port).
func cutSlash(text []byte) (address, port []byte) {
	_, end, _ := bytes.Cut(word(text), []byte{'/'})
	return cutParentheses(end)
}

// asaFromTo reads denials of the shape "TCP ... from 192.0.2.1/51182 to
// 10.0.0.5/22".
func (p *parser) asaFromTo(text []byte) {
	source, destination := word(after(text, " from ")), word(after(text, " to "))
	if len(source) == 0 || len(destination) == 0 {
		return
	}
	p.source.Category = "firewall"
	if bytes.Contains(text, []byte("permitted")) {
		p.addWord("action", "permitted")
		p.addWord("action", "accept")
	} else {
		p.addWord("action", "deny")
	}
	for _, protocol := range []string{"TCP", "UDP"} {
		if bytes.Contains(text, []byte(protocol)) {
			p.addWord("protocol", protocol)
		}
	}
	p.from(cutAddressSlash(source))
	p.to(cutEndOrAddress(destination))
}

func cutAddressSlash(text []byte) (address, port []byte) { return cutLast(text, '/') }

// cutEndOrAddress cuts an end with or without an interface; an address of IPv6
// has several colons without one.
func cutEndOrAddress(text []byte) (address, port []byte) {
	if name, _, found := bytes.Cut(text, []byte{':'}); found && !isHexadecimal(name) {
		return cutEnd(text)
	}
	return cutAddressSlash(text)
}

func isHexadecimal(text []byte) bool {
	for _, b := range text {
		if b-'0' > 9 && b|0x20-'a' > 5 {
			return false
		}
	}
	return true
}

// asaAuthentication reads "AAA user authentication Rejected : reason = REASON :
// server = ADDRESS : user = NAME : user IP = ADDRESS", with blanks around the
// colons or not. A success says nothing of a session yet.
func (p *parser) asaAuthentication(text []byte) {
	p.source.Category = "vpn"
	if bytes.Contains(text, []byte("Rejected")) {
		p.addWord("action", "Rejected")
		p.addWord("action", "failed")
	} else {
		p.addWord("action", "Successful")
	}
	p.addSome("reason", bytes.TrimRight(between(text, "reason = ", ":"), " "))
	p.addSome("server", bytes.TrimSpace(between(text, "server = ", ": ")))
	p.addSome("user", bytes.TrimRight(between(text, " user = ", ": user IP"), " "))
	p.addSome("src_ip", skipSpaces(after(text, "user IP = ")))
}

// asaManagement reads who came to the device itself or through it, by name.
func (p *parser) asaManagement(text []byte) {
	user := between(text, `for user "`, `"`)
	if user == nil {
		user = between(text, " for user ", " from ")
	}
	p.addSome("user", bytes.Trim(user, "'"))
	p.from(cutAddressSlash(word(after(text, " from "))))
	p.to(cutEndOrAddress(word(after(text, " to "))))
	switch {
	case bytes.Contains(text, []byte("denied")), bytes.Contains(text, []byte("failed")):
		p.addWord("action", "failed")
	default:
		p.addWord("action", "login")
	}
}

// asaCommand reads "executed the 'COMMAND' command" and "executed 'COMMAND'".
func asaCommand(text []byte) []byte {
	text = after(text, " executed ")
	if at := bytes.IndexByte(text, '\''); at >= 0 {
		text, _ = cutLast(text[at+1:], '\'')
	}
	return text
}

// asaSession reads the messages of VPN sessions, which begin with "Group
// <GROUP> User <USER> IP <ADDRESS>" or "Group = GROUP, Username = USER, IP =
// ADDRESS,". One session has several that say that it began.
func (p *parser) asaSession(number string, text []byte) {
	switch {
	case bytes.HasPrefix(text, []byte("Group <")):
		p.addSome("group", between(text, "Group <", ">"))
		p.addSome("user", between(text, "User <", ">"))
		p.addSome("src_ip", between(text, "IP <", ">"))
	case bytes.HasPrefix(text, []byte("Group = ")):
		p.addSome("group", between(text, "Group = ", ","))
		p.addSome("user", between(text, "Username = ", ","))
		p.addSome("src_ip", between(text, "IP = ", ","))
	case bytes.HasPrefix(text, []byte("Local:")) && bytes.Contains(text, []byte(" Username:")):
		p.addSome("user", between(text, " Username:", " "))
		p.from(cutLast(between(text, "Remote:", " "), ':'))
	default:
		return
	}
	p.source.Category = "vpn"
	p.asaTunnel(text)
	switch number {
	case "113039", "716001", "722051", "713228", "751025":
		p.addWord("action", "login")
	case "113019", "716002":
		p.addSome("duration", between(text, "Duration: ", ","))
		p.addSome("bytes_out", word(after(text, "Bytes xmt: ")))
		p.addSome("bytes_in", word(after(text, "Bytes rcv: ")))
		p.addSome("reason", after(text, "Reason: "))
		p.addWord("action", "logout")
	case "716039":
		p.addWord("action", "failed")
	case "716038":
		p.addWord("action", "Successful")
	case "722022":
		p.addWord("action", "established")
	case "722023":
		p.addWord("action", "terminated")
	case "722055":
		p.addSome("client", after(text, "Client Type: "))
	}
}

// asaTunnel adds the address that a session gets inside.
func (p *parser) asaTunnel(text []byte) {
	if address := between(text, "IPv4 Address <", ">"); len(address) > 0 {
		p.add("tunnel_ip", address)
	} else if address := word(after(text, "IPv4 Address=")); len(address) > 0 {
		p.add("tunnel_ip", address)
	} else if address := word(after(text, "Assigned private IP address ")); len(address) > 0 {
		p.add("tunnel_ip", address)
	}
}

// firepower reads the security events of Firepower Threat Defense: pairs of a
// name, a colon and a value, a comma apart.
func (p *parser) firepower(text []byte) {
	p.source.Category = "firewall"
	for len(text) > 0 {
		var pair []byte
		pair, text, _ = bytes.Cut(text, []byte(", "))
		name, value, found := bytes.Cut(pair, []byte(": "))
		if !found {
			continue
		}
		p.addNamed(name, value)
		switch string(name) {
		case "SrcIP":
			p.add("src_ip", value)
		case "DstIP":
			p.add("dst_ip", value)
		case "SrcPort":
			p.add("src_port", value)
		case "DstPort":
			p.add("dst_port", value)
		case "Protocol":
			p.add("protocol", value)
		case "User":
			p.add("user", value)
		case "InitiatorBytes":
			p.add("bytes_out", value)
		case "ResponderBytes":
			p.add("bytes_in", value)
		case "AccessControlRuleAction":
			p.actions(value, verdict(value))
		}
	}
}
