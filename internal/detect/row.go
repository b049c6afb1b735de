package detect

import (
	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/sigma"
)

// A row shows an event to the matcher, which knows nothing of the house.
type row struct {
	schema *schema
	event  *event.Event
	stored event.Stored // its values, where they can show how they are stored
}

func newRow(schema *schema, e *event.Event) row {
	stored, _ := e.Values.(event.Stored)
	return row{schema, e, stored}
}

func (r *row) Schema() sigma.Schema { return r.schema }

func (r *row) AppendValue(dst []byte, column int) ([]byte, sigma.State) {
	dst, state := r.event.Values.AppendValue(dst, column)
	return dst, sigma.State(state) // the two have the same values, which a test holds
}

func (r *row) Stored(column int) (bytes []byte, form uint16, ok bool) {
	if r.stored == nil {
		return nil, 0, false
	}
	return r.stored.Stored(column)
}

func (r *row) Screen(screen *sigma.Screen) (possible, ok bool) {
	values, ok := r.event.Values.(event.Screened)
	return ok && values.Screen(screen), ok
}

// A schema shows a layout to the matcher, and remembers what a sink needs to
// know of it.
type schema struct {
	layout *event.Layout
	// Columns by which events are counted; -1 where the layout has none.
	channel, eventID int
	// counter is that of the channel which the last event of this layout had.
	counter *Channel
	last    event.Last
}

// sameChannel reports whether an event has the channel that the last one of its
// layout had, as far as that can be told without decoding it.
func (s *schema) sameChannel(r *row) bool {
	if s.channel < 0 {
		return s.counter != nil
	}
	return s.last.Again(r.Stored(s.channel))
}

func (s *schema) LogSource() sigma.LogSource {
	return sigma.LogSource{Product: s.layout.Product, Category: s.layout.Category, Service: s.layout.Service}
}
func (s *schema) Len() int            { return len(s.layout.Names) }
func (s *schema) Column(i int) string { return s.layout.Names[i] }

func newSchema(layout *event.Layout) *schema {
	s := &schema{layout: layout, channel: -1, eventID: -1}
	for i, name := range layout.Names {
		switch {
		case name == "Channel" && s.channel < 0:
			s.channel = i
		case name == "EventID" && s.eventID < 0:
			s.eventID = i
		}
	}
	return s
}

// maxSchemas bounds how many layouts a sink remembers. Logs have tens or
// hundreds of shapes; only crafted ones have more.
const maxSchemas = 1 << 14

// schemas remembers the schema of each layout, the last one first.
type schemas struct {
	byLayout map[*event.Layout]*schema
	last     *schema
}

func (s *schemas) of(layout *event.Layout) *schema {
	if s.last != nil && s.last.layout == layout {
		return s.last
	}
	known, ok := s.byLayout[layout]
	if !ok {
		if s.byLayout == nil || len(s.byLayout) >= maxSchemas {
			s.byLayout = map[*event.Layout]*schema{}
		}
		known = newSchema(layout)
		s.byLayout[layout] = known
	}
	s.last = known
	return known
}

// Columns shows events to code that reads single events with package sigma.
// The zero value is ready; it is not for several goroutines.
type Columns struct {
	schemas schemas
	row     row
}

// Of shows an event. The result is valid until the next call, and as long as
// the event is.
func (c *Columns) Of(e *event.Event) sigma.Event {
	c.row = newRow(c.schemas.of(e.Layout), e)
	return &c.row
}
