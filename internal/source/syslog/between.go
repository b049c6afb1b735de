package syslog

import (
	"bytes"
	"strings"
)

// after returns what follows the first place of a text; nil when it is not
// there.
func after(text []byte, before string) []byte {
	at := bytes.Index(text, []byte(before))
	if at < 0 {
		return nil
	}
	return text[at+len(before):]
}

// between returns what stands between the first place of one text and the next
// of another, or else the end.
func between(text []byte, before, behind string) []byte {
	text = after(text, before)
	if end := bytes.Index(text, []byte(behind)); end >= 0 {
		return text[:end]
	}
	return text
}

// word returns the text up to a blank or a comma.
func word(text []byte) []byte {
	for i, b := range text {
		if b == ' ' || b == ',' {
			return text[:i]
		}
	}
	return text
}

// cutLast cuts around the last place of a byte. Where there is none, all is in
// front.
func cutLast(text []byte, separator byte) (front, behind []byte) {
	at := bytes.LastIndexByte(text, separator)
	if at < 0 {
		return text, nil
	}
	return text[:at], text[at+1:]
}

// actions adds what an appliance calls an action and the uniform word for it,
// once if they are the same.
func (c *columns) actions(own []byte, uniform string) {
	if len(own) > 0 && !strings.EqualFold(string(own), uniform) {
		c.add("action", own)
	}
	if uniform != "" {
		c.addWord("action", uniform)
	}
}

// from adds the columns of the end that began a connection.
func (c *columns) from(address, port []byte) {
	c.addSome("src_ip", address)
	c.addSome("src_port", port)
}

// to adds the columns of the other end.
func (c *columns) to(address, port []byte) {
	c.addSome("dst_ip", address)
	c.addSome("dst_port", port)
}

// addressPort cuts 192.0.2.1:443 and [2001:db8::1]:443. Many ports of one
// address are apart by a colon as well, so that of IPv6 it must be in brackets
// to have a port.
func addressPort(text []byte) (address, port []byte) {
	if len(text) > 0 && text[0] == '[' {
		inside, rest, _ := bytes.Cut(text[1:], []byte{']'})
		return inside, bytes.TrimPrefix(rest, []byte{':'})
	}
	if bytes.Count(text, []byte{':'}) != 1 {
		return text, nil
	}
	return cutLast(text, ':')
}
