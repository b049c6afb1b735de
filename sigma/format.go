package sigma

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// String is product/category/service, without the attributes that are empty.
func (s LogSource) String() string {
	parts := slices.DeleteFunc([]string{s.Product, s.Category, s.Service}, func(part string) bool { return part == "" })
	return strings.Join(parts, "/")
}

// String says which events take the route, such as
// "windows Channel=Security EventID=4688". Values of one column have a bar
// between them.
func (r *Route) String() string {
	parts := []string{}
	if name := r.LogSource.String(); name != "" {
		parts = append(parts, name)
	}
	for _, constraint := range r.Where {
		parts = append(parts, constraint.Column+"="+strings.Join(constraint.Values, "|"))
	}
	return strings.Join(parts, " ")
}

// WriteExpression draws an expression as a tree, a line for each term, with
// every value of every item: what a condition came to when identifiers,
// modifiers and placeholders were resolved.
func WriteExpression(w io.Writer, expression Expression) error {
	return writeExpression(w, expression, "")
}

func writeExpression(w io.Writer, expression Expression, indent string) error {
	label, terms := expressionLabel(expression)
	if _, err := fmt.Fprintf(w, "%s%s\n", indent, label); err != nil {
		return err
	}
	for _, term := range terms {
		if err := writeExpression(w, term, indent+"  "); err != nil {
			return err
		}
	}
	return nil
}

func expressionLabel(expression Expression) (string, []Expression) {
	switch e := expression.(type) {
	case And:
		return "and", e
	case Or:
		return "or", e
	case Not:
		return "not", []Expression{e.Term}
	case Named:
		return quoteName(e.Name), []Expression{e.Term}
	case Reference:
		return "rule " + quoteName(e.Rule), nil
	case *Predicate:
		return e.String(), nil
	}
	return "nothing", nil
}

// String says what the item tests: its field, and all its values.
func (p *Predicate) String() string {
	field := quoteName(p.Field)
	if p.Field == "" {
		field = "any field"
	}
	if p.Part != WholeTime {
		field += " " + p.Part.String()
	}
	values := make([]string, len(p.Values))
	for i, value := range p.Values {
		values[i] = describeValue(value)
	}
	joined := " or "
	if p.All {
		joined = " and "
	}
	not := ""
	if p.Negate {
		not = "not "
	}
	return field + " " + not + strings.Join(values, joined)
}

// String is the operator and the number: ">= 3".
func (c CorrelationCondition) String() string {
	operator := c.Operator.String()
	if c.Negate {
		operator = "not " + operator
	}
	return operator + " " + strconv.FormatFloat(c.Number, 'f', -1, 64)
}

// Measured says in words what the condition of a correlation is about: "hits",
// "different values of user".
func (c *Correlation) Measured() string {
	fields := make([]string, len(c.Fields))
	for i, field := range c.Fields {
		fields[i] = quoteName(field)
	}
	of := " of " + strings.Join(fields, " and ")
	switch c.Type {
	case ValueCount:
		return "different values" + of
	case ValueSum:
		return "sum" + of
	case ValueAverage:
		return "mean" + of
	case ValuePercentile:
		return fmt.Sprintf("percentile %s%s", strconv.FormatFloat(c.Percentile, 'f', -1, 64), of)
	case ValueMedian:
		return "median" + of
	case Temporal:
		return "rules that matched"
	case TemporalOrdered:
		return "rules that matched in order"
	}
	return "hits"
}

// Condition says in one line what a window must fulfil: "hits >= 3", or the
// expression over rules.
func (c *Correlation) Condition() string {
	if c.Expression != nil {
		return referencesText(c.Expression, false)
	}
	conditions := make([]string, len(c.Conditions))
	for i, condition := range c.Conditions {
		conditions[i] = condition.String()
	}
	return c.Measured() + " " + strings.Join(conditions, " and ")
}

// referencesText writes an expression over rules as a rule has it. Inner ones
// that have several terms stand in parentheses.
func referencesText(e Expression, inner bool) string {
	join := func(terms []Expression, word string) string {
		texts := make([]string, len(terms))
		for i, term := range terms {
			texts[i] = referencesText(term, true)
		}
		text := strings.Join(texts, word)
		if inner && len(terms) > 1 {
			return "(" + text + ")"
		}
		return text
	}
	switch e := e.(type) {
	case And:
		return join(e, " and ")
	case Or:
		return join(e, " or ")
	case Not:
		return "not " + referencesText(e.Term, true)
	case Named:
		return referencesText(e.Term, inner)
	case Reference:
		return quoteName(e.Rule)
	}
	return "nothing"
}
