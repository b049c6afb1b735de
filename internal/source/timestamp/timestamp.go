// Package timestamp reads times as records write them into their fields.
//
// The times in front of lines belong to their formats. Begin with Parse.
package timestamp

import (
	"bytes"
	"strconv"
	"time"
)

// Parse reads a time: RFC 3339, the same with a space or without a zone,
// /Date(1600000000000)/ as PowerShell writes it, or seconds since 1970. Zoned
// says whether the text states a zone. It allocates nothing.
func Parse(text []byte) (t time.Time, zoned, ok bool) {
	if len(text) < 19 || text[4] != '-' {
		return parseEpoch(text)
	}
	year, month, day := Number(text[0:4]), Number(text[5:7]), Number(text[8:10])
	hour, minute, second := Number(text[11:13]), Number(text[14:16]), Number(text[17:19])
	valid := text[7] == '-' && (text[10] == 'T' || text[10] == ' ') && text[13] == ':' && text[16] == ':' &&
		year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second <= 60
	if !valid {
		return time.Time{}, false, false
	}
	nanosecond, rest := fraction(text[19:])
	offset, zoned, ok := zone(rest)
	t = time.Date(year, time.Month(month), day, hour, minute, second, nanosecond, time.UTC)
	return t.Add(-offset), zoned, ok && t.Day() == day
}

// number reads decimal digits, or returns -1.
func Number(digits []byte) int {
	n := 0
	for _, c := range digits {
		if c < '0' || c > '9' {
			return -1
		}
		n = 10*n + int(c-'0')
	}
	return n
}

// fraction reads the part of a second, to the nanosecond.
func fraction(text []byte) (nanosecond int, rest []byte) {
	if len(text) == 0 || text[0] != '.' && text[0] != ',' {
		return 0, text
	}
	i, unit := 1, 100_000_000
	for ; i < len(text) && text[i]-'0' <= 9; i++ {
		nanosecond += int(text[i]-'0') * unit
		unit /= 10
	}
	return nanosecond, text[i:]
}

// zone reads Z, +02:00 or +0200. No text is no zone.
func zone(text []byte) (offset time.Duration, zoned, ok bool) {
	if len(text) > 0 && text[0] == ' ' {
		text = text[1:]
	}
	switch {
	case len(text) == 0:
		return 0, false, true
	case len(text) == 1 && text[0]|0x20 == 'z', string(text) == "UTC":
		return 0, true, true
	case text[0] != '+' && text[0] != '-':
		return 0, false, false
	}
	digits := text[1:]
	minutes := 0
	switch {
	case len(digits) == 5 && digits[2] == ':':
		minutes = Number(digits[3:])
	case len(digits) == 4:
		minutes = Number(digits[2:])
	case len(digits) != 2:
		return 0, false, false
	}
	hours := Number(digits[:2])
	if hours < 0 || hours > 14 || minutes < 0 || minutes > 59 {
		return 0, false, false
	}
	offset = time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	if text[0] == '-' {
		offset = -offset
	}
	return offset, true, true
}

// parseEpoch reads seconds since 1970, or milliseconds when that is the only
// way to make it this century or near.
func parseEpoch(text []byte) (t time.Time, zoned, ok bool) {
	if inner, found := bytes.CutPrefix(text, []byte("/Date(")); found {
		inner, found = bytes.CutSuffix(inner, []byte(")/"))
		milliseconds, err := strconv.ParseInt(string(inner), 10, 64)
		return time.UnixMilli(milliseconds).UTC(), true, found && err == nil
	}
	whole, rest := text, []byte(nil)
	if i := bytes.IndexByte(text, '.'); i >= 0 {
		whole, rest = text[:i], text[i:]
	}
	if len(whole) < 9 || len(whole) > 13 {
		return time.Time{}, false, false
	}
	n := Number(whole)
	nanosecond, rest := fraction(rest)
	switch {
	case n < 0 || len(rest) > 0:
		return time.Time{}, false, false
	case len(whole) > 11:
		return time.UnixMilli(int64(n)).UTC(), true, true
	}
	return time.Unix(int64(n), int64(nanosecond)).UTC(), true, true
}
