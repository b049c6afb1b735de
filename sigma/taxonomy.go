package sigma

// A Route is one way in which the events a rule asks for are recorded: where
// to look, and what its fields are called there.
type Route struct {
	// LogSource must agree with the event's own log source: attributes that
	// both sides state must be equal.
	LogSource LogSource
	// Where lists columns that must have one of some values, such as Channel
	// and EventID. All must hold.
	Where []Constraint
	// Fields says how a rule's field is found in these events. A field that
	// is not listed is the column of its own name.
	Fields map[string]FieldSource
	// Values replaces values a rule tests a field for, by their equivalents
	// in these events: field -> value (folded) -> replacements.
	Values map[string]map[string][]string
}

// A Constraint requires a column to equal one of some values, without case.
type Constraint struct {
	Column string
	Values []string
}

// A FieldSource makes the value of a field out of other columns.
type FieldSource struct {
	// Columns are joined with Separator. If the first is absent, so is the field.
	Columns   []string
	Separator string
	// Prefixes are tried in order on the joined text, without case; the first
	// that fits is replaced.
	Prefixes []PrefixReplacement
	// Key, when set, says that the columns hold lines of Key=Value, and that
	// the field is the value of this key.
	Key string
}

// PrefixReplacement rewrites the beginning of a value.
type PrefixReplacement struct{ Old, New string }
