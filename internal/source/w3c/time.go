package w3c

import "time"

// days reads dates, of which most are the one before.
type days struct {
	text string
	day  time.Time
}

// of reads a date such as 2024-01-31.
func (d *days) of(text []byte) (time.Time, bool) {
	if len(text) != 0 && string(text) == d.text {
		return d.day, true
	}
	day, err := time.Parse(time.DateOnly, string(text))
	if err != nil {
		return time.Time{}, false
	}
	d.text, d.day = string(text), day
	return day, true
}

// timeOfDay reads 15:04:05, with or without a fraction.
func timeOfDay(text []byte) (time.Duration, bool) {
	if len(text) < 8 || text[2] != ':' || text[5] != ':' {
		return 0, false
	}
	hour, minute, second := twoDigits(text), twoDigits(text[3:]), twoDigits(text[6:])
	if hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60 {
		return 0, false
	}
	nanosecond, ok := fraction(text[8:])
	return time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second + nanosecond, ok
}

// twoDigits reads the first two characters, or returns -1.
func twoDigits(text []byte) int {
	tens, ones := text[0]-'0', text[1]-'0'
	if tens > 9 || ones > 9 {
		return -1
	}
	return int(tens)*10 + int(ones)
}

// fraction reads the part of a second, nothing or a point and digits.
func fraction(text []byte) (time.Duration, bool) {
	if len(text) == 0 {
		return 0, true
	}
	if text[0] != '.' || len(text) == 1 {
		return 0, false
	}
	total, unit := time.Duration(0), 100*time.Millisecond
	for _, c := range text[1:] {
		if c -= '0'; c > 9 {
			return 0, false
		}
		total += time.Duration(c) * unit
		unit /= 10
	}
	return total, true
}
