package sigma

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// correlation reads a document with a correlation section (Sigma correlation
// rules specification 2.1).
func (p *parser) correlation(root *node) {
	c := &Correlation{At: p.position(root)}
	c.Metadata = p.metadata(root, "correlation", "generate")
	section := root.get("correlation")
	if section.kind != mappingNode {
		p.fail(section, "correlation must be a map, not %v", section.kind)
		return
	}
	p.unique(section)
	p.correlationType(c, section)
	p.correlationKeys(c, section)
	if c.Type == Temporal { // which asks for different rules
		c.Rules = appendMissing(nil, c.Rules)
	}
	if generate := root.get("generate"); generate != nil { // the place of old
		c.Generate = p.boolean("generate", generate)
	}
	p.correlationCondition(c, section)
	if p.problems == 0 {
		p.into.Correlations = append(p.into.Correlations, c)
	}
}

func correlationTypes() []string {
	return []string{"event_count", "value_count", "value_sum", "value_avg",
		"value_percentile", "value_median", "temporal", "temporal_ordered"}
}

// String is the word of the specification.
func (t CorrelationType) String() string {
	if names := correlationTypes(); int(t) < len(names) {
		return names[t]
	}
	return "unknown"
}

func (p *parser) correlationType(c *Correlation, section *node) {
	value := section.get("type")
	if value == nil {
		p.fail(section, "a correlation needs a type")
		return
	}
	text := scalarText(value)
	for i, name := range correlationTypes() {
		if strings.EqualFold(name, text) {
			c.Type = CorrelationType(i)
			return
		}
	}
	p.fail(value, "unknown correlation type %q%s", text, didYouMean(text, correlationTypes()))
}

func (p *parser) correlationKeys(c *Correlation, section *node) {
	for i := 0; i+1 < len(section.children); i += 2 {
		key, value := section.children[i], section.children[i+1]
		switch key.value {
		case "type", "condition":
		case "rules":
			c.Rules, c.references = p.texts(key, value), p.placed(value)
		case "group-by":
			c.GroupBy = p.texts(key, value)
		case "generate":
			c.Generate = p.boolean(key.value, value)
		case "aliases":
			c.Aliases = p.aliases(value)
		case "timespan", "timeframe":
			c.Timespan = p.timespan(value)
		default:
			p.fail(key, "unknown key %q in correlation%s", key.value, didYouMean(key.value, correlationKeyNames()))
		}
	}
	if c.Timespan == 0 && p.problems == 0 {
		p.fail(section, "a correlation needs a timespan")
	}
}

func correlationKeyNames() []string {
	return []string{"type", "condition", "rules", "group-by", "generate", "aliases", "timespan"}
}

func (p *parser) boolean(name string, value *node) bool {
	if value.kind != scalarNode || value.scalarType() != booleanScalar {
		p.fail(value, "%s must be true or false", name)
		return false
	}
	return value.text() == "true"
}

func (p *parser) timespan(value *node) time.Duration {
	span, ok := parseTimespan(scalarText(value))
	if !ok {
		p.fail(value, "%q is not a time span, want a number and s, m, h or d", scalarText(value))
	}
	return span
}

// parseTimespan reads a number and a unit. Months and years have the mean
// length of the Gregorian calendar, as in pySigma.
func parseTimespan(text string) (time.Duration, bool) {
	if text == "" {
		return 0, false
	}
	var unit time.Duration
	switch text[len(text)-1] {
	case 's':
		unit = time.Second
	case 'm':
		unit = time.Minute
	case 'h':
		unit = time.Hour
	case 'd':
		unit = 24 * time.Hour
	case 'w':
		unit = 7 * 24 * time.Hour
	case 'M':
		unit = 2629746 * time.Second
	case 'y':
		unit = 31556952 * time.Second
	default:
		return 0, false
	}
	number, err := strconv.ParseUint(text[:len(text)-1], 10, 32)
	if err != nil || number == 0 || number > uint64(math.MaxInt64/unit) {
		return 0, false
	}
	return time.Duration(number) * unit, true
}

func (p *parser) aliases(value *node) map[string]map[string]string {
	if value.kind != mappingNode {
		p.fail(value, "aliases must be a map, not %v", value.kind)
		return nil
	}
	p.unique(value)
	aliases := make(map[string]map[string]string, len(value.children)/2)
	for i := 0; i+1 < len(value.children); i += 2 {
		name, fields := value.children[i], value.children[i+1]
		if fields.kind != mappingNode {
			p.fail(fields, "alias %q must be a map of rules and fields, not %v", name.value, fields.kind)
			continue
		}
		p.unique(fields)
		byRule := make(map[string]string, len(fields.children)/2)
		for j := 0; j+1 < len(fields.children); j += 2 {
			byRule[fields.children[j].value] = p.text(name, fields.children[j+1])
		}
		aliases[name.value] = byRule
	}
	return aliases
}

