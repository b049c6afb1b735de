package casereport

import (
	"cmp"
	"html/template"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/sigma"
)

// A timelineView is the picture of findings over time, and its table. Places
// along the axis are in per cent, heights in pixels.
type timelineView struct {
	Strip    *stripView
	Lanes    []lane
	Zooms    []zoomView
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
}

// A zoomView is what the picture holds when it is stretched: the wider it is,
// the finer the bars, and the more times have room.
type zoomView struct {
	Factor int
	Ticks  []tick
	Bars   template.HTML
}

// zooms are how many times as wide as the page the picture can be.
var zooms = []int{1, 4, 16}

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
	v.Strip = newStrip(counted)
	counted.merge(maxLanes)
	bins := counted.bins()
	starts := make([]time.Time, len(bins))
	for i, bin := range bins {
		starts[i] = counted.start(bin)
	}
	a := newAxis(starts, counted.width)
	v.folds(a)
	v.spans(p, a)
	v.Top = axisHeight + spanHeight*len(v.Spans) + 6
	v.lanes(counted, a, p.names)
	v.Height = v.Top + laneHeight*len(v.Lanes)
	return v
}

func (v *timelineView) folds(a *axis) {
	for _, e := range a.episodes[1:] {
		v.Folds = append(v.Folds, fold{e.Left - foldWidth, foldWidth, e.Quiet})
	}
}

// Room that labels need, in per cent of a picture that is as wide as the page.
const (
	roomForDay    = 12.0
	roomForMinute = 19.0
	roomForClock  = 7.5
)

// ticks are times along the axis, as far as there is room: those at which
// episodes begin, the last one always, since it is what the case ended with,
// and calendar times within them.
func (a *axis) ticks(factor int) []tick {
	begin, wide := roomForDay/float64(factor), float64(factor)
	n := len(a.episodes)
	whole := a.episodes[n-1].Last.Sub(a.episodes[0].First)
	if whole < 2*dayLong {
		begin = roomForMinute / wide
	}
	var ticks []tick
	free := 0.0
	for i, e := range a.episodes {
		t := tick{X: e.Left}
		last := i == n-1
		if last && i > 0 || e.Left >= free && (i == 0 || e.Left <= a.episodes[n-1].Left-2*begin) {
			t.Label, t.Before, free = axisEnd(a.episodes[0].First, a.episodes[n-1].Last, e.First), e.Left > 100-begin, e.Left+begin
		}
		ticks = append(ticks, t)
		if !t.Before {
			ticks, free = a.within(ticks, &a.episodes[i], free, wide, last)
		}
	}
	if n == 1 {
		ticks = append(ticks, tick{X: 100, Label: axisEnd(a.episodes[0].First, a.episodes[0].Last, a.episodes[0].Last), Before: true})
	}
	return ticks
}

// within are calendar times in an episode, where its beginning and what comes
// after it leave room.
func (a *axis) within(ticks []tick, e *episode, free, wide float64, last bool) ([]tick, float64) {
	end := e.Right
	if n := len(a.episodes); n == 1 {
		end -= roomForMinute / wide
	} else if last {
		end -= roomForDay / wide
	} else if limit := a.episodes[n-1].Left - 2*roomForDay/wide; end > limit {
		end = limit
	}
	room := roomForDay / wide
	if e.Last.Sub(e.First) < 2*dayLong {
		room = roomForClock / wide
	}
	times, step := calendarTicks(e.First, e.Last, int((e.Right-e.Left)/room))
	for _, t := range times {
		x := a.at(t)
		label := step.label(t)
		needs := roomForDay / wide
		if len(label) == len("15:04") {
			needs = roomForClock / wide
		}
		if x < free || x+needs > end+room {
			continue
		}
		ticks = append(ticks, tick{X: x, Label: label})
		free = x + needs
	}
	return ticks, free
}

// lanes are the density of each host, drawn for each zoom.
func (v *timelineView) lanes(counted *density, a *axis, names hostNames) {
	byHost := map[string][]cellKey{}
	for key := range counted.cells {
		byHost[key.host] = append(byHost[key.host], key)
	}
	for i, host := range counted.lanes() {
		v.Lanes = append(v.Lanes, lane{Host: host, Short: names.shortOf(host), Other: host == elsewhere, Count: counted.hosts[host], Y: v.Top + laneHeight*i})
		slices.SortFunc(byHost[host], func(x, y cellKey) int { return cmp.Compare(x.bin, y.bin) })
	}
	for _, factor := range zooms {
		v.Zooms = append(v.Zooms, zoomView{factor, a.ticks(factor), v.bars(counted, a, byHost, factor)})
	}
}

// minBar is the least width of a bar, in per cent of the page: nothing may vanish.
const minBar = 0.35

// maxBars bounds those of one zoom.
const maxBars = 1500

// bars draws those of all lanes. A template would take long for so many.
func (v *timelineView) bars(counted *density, a *axis, byHost map[string][]cellKey, factor int) template.HTML {
	var lanes [][]bar
	for least := minBar / float64(factor); ; least *= 2 {
		lanes = lanes[:0]
		sum, most := 0, int64(1)
		for _, l := range v.Lanes {
			var bars []bar
			for _, key := range byHost[l.Host] {
				bars = appendBar(bars, counted, a, key, least)
			}
			for _, b := range bars {
				most = max(most, b.Count)
			}
			sum += len(bars)
			lanes = append(lanes, bars)
		}
		if sum > maxBars && least < minBar {
			continue
		}
		var out strings.Builder
		for i, bars := range lanes {
			for _, b := range bars {
				b.size(v.Lanes[i].Y, most)
				b.write(&out)
			}
		}
		return template.HTML(out.String())
	}
}

// appendBar appends the bar of a cell, or adds to the bar before where both
// would stand at the same place.
func appendBar(bars []bar, counted *density, a *axis, key cellKey, least float64) []bar {
	c, start := counted.cells[key], counted.start(key.bin)
	x := min(a.at(start), 100-least)
	one := bar{X: x, Width: max(a.at(start.Add(counted.width-1))-x, least), Level: c.level.String(), Count: c.count, Time: start}
	if n := len(bars); n > 0 && x-bars[n-1].X < least {
		before := &bars[n-1]
		before.Count += c.count
		if levelRank(one.Level) > levelRank(before.Level) {
			before.Level = one.Level
		}
		return bars
	}
	return append(bars, one)
}

// write draws a bar. All it says are numbers, times and names of levels.
func (b *bar) write(out *strings.Builder) {
	text := append(make([]byte, 0, 160), `<rect class="bar `...)
	text = append(append(text, b.Level...), `" x="`...)
	text = append(strconv.AppendFloat(text, b.X, 'f', 3, 64), `%" width="`...)
	text = append(strconv.AppendFloat(text, b.Width, 'f', 3, 64), `%" y="`...)
	text = append(strconv.AppendFloat(text, b.Y, 'f', 1, 64), `" height="`...)
	text = append(strconv.AppendFloat(text, b.Height, 'f', 1, 64), `"><title>`...)
	text = append(b.Time.UTC().AppendFormat(text, "2006-01-02 15:04Z"), " · "...)
	out.Write(append(strconv.AppendInt(text, b.Count, 10), "</title></rect>"...))
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
		s.Label = s.X + s.Width
		if s.Before = s.Label > 80; s.Before {
			s.Label = s.X
			if s.Inside = s.X < 14; s.Inside {
				s.Before = false
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
