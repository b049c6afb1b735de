package syslog

import (
	"bytes"

	"github.com/kulla-defence/kulla/internal/source/row"
)

var leefHeader = [...]string{"leef_version", "device_vendor", "device_product", "device_version", "event_id"}

// leef reads QRadar's Log Event Extended Format: five fields between pipes, in
// version 2 the separator as the sixth, then pairs.
func (p *parser) leef(text []byte) {
	rest := text[len("LEEF:"):]
	separator := byte('\t')
	var version, id []byte
	for _, name := range leefHeader {
		value, after, found := bytes.Cut(rest, []byte{'|'})
		if !found {
			return
		}
		p.add(name, value)
		switch name {
		case "leef_version":
			version = value
		case "event_id":
			id = value
		}
		rest = after
	}
	if bytes.HasPrefix(version, []byte("2")) {
		separator, rest = leefSeparator(rest)
	}
	p.source = row.LogSource{}
	p.leefPairs(rest, separator, isVPN(id))
}

// leefSeparator reads the sixth field: a character, or its number as x5E or
// 0x5E. Empty stands for a tab, and some senders leave the field out.
func leefSeparator(text []byte) (separator byte, rest []byte) {
	field, _, found := bytes.Cut(text[:min(len(text), len("0xFFFF|"))], []byte{'|'})
	if !found || len(field) > 1 && bytes.IndexByte(field, '=') >= 0 {
		return '\t', text
	}
	rest = text[len(field)+1:]
	if len(field) == 1 {
		return field[0], rest
	}
	number := bytes.TrimPrefix(bytes.TrimPrefix(field, []byte{'0'}), []byte{'x'})
	n := 0
	for _, digit := range number {
		value := hexadecimal(digit)
		if value < 0 {
			return '\t', rest
		}
		n = n*16 + value
	}
	if n == 0 || n > 0x7f {
		return '\t', rest
	}
	return byte(n), rest
}

// hexadecimal is the value of a digit; -1 when it is none.
func hexadecimal(c byte) int {
	switch {
	case c-'0' <= 9:
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// leefPairs adds the pairs, and the names of category firewall or vpn beside
// those of the predefined keys.
func (p *parser) leefPairs(text []byte, separator byte, vpn bool) {
	from, to := false, false
	for len(text) > 0 {
		var pair []byte
		pair, text, _ = bytes.Cut(text, []byte{separator})
		name, value, found := bytes.Cut(pair, []byte{'='})
		if !found {
			continue
		}
		name = bytes.TrimSpace(name)
		p.addNamed(name, value)
		switch string(name) {
		case "src":
			p.add("src_ip", value)
			from = true
		case "dst":
			p.add("dst_ip", value)
			to = true
		case "srcPort":
			p.add("src_port", value)
		case "dstPort":
			p.add("dst_port", value)
		case "srcBytes":
			p.add("bytes_out", value)
		case "dstBytes":
			p.add("bytes_in", value)
		case "proto":
			p.add("protocol", value)
		case "usrName":
			p.add("user", value)
		case "devTime":
			p.timeIn(value)
		case "cat":
			vpn = vpn || isVPN(value)
		}
	}
	switch {
	case vpn:
		p.source.Category = "vpn"
	case from && to:
		p.source.Category = "firewall"
	}
}

// isVPN says whether the name of a kind of event tells of a VPN. No key of the
// format does.
func isVPN(text []byte) bool {
	for i := 0; i+3 <= len(text); i++ {
		if bytes.EqualFold(text[i:i+3], []byte("vpn")) {
			return true
		}
	}
	return false
}
