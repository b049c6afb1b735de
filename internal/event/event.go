// Package event holds the one word that all rooms speak: an Event is a thing
// that happened, at one time, on one host or service, and its Provenance says
// which bytes say so.
//
// Readers (internal/source) make events, everything downstream reads them. An
// Event is a row of named columns over the reader's own bytes: nothing is
// decoded until somebody asks. Field names are those of the log source, as
// Sigma's taxonomy has them.
//
// The package holds no parsing and no matching. Begin with Event.
package event

import "time"

// An Event is one record of one log. The reader reuses it: it and all it
// refers to are valid only until the function it was passed to returns.
type Event struct {
	// Layout names the columns of Values. Events of one shape share it.
	Layout *Layout
	Values Values
	// Time is when it happened, UTC; zero when the record does not say.
	Time time.Time
	// TimeText is the time as written when the source does not state a zone;
	// Time then assumes UTC. Empty when the zone is known.
	TimeText string
	// Host is the machine the record is about, as it names itself; empty
	// when the record does not say.
	Host       string
	Provenance Provenance
	// Raw is the record as it stands in the source: the Size bytes at Offset.
	// It is nil where the reader does not say where the record lies.
	Raw []byte
}

// Values gives the columns of one event.
type Values interface {
	// AppendValue appends the text of a column as UTF-8: numbers decimal,
	// hexadecimal with a lower-case 0x, booleans true and false, times RFC
	// 3339 in UTC. When the state is not Present, nothing is appended.
	AppendValue(dst []byte, column int) ([]byte, State)
}

// A Screen looks at one text at a time for words that may stand anywhere in an
// event, and reports whether one may.
type Screen interface {
	Text(utf8 []byte) bool
	UTF16(littleEndian []byte) bool
}

// Screened values can be asked for words at once.
type Screened interface {
	// Screen passes the texts of all columns to a screen until it says yes,
	// and reports whether it did. Numbers, times, identifiers, binary and
	// booleans may be left out.
	Screen(screen Screen) bool
}

// Stored values can show how they are stored.
type Stored interface {
	// Stored returns the bytes that hold a column's value, and a number for
	// how they hold it: in events of one Layout, equal bytes and numbers mean
	// equal text and state. It is false for a value that is not in one piece.
	Stored(column int) (bytes []byte, form uint16, ok bool)
}

// A Last remembers the value that a column had last, as it is stored.
type Last struct {
	bytes []byte
	form  uint16
	known bool
}

// Again reports whether what Stored returned is the value that is remembered.
// If it is not, it is remembered from now on.
func (l *Last) Again(bytes []byte, form uint16, ok bool) bool {
	if ok && l.known && form == l.form && string(bytes) == string(l.bytes) {
		return true
	}
	l.bytes, l.form, l.known = append(l.bytes[:0], bytes...), form, ok
	return false
}

// Forget forgets the value.
func (l *Last) Forget() { l.known = false }

// State says whether a column of one particular event has a value.
type State uint8

const (
	Absent  State = iota // this event has no such column
	Null                 // the column is there without a value
	Present              // the column has a value, perhaps the empty string
)

// A Layout is the shape of events: their log source and column names. It is
// compared by identity and never changes. A name that stands twice is a field
// with several values.
type Layout struct {
	// Product, Category and Service are Sigma's log source attributes, as far
	// as the reader knows them; empty is unknown.
	Product, Category, Service string
	Names                      []string
}

// A Source is one file, archive member or stream that is being read.
type Source struct {
	// Name is the path as the user gave it; members of archives follow a '!'.
	Name string
	// Format is the name of the reader, such as "evtx".
	Format string
}

// Provenance is where an event stands in the evidence. The SHA-256 of the
// source is known when it has been read to its end; who reports it looks it up
// by Source.
type Provenance struct {
	Source *Source
	// Offset is the position of the record's first byte in the (unpacked)
	// source, Size its length in bytes.
	Offset int64
	Size   int64
	// Line counts from 1 in formats made of lines; 0 elsewhere.
	Line int64
	// RecordID is the number the log itself gave the record; 0 without one.
	RecordID uint64
	// Carved says that the log no longer counts the record: it was recovered
	// from bytes that are not in use.
	Carved bool
}
