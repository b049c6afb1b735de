package syslog

import "github.com/kulla-defence/kulla/internal/source/format"

// A clock finds the year of times that state none, from one to the next: each
// is taken to be within half a year of the one before, so December before
// January is the year before, also where lines are out of order.
type clock struct{ year, month int }

// newClock begins in the year of the first record; 0 is not known.
func newClock(options format.Options) clock { return clock{year: options.Year} }

// follow returns the year of a time in a month, and goes on from there.
func (c *clock) follow(month int) int {
	if c.year == 0 {
		return 0
	}
	if c.month != 0 {
		switch step := month - c.month; {
		case step < -6:
			c.year++
		case step > 6:
			c.year--
		}
	}
	c.month = month
	return c.year
}

// observe goes on by the time of a message.
func (c *clock) observe(message []byte) {
	_, rest, _ := cutPriority(message)
	s, _, ok := headStamp(rest)
	if !ok {
		if text := ciscoMessage(rest); text != nil {
			var h header
			h.ciscoHead(rest[:len(rest)-len(text)])
			s, ok = h.stamp, h.stamped
		}
	}
	if ok && s.year == 0 {
		c.follow(s.month)
	}
}
