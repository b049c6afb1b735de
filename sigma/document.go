package sigma

import "fmt"

// Documents are the rules, correlations and filters of one file, or of many.
// Nothing in them depends on another document yet: NewRuleSet brings them
// together.
type Documents struct {
	Rules        []*Rule
	Correlations []*Correlation
	Filters      []*Filter
	// Problems lists what could not be used, in the order of the file.
	Problems []Problem

	sources []source
}

// A source is a file as it was read; Lint looks at it once more.
type source struct {
	file string
	data []byte
}

// Add appends other documents. NewRuleSet brings them into order.
func (d *Documents) Add(other *Documents) {
	d.Rules = append(d.Rules, other.Rules...)
	d.Correlations = append(d.Correlations, other.Correlations...)
	d.Filters = append(d.Filters, other.Filters...)
	d.Problems = append(d.Problems, other.Problems...)
	d.sources = append(d.sources, other.sources...)
}

// A Filter narrows the rules it names, as if its condition had been written
// into each of them: (condition of the rule) and (condition of the filter).
// (Sigma filters specification 2.1.)
type Filter struct {
	Metadata
	LogSource LogSource
	// Rules are ids or names; empty means every rule of the log source.
	Rules     []string
	Condition Expression
	At        Position

	placeholders []placed // in the values
	references   []placed // as in Rules
}

// A Problem is a document that could not be used, and why.
type Problem struct {
	At Position
	// ID and Title are those of the rule, as far as it could be read.
	ID, Title string
	// Kind says what class of problem it is.
	Kind    ProblemKind
	Message string
}

// ProblemKind is the class of a Problem.
type ProblemKind uint8

const (
	// Malformed: the document breaks the specification.
	Malformed ProblemKind = iota
	// NotSigma: a YAML document that is not a rule, correlation or filter.
	NotSigma
	// NotSupported: a form that the specification advises against or has
	// given up, and that this package cannot evaluate.
	NotSupported
	// Unresolved: a placeholder without values, or a reference to a rule that
	// is not there. Of a filter, it is one that does nothing: the filter is used
	// for the other rules that it names.
	Unresolved
	// Duplicate: another document has the same id or name.
	Duplicate
	// Unreadable: the file could not be read.
	Unreadable
)

// String names the class in a word or two.
func (k ProblemKind) String() string {
	return [...]string{"malformed", "not a rule", "not supported", "unresolved", "duplicate", "unreadable"}[min(k, Unreadable)]
}

// String says where and what: "rules/a.yml:7:3: unknown modifier ...".
func (p Problem) String() string {
	return fmt.Sprintf("%v: %s", p.At, p.Message)
}

// String is file:line:column, without the parts that are unknown.
func (p Position) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.Column == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// A SyntaxError says why a document cannot be used.
type SyntaxError struct{ Problem }

func (e *SyntaxError) Error() string { return "sigma: " + e.Problem.String() }
