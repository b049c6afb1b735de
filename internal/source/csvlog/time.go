package csvlog

import (
	"bytes"
	"time"

	"github.com/kulla-defence/kulla/internal/source/timestamp"
)

// A dateOrder is which number of 1/2/2024 is the month: unknown until a number
// above 12 says so. Both is a contradiction, and as good as unknown.
type dateOrder uint8

const (
	unknownOrder dateOrder = 0
	dayFirst     dateOrder = 1
	monthFirst   dateOrder = 2
)

// A reading is what came of reading a time.
type reading uint8

const (
	noTime reading = iota
	// ambiguous is a date of which nothing says which number is the month.
	ambiguous
	withoutZone
	withZone
)

// parseTime reads ISO 8601 as package timestamp does, and dates with the year
// last, or first behind slashes, with a time of day on 12 or 24 hours.
func parseTime(text []byte, order dateOrder) (time.Time, reading) {
	if t, zoned, ok := timestamp.Parse(text); ok && zoned {
		return t, withZone
	} else if ok {
		return t, withoutZone
	}
	c := cursor{rest: text}
	year, month, day, known := c.date(order)
	of, hasClock := c.clock()
	zoned := c.take(" UTC") || c.take("Z") || c.take(" GMT")
	if c.failed || len(c.rest) > 0 || year < 1000 || !hasClock && zoned {
		return time.Time{}, noTime
	}
	if !known {
		return time.Time{}, ambiguous
	}
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	switch {
	case month < 1 || month > 12 || t.Day() != day:
		return time.Time{}, noTime
	case zoned:
		return t.Add(of), withZone
	}
	return t.Add(of), withoutZone
}

// orderOf is what one date says of the order.
func orderOf(text []byte) dateOrder {
	c := cursor{rest: text}
	first, mark := c.number(), c.byte()
	second, again := c.number(), c.byte()
	if c.failed || mark != again || mark != '/' && mark != '-' || first > 31 || second > 31 {
		return unknownOrder
	}
	return orderOfPair(first, second)
}

// A cursor reads a text from its beginning.
type cursor struct {
	rest   []byte
	failed bool
}

// number reads up to four digits.
func (c *cursor) number() int {
	n, i := 0, 0
	for ; i < len(c.rest) && i < 4 && c.rest[i]-'0' <= 9; i++ {
		n = 10*n + int(c.rest[i]-'0')
	}
	c.failed = c.failed || i == 0
	c.rest = c.rest[i:]
	return n
}

func (c *cursor) byte() byte {
	if len(c.rest) == 0 {
		c.failed = true
		return 0
	}
	first := c.rest[0]
	c.rest = c.rest[1:]
	return first
}

// take passes over a text, when it comes next.
func (c *cursor) take(text string) bool {
	rest, ok := bytes.CutPrefix(c.rest, []byte(text))
	c.rest = rest
	return ok
}

// date reads 2024/1/31, 31.1.2024, or 31/1/2024 as the order has it; known is
// false when nothing says which number is the month.
func (c *cursor) date(order dateOrder) (year, month, day int, known bool) {
	first, mark := c.number(), c.byte()
	second, again := c.number(), c.byte()
	third := c.number()
	if c.failed = c.failed || mark != again || mark != '/' && mark != '.' && mark != '-'; c.failed {
		return 0, 0, 0, false
	}
	if own := orderOfPair(first, second); own != unknownOrder {
		order = own
	}
	switch {
	case first > 999:
		return first, second, third, true
	case mark == '.', order == dayFirst, first == second:
		return third, second, first, true
	case order == monthFirst:
		return third, first, second, true
	}
	return third, 0, 0, false
}

// orderOfPair is what two numbers say of the order.
func orderOfPair(first, second int) dateOrder {
	switch {
	case first > 12 && second <= 12:
		return dayFirst
	case second > 12 && first <= 12:
		return monthFirst
	}
	return unknownOrder
}

// clock reads the time of day behind a date, on 24 hours or with AM or PM.
func (c *cursor) clock() (of time.Duration, ok bool) {
	if len(c.rest) == 0 {
		return 0, false
	}
	c.take(",")
	if !c.take(" ") && !c.take("T") {
		c.failed = true
	}
	hour, colon, minute, second := c.number(), c.byte(), c.number(), 0
	if c.take(":") {
		second = c.number()
	}
	fraction := c.fraction()
	afternoon := c.take(" PM") || c.take("\u202fPM")
	if afternoon || c.take(" AM") || c.take("\u202fAM") {
		c.failed = c.failed || hour < 1 || hour > 12
		if hour %= 12; afternoon {
			hour += 12
		}
	}
	c.failed = c.failed || colon != ':' || hour > 23 || minute > 59 || second > 60
	return time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second + fraction, true
}

// fraction reads the part of a second, to the nanosecond.
func (c *cursor) fraction() time.Duration {
	if !c.take(".") {
		return 0
	}
	of, unit := time.Duration(0), 100*time.Millisecond
	for len(c.rest) > 0 && c.rest[0]-'0' <= 9 {
		of += unit * time.Duration(c.rest[0]-'0')
		unit /= 10
		c.rest = c.rest[1:]
	}
	return of
}
