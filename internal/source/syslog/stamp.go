package syslog

import "time"

// A stamp is a time as it is written, by the clock of who wrote it.
type stamp struct {
	// year is 0 where none is written, as in RFC 3164.
	year                             int
	month, day, hour, minute, second int
	nanosecond                       int
	// zoned says that the text states the zone, which is offset from UTC.
	zoned  bool
	offset time.Duration
	text   []byte
}

// time is the time in a year, as if it were UTC when no zone is stated. There
// may be none: 29 February is not in every year.
func (s *stamp) time(year int) (time.Time, bool) {
	t := time.Date(year, time.Month(s.month), s.day, s.hour, s.minute, s.second, s.nanosecond, time.UTC)
	return t.Add(-s.offset), t.Day() == s.day
}

// parseStamp reads the time at the beginning of a text:
//
//	Oct  1 22:14:15[.123]            RFC 3164 section 4.1.2
//	Oct 1 2023 22:14:15              Cisco ASA
//	2023-10-01T22:14:15.123456+02:00 RFC 3339, also with a space for the T
//	19-Oct-2022 05:34:02.425         BIND
//	2023/10/01 22:14:15              PAN-OS
func parseStamp(text []byte) (s stamp, rest []byte, ok bool) {
	switch {
	case len(text) < 14:
		return stamp{}, text, false
	case text[0] >= '0' && text[0] <= '9' && (text[2] == '-' || text[1] == '-'):
		s, rest, ok = dayFirst(text)
	case text[0] >= '0' && text[0] <= '9':
		s, rest, ok = yearFirst(text)
	default:
		s, rest, ok = monthFirst(text)
	}
	s.text = text[:len(text)-len(rest)]
	return s, rest, ok
}

func monthFirst(text []byte) (s stamp, rest []byte, ok bool) {
	if s.month = month(text); s.month == 0 || text[3] != ' ' {
		return s, text, false
	}
	rest = skipSpaces(text[3:])
	if s.day, rest = digits(rest, 2); s.day < 1 || s.day > 31 || len(rest) < 9 || rest[0] != ' ' {
		return s, text, false
	}
	rest = skipSpaces(rest)
	if len(rest) > 5 && rest[4] == ' ' {
		if s.year, rest = digits(rest, 4); s.year < 1 || rest[0] != ' ' {
			return s, text, false
		}
		rest = rest[1:]
	}
	rest, ok = s.clock(rest)
	return s, rest, ok
}

func yearFirst(text []byte) (s stamp, rest []byte, ok bool) {
	if len(text) < 19 || text[4] != '-' && text[4] != '/' || text[7] != text[4] || text[10] != 'T' && text[10] != ' ' {
		return s, text, false
	}
	s.year, s.month, s.day = number(text[:4]), number(text[5:7]), number(text[8:10])
	if s.year < 1 || s.month < 1 || s.month > 12 || s.day < 1 || s.day > 31 {
		return s, text, false
	}
	if rest, ok = s.clock(text[11:]); !ok {
		return s, text, false
	}
	return s, s.zone(rest), true
}

func dayFirst(text []byte) (s stamp, rest []byte, ok bool) {
	s.day, rest = digits(text, 2)
	if len(rest) < 14 || rest[0] != '-' || rest[4] != '-' || rest[9] != ' ' {
		return s, text, false
	}
	s.month, s.year = month(rest[1:]), number(rest[5:9])
	if s.day < 1 || s.day > 31 || s.month == 0 || s.year < 1 {
		return s, text, false
	}
	rest, ok = s.clock(rest[10:])
	return s, rest, ok
}

// clock reads hours, minutes, seconds and the part of a second.
func (s *stamp) clock(text []byte) (rest []byte, ok bool) {
	if len(text) < 8 || text[2] != ':' || text[5] != ':' {
		return text, false
	}
	s.hour, s.minute, s.second = number(text[:2]), number(text[3:5]), number(text[6:8])
	if s.hour < 0 || s.hour > 23 || s.minute < 0 || s.minute > 59 || s.second < 0 || s.second > 60 {
		return text, false
	}
	rest = text[8:]
	if len(rest) < 2 || rest[0] != '.' && rest[0] != ',' || rest[1]-'0' > 9 {
		return rest, true
	}
	i := 1
	for unit := 100_000_000; i < len(rest) && rest[i]-'0' <= 9; i++ {
		s.nanosecond += int(rest[i]-'0') * unit
		unit /= 10
	}
	return rest[i:], true
}

// zone reads Z, +02:00 or +0200, where it stands without a space.
func (s *stamp) zone(text []byte) (rest []byte) {
	if len(text) > 0 && (text[0] == 'Z' || text[0] == 'z') {
		s.zoned = true
		return text[1:]
	}
	if len(text) < 5 || text[0] != '+' && text[0] != '-' {
		return text
	}
	size := 5
	if text[3] == ':' && len(text) >= 6 {
		size = 6
	}
	hours, minutes := number(text[1:3]), number(text[size-2:size])
	if hours < 0 || hours > 14 || minutes < 0 || minutes > 59 {
		return text
	}
	s.zoned, s.offset = true, time.Duration(hours)*time.Hour+time.Duration(minutes)*time.Minute
	if text[0] == '-' {
		s.offset = -s.offset
	}
	return text[size:]
}

// month is the number of the month whose English abbreviation begins a text;
// 0 when there is none.
func month(text []byte) int {
	if len(text) < 4 {
		return 0
	}
	switch string(text[:3]) {
	case "Jan":
		return 1
	case "Feb":
		return 2
	case "Mar":
		return 3
	case "Apr":
		return 4
	case "May":
		return 5
	case "Jun":
		return 6
	case "Jul":
		return 7
	case "Aug":
		return 8
	case "Sep":
		return 9
	case "Oct":
		return 10
	case "Nov":
		return 11
	case "Dec":
		return 12
	}
	return 0
}

// number reads decimal digits, or returns -1.
func number(text []byte) int {
	n, rest := digits(text, 9)
	if len(rest) > 0 {
		return -1
	}
	return n
}

// digits reads as many digits as there are, at most some; -1 is none.
func digits(text []byte, most int) (n int, rest []byte) {
	i := 0
	for ; i < len(text) && i < most && text[i]-'0' <= 9; i++ {
		n = 10*n + int(text[i]-'0')
	}
	if i == 0 {
		return -1, text
	}
	return n, text[i:]
}

func skipSpaces(text []byte) []byte {
	for len(text) > 0 && text[0] == ' ' {
		text = text[1:]
	}
	return text
}
