package sigma

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// aggregation maps "count(field) by group > 5", the deprecated form of Sigma
// version 1, to the correlation that replaces it in version 2. The correlation
// takes over the id of the rule; the rule itself no longer reports.
func (p *parser) aggregation(rule *Rule, d *detection, at *node, text string) *Correlation {
	correlation, problem := parseAggregation(text)
	if problem != "" {
		p.unsupported(at, "the aggregation %q, a deprecated form, is not supported: %s", strings.TrimSpace(text), problem)
		return nil
	}
	if d.timeframe == nil {
		p.unsupported(at, "the aggregation %q, a deprecated form, needs a timeframe", strings.TrimSpace(text))
		return nil
	}
	timespan, ok := parseTimespan(scalarText(d.timeframe))
	if !ok {
		p.fail(d.timeframe, "%q is not a time span, want a number and s, m, h or d", scalarText(d.timeframe))
		return nil
	}
	correlation.Metadata = rule.Metadata
	correlation.Timespan = timespan
	correlation.At = rule.At
	rule.document = &correlation.Metadata
	rule.Name = legacyName(rule)
	rule.ID = ""
	correlation.Rules = []string{rule.Name}
	return correlation
}

// legacyName names the rule under a legacy aggregation after its place, so
// that no two of them are the same.
func legacyName(rule *Rule) string {
	return fmt.Sprintf("%v (single events)", rule.At)
}

// parseAggregation reads what stands behind the pipe, but for the timeframe.
func parseAggregation(text string) (correlation *Correlation, problem string) {
	form := regexp.MustCompile(`^\s*(?i:(\w+)\s*\(\s*([^()]*?)\s*\)(?:\s+by\s+(.+?))?)\s*(>=|<=|==|=|!=|<|>)\s*(\S+)\s*$`)
	match := form.FindStringSubmatch(text)
	if match == nil {
		return nil, "want count(field) by group > number"
	}
	correlation = &Correlation{}
	switch field := match[2]; strings.ToLower(match[1]) {
	case "count":
		if field != "" {
			correlation.Type, correlation.Fields = ValueCount, []string{field}
		}
	case "sum":
		correlation.Type, correlation.Fields = ValueSum, []string{field}
	case "avg":
		correlation.Type, correlation.Fields = ValueAverage, []string{field}
	default:
		return nil, "there is no correlation for " + match[1]
	}
	for group := range strings.SplitSeq(match[3], ",") {
		if group = strings.TrimSpace(group); group != "" {
			correlation.GroupBy = append(correlation.GroupBy, group)
		}
	}
	number, err := strconv.ParseFloat(match[5], 64)
	if err != nil {
		return nil, match[5] + " is not a number"
	}
	operator, negate := aggregationOperator(match[4])
	correlation.Conditions = []CorrelationCondition{{Operator: operator, Number: number, Negate: negate}}
	return correlation, ""
}

func aggregationOperator(sign string) (operator Operator, negate bool) {
	switch sign {
	case ">":
		return Greater, false
	case ">=":
		return GreaterOrEqual, false
	case "<":
		return Less, false
	case "<=":
		return LessOrEqual, false
	case "!=":
		return Equal, true
	}
	return Equal, false
}
