package sigma

// An Event is one record of a log, as a row of named columns. It is what
// rules are matched against. Sources implement it over their own bytes and
// decode a column only when it is asked for.
//
// A name may stand for several columns (an array, a repeated <Data> element):
// the field then has several values, and a rule matches if any of them does.
//
// An Event need not be safe for concurrent use, and is only read during the
// call it is passed to.
type Event interface {
	// Schema returns the shape of the row. Events of the same shape return
	// the identical (==) Schema, because a matcher resolves names once per
	// Schema and remembers the result.
	Schema() Schema
	// AppendValue appends the text of a column to dst, as UTF-8. Numbers are
	// decimal as the source shows them, hexadecimal numbers keep their 0x
	// and are lower case, booleans are true and false, times are RFC 3339 in
	// UTC. When the state is not Present, nothing is appended.
	AppendValue(dst []byte, column int) ([]byte, State)
}

// A Stored event can show how the value of a column is stored. Much of a log
// repeats what stood there a record before, and what is met again need not be
// decoded.
type Stored interface {
	// Stored returns the bytes that hold a column's value, and a number for
	// how they hold it. In events of one schema, equal bytes and equal numbers
	// mean equal text and state. The result is false for a value that is not
	// in one piece.
	Stored(column int) (bytes []byte, form uint16, ok bool)
}

// A Schema names the columns of an Event. Its dynamic type must be comparable,
// a pointer as a rule, and it must not change once an event has returned it.
type Schema interface {
	// LogSource says what kind of log the row comes from, as far as the
	// reader knows it. An empty attribute is unknown; the rest is decided by
	// the taxonomy from columns such as Channel and EventID.
	LogSource() LogSource
	// Len returns the number of columns.
	Len() int
	// Column returns the name of a column, 0 <= i < Len().
	Column(i int) string
}

// State says whether a column of one particular event has a value.
type State uint8

const (
	// Absent: this event does not have the column, though its schema does.
	Absent State = iota
	// Null: the column is there without a value (JSON null).
	Null
	// Present: the column has a value, which may be the empty string.
	Present
)

// A LogSource is the logsource section of a rule, or what a reader says of its
// events. Attributes are compared without case; an empty one is a wildcard.
type LogSource struct {
	Category string
	Product  string
	Service  string
	// Definition and Custom are kept for display; they do not select events.
	Definition string
	Custom     map[string]string
}
