package casereport

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/sigma"
)

// A timelineView is the picture of findings over time, and its table. Places
// along the axis are in per cent, heights in pixels.
type timelineView struct {
	Lanes    []lane
	Episodes []tick
	Folds    []fold
	Spans    []incidentSpan
	Height   int
	Top      int // where the lanes begin
	Days     []dayRow
	MoreDays int
	Timeless int64
}

type lane struct {
	Host  string // empty for findings that name none
	Short string // without the domain
	Other bool   // all further hosts
	Count int64
	Y     int
	Bars  []bar
}

type bar struct {
	X, Width  float64
	Y, Height float64
	Level     string
	Count     int64
	Time      time.Time
}

type tick struct {
	X      float64
	Label  string
	Before bool // the label ends here
}

type fold struct {
	X, Width float64
	Days     int64
}

// An incidentSpan is from an incident's first finding to its last.
type incidentSpan struct {
	ID, Level string
	X, Width  float64
	Y         int
	// Label is where its name stands; Before says that it ends there, Inside
	// that it is on the bar itself.
	Label          float64
	Before, Inside bool
}

// A dayRow is a line of the table: what one host had on one day.
type dayRow struct {
	Date, Host  string
	Other       bool
	Count       int64
	Level       string
	First, Last time.Time // beginnings of the first and the last bin
	level       sigma.Level
}

const (
	maxLanes   = 14
	laneHeight = 34
	axisHeight = 40
	spanHeight = 20
	maxSpans   = 8
	maxDayRows = 400
)

func (p *page) timeline(counted *density) *timelineView {
	if len(counted.cells) == 0 {
		return &timelineView{Timeless: counted.timeless}
	}
	v := &timelineView{Timeless: counted.timeless}
	v.days(counted)
	counted.merge(maxLanes)
	bins := counted.bins()
	starts := make([]time.Time, len(bins))
	for i, bin := range bins {
		starts[i] = counted.start(bin)
	}
	a := newAxis(starts, counted.width)
	v.ticks(a)
	v.spans(p, a)
	v.Top = axisHeight + spanHeight*len(v.Spans) + 6
	v.lanes(counted, a, p.names)
	v.Height = v.Top + laneHeight*len(v.Lanes)
	return v
}

// ticks are the times at which episodes begin, as far as there is room: the
// last one always, since it is what the case ended with. A single episode has
// its end, too.
func (v *timelineView) ticks(a *axis) {
	const room = 12.0 // per cent that a time needs
	n := len(a.episodes)
	free := 0.0
	for i, e := range a.episodes {
		if i > 0 {
			v.Folds = append(v.Folds, fold{e.Left - foldWidth, foldWidth, e.Quiet})
		}
		t := tick{X: e.Left}
		if i == n-1 || e.Left >= free && e.Left <= a.episodes[n-1].Left-2*room {
			t.Label, t.Before, free = a.label(e.First), e.Left > 100-room, e.Left+room
		}
		v.Episodes = append(v.Episodes, t)
	}
	if n == 1 {
		v.Episodes = append(v.Episodes, tick{X: 100, Label: a.label(a.episodes[0].Last), Before: true})
	}
}

// label is a day, or a minute where all happened within two days.
func (a *axis) label(t time.Time) string {
	if n := len(a.episodes); a.episodes[n-1].Last.Sub(a.episodes[0].First) < 48*time.Hour {
		return t.UTC().Format("2006-01-02 15:04")
	}
	return day(t)
}

// lanes draws the density of all first, then that of each host.
func (v *timelineView) lanes(counted *density, a *axis, names hostNames) {
	byHost := map[string][]cellKey{}
	most := int64(1)
	for key, c := range counted.cells {
		byHost[key.host] = append(byHost[key.host], key)
		most = max(most, c.count)
	}
	for i, host := range counted.lanes() {
		l := lane{Host: host, Short: names.shortOf(host), Other: host == elsewhere, Count: counted.hosts[host], Y: v.Top + laneHeight*i}
		keys := byHost[host]
		slices.SortFunc(keys, func(x, y cellKey) int { return int(x.bin - y.bin) })
		for _, key := range keys {
			l.Bars = appendBar(l.Bars, counted, a, key, l.Y, most)
		}
		v.Lanes = append(v.Lanes, l)
	}
}

