package stix

import "strings"

// A Comparison is one test of a pattern: an object path and the value that it
// must equal (section 9.6).
type Comparison struct{ Path, Value string }

// Pattern returns the pattern of an observation that any of the comparisons
// holds for. All must be of one kind of observable.
func Pattern(comparisons ...Comparison) string {
	parts := make([]string, len(comparisons))
	for i, c := range comparisons {
		parts[i] = c.Path + " = '" + Escape(c.Value) + "'"
	}
	return "[" + strings.Join(parts, " OR ") + "]"
}

// Escape writes a text for the inside of a string literal of a pattern
// (section 9.2).
func Escape(text string) string {
	return strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text)
}
