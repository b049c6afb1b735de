package sigma

import (
	"net/netip"
	"regexp"
)

// An Expression is a resolved condition: identifiers, quantifiers, modifiers
// and placeholders have been replaced by what they stand for. It is one of
// And, Or, Not, Named and *Predicate.
type Expression interface{ isExpression() }

// And holds when every term holds. An empty And holds.
type And []Expression

// Or holds when some term holds. An empty Or does not.
type Or []Expression

// Not holds when its term does not.
type Not struct{ Term Expression }

// Named is the expression of one search identifier ("selection"). It changes
// nothing for a matcher; Explain and lint show the name.
type Named struct {
	Name string
	Term Expression
}

// A Predicate is one detection item: a field, and the values it is tested
// against. It holds when any of Values matches any of the field's values, or,
// with All, when every one of Values matches some value of the field; Negate
// turns the result around (the neq modifier).
type Predicate struct {
	// Field is the column name. It is empty for keywords, which are tested
	// against every column of the event.
	Field string
	// Source says how the value is made where the taxonomy does not take it
	// from one column of that name; nil as a rule.
	Source *FieldSource
	// Part reduces a time to one number before the test; usually WholeTime.
	Part   TimePart
	Values []Value
	All    bool
	Negate bool
	// At is where the item stands in its file.
	At Position
}

func (And) isExpression()        {}
func (Or) isExpression()         {}
func (Not) isExpression()        {}
func (Named) isExpression()      {}
func (*Predicate) isExpression() {}

// A Value is what a field is tested against. It is one of String, Regexp,
// Network, Comparison, FieldReference, Exists and Null values.
type Value interface{ isValue() }

// String matches text with wildcards, over the whole value. Contains,
// startswith and endswith have become AnyRun parts at its ends. Numbers and
// booleans in a rule are Strings too: they are compared by their text.
type String struct {
	Parts []Part
	// Cased compares bytes; otherwise both sides are folded (see Fold).
	Cased bool
}

// A Part is a literal piece of a String or one wildcard.
type Part struct {
	Kind PartKind
	// Literal is as the rule writes it, unescaped and not folded. It may hold
	// arbitrary bytes (wide, base64). Adjacent literals are joined; a literal
	// is never empty.
	Literal string
}

// PartKind tells literals and wildcards apart.
type PartKind uint8

const (
	Literal PartKind = iota
	AnyRun           // * : any run of characters, newlines included, also none
	AnyOne           // ? : exactly one character
)

// Regexp matches anywhere in the value unless its expression is anchored.
type Regexp struct {
	// Source is the expression as the rule has it, flags not included.
	Source string
	// Compiled has the i, m and s flags built in.
	Compiled *regexp.Regexp
}

// Network matches values that are an IP address inside the prefix.
// An IPv4-mapped IPv6 address counts as the IPv4 address it maps.
type Network struct{ Prefix netip.Prefix }

// Comparison matches values that are numbers in the given relation.
type Comparison struct {
	Operator Operator
	Number   float64
	// Integer has the digits, with a minus where there is one, of a whole
	// number from 2^53 on, which Number rounds. It is compared with whole numbers
	// digit by digit, and empty otherwise.
	Integer string
}

// Operator is a numeric relation: value Operator number.
type Operator uint8

const (
	Equal Operator = iota
	Less
	LessOrEqual
	Greater
	GreaterOrEqual
)

// FieldReference matches when the value stands in the given relation to a
// value of another field of the same event. If either is missing it does not.
type FieldReference struct {
	Field  string
	Source *FieldSource
	// Relation is how the value is compared with the other field's value:
	// equal, or the value contains, starts or ends with it.
	Relation Relation
	Cased    bool
}

// Relation compares two texts.
type Relation uint8

const (
	Same Relation = iota
	Contains
	StartsWith
	EndsWith
)

// with is what a relation comes to that stands beside another one: what may
// begin there, and end elsewhere, may stand anywhere.
func (r Relation) with(other Relation) Relation {
	if other == Same || other == r {
		return r
	}
	return Contains
}

// Exists matches when the field is there (even empty or null), or is not. A
// field whose value is an object is there where one of its members is.
type Exists struct{ Want bool }

// NullValue matches when the field is absent or null.
type NullValue struct{}

func (String) isValue()         {}
func (Regexp) isValue()         {}
func (Network) isValue()        {}
func (Comparison) isValue()     {}
func (FieldReference) isValue() {}
func (Exists) isValue()         {}
func (NullValue) isValue()      {}

// TimePart is a piece of a time, taken as written, without changing its zone.
type TimePart uint8

const (
	WholeTime TimePart = iota
	Minute
	Hour
	Day
	Week // ISO 8601, 1 to 53
	Month
	Year
)

// A Position is a place in a rule file. Line and Column count from 1; zero
// means unknown.
type Position struct {
	File   string
	Line   int
	Column int
}
