package main

import (
	"errors"
	"slices"
	"time"
)

// A scale is how much evidence there is.
type scale struct {
	desks, days, busy int
}

// The story is told between these days.
var (
	firstDay = on(2021, time.May, 10, 0, 0, 0)
	lastDay  = on(2022, time.July, 17, 0, 0, 0)
)

// ordinaryDays are those of the small sample: an extract of one day a month,
// and the last day of the story.
var ordinaryDays = monthly()

func monthly() []time.Time {
	var days []time.Time
	for day := on(2021, time.May, 11, 0, 0, 0); !day.After(lastDay); day = day.AddDate(0, 1, 0) {
		days = append(days, day)
	}
	return append(days, on(2022, time.July, 15, 0, 0, 0))
}

func (s scale) check() error {
	if s.desks < 2 || s.desks > 5000 {
		return errors.New("--hosts is from 2 to 5000")
	}
	if whole := int(lastDay.Sub(firstDay).Hours() / 24); s.days < 1 || s.days > whole {
		return errors.New("--days is from 1 to 433")
	}
	if s.busy < 1 || s.busy > 1000 {
		return errors.New("--busy is from 1 to 1000")
	}
	return nil
}

// A period is what goes into one file of each log.
type period struct {
	days []time.Time
	// until is where the next begins.
	until time.Time
	// archive is part of the name of the files; empty when all is one period.
	archive string
}

// periods are the months, where there is more than a sample.
func (s scale) periods() []period {
	end := lastDay.AddDate(0, 0, 2)
	if s.days <= len(ordinaryDays) {
		return []period{{days: ordinaryDays[:s.days], until: end}}
	}
	var all []period
	for from := on(2021, time.May, 1, 0, 0, 0); from.Before(end); from = from.AddDate(0, 1, 0) {
		p := period{until: from.AddDate(0, 1, 0), archive: from.Format("2006-01")}
		for _, day := range s.spread() {
			if !day.Before(from) && day.Before(p.until) {
				p.days = append(p.days, day)
			}
		}
		all = append(all, p)
	}
	return all
}

// spread gives the days, evenly.
func (s scale) spread() []time.Time {
	var days []time.Time
	whole := int(lastDay.Sub(firstDay).Hours() / 24)
	for i := range s.days {
		days = append(days, firstDay.AddDate(0, 0, i*whole/s.days))
	}
	return slices.Compact(days)
}
