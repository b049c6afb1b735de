package jsonlog

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/kulla-defence/kulla/internal/event"
)

// A shape is what is known of all events with the same keys.
type shape struct {
	layout *event.Layout
	// times are columns that say when it happened, best first.
	times []timeColumn
	// host and recordID are columns; -1 where there is none.
	host, recordID int
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
	names := columnNames(paths)
	return &shape{
		layout:   &event.Layout{Product: productOf(names), Names: names},
		times:    timeColumns(names),
		host:     firstColumn(names, hostNames),
		recordID: firstColumn(names, []string{"EventRecordID"}),
	}
}

// productOf says windows of what has the marks of a Windows event. Other
// objects are of no known product.
func productOf(names []string) string {
	if slices.Contains(names, "EventID") && (slices.Contains(names, "Channel") || slices.Contains(names, "Provider_Name")) {
		return "windows"
	}
	return ""
}

// timeNames are tried in this order. The first that states its zone is taken,
// and only if none does, the first that does not.
var timeNames = []string{
	"TimeCreated_SystemTime", "TimeCreated", "EventTime", "UtcTime", "@timestamp", "TimeGenerated",
	"timestamp", "Timestamp", "time", "eventTime", "CreationTime", "eventTimestamp", "ts", "EventReceivedTime",
}

// utcTimes are in UTC by definition though they do not state it: Sysmon's, and
// what [MS-EVEN6] calls SystemTime.
var utcTimes = []string{"TimeCreated_SystemTime", "UtcTime"}

var hostNames = []string{"Computer", "host.name", "agent.hostname", "Hostname", "HostName", "DeviceName", "host"}

func timeColumns(names []string) []timeColumn {
	var columns []timeColumn
	for _, name := range timeNames {
		if i := slices.Index(names, name); i >= 0 {
			columns = append(columns, timeColumn{i, slices.Contains(utcTimes, name)})
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
