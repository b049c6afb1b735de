package detect

import (
	"github.com/kulla-defence/kulla/sigma"
)

// asked is what a rule wants of an event that matches it: the columns a
// finding shows, and the values a correlation needs.
type asked struct {
	columns map[string]bool
	// all is set for rules that look at the whole event (keywords).
	all    bool
	inputs []string
	routes []sigma.Route
}

func newAsked(rule *sigma.Rule, taxonomy *sigma.Taxonomy, inputs []string) asked {
	a := asked{columns: map[string]bool{}, inputs: inputs, routes: taxonomy.Routes(rule.LogSource)}
	for i := range a.routes {
		for _, condition := range rule.Conditions {
			a.collect(a.routes[i].Rewrite(condition))
		}
	}
	return a
}

// collect gathers the columns an expression looks at. What stands under a not
// is left out: it is a reason against the finding, and did not hold.
func (a *asked) collect(e sigma.Expression) {
	switch e := e.(type) {
	case sigma.And:
		for _, term := range e {
			a.collect(term)
		}
	case sigma.Or:
		for _, term := range e {
			a.collect(term)
		}
	case sigma.Named:
		a.collect(e.Term)
	case *sigma.Predicate:
		a.collectPredicate(e)
	}
}

func (a *asked) collectPredicate(p *sigma.Predicate) {
	if p.Field == "" && p.Source == nil {
		a.all = true
		return
	}
	a.collectField(p.Field, p.Source)
	for _, value := range p.Values {
		if reference, ok := value.(sigma.FieldReference); ok {
			a.collectField(reference.Field, reference.Source)
		}
	}
}

func (a *asked) collectField(name string, source *sigma.FieldSource) {
	if source == nil {
		a.columns[name] = true
		return
	}
	for _, column := range source.Columns {
		a.columns[column] = true
	}
}

// appendInputs appends the values that correlations need, under the names
// that the rule knows the fields by. The first way of recording the rule's log
// source that has a value gives it.
func (a *asked) appendInputs(dst []Field, row *row) []Field {
	for _, field := range a.inputs {
		for i := range a.routes {
			values := a.routes[i].FieldValues(row, field)
			for _, value := range values {
				dst = append(dst, Field{Name: field, Value: value})
			}
			if len(values) > 0 {
				break
			}
		}
	}
	return dst
}
