package ruletest

import (
	"time"

	"github.com/kulla-defence/kulla/sigma"
)

// A Script is a file of tests.
type Script struct {
	File  string
	Tests []Test
}

// A Test says what one rule must find, and what it must leave.
type Test struct {
	// Rule is the name, id or title of a rule or correlation.
	Rule        string
	Find, Leave []Item
	At          sigma.Position
}

// An Item is a piece of evidence: events, or the text of a log.
type Item struct {
	Events []Events
	// Lines is the raw text of a log, As the format to read it with; empty is
	// the one that is recognised.
	Lines, As string
	// Year is that of the first line, for formats whose times have none.
	Year int
	// Count is how many findings there must be; 0 is any number.
	Count int
	At    sigma.Position
}

// Events are one event, or several that follow one another.
type Events struct {
	// LogSource is that of the events; where Rule is set, it is that of the
	// rule of this name. When both are empty it is that of the tested rule.
	LogSource sigma.LogSource
	Rule      string
	Host      string
	// Begin is the time of the first event, after Epoch; Every lies between
	// two of them.
	Begin, Every time.Duration
	// Repeat is how many events there are, at least 1.
	Repeat int
	Fields []Field
	At     sigma.Position
}

// A Field is one column of an event; several of one name are its values.
type Field struct {
	Name, Text string
	Null       bool
}

// Epoch is when tests begin.
var Epoch = time.Date(2024, time.January, 1, 0, 0, 0, 0, time.UTC)

// Limits of one script, far above what a person writes.
const (
	maxScript = 4 << 20
	maxRepeat = 100_000
	maxAfter  = 10 * 365 * 24 * time.Hour
)

// A SyntaxError is a place in a script that says nothing.
type SyntaxError struct {
	At      sigma.Position
	Message string
}

func (e *SyntaxError) Error() string { return e.At.String() + ": " + e.Message }
