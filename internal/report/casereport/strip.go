package casereport

import (
	"math"
	"time"

	"github.com/kulla-defence/kulla/sigma"
)

// A stripView is the density of all findings over all time, nothing folded: how
// long the quiet times are that the lanes below leave out.
type stripView struct {
	Bars   []bar
	Ticks  []tick
	Height int
}

const (
	stripBars   = 180
	stripHeight = 58 // the labels are its lowest part
	stripLabels = 16
	stripTicks  = 8
)

func newStrip(counted *density) *stripView {
	bins := counted.bins()
	if len(bins) == 0 {
		return nil
	}
	first, last := counted.start(bins[0]), counted.start(bins[len(bins)-1]+1)
	seconds := float64(last.Unix() - first.Unix())
	var counts [stripBars]int64
	var levels [stripBars]sigma.Level
	most := int64(1)
	for key, c := range counted.cells {
		i := int(float64(counted.start(key.bin).Unix()-first.Unix()) / seconds * stripBars)
		i = min(max(i, 0), stripBars-1)
		counts[i] += c.count
		levels[i] = max(levels[i], c.level)
		most = max(most, counts[i])
	}
	v := &stripView{Height: stripHeight}
	const width = 100.0 / stripBars
	for i, n := range counts {
		if n == 0 {
			continue
		}
		const room, least = stripHeight - stripLabels - 4, 3
		height := least + (room-least)*math.Log1p(float64(n))/math.Log1p(float64(most))
		at := first.Add(time.Duration(float64(i) / stripBars * seconds * float64(time.Second)))
		v.Bars = append(v.Bars, bar{X: float64(i) * width, Width: width, Y: stripHeight - stripLabels - height, Height: height, Level: levels[i].String(), Count: n, Time: at})
	}
	v.Ticks = append(v.Ticks, tick{Label: axisEnd(first, last, first)}, tick{X: 100, Label: axisEnd(first, last, last.Add(-time.Second)), Before: true})
	ticks, step := calendarTicks(first, last, stripTicks)
	for _, t := range ticks {
		const room = 13.0 // per cent for the labels of both ends
		if x := float64(t.Unix()-first.Unix()) / seconds * 100; x > room && x < 100-2*room {
			v.Ticks = append(v.Ticks, tick{X: x, Label: step.label(t)})
		}
	}
	return v
}

// axisEnd labels an end of an axis: a day, or a minute where all happened
// within two days.
func axisEnd(first, last, t time.Time) string {
	if last.Sub(first) < 2*dayLong {
		return t.UTC().Format("2006-01-02 15:04")
	}
	return day(t)
}
