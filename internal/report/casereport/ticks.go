package casereport

import "time"

// A calendar step is the distance between two labels of an axis: a duration,
// or a number of months.
type calendarStep struct {
	span   time.Duration
	months int
}

const dayLong = 24 * time.Hour

// calendarSteps are distances that people expect, the smallest first.
var calendarSteps = []calendarStep{{span: time.Minute}, {span: 5 * time.Minute}, {span: 15 * time.Minute}, {span: 30 * time.Minute}, {span: time.Hour},
	{span: 2 * time.Hour}, {span: 3 * time.Hour}, {span: 6 * time.Hour}, {span: 12 * time.Hour}, {span: dayLong}, {span: 2 * dayLong}, {span: 7 * dayLong},
	{months: 1}, {months: 2}, {months: 3}, {months: 6}, {months: 12}, {months: 24}, {months: 60}, {months: 120}, {months: 600}}

// maxTicks bounds the labels of one axis or episode.
const maxTicks = 60

// calendarTicks are times between two, at the smallest step of which there are
// at most so many; none where even the largest has more.
func calendarTicks(from, to time.Time, most int) ([]time.Time, calendarStep) {
	most = min(most, maxTicks)
	if most < 1 || !from.Before(to) {
		return nil, calendarStep{}
	}
	seconds := to.Unix() - from.Unix() // a time.Duration ends after 292 years
	for _, step := range calendarSteps {
		if seconds/int64(step.least()/time.Second) > int64(most) {
			continue
		}
		var ticks []time.Time
		for at := step.after(from); at.Before(to) && len(ticks) <= most; at = step.next(at) {
			ticks = append(ticks, at)
		}
		if len(ticks) <= most {
			return ticks, step
		}
	}
	return nil, calendarStep{}
}

// least is the shortest that a step can be.
func (s calendarStep) least() time.Duration {
	if s.months > 0 {
		return time.Duration(s.months) * 28 * dayLong
	}
	return s.span
}

// after is the first tick after a time.
func (s calendarStep) after(t time.Time) time.Time {
	t = t.UTC()
	if s.months == 0 {
		return t.Truncate(s.span).Add(s.span)
	}
	months := t.Year()*12 + int(t.Month()) - 1
	return time.Date(0, time.Month((months/s.months+1)*s.months+1), 1, 0, 0, 0, 0, time.UTC)
}

func (s calendarStep) next(t time.Time) time.Time {
	if s.months == 0 {
		return t.Add(s.span)
	}
	return t.AddDate(0, s.months, 0)
}

// label is a month, a day, or a time of the day; at midnight the day.
func (s calendarStep) label(t time.Time) string {
	switch {
	case s.months > 0:
		return t.UTC().Format("2006-01")
	case s.span >= dayLong || t.Truncate(dayLong).Equal(t):
		return day(t)
	}
	return t.UTC().Format("15:04")
}
