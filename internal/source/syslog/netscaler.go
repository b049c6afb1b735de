package syslog

import (
	"bytes"
	"time"

	"github.com/kulla-defence/kulla/internal/source/row"
)

// isNetScaler knows what Citrix NetScaler writes in front of its messages:
// " 10/01/2023:22:14:15 GMT HOST 0-PPE-0 : ".
func isNetScaler(text []byte) bool {
	text = skipSpaces(text)
	return len(text) > 30 && text[10] == ':' && text[13] == ':' && text[16] == ':' && text[19] == ' ' &&
		(text[2] == '/' && text[5] == '/' || text[4] == '/' && text[7] == '/') && bytes.Contains(text[:min(len(text), 200)], []byte(" : "))
}

// netScaler reads a message of the partition default or, in earlier versions,
// of none: "SSLVPN LOGIN 71 0 : Context ... - User anna - Client_ip ...".
func (p *parser) netScaler(text []byte) {
	p.source = row.LogSource{Product: "citrix", Service: "netscaler"}
	text = skipSpaces(text)
	device, rest, _ := bytes.Cut(text[20:], []byte(" : "))
	kind, body, _ := bytes.Cut(rest, []byte(" : "))
	p.netScalerTime(text[:19], p.netScalerDevice(device))
	module, kind, _ := bytes.Cut(bytes.TrimPrefix(kind, []byte("default ")), []byte{' '})
	event := word(kind)
	p.add("module", module)
	p.add("event", event)
	var f netScalerFields
	for len(body) > 0 {
		var name, value []byte
		name, value, body = cutNetScaler(body)
		p.addNamed(name, value)
		f.keep(name, value)
	}
	if string(module) == "SSLVPN" || string(module) == "AAA" {
		p.netScalerSession(event, &f)
	}
}

// netScalerDevice reads "GMT HOST 0-PPE-0" and returns the zone, which may be
// absent.
func (p *parser) netScalerDevice(text []byte) (zone []byte) {
	first, rest, _ := bytes.Cut(text, []byte{' '})
	host, _, found := bytes.Cut(rest, []byte{' '})
	if !found {
		host = first
		first = nil
	}
	if p.event.Host == "" {
		p.event.Host = p.names.String(host)
	}
	return first
}

// netScalerTime reads the time where the header has none. The order of day and
// month is a setting whose default is the month first; it is taken so unless
// that is impossible.
func (p *parser) netScalerTime(text, zone []byte) {
	if !p.event.Time.IsZero() {
		return
	}
	first, second, third := number(text[:2]), number(text[3:5]), number(text[6:10])
	if text[4] == '/' {
		third, first, second = number(text[:4]), number(text[5:7]), number(text[8:10])
	} else if first > 12 {
		first, second = second, first
	} else if second <= 12 && first != second {
		p.assumed = "days of NetScaler are read with the month before the day"
	}
	hour, minute, second60 := number(text[11:13]), number(text[14:16]), number(text[17:19])
	if third < 1 || first < 1 || first > 12 || second < 1 || second > 31 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second60 < 0 || second60 > 60 {
		return
	}
	p.event.Time = time.Date(third, time.Month(first), second, hour, minute, second60, 0, time.UTC)
	if string(zone) != "GMT" && string(zone) != "UTC" {
		p.event.TimeText = p.kept(text)
	}
}

// netScalerFields are the values that more is made of.
type netScalerFields struct {
	user, client, source, destination, sent, received, reason []byte
}

func (f *netScalerFields) keep(name, value []byte) {
	switch string(name) {
	case "User":
		f.user = value
	case "Client_ip":
		f.client = value
	case "Source":
		f.source = value
	case "Destination":
		f.destination = value
	case "Total_bytes_send":
		f.sent = value
	case "Total_bytes_recv":
		f.received = value
	case "Failure_reason":
		f.reason = value
	}
}

// cutNetScaler reads "Name value - " or `Name "value" - `, of which the name
// may end with a colon and the value need not have a blank behind it.
func cutNetScaler(text []byte) (name, value, rest []byte) {
	name, rest, _ = bytes.Cut(skipSpaces(text), []byte{' '})
	name = bytes.TrimSuffix(name, []byte{':'})
	if len(rest) > 0 && rest[0] == '"' {
		value, rest, _ = bytes.Cut(rest[1:], []byte{'"'})
		_, rest, _ = bytes.Cut(rest, []byte("- "))
		return name, value, rest
	}
	value, rest, _ = bytes.Cut(rest, []byte("- "))
	return name, bytes.TrimSpace(value), rest
}

// netScalerSession adds the uniform names. The bytes are those that the gateway
// sent to the client and had from it.
func (p *parser) netScalerSession(event []byte, f *netScalerFields) {
	p.source.Category = "vpn"
	p.addSome("user", f.user)
	if f.source != nil {
		p.from(addressPort(f.source))
	} else {
		p.addSome("src_ip", f.client)
	}
	p.to(addressPort(f.destination))
	p.addSome("bytes_out", f.sent)
	p.addSome("bytes_in", f.received)
	p.addSome("reason", f.reason)
	switch string(event) {
	case "LOGIN":
		p.addWord("action", "login")
	case "LOGOUT":
		p.addWord("action", "logout")
	case "LOGIN_FAILED":
		p.addWord("action", "LOGIN_FAILED")
		p.addWord("action", "failed")
	default:
		p.add("action", event)
	}
}
