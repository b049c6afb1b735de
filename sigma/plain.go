package sigma

import "strings"

// Evaluate says whether an expression holds for an event. It is written to be
// read: it says what a rule means, and is the measure of every faster way. To
// look for many rules in many events, use Compile.
//
// An expression of a rule asks for fields by the names of the rule; where they
// are called something else in the event, rewrite it first (Route.Rewrite).
func Evaluate(expression Expression, event Event) bool {
	switch e := expression.(type) {
	case And:
		for _, term := range e {
			if !Evaluate(term, event) {
				return false
			}
		}
		return true
	case Or:
		for _, term := range e {
			if Evaluate(term, event) {
				return true
			}
		}
		return false
	case Not:
		return !Evaluate(e.Term, event)
	case Named:
		return Evaluate(e.Term, event)
	case *Predicate:
		return e.holds(event)
	}
	return false // a Reference has no meaning for one event
}

// Expression is the whole rule as one expression: any of its conditions.
func (r *Rule) Expression() Expression {
	if len(r.Conditions) == 1 {
		return r.Conditions[0]
	}
	return Or(r.Conditions)
}

// holds follows the comment on Predicate to the letter.
func (p *Predicate) holds(event Event) bool {
	field := p.fieldValues(event)
	some, every := false, true
	for _, value := range p.Values {
		if p.matches(value, field, event) {
			some = true
		} else {
			every = false
		}
	}
	result := some
	if p.All {
		result = every
	}
	return result != p.Negate
}

// A fieldValue is one of the values that a field has in an event.
type fieldValue struct {
	column string
	text   []byte
	state  State
}

// fieldValues returns the values of the field in the order of the columns,
// without those that are absent. Keywords look at every column.
func (p *Predicate) fieldValues(event Event) []fieldValue {
	return valuesOf(p.Field, p.Source, event)
}

func valuesOf(field string, source *FieldSource, event Event) []fieldValue {
	if source != nil {
		return valuesOfSource(field, source, event)
	}
	var values []fieldValue
	schema := event.Schema()
	for column := range schema.Len() {
		name := schema.Column(column)
		if name != field && field != "" {
			continue
		}
		if text, state := event.AppendValue(nil, column); state != Absent {
			values = append(values, fieldValue{name, text, state})
		}
	}
	return values
}

func valuesOfSource(field string, source *FieldSource, event Event) []fieldValue {
	var values []fieldValue
	columns := source.resolve(event.Schema())
	for i := range columns.len() {
		if text, state := columns.appendValue(nil, event, i); state != Absent {
			values = append(values, fieldValue{field, text, state})
		}
	}
	return values
}

// matches says whether one value of the rule matches any value of the field.
func (p *Predicate) matches(value Value, field []fieldValue, event Event) bool {
	switch v := value.(type) {
	case NullValue:
		return isNull(field)
	case Exists:
		return (len(field) > 0 || hasMembers(memberPrefix(p.Field, p.Source), event)) == v.Want
	case FieldReference:
		return v.matches(field, valuesOf(v.Field, v.Source, event))
	}
	for _, have := range field {
		if have.state == Present && matchesText(value, p.Part, have.text) {
			return true
		}
	}
	return false
}

// isNull says whether a field has no value, or null among its values.
func isNull(field []fieldValue) bool {
	for _, have := range field {
		if have.state == Null {
			return true
		}
	}
	return len(field) == 0
}

// matchesText says whether a value of a rule matches the text of a field.
func matchesText(value Value, part TimePart, text []byte) bool {
	switch v := value.(type) {
	case String:
		return v.matches(text)
	case Regexp:
		return v.Compiled.Match(text)
	case Network:
		return v.contains(text)
	case Comparison:
		return v.matches(text, part)
	}
	return false
}

// memberPrefix is how the names of the members of a field begin, where its
// value is an object; empty where it cannot be one.
func memberPrefix(field string, source *FieldSource) string {
	switch {
	case source != nil && !source.Renames() || field == "":
		return ""
	case source != nil:
		field = source.Columns[0]
	}
	return field + "."
}

// hasMembers says whether an event has a column whose name begins like this:
// members of objects are columns of their own.
func hasMembers(prefix string, event Event) bool {
	if prefix == "" {
		return false
	}
	schema := event.Schema()
	for column := range schema.Len() {
		if strings.HasPrefix(schema.Column(column), prefix) {
			if _, state := event.AppendValue(nil, column); state != Absent {
				return true
			}
		}
	}
	return false
}
