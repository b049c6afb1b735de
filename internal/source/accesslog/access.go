package accesslog

import (
	"bytes"
	"encoding/hex"
	"time"

	"github.com/kulla-defence/kulla/internal/source/timestamp"
)

// An access is the parts of a line of an access log, as they stand:
//
//	[virtual host[:port]] client identity user [time] "request" status bytes ["referer" "agent"] [extra]
type access struct {
	host, client, user, time       []byte
	request, status, bytes         []byte
	referer, agent, extra          []byte
	hasReferer, hasAgent, unclosed bool
}

// parse reports whether a line has the shape of an access log.
func (a *access) parse(text []byte) bool {
	*a = access{}
	before, rest, ok := cutTime(text)
	if !ok || !a.parseClient(before) {
		return false
	}
	end := bytes.IndexByte(rest, ']')
	a.time = rest[:end]
	rest, ok = bytes.CutPrefix(rest[end+1:], []byte(` "`))
	return ok && a.parseRequest(rest)
}

// cutTime finds the time in brackets: "[10/Oct/2000:13:55:36 -0700]".
func cutTime(text []byte) (before, rest []byte, ok bool) {
	for from := 0; ; {
		at := bytes.Index(text[from:], []byte(" ["))
		if at < 0 {
			return nil, nil, false
		}
		at += from
		inside := text[at+2:]
		if end := bytes.IndexByte(inside, ']'); end == len(clock) || end == len(clock)+len(" +0000") {
			if inside[2] == '/' && inside[6] == '/' && inside[11] == ':' {
				return text[:at], inside, true
			}
		}
		from = at + 2
	}
}

const clock = "10/Oct/2000:13:55:36"

// parseClient reads what is before the time. A user may have spaces in the
// name; then the identity, which nearly nobody uses, has to be "-".
func (a *access) parseClient(text []byte) bool {
	if len(text) == 0 || text[0] == '<' || text[0] == '[' || text[0] == '{' {
		return false
	}
	first, rest, ok := bytes.Cut(text, space)
	if !ok {
		return false
	}
	second, rest, ok := bytes.Cut(rest, space)
	if !ok {
		return false
	}
	if third, user, found := bytes.Cut(rest, space); found && string(second) != "-" && (string(third) == "-" || isAddress(second)) {
		a.host, a.client, a.user = first, second, user
		return len(second) > 0
	}
	a.client, a.user = first, rest
	return string(second) == "-" || bytes.IndexByte(rest, ' ') < 0
}

var space = []byte{' '}

// isAddress says whether text looks like an IP address.
func isAddress(text []byte) bool {
	marks := 0
	for _, c := range text {
		switch {
		case c == '.' || c == ':':
			marks++
		case !isHex(c):
			return false
		}
	}
	return marks >= 2
}

