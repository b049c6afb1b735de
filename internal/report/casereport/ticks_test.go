package casereport

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kulla-defence/kulla/sigma"
)

func TestCalendarTicks(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		from, to string
		most     int
		want     string
	}{
		{"2021-05-10T22:44:00Z", "2022-07-15T14:37:00Z", 8, "2021-07 2021-09 2021-11 2022-01 2022-03 2022-05 2022-07"},
		{"2022-07-15T05:00:00Z", "2022-07-15T14:37:00Z", 5, "06:00 08:00 10:00 12:00 14:00"},
		{"2022-07-15T20:00:00Z", "2022-07-16T05:00:00Z", 3, "21:00 2022-07-16 03:00"},
		{"2021-05-10T22:44:00Z", "2021-05-16T00:00:00Z", 6, "2021-05-11 2021-05-12 2021-05-13 2021-05-14 2021-05-15"},
		{"2022-07-15T05:00:00Z", "2022-07-15T05:00:00Z", 5, ""}, {"2022-07-15T05:00:00Z", "2022-07-16T05:00:00Z", 0, ""},
		{"0001-01-01T00:00:00Z", "9999-01-01T00:00:00Z", 8, ""}, {"1999-06-01T00:00:00Z", "2150-01-01T00:00:00Z", 4, "2000-01 2050-01 2100-01"},
	} {
		ticks, step := calendarTicks(at(test.from), at(test.to), test.most)
		var labels []string
		for _, one := range ticks {
			labels = append(labels, step.label(one))
		}
		if got := strings.Join(labels, " "); got != test.want {
			t.Errorf("%s to %s, %d: %s", test.from, test.to, test.most, got)
		}
	}
}

// burst is a density of a day's work and, a year later, an hour's.
func burst() *density {
	d := newDensity()
	for i := range 600 {
		d.add("WEB01", at("2021-05-11T08:00:00Z").Add(time.Duration(i)*time.Minute), sigma.Low)
	}
	for i := range 60 {
		d.add("FILE01", at("2022-07-15T05:00:00Z").Add(time.Duration(i)*time.Minute), sigma.Critical)
	}
	return d
}

// A wider picture has finer bars and more labels, which stand in order, each
// where its time is, and do not reach over one another.
func TestZoom(t *testing.T) {
	t.Parallel()
	view := (&page{Document: &Document{}}).timeline(burst())
	bars, labels := 0, 0
	for _, zoom := range view.Zooms {
		n := strings.Count(string(zoom.Bars), "<rect")
		if n < bars || zoom.Factor == zooms[1] && n == bars {
			t.Errorf("%d times as wide: %d bars, before %d", zoom.Factor, n, bars)
		}
		bars = n
		shown := slices.DeleteFunc(slices.Clone(zoom.Ticks), func(one tick) bool { return one.Label == "" })
		if len(shown) < labels {
			t.Errorf("%d times as wide: %d labels, before %d", zoom.Factor, len(shown), labels)
		}
		labels = len(shown)
		for i, one := range shown[:len(shown)-1] {
			room := roomForClock
			if len(one.Label) > len("15:04") {
				room = roomForDay
			}
			if next := shown[i+1]; !next.Before && next.X-one.X < room/float64(zoom.Factor)-.001 || one.X > next.X {
				t.Errorf("%d times as wide: %s at %.2f reaches over %s at %.2f", zoom.Factor, one.Label, one.X, next.Label, next.X)
			}
		}
	}
	if labels < 12 {
		t.Errorf("only %d labels at the widest", labels)
	}
}

// The strip has every finding, at the place that time has when nothing is folded.
func TestStrip(t *testing.T) {
	t.Parallel()
	v := newStrip(burst())
	sum := int64(0)
	for _, b := range v.Bars {
		sum += b.Count
		if b.X > 1 && b.X < 99 {
			t.Errorf("a bar in the quiet time, at %.1f", b.X)
		}
	}
	if sum != 660 || len(v.Ticks) < 5 {
		t.Errorf("%d findings, %d labels", sum, len(v.Ticks))
	}
	if newStrip(newDensity()) != nil {
		t.Error("a strip of nothing")
	}
}
