package detect

import "github.com/kulla-defence/kulla/sigma"

// inputs are the values that correlations need of an event that matched a rule.
type inputs struct {
	fields []string // as the rule calls them
	routes []sigma.Route
}

// newInputs needs the routes of a rule only if some field is asked for.
func newInputs(fields []string, source sigma.LogSource, taxonomy *sigma.Taxonomy) inputs {
	if len(fields) == 0 {
		return inputs{}
	}
	return inputs{fields, taxonomy.Routes(source)}
}

// append appends the values that correlations need, under the names
// that the rule knows the fields by. The first way of recording the rule's log
// source that has a value gives it.
func (in *inputs) append(dst []Field, row *row) []Field {
	for _, field := range in.fields {
		for i := range in.routes {
			values := in.routes[i].FieldValues(row, field)
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
