package syslog

import "bytes"

// A bindLine is the parts of a message of BIND about a client:
//
//	[category: ][severity: ]client [@0x7f…] 192.0.2.1#3076[/key NAME] (example.test): [view NAME: ]text
type bindLine struct {
	category, severity []byte
	address, port      []byte
	view, text         []byte
}

// parseBind reads such a message. Names in it cannot end it early: BIND writes
// brackets and blanks in them with a backslash.
func parseBind(text []byte) (b bindLine, ok bool) {
	for range 2 {
		word, rest, found := bytes.Cut(text[:min(len(text), 32)], []byte(": "))
		switch {
		case !found:
		case bindSeverity(word):
			b.severity = word
		case isBindCategory(word):
			b.category = word
		default:
			found = false
		}
		if !found {
			break
		}
		text = text[len(text[:min(len(text), 32)])-len(rest):]
	}
	rest, ok := bytes.CutPrefix(text, []byte("client "))
	if !ok {
		return b, false
	}
	if bytes.HasPrefix(rest, []byte("@0x")) {
		_, rest, _ = bytes.Cut(rest, []byte{' '})
	}
	client, rest, ok := bytes.Cut(rest, []byte(": "))
	client, _, _ = bytes.Cut(client, []byte{' '})
	address, port, found := bytes.Cut(client, []byte{'#'})
	if !ok || !found || !isIP(address) {
		return b, false
	}
	b.address = address
	b.port, _, _ = bytes.Cut(port, []byte{'/'})
	if view, after, found := bytes.Cut(rest, []byte(": ")); found && bytes.HasPrefix(view, []byte("view ")) {
		b.view, rest = view[len("view "):], after
	}
	b.text = rest
	return b, true
}

// isBindCategory says whether a word may be one of BIND's categories, which are
// of small letters and dashes.
func isBindCategory(word []byte) bool {
	for _, c := range word {
		if (c < 'a' || c > 'z') && c != '-' {
			return false
		}
	}
	return len(word) > 0
}

// bindSeverity says whether a word is one of BIND's severities.
func bindSeverity(word []byte) bool {
	switch string(word) {
	case "critical", "error", "warning", "notice", "info", "dynamic":
		return true
	}
	return bytes.HasPrefix(word, []byte("debug "))
}

// isIP says whether a text may be an address of IPv4 or IPv6.
func isIP(text []byte) bool {
	marks := 0
	for i, c := range text {
		switch {
		case c == '.' || c == ':':
			marks++
		case c == '%' && marks > 1:
			return i > 1
		case hexadecimal(c) < 0:
			return false
		}
	}
	return marks > 1
}

// bind adds who asked for which name.
func (p *parser) bind(b bindLine) {
	p.source.Category = "dns"
	p.addSome("log_category", b.category)
	p.addSome("log_severity", b.severity)
	p.from(b.address, b.port)
	p.addSome("view", b.view)
	if question, isQuery := bytes.CutPrefix(b.text, []byte("query: ")); isQuery {
		p.question(question)
		return
	}
	if failed := after(b.text, ") for "); failed != nil && bytes.HasPrefix(b.text, []byte("query failed (")) {
		p.add("response_code", between(b.text, "(", ")"))
		subject, _, _ := bytes.Cut(failed, []byte{' '})
		p.subject(bytes.TrimSuffix(subject, []byte{':'}))
		return
	}
	if at := bytes.IndexByte(b.text, '\''); at >= 0 {
		subject, rest, _ := bytes.Cut(b.text[at+1:], []byte{'\''})
		p.transfer(b.text[:at], subject, rest)
	}
}

// question adds "NAME CLASS TYPE FLAGS (SERVER)", in which a bracket with
// options may stand before the server, and the server is that which was asked.
func (p *parser) question(text []byte) {
	for _, name := range []string{"query", "record_class", "record_type", "flags"} {
		var value []byte
		value, text, _ = bytes.Cut(text, []byte{' '})
		p.addSome(name, value)
	}
	if server := between(text, "(", ")"); isIP(server) {
		p.add("dst_ip", server)
	}
}

// transfer adds what a message says of a subject in quotes.
func (p *parser) transfer(verb, subject, rest []byte) {
	p.subject(subject)
	switch {
	case bytes.HasPrefix(rest, []byte(" denied")):
		p.addWord("action", "denied")
	case bytes.HasPrefix(rest, []byte(": AXFR")):
		p.addWord("record_type", "AXFR")
	case bytes.HasPrefix(rest, []byte(": IXFR")):
		p.addWord("record_type", "IXFR")
	}
	p.add("operation", bytes.TrimRight(verb, " :"))
}

// subject adds NAME/TYPE/CLASS, NAME/CLASS/TYPE or NAME/CLASS; a name may hold
// a slash.
func (p *parser) subject(text []byte) {
	text, last := cutLast(text, '/')
	name, middle := cutLast(text, '/')
	switch {
	case middle == nil && isClass(last):
		p.add("query", text)
		p.add("record_class", last)
	case isClass(last):
		p.add("query", name)
		p.add("record_type", middle)
		p.add("record_class", last)
	case isClass(middle):
		p.add("query", name)
		p.add("record_class", middle)
		p.add("record_type", last)
	}
}

// isClass knows the classes of RFC 1035 section 3.2.4 and RFC 2136.
func isClass(text []byte) bool {
	switch string(text) {
	case "IN", "CH", "HS", "NONE":
		return true
	}
	return false
}