func isHex(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f' }

// parseRequest reads the request and what follows. A quote ends the request
// only when a status follows, for there are servers that do not escape it.
func (a *access) parseRequest(text []byte) bool {
	for from := 0; ; {
		at := bytes.Index(text[from:], []byte(`" `))
		if at < 0 {
			return false
		}
		at += from
		if !escaped(text, at) && a.parseStatus(text[at+2:]) {
			a.request = text[:at]
			return true
		}
		from = at + 1
	}
}

// escaped says whether an odd number of backslashes stands before a place.
func escaped(text []byte, at int) bool {
	begin := at
	for begin > 0 && text[begin-1] == '\\' {
		begin--
	}
	return (at-begin)%2 == 1
}

// parseStatus reads status, bytes, and what may follow.
func (a *access) parseStatus(text []byte) bool {
	status, rest, _ := bytes.Cut(text, space)
	size, rest, _ := bytes.Cut(rest, space)
	if !isCount(status) || len(status) > 3 || !isCount(size) {
		return false
	}
	a.status, a.bytes = status, size
	a.parseQuoted(rest)
	return true
}

// isCount says whether text is a number or "-".
func isCount(text []byte) bool {
	if string(text) == "-" {
		return true
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(text) > 0
}

// parseQuoted reads the referer and the agent of the combined format.
func (a *access) parseQuoted(text []byte) {
	a.extra = text
	referer, rest, ok := a.quoted(text)
	if !ok {
		return
	}
	a.referer, a.hasReferer, a.extra = referer, true, rest
	if agent, rest, ok := a.quoted(rest); ok {
		a.agent, a.hasAgent, a.extra = agent, true, rest
	}
}

// quoted takes the first of several quoted texts. It ends with a quote before
// a space or the end; without one, all that is left belongs to it.
func (a *access) quoted(text []byte) (inside, rest []byte, ok bool) {
	if len(text) == 0 || text[0] != '"' {
		return nil, text, false
	}
	text = text[1:]
	for from := 0; ; {
		at := bytes.IndexByte(text[from:], '"')
		if at < 0 {
			a.unclosed = true
			return text, nil, true
		}
		at += from
		if !escaped(text, at) && (at+1 == len(text) || text[at+1] == ' ') {
			return text[:at], text[min(at+2, len(text)):], true
		}
		from = at + 1
	}
}

// A request is the parts of a request line.
type request struct {
	method, uri, stem, query, version []byte
	hasQuery                          bool
}

// parse reads "METHOD URI HTTP/1.1", where the version may be missing (HTTP
// 0.9) and the URI may hold spaces. It reports whether text is one.
func (r *request) parse(text []byte) bool {
	*r = request{}
	method, rest, ok := bytes.Cut(text, space)
	if !ok || !isMethod(method) {
		return false
	}
	r.method, r.uri = method, rest
	if at := bytes.LastIndexByte(rest, ' '); at >= 0 && bytes.HasPrefix(rest[at+1:], []byte("HTTP/")) {
		r.uri, r.version = rest[:at], rest[at+1:]
	}
	r.stem, r.query, r.hasQuery = bytes.Cut(r.uri, []byte{'?'})
	return true
}

// isMethod knows a token of letters (RFC 9110, 9.1), '-' and '_'.
func isMethod(text []byte) bool {
	for _, c := range text {
		if !('a' <= c|0x20 && c|0x20 <= 'z' || c == '-' || c == '_') {
			return false
		}
	}
	return len(text) > 0
}

// unescape appends text without the escapes of Apache (mod_log_config:
// \" \\ \n \t and the like, \xhh) and nginx (\xHH).
func unescape(dst, text []byte) []byte {
	for {
		at := bytes.IndexByte(text, '\\')
		if at < 0 || at+1 == len(text) {
			return append(dst, text...)
		}
		dst = append(dst, text[:at]...)
		text = text[at+1:]
		switch c := text[0]; {
		case c == 'x' && len(text) >= 3 && isHex(text[1]) && isHex(text[2]):
			dst, _ = hex.AppendDecode(dst, text[1:3]) // isHex: no error
			text = text[3:]
		case plain(c) != 0:
			dst, text = append(dst, plain(c)), text[1:]
		default:
			dst = append(dst, '\\')
		}
	}
}

// plain is what a letter stands for after a backslash; 0 when it is nothing.
func plain(c byte) byte {
	switch c {
	case '"', '\\':
		return c
	case 'b':
		return '\b'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'v':
		return '\v'
	}
	return 0
}

// parseTime reads "10/Oct/2000:13:55:36 -0700"; zoned says whether it has a
// zone.
func parseTime(text []byte) (t time.Time, zoned, ok bool) {
	day, month, year := timestamp.Number(text[0:2]), monthOf(text[3:6]), timestamp.Number(text[7:11])
	hour, minute, second := timestamp.Number(text[12:14]), timestamp.Number(text[15:17]), timestamp.Number(text[18:20])
	if !isClock(year, month, day, hour, minute, second) {
		return time.Time{}, false, false
	}
	t = time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	zone := text[len(clock):]
	if len(zone) == 0 {
		return t, false, t.Day() == day
	}
	hours, minutes := timestamp.Number(zone[2:4]), timestamp.Number(zone[4:6])
	if zone[0] != ' ' || zone[1] != '+' && zone[1] != '-' || hours < 0 || hours > 14 || minutes < 0 || minutes > 59 {
		return time.Time{}, false, false
	}
	offset := time.Duration(60*hours+minutes) * time.Minute
	if zone[1] == '-' {
		offset = -offset
	}
	return t.Add(-offset), true, t.Day() == day
}

func isClock(year, month, day, hour, minute, second int) bool {
	return year >= 1 && month >= 1 && day >= 1 && day <= 31 &&
		hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second <= 60
}

const months = "JanFebMarAprMayJunJulAugSepOctNovDec"

// monthOf reads the name of a month, or returns 0.
func monthOf(name []byte) int {
	for i := 0; i < len(months); i += 3 {
		if string(name) == months[i:i+3] {
			return i/3 + 1
		}
	}
	return 0
}
