package sigma

// Options say how documents become a rule set. The zero value is fine.
type Options struct {
	// Placeholders are the values of %name% in items with the expand
	// modifier. A rule that needs one that is not here is not loaded.
	Placeholders map[string][]string
}

// A RuleSet is a set of rules that belong together: names are resolved,
// filters applied, placeholders expanded. It is ordered by file and position,
// however it was read.
type RuleSet struct {
	Rules        []*Rule
	Correlations []*Correlation
	// Problems lists every document that could not be used, and why.
	Problems []Problem
}
