package syslog

import (
	"bytes"

	"github.com/kulla-defence/kulla/internal/source/row"
)

var cefHeader = [...]string{"cef_version", "device_vendor", "device_product", "device_version", "signature_id", "name", "cef_severity"}

// cef reads ArcSight's Common Event Format: seven fields between pipes, then
// pairs whose values may hold spaces.
func (p *parser) cef(text []byte) {
	rest := text[len("CEF:"):]
	for _, name := range cefHeader {
		end := 0
		for end < len(rest) && rest[end] != '|' {
			if rest[end] == '\\' {
				end++
			}
			end++
		}
		if end >= len(rest) {
			return
		}
		p.add(name, p.unescaped(rest[:end]))
		rest = rest[end+1:]
	}
	p.source = row.LogSource{}
	from, to := false, false
	for len(rest) > 0 {
		name, after, ok := bytes.Cut(skipSpaces(rest), []byte{'='})
		if !ok {
			break
		}
		size := extensionSize(after)
		value := p.unescaped(bytes.TrimRight(after[:size], " "))
		rest = after[size:]
		p.addNamed(name, value)
		switch string(name) {
		case "src":
			p.add("src_ip", value)
			from = true
		case "dst":
			p.add("dst_ip", value)
			to = true
		case "spt":
			p.add("src_port", value)
		case "dpt":
			p.add("dst_port", value)
		case "out":
			p.add("bytes_out", value)
		case "in":
			p.add("bytes_in", value)
		case "act":
			p.add("action", value)
		case "suser", "duser":
			p.add("user", value)
		case "rt", "start":
			p.timeIn(value)
		case "dvchost":
			p.hostIn(value)
		}
	}
	if from && to {
		p.source.Category = "firewall"
	}
}

// extensionSize is the length of a value: to the word before the next sign of
// equality that no backslash stands before.
func extensionSize(text []byte) int {
	space := -1
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case ' ':
			space = i
		case '=':
			if space >= 0 {
				return space
			}
		}
	}
	return len(text)
}
