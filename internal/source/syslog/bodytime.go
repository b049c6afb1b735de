package syslog

import (
	"bytes"
	"time"
)

// timeIn takes the time from a text in the message, where the header has none
// or says less: no year, or no zone.
func (p *parser) timeIn(text []byte) {
	if t, ok := epoch(text); ok {
		p.zonedTime(t)
		return
	}
	if s, rest, ok := parseStamp(text); ok && s.year != 0 {
		p.stampIn(s, rest, text)
	}
}

// stampIn takes the time of a stamp in the message; rest of its text follows it.
func (p *parser) stampIn(s stamp, rest, text []byte) {
	t, ok := s.time(s.year)
	if !ok {
		return
	}
	rest = bytes.TrimSpace(rest)
	if s.zoned || string(rest) == "UTC" || string(rest) == "GMT" {
		p.zonedTime(t)
		return
	}
	if len(s.zone(rest)) < len(rest) {
		p.zonedTime(t.Add(-s.offset))
		return
	}
	if p.event.Time.IsZero() {
		p.event.Time, p.event.TimeText = t, p.kept(bytes.TrimRight(text, " "))
	}
}

// zonedTime sets the time unless the header states one with its zone.
func (p *parser) zonedTime(t time.Time) {
	if p.event.Time.IsZero() || p.event.TimeText != "" {
		p.event.Time, p.event.TimeText = t, ""
	}
}

// hostIn takes the host from a text in the message, where the header has none.
func (p *parser) hostIn(text []byte) {
	if p.event.Host == "" {
		p.event.Host = p.names.String(text)
	}
}

// epoch reads a count of seconds since 1970, or of thousandths, millionths and
// so on: how many digits there are tells which.
func epoch(text []byte) (t time.Time, ok bool) {
	if size := len(text); size != 10 && size != 13 && size != 16 && size != 19 {
		return time.Time{}, false
	}
	var n int64
	for _, c := range text {
		if c-'0' > 9 {
			return time.Time{}, false
		}
		n = 10*n + int64(c-'0')
	}
	for unit := len(text); unit < 19; unit++ {
		if n > (1<<63-1)/10 {
			return time.Time{}, false
		}
		n *= 10
	}
	return time.Unix(0, n).UTC(), n > 0
}
