package sigma

// A Rule is a detection over single events.
type Rule struct {
	Metadata
	Scope     []string
	Fields    []string
	LogSource LogSource
	// Conditions are the rule's conditions, resolved. An event matches the
	// rule when one of them holds.
	Conditions []Expression
	At         Position

	placeholders []placed // in the values
	// document is what the document says of itself, where its id and name are
	// those of the correlation that its aggregation became; nil elsewhere.
	document *Metadata
}

// Metadata is what rules, correlations and filters say of themselves.
type Metadata struct {
	Title          string
	ID             string
	Name           string
	Taxonomy       string
	Status         Status
	Level          Level
	Description    string
	License        string
	Author         string
	Date           string
	Modified       string
	References     []string
	FalsePositives []string
	Tags           []string
	Related        []Related
	// Custom holds top-level keys the specification does not define.
	Custom map[string]any
}

// Related links a rule to another one.
type Related struct{ ID, Type string }

// Level is how serious a match is. The zero value means that the rule does
// not say; it orders below Informational.
type Level uint8

const (
	NoLevel Level = iota
	Informational
	Low
	Medium
	High
	Critical
)

// Status is how mature a rule is.
type Status uint8

const (
	NoStatus Status = iota
	Stable
	Test
	Experimental
	Deprecated
	Unsupported
)