// correlationCondition reads the condition, which is a map of operators or,
// for temporal correlations, an expression over rules. A temporal correlation
// without one wants all of its rules.
func (p *parser) correlationCondition(c *Correlation, section *node) {
	temporal := c.Type == Temporal || c.Type == TemporalOrdered
	value := section.get("condition")
	switch {
	case value == nil && temporal:
		c.Conditions = []CorrelationCondition{{Operator: GreaterOrEqual, Number: float64(len(c.Rules))}}
	case value == nil:
		p.fail(section, "a correlation of type %v needs a condition", c.Type)
	case value.kind == mappingNode:
		p.countCondition(c, value)
	case value.kind == scalarNode && !value.isNull() && temporal:
		c.Expression = p.extendedCondition(c, value)
	case value.kind == scalarNode && !value.isNull():
		p.fail(value, "only temporal and temporal_ordered take an expression as condition")
	default:
		p.fail(value, "the condition must be a map of operators, not %v", value.kind)
	}
	if len(c.Rules) == 0 && c.Expression == nil {
		p.fail(section, "a correlation needs rules")
	}
}

func (p *parser) countCondition(c *Correlation, value *node) {
	p.unique(value)
	hasPercentile := false
	for i := 0; i+1 < len(value.children); i += 2 {
		key, operand := value.children[i], value.children[i+1]
		switch key.value {
		case "field":
			c.Fields = p.texts(key, operand)
		case "percentile":
			hasPercentile = true
			if c.Percentile = p.number(key, operand); c.Percentile < 0 || c.Percentile > 100 {
				p.fail(operand, "a percentile is between 0 and 100")
			}
		default:
			operator, negate, ok := correlationOperator(key.value)
			if !ok {
				p.fail(key, "unknown operator %q, want gt, gte, lt, lte, eq or neq", key.value)
				continue
			}
			c.Conditions = append(c.Conditions, CorrelationCondition{operator, p.number(key, operand), negate})
		}
	}
	p.checkCount(c, value, hasPercentile)
}

// checkCount checks that the condition has what its type needs.
func (p *parser) checkCount(c *Correlation, at *node, hasPercentile bool) {
	if len(c.Conditions) == 0 {
		p.fail(at, "the condition has no operator: want gt, gte, lt, lte, eq or neq")
	}
	if needsField(c.Type) && len(c.Fields) == 0 {
		p.fail(at, "a correlation of type %v needs a field in its condition", c.Type)
	}
	if c.Type == ValuePercentile && !hasPercentile {
		p.fail(at, "a correlation of type value_percentile needs a percentile in its condition")
	}
}

func needsField(t CorrelationType) bool {
	switch t {
	case ValueCount, ValueSum, ValueAverage, ValuePercentile, ValueMedian:
		return true
	}
	return false
}

func (p *parser) number(key, value *node) float64 {
	number, ok := parseNumber(scalarText(value))
	if !ok {
		p.fail(value, "%s must be a number, not %q", key.value, scalarText(value))
	}
	return number
}

func correlationOperator(name string) (operator Operator, negate, ok bool) {
	switch name {
	case "gt":
		return Greater, false, true
	case "gte":
		return GreaterOrEqual, false, true
	case "lt":
		return Less, false, true
	case "lte":
		return LessOrEqual, false, true
	case "eq":
		return Equal, false, true
	case "neq":
		return Equal, true, true
	}
	return Equal, false, false
}

// extendedCondition reads an expression over rules. The rules it names, in the
// order of their first appearance, are those of the correlation where it has
// no list of its own; otherwise they must be in that list.
func (p *parser) extendedCondition(c *Correlation, value *node) Expression {
	listed := len(c.Rules) > 0
	known := make(map[string]bool, len(c.Rules))
	for _, reference := range c.Rules {
		known[reference] = true
	}
	rule := func(name conditionToken) (Expression, *conditionError) {
		switch {
		case !known[name.text] && listed:
			return nil, failAt(name, "%q is not among the rules of the correlation%s", name.text, didYouMean(name.text, c.Rules))
		case !known[name.text]:
			known[name.text] = true
			c.Rules = append(c.Rules, name.text)
			c.references = append(c.references, placed{name.text, p.within(value, name.offset)})
		}
		return Reference{name.text}, nil
	}
	expression, err := (&conditionParser{identifier: rule}).parse(value.value)
	if err != nil {
		p.conditionProblem(value, err)
	}
	return expression
}
