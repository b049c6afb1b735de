package source

import (
	"path"
	"strings"
	"sync"
	"time"

	"github.com/kulla-defence/kulla/internal/event"
)

// given is what the user says of one source. A nil one says nothing.
type given struct {
	Given
	layouts *namedLayouts
	// yearless says that the format asks for the year.
	yearless bool
}

// namedLayouts are the layouts that were given a log source, of all sources of
// one reading, so that events of one shape share theirs.
type namedLayouts struct {
	mutex sync.Mutex
	known map[namedLayout]*event.Layout
}

// A namedLayout is a layout, and the log source it was given.
type namedLayout struct {
	of                         *event.Layout
	product, category, service string
}

// given puts together what is said of a source. What is said later counts.
func (r *reading) given(name string) *given {
	g := &given{layouts: &r.layouts}
	if r.options.Known != nil {
		g.Given = r.options.Known(name)
	}
	for _, said := range r.options.Given {
		if !said.Selects(name) {
			continue
		}
		if said.Format != "" {
			g.Format = said.Format
		}
		if said.Zone != nil {
			g.Zone = said.Zone
		}
		if said.Year != 0 {
			g.Year = said.Year
		}
		if said.namesLogSource() {
			g.Product, g.Category, g.Service = said.Product, said.Category, said.Service
		}
		g.Carve = g.Carve || said.Carve
	}
	return g
}

// Selects reports whether something is said of the source of a name.
func (g *Given) Selects(name string) bool {
	if g.Pattern == "" {
		return true
	}
	last := name[strings.LastIndexAny(name, "/!")+1:]
	whole, _ := path.Match(g.Pattern, name)
	part, _ := path.Match(g.Pattern, last)
	return whole || part
}

func (g *Given) namesLogSource() bool { return g.Product+g.Category+g.Service != "" }

// used is what of it made a difference to a file: a zone where times state
// theirs, a log source where the format knows its own, and carving that recovers
// nothing, do not.
func (g *given) used(t *tally) Given {
	if g == nil {
		return Given{}
	}
	used := Given{Format: g.Format, Carve: t.carved > 0}
	if g.yearless {
		used.Year = g.Year
	}
	if t.zoned {
		used.Zone = g.Zone
	}
	if t.named {
		used.Product, used.Category, used.Service = g.Product, g.Category, g.Service
	}
	return used
}

// complete returns the event with what its source does not say. The event is
// its parser's, which may rely on it for the next one, so that what changes is a
// copy, made in the tally.
func (g *given) complete(e *event.Event, t *tally) *event.Event {
	if g == nil {
		return e
	}
	zone := g.Zone != nil && e.TimeText != "" && !e.Time.IsZero()
	source := g.namesLogSource() && e.Layout.Product+e.Layout.Category+e.Layout.Service == ""
	if !zone && !source {
		return e
	}
	place := &t.completed
	*place = *e
	t.zoned, t.named = t.zoned || zone, t.named || source
	if zone {
		place.Time, place.TimeText = inZone(e.Time, g.Zone), ""
	}
	if source {
		place.Layout = g.layout(e.Layout)
	}
	return place
}

// inZone takes the clock's reading of a time, as it is in UTC, for that of a
// zone.
func inZone(t time.Time, zone *time.Location) time.Time {
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	return time.Date(year, month, day, hour, minute, second, t.Nanosecond(), zone).UTC()
}

// maxLayouts bounds what is remembered of sources with ever new columns.
const maxLayouts = 1 << 14

// layout returns the layout with the log source that was given.
func (g *given) layout(of *event.Layout) *event.Layout {
	l := g.layouts
	key := namedLayout{of, g.Product, g.Category, g.Service}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if known := l.known[key]; known != nil {
		return known
	}
	if l.known == nil || len(l.known) >= maxLayouts {
		l.known = map[namedLayout]*event.Layout{}
	}
	made := &event.Layout{Product: g.Product, Category: g.Category, Service: g.Service, Names: of.Names}
	l.known[key] = made
	return made
}
