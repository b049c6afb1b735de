package jsonlog

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/source/row"
	"github.com/kulla-defence/kulla/internal/source/winnames"
)

// A shape is what is known of all events with the same keys.
type shape struct {
	layout *event.Layout
	// times are columns that say when it happened, best first.
	times []timeColumn
	// host and recordID are columns; -1 where there is none.
	host, recordID int
	// eventID is the column of the number of a Windows event, or -1.
	eventID int
	// decider is the column whose value decides about the log source, and uri
	// the one that is split into path and query; -1 where there is none.
	decider, uri int
	dialect      *dialect
	// variants are the layouts for the values of the decider, guarded by the
	// mutex of shapes.
	variants map[row.LogSource]*event.Layout
}

// A timeColumn is a column that holds a time.
type timeColumn struct {
	column int
	// utc says that a time without a zone is UTC.
	utc bool
}

// shapes are shared by the parsers of one reading, so that events with the
// same column names have the identical Layout.
type shapes struct {
	mutex sync.Mutex
	known map[string]*shape
	bytes int
}

func newShapes() *shapes { return &shapes{known: map[string]*shape{}} }

// of returns the shape of the events that end at a node.
func (s *shapes) of(n *node) *shape {
	leaves := n.leaves()
	paths := make([]string, len(leaves))
	var joined strings.Builder
	for i, leaf := range leaves {
		paths[i] = leaf.path()
		// With its length: a crafted key may hold any separator.
		fmt.Fprintf(&joined, "%d:%s", len(paths[i]), paths[i])
	}
	key := joined.String()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if known := s.known[key]; known != nil {
		return known
	}
	if s.bytes += len(key) + 256; s.bytes > maxBytes {
		clear(s.known)
		s.bytes = len(key)
	}
	made := newShape(paths)
	s.known[key] = made
	return made
}

func newShape(paths []string) *shape {
	dialect, names := dialectOf(paths)
	made := &shape{
		dialect:  dialect,
		times:    timeColumns(dialect, names),
		host:     firstColumn(names, dialect.hosts),
		recordID: firstColumn(names, []string{"EventRecordID"}),
		eventID:  slices.Index(names, "EventID"),
		decider:  -1,
		uri:      -1,
		variants: map[row.LogSource]*event.Layout{},
	}
	if dialect.decider != "" {
		made.decider = slices.Index(names, dialect.decider)
	}
	if dialect.uri != "" {
		made.uri = slices.Index(names, dialect.uri)
	}
	if made.uri >= 0 {
		names = append(slices.Clone(names), "cs-uri-stem", "cs-uri-query")
	}
	made.layout = layoutOf(sourceOf(dialect, names), names)
	return made
}

// sourceOf is what the names alone say of the log source.
func sourceOf(d *dialect, names []string) row.LogSource {
	source := d.source
	if d == &zeek {
		source.Service = zeekService(names)
	}
	return source
}

func layoutOf(source row.LogSource, names []string) *event.Layout {
	return &event.Layout{Product: source.Product, Category: source.Category, Service: source.Service, Names: names}
}

// maxVariants bounds the log sources of one shape. A crafted log may name a
// new one in every record.
const maxVariants = 256

// variant returns the layout of the events of a shape whose decider has a value.
func (s *shapes) variant(of *shape, value string) *event.Layout {
	source, ok := of.dialect.decide(value)
	if !ok {
		return of.layout
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if known := of.variants[source]; known != nil {
		return known
	}
	if len(of.variants) >= maxVariants {
		return of.layout
	}
	made := layoutOf(source, of.layout.Names)
	of.variants[source] = made
	return made
}

func timeColumns(d *dialect, names []string) []timeColumn {
	var columns []timeColumn
	for _, name := range d.times {
		if i := slices.Index(names, name); i >= 0 {
			columns = append(columns, timeColumn{i, d.utc || winnames.IsUTC(name)})
		}
	}
	return columns
}

// firstColumn returns the column of the first of some names that is there.
func firstColumn(names, wanted []string) int {
	for _, name := range wanted {
		if i := slices.Index(names, name); i >= 0 {
			return i
		}
	}
	return -1
}
