package accesslog

import (
	"bytes"
	"time"

	"github.com/kulla-defence/kulla/internal/source/timestamp"
)

// A failure is the parts of a line of an error log.
type failure struct {
	time          time.Time
	written       []byte
	module, level []byte
	process       []byte
	client        []byte
	message       []byte
}

// parseApache reads a line of an error log of Apache httpd, 2.4 or before:
//
//	[Wed Oct 11 14:32:52.123456 2000] [core:error] [pid 35708:tid 4328636416] [client 192.0.2.1:80] text
//	[Wed Oct 11 14:32:52 2000] [error] [client 192.0.2.1] text
func (f *failure) parseApache(text []byte) bool {
	*f = failure{}
	written, rest, ok := bracketed(text)
	if !ok || !f.setApacheTime(written) {
		return false
	}
	level, rest, ok := bracketed(rest)
	if !ok {
		return false
	}
	f.level = level
	if module, after, found := bytes.Cut(level, []byte{':'}); found {
		f.module, f.level = module, after
	}
	for {
		part, after, ok := bracketed(rest)
		if !ok || !f.setPart(part) {
			break
		}
		rest = after
	}
	f.message = rest
	return true
}

// setPart takes "pid 1:tid 2" or "client address:port".
func (f *failure) setPart(part []byte) bool {
	if value, found := bytes.CutPrefix(part, []byte("pid ")); found {
		f.process, _, _ = bytes.Cut(value, []byte{':'})
		return true
	}
	if value, found := bytes.CutPrefix(part, []byte("client ")); found {
		f.client = withoutPort(value)
		return true
	}
	return false
}

// withoutPort cuts the port off an address that is IPv4, or IPv6 in brackets.
// (Apache writes "2001:db8::1:80", of which the port cannot be told.)
func withoutPort(text []byte) []byte {
	if bytes.Count(text, []byte{':'}) != 1 {
		return text
	}
	address, _, _ := bytes.Cut(text, []byte{':'})
	return address
}

// bracketed takes "[text] " from the beginning.
func bracketed(text []byte) (inside, rest []byte, ok bool) {
	if len(text) == 0 || text[0] != '[' {
		return nil, text, false
	}
	inside, rest, ok = bytes.Cut(text[1:], []byte{']'})
	return inside, bytes.TrimPrefix(rest, space), ok
}

// setApacheTime reads "Wed Oct 11 14:32:52.123456 2000", which has no zone.
func (f *failure) setApacheTime(text []byte) bool {
	if len(text) < len("Wed Oct 11 14:32:52 2000") || text[3] != ' ' || text[7] != ' ' || text[10] != ' ' || text[13] != ':' || text[16] != ':' {
		return false
	}
	year := text[len(text)-4:]
	nanosecond, ok := fraction(text[19 : len(text)-5])
	if !ok || text[len(text)-5] != ' ' {
		return false
	}
	f.written = text
	return f.setTime(timestamp.Number(year), monthOf(text[4:7]), timestamp.Number(bytes.TrimLeft(text[8:10], " ")), text[11:19], nanosecond)
}

// fraction reads ".123456" as nanoseconds; no text is 0.
func fraction(text []byte) (nanosecond int, ok bool) {
	if len(text) == 0 {
		return 0, true
	}
	if text[0] != '.' || len(text) > 10 || timestamp.Number(text[1:]) < 0 {
		return 0, false
	}
	nanosecond = timestamp.Number(text[1:])
	for range 10 - len(text) {
		nanosecond *= 10
	}
	return nanosecond, true
}

func (f *failure) setTime(year, month, day int, clock []byte, nanosecond int) bool {
	hour, minute, second := timestamp.Number(clock[0:2]), timestamp.Number(clock[3:5]), timestamp.Number(clock[6:8])
	if !isClock(year, month, day, hour, minute, second) {
		return false
	}
	f.time = time.Date(year, time.Month(month), day, hour, minute, second, nanosecond, time.UTC)
	return f.time.Day() == day
}

// parseNginx reads a line of an error log of nginx:
//
//	2024/05/01 10:00:00 [error] 29#30: *1 text, client: 192.0.2.1, server: ..., request: "..."
func (f *failure) parseNginx(text []byte) bool {
	*f = failure{}
	const clock = "2024/05/01 10:00:00"
	if len(text) < len(clock)+2 || text[4] != '/' || text[7] != '/' || text[10] != ' ' || text[13] != ':' || text[16] != ':' || text[len(clock)] != ' ' {
		return false
	}
	f.written = text[:len(clock)]
	if !f.setTime(timestamp.Number(text[0:4]), timestamp.Number(text[5:7]), timestamp.Number(text[8:10]), text[11:19], 0) {
		return false
	}
	level, rest, ok := bracketed(text[len(clock)+1:])
	if !ok {
		return false
	}
	f.level, f.message = level, rest
	if process, after, found := bytes.Cut(rest, []byte(": ")); found && timestamp.Number(before(process, '#')) >= 0 {
		f.process, f.message = before(process, '#'), after
	}
	if at := bytes.LastIndex(f.message, []byte(", client: ")); at >= 0 {
		f.client = before(f.message[at+len(", client: "):], ',')
	}
	return true
}

// before is the text before a character, or all of it.
func before(text []byte, c byte) []byte {
	if at := bytes.IndexByte(text, c); at >= 0 {
		return text[:at]
	}
	return text
}