// minBar is the least width of a bar, in per cent: nothing may vanish.
const minBar = 0.35

// appendBar appends the bar of a cell, or adds to the bar before where both
// would stand at the same place.
func appendBar(bars []bar, counted *density, a *axis, key cellKey, y int, most int64) []bar {
	c, start := counted.cells[key], counted.start(key.bin)
	x := min(a.at(start), 100-minBar)
	one := bar{X: x, Width: max(a.at(start.Add(counted.width-1))-x, minBar), Level: c.level.String(), Count: c.count, Time: start}
	if n := len(bars); n > 0 && x-bars[n-1].X < minBar {
		before := &bars[n-1]
		before.Count += c.count
		if levelRank(one.Level) > levelRank(before.Level) {
			before.Level = one.Level
		}
		before.size(y, most)
		return bars
	}
	one.size(y, most)
	return append(bars, one)
}

// size makes a bar's height grow with the logarithm of its count.
func (b *bar) size(y int, most int64) {
	const room, least = laneHeight - 10, 5
	share := math.Log1p(float64(b.Count)) / math.Log1p(float64(most))
	b.Height = least + (room-least)*min(share, 1)
	b.Y = float64(y) + laneHeight - 3 - b.Height
}

// spans are the incidents, in order of time.
func (v *timelineView) spans(p *page, a *axis) {
	shown := slices.Clone(p.Detailed[:min(len(p.Detailed), maxSpans)])
	slices.SortStableFunc(shown, func(x, y *incidentView) int { return x.First.Compare(y.First) })
	for _, one := range shown {
		if one.First.IsZero() {
			continue
		}
		from, to := a.at(one.First), a.at(one.Last)
		s := incidentSpan{ID: one.ID, Level: one.Level, X: from, Width: max(to-from, .6), Y: axisHeight + spanHeight*len(v.Spans)}
		s.Label = s.X + s.Width + .5
		if s.Before = s.Label > 80; s.Before {
			s.Label = s.X - .5
			if s.Inside = s.X < 14; s.Inside {
				s.Before, s.Label = false, s.X+.5
			}
		}
		v.Spans = append(v.Spans, s)
	}
}

func (v *timelineView) days(counted *density) {
	rows := map[[2]string]*dayRow{}
	for key, c := range counted.cells {
		at := counted.start(key.bin)
		id := [2]string{day(at), key.host}
		row := rows[id]
		if row == nil {
			row = &dayRow{Date: id[0], Host: key.host, Other: key.host == elsewhere, First: at, Last: at}
			rows[id] = row
		}
		row.Count += c.count
		row.level = max(row.level, c.level)
		row.Level = row.level.String()
		row.First, row.Last = widen(row.First, row.Last, at, at)
	}
	for _, row := range rows {
		v.Days = append(v.Days, *row)
	}
	// Where there is no room for all, the gravest are kept.
	slices.SortFunc(v.Days, func(a, b dayRow) int {
		if a.level != b.level {
			return int(b.level) - int(a.level)
		}
		return compareDays(a, b)
	})
	if len(v.Days) > maxDayRows {
		v.MoreDays = len(v.Days) - maxDayRows
		v.Days = v.Days[:maxDayRows]
	}
	slices.SortFunc(v.Days, compareDays)
}

func compareDays(a, b dayRow) int {
	if order := strings.Compare(a.Date, b.Date); order != 0 {
		return order
	}
	return strings.Compare(a.Host, b.Host)
}

// levelRank orders levels; what is none is lowest.
func levelRank(level string) int {
	return len(levelNames) - 1 - indexOr(levelNames, level, len(levelNames))
}

func indexOr(list []string, one string, otherwise int) int {
	if at := slices.Index(list, one); at >= 0 {
		return at
	}
	return otherwise
}
