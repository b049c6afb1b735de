package fastlog

import (
	"bytes"
	"time"

	"github.com/kulla-defence/kulla/internal/source/timestamp"
)

// An alert is the parts of a line:
//
//	07/11/2022-10:29:01.860293  [**] [1:2200074:2] text [**] [Classification: text] [Priority: 3] {TCP} 192.0.2.1:1 -> 192.0.2.2:2
//
// Before the first [**], [Drop] or [wDrop] says that the packet was, or would
// have been, dropped.
type alert struct {
	time                             time.Time
	written, action                  []byte
	generator, signatureID, revision []byte
	signature, category, severity    []byte
	protocol                         []byte
	sourceAddress, sourcePort        []byte
	address, port                    []byte
}

const clock = "07/11/2022-10:29:01.860293"

// parse reports whether a line is an alert.
func (a *alert) parse(text []byte) bool {
	*a = alert{}
	if len(text) < len(clock) || !a.setTime(text[:len(clock)]) {
		return false
	}
	before, rest, ok := bytes.Cut(text[len(clock):], []byte("[**] ["))
	if !ok || !a.setAction(bytes.TrimSpace(before)) {
		return false
	}
	numbers, rest, ok := bytes.Cut(rest, []byte("] "))
	if !ok || !a.setNumbers(numbers) {
		return false
	}
	at := bytes.LastIndex(rest, []byte(" [**] "))
	if at < 0 {
		return false
	}
	a.signature = rest[:at]
	return a.parseEnd(rest[at+len(" [**] "):])
}

// setTime reads the time, month first, in the zone of the sensor.
func (a *alert) setTime(text []byte) bool {
	for i, c := range []byte(clock) {
		if isDigit := text[i]-'0' <= 9; (c-'0' <= 9) != isDigit || !isDigit && text[i] != c {
			return false
		}
	}
	year, month, day := timestamp.Number(text[6:10]), time.Month(timestamp.Number(text[0:2])), timestamp.Number(text[3:5])
	a.time = time.Date(year, month, day, timestamp.Number(text[11:13]), timestamp.Number(text[14:16]), timestamp.Number(text[17:19]), 1000*timestamp.Number(text[20:26]), time.UTC)
	a.written = text
	return a.time.Day() == day && a.time.Month() == month
}

// EVE's words for what became of the packet.
var allowed, blocked = []byte("allowed"), []byte("blocked")

func (a *alert) setAction(text []byte) bool {
	switch string(text) {
	case "", "[wDrop]":
		a.action = allowed
	case "[Drop]":
		a.action = blocked
	default:
		return false
	}
	return true
}

// setNumbers reads "generator:signature:revision".
func (a *alert) setNumbers(text []byte) bool {
	parts := [3]*[]byte{&a.generator, &a.signatureID, &a.revision}
	for i, part := range parts {
		var more bool
		*part, text, more = bytes.Cut(text, []byte{':'})
		if len(*part) == 0 || more != (i < 2) {
			return false
		}
	}
	return true
}

// parseEnd reads what follows the text of the signature.
func (a *alert) parseEnd(text []byte) bool {
	if rest, ok := bytes.CutPrefix(text, []byte("[Classification: ")); ok {
		if a.category, text, ok = bytes.Cut(rest, []byte("] ")); !ok {
			return false
		}
	}
	if rest, ok := bytes.CutPrefix(text, []byte("[Priority: ")); ok {
		if a.severity, text, ok = bytes.Cut(rest, []byte("] ")); !ok {
			return false
		}
	}
	rest, ok := bytes.CutPrefix(text, []byte{'{'})
	if !ok {
		return false
	}
	if a.protocol, rest, ok = bytes.Cut(rest, []byte("} ")); !ok {
		return false
	}
	source, destination, ok := bytes.Cut(rest, []byte(" -> "))
	a.sourceAddress, a.sourcePort = endpoint(source)
	a.address, a.port = endpoint(destination)
	return ok
}

// endpoint reads "address:port"; the port is behind the last colon, as
// Suricata writes IPv6 without brackets.
func endpoint(text []byte) (address, port []byte) {
	at := bytes.LastIndexByte(text, ':')
	if at < 0 {
		return text, nil
	}
	return text[:at], text[at+1:]
}
