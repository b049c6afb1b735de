package syslog

import "bytes"

// A haproxyLine is what HAProxy writes in front of all its messages about
// connections:
//
//	192.0.2.1:33317 [06/Feb/2009:12:14:14.655] rest
type haproxyLine struct{ address, port, accepted, rest []byte }

// parseHaproxy reads the beginning of such a message.
func parseHaproxy(text []byte) (l haproxyLine, ok bool) {
	space := bytes.IndexByte(text[:min(len(text), 64)], ' ')
	if space < 0 || len(text) < space+28 || text[space+1] != '[' || text[space+4] != '/' || text[space+8] != '/' || text[space+13] != ':' {
		return l, false
	}
	l.address, l.port = cutLast(text[:space], ':')
	if number(l.port) < 0 {
		return l, false
	}
	l.accepted, l.rest, ok = bytes.Cut(text[space+2:], []byte("] "))
	return l, ok
}

// haproxy adds what a connection was, by the number of its timers: five are of
// the HTTP format, three of that for TCP. Without timers it failed, and a text
// says why.
func (p *parser) haproxy(l haproxyLine) {
	if s, rest, ok := acceptStamp(l.accepted); ok {
		p.stampIn(s, rest, l.accepted)
	}
	p.source.Category = "webserver"
	frontend, rest, _ := bytes.Cut(l.rest, []byte{' '})
	backend, rest, _ := bytes.Cut(rest, []byte{' '})
	timers, rest, _ := bytes.Cut(rest, []byte{' '})
	slashes := bytes.Count(timers, []byte{'/'})
	switch {
	case slashes == 4 && isTimer(timers):
		p.add("c-ip", l.address)
		p.add("c-port", l.port)
	case slashes == 2 && isTimer(timers):
		p.source.Category = ""
		p.from(l.address, l.port)
	default:
		p.source.Category = ""
		p.from(l.address, l.port)
		p.add("frontend", bytes.TrimSuffix(frontend, []byte{':'}))
		p.add("error", after(l.rest, ": "))
		return
	}
	p.add("frontend", bytes.TrimSuffix(frontend, []byte{'~'})) // ~ is for TLS
	backend, server, _ := bytes.Cut(backend, []byte{'/'})
	p.add("backend", backend)
	p.add("server", server)
	p.add("timers", timers)
	if slashes == 2 {
		p.words(rest, "bytes_in", "termination_state")
		return
	}
	rest = p.words(rest, "sc-status", "sc-bytes", "request_cookie", "response_cookie", "termination_state", "connections", "queues")
	p.haproxyRequest(rest)
}

// isTimer says whether a text is made of numbers, signs and slashes.
func isTimer(text []byte) bool {
	for _, c := range text {
		if c-'0' > 9 && c != '/' && c != '-' && c != '+' {
			return false
		}
	}
	return true
}

// words adds a column for each word, and returns what follows them. A dash is
// written where there is nothing.
func (c *columns) words(text []byte, names ...string) (rest []byte) {
	for _, name := range names {
		var value []byte
		value, text, _ = bytes.Cut(text, []byte{' '})
		if len(value) > 0 && string(value) != "-" {
			c.add(name, value)
		}
	}
	return text
}

// haproxyRequest adds the headers that were captured, in braces, and the
// request, in quotes. What is no request, such as <BADREQ>, is cs-uri alone.
func (p *parser) haproxyRequest(text []byte) {
	captured, request, found := bytes.Cut(text, []byte{'"'})
	if !found {
		return
	}
	p.addSome("captured_headers", p.numberUnescaped(bytes.TrimRight(captured, " ")))
	request, extra, _ := bytes.Cut(request, []byte{'"'})
	request = p.numberUnescaped(request)
	method, uri, isRequest := bytes.Cut(request, []byte{' '})
	if !isRequest {
		p.add("cs-uri", request)
		return
	}
	p.add("cs-method", method)
	uri, version := cutLast(uri, ' ')
	if !bytes.HasPrefix(version, []byte("HTTP/")) && version != nil {
		uri, version = uri[:len(uri)+1+len(version)], nil
	}
	p.uri(uri)
	p.addSome("cs-version", version)
	p.addSome("extra", bytes.TrimLeft(extra, " "))
}

// uri adds the parts of a URI. As in the logs of web servers, cs-uri-query has
// two values: public rules look there for the query, and for path and query
// together. HTTP/2 names the host in it.
func (p *parser) uri(uri []byte) {
	local := uri
	if scheme := bytes.Index(uri, []byte("://")); scheme > 0 && scheme < len("https ") {
		host := uri[scheme+len("://"):]
		end := bytes.IndexAny(host, "/?")
		if end < 0 {
			end = len(host)
		}
		p.add("cs-host", host[:end])
		local = host[end:]
	}
	stem, query, hasQuery := bytes.Cut(local, []byte{'?'})
	p.add("cs-uri-stem", stem)
	if hasQuery {
		p.add("cs-uri-query", query)
	}
	p.add("cs-uri-query", local)
	p.add("cs-uri", uri)
}

// numberUnescaped undoes #XX, with which HAProxy writes bytes that do not
// print, the quote, braces and # itself.
func (c *columns) numberUnescaped(text []byte) []byte {
	if bytes.IndexByte(text, '#') < 0 {
		return text
	}
	c.row.Raw = nil
	begin := len(c.text)
	for i := 0; i < len(text); i++ {
		b := text[i]
		if b == '#' && i+2 < len(text) && hexadecimal(text[i+1]) >= 0 && hexadecimal(text[i+2]) >= 0 {
			b = byte(hexadecimal(text[i+1])<<4 | hexadecimal(text[i+2]))
			i += 2
		}
		c.text = append(c.text, b)
	}
	return c.text[begin:len(c.text):len(c.text)]
}

// acceptStamp reads 06/Feb/2009:12:14:14.655, without a zone.
func acceptStamp(text []byte) (s stamp, rest []byte, ok bool) {
	if len(text) < 20 || text[2] != '/' || text[6] != '/' || text[11] != ':' {
		return s, text, false
	}
	s.day, s.month, s.year = number(text[:2]), month(text[3:7]), number(text[7:11])
	if s.day < 1 || s.day > 31 || s.month == 0 || s.year < 1 {
		return s, text, false
	}
	rest, ok = s.clock(text[12:])
	return s, rest, ok
}
