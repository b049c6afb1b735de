package sigma

import (
	"math"
	"regexp"
	"slices"
	"strings"
)

// detection checks the searches and the condition of a rule or a filter.
func (l *linter) detection(section *node, isFilter bool) {
	d := &detection{searches: make(map[string]Expression)}
	places := make(map[string]*node)
	for i := 0; i+1 < len(section.children); i += 2 {
		key, value := section.children[i], section.children[i+1]
		switch {
		case key.value == "condition":
			d.condition = value
		case key.value == "timeframe" && !isFilter:
			d.timeframe = key
		case key.value == "rules" && isFilter:
		default:
			d.names = append(d.names, key.value)
			d.searches[key.value] = Named{Name: key.value}
			places[key.value] = key
			l.identifier(key)
			l.search(value)
		}
	}
	if d.condition == nil {
		return
	}
	used := l.conditions(d, isFilter)
	for _, name := range d.names {
		if used != nil && !used[name] {
			l.report(places[name], Doubtful, "identifier-unused", "the condition does not use %q", name)
		}
	}
}

func (l *linter) identifier(key *node) {
	switch strings.ToLower(key.value) {
	case "and", "or", "not", "of", "them", "all", "any", "1":
		l.report(key, Doubtful, "identifier-keyword", "the identifier %q is also a word of conditions", key.value)
	}
}

// conditions returns the identifiers that are used; nil when a condition
// cannot be read, which is among the problems.
func (l *linter) conditions(d *detection, isFilter bool) map[string]bool {
	list := []*node{d.condition}
	if d.condition.kind == sequenceNode {
		list = d.condition.children
	}
	used := make(map[string]bool)
	aggregates := false
	for _, at := range list {
		text, _, counts := strings.Cut(at.value, "|")
		aggregates = aggregates || counts
		if counts {
			l.report(at, Style, "aggregation-deprecated", "aggregations in conditions are deprecated, write a correlation")
		}
		expression, err := d.parser().parse(text)
		if err != nil {
			return nil
		}
		markUsed(used, expression)
		l.contradictions(at, expression)
		l.quantifiers(d, at, text)
		if isFilter && !strings.Contains(" "+strings.ToLower(strings.ReplaceAll(text, "(", " ")), " not ") {
			l.report(at, Doubtful, "filter-without-not", "the filter keeps only the events that fit it; to leave them out, write not")
		}
	}
	if d.timeframe != nil && !aggregates {
		l.report(d.timeframe, Doubtful, "timeframe-unused", "a timeframe means nothing without an aggregation")
	}
	return used
}

func markUsed(used map[string]bool, expression Expression) {
	switch e := expression.(type) {
	case And:
		for _, term := range e {
			markUsed(used, term)
		}
	case Or:
		for _, term := range e {
			markUsed(used, term)
		}
	case Not:
		markUsed(used, e.Term)
	case Named:
		used[e.Name] = true
	}
}

// contradictions reports "a and not a", which never holds, and "a or not a",
// which always does.
func (l *linter) contradictions(at *node, expression Expression) {
	switch e := expression.(type) {
	case And:
		if name := opposed(e); name != "" {
			l.report(at, Doubtful, "condition-never", "%q and not %q never holds", name, name)
		}
		for _, term := range e {
			l.contradictions(at, term)
		}
	case Or:
		if name := opposed(e); name != "" {
			l.report(at, Doubtful, "condition-always", "%q or not %q always holds", name, name)
		}
		for _, term := range e {
			l.contradictions(at, term)
		}
	case Not:
		l.contradictions(at, e.Term)
	}
}

// opposed is an identifier that stands among terms with and without not.
func opposed(terms []Expression) string {
	plain := make(map[string]bool)
	for _, term := range terms {
		if named, ok := term.(Named); ok {
			plain[named.Name] = true
		}
	}
	for _, term := range terms {
		not, ok := term.(Not)
		if !ok {
			continue
		}
		if named, ok := not.Term.(Named); ok && plain[named.Name] {
			return named.Name
		}
	}
	return ""
}

// quantifiers reports "1 of x_*" where there is only one x_.
func (l *linter) quantifiers(d *detection, at *node, text string) {
	tokens := splitCondition(text)
	for i := 1; i+1 < len(tokens); i++ {
		if !tokens[i].is("of") {
			continue
		}
		pattern := tokens[i+1].text
		if pattern == "" {
			continue
		}
		if terms, _ := d.matching(pattern); len(terms) == 1 {
			l.report(at, Style, "quantifier-of-one", "%s of %s is about one identifier only", tokens[i-1].text, pattern)
		}
	}
}

func (l *linter) search(value *node) {
	switch value.kind {
	case scalarNode:
		l.item(&node{line: value.line, column: value.column}, []*node{value})
	case sequenceNode:
		var keywords []*node
		for _, child := range value.children {
			if child.kind == scalarNode {
				keywords = append(keywords, child)
				continue
			}
			l.search(child)
		}
		if len(keywords) > 0 {
			l.item(&node{line: value.line, column: value.column}, keywords)
		}
	case mappingNode:
		for i := 0; i+1 < len(value.children); i += 2 {
			key, values := value.children[i], []*node{value.children[i+1]}
			if values[0].kind == sequenceNode {
				values = values[0].children
			}
			l.item(key, values)
		}
	}
}

func (l *linter) item(key *node, values []*node) {
	field, rest, _ := strings.Cut(key.value, "|")
	modifiers := strings.Split(rest, "|")
	if rest == "" {
		modifiers = nil
	}
	has := func(name string) bool { return slices.Contains(modifiers, name) }
	if strings.TrimSpace(field) != field {
		l.report(key, Doubtful, "field-blanks", "the field %q begins or ends with a blank", field)
	}
	for i, name := range modifiers {
		if slices.Contains(modifiers[:i], name) {
			l.report(key, Style, "modifier-twice", "the modifier %s is here twice", name)
		}
	}
	if has("all") && len(values) == 1 {
		l.report(key, Doubtful, "all-of-one", "the modifier all needs several values")
	}
	if has("base64offset") && !has("contains") {
		l.report(key, Doubtful, "base64offset-whole", "base64offset makes pieces of a text, use it with contains")
	}
	l.timeParts(modifiers, values)
	l.values(field, has, values)
}

// timeParts reports numbers that a part of a time never is.
func (l *linter) timeParts(modifiers []string, values []*node) {
	ranges := map[string][2]float64{"minute": {0, 59}, "hour": {0, 23}, "day": {1, 31}, "week": {1, 53}, "month": {1, 12}, "year": {0, 9999}}
	for _, name := range modifiers {
		limits, ok := ranges[name]
		if !ok {
			continue
		}
		for _, value := range values {
			if number, ok := parseNumber(scalarText(value)); ok && (number < limits[0] || number > limits[1] || number != math.Trunc(number)) {
				l.report(value, Doubtful, "time-part-range", "the %s of a time is a whole number from %v to %v, not %s", name, limits[0], limits[1], value.value)
			}
		}
	}
}

func (l *linter) values(field string, has func(string) bool, values []*node) {
	seen := make(map[string]bool, len(values))
	for _, value := range values {
		if value.kind != scalarNode || value.isNull() {
			continue
		}
		if text := value.text(); seen[text] {
			l.report(value, Style, "value-twice", "the value %s is here twice", quote(text))
		} else {
			seen[text] = true
		}
		switch {
		case has("re"):
			l.regexp(value)
		case has("cidr") || has("fieldref") || has("exists"):
		default:
			l.wildcards(field, has, value)
		}
	}
}

func (l *linter) regexp(value *node) {
	compiled, err := regexp.Compile(value.value)
	if err != nil {
		return
	}
	if literal, whole := compiled.LiteralPrefix(); whole && literal != "" {
		l.report(value, Style, "regexp-literal", "the regular expression is plain text, contains with cased finds the same")
	}
}

// wildcards reports those that change nothing, and those that say with a
// wildcard what a modifier says.
func (l *linter) wildcards(field string, has func(string) bool, value *node) {
	parts := parsePattern(value.text())
	start, end := startsWithRun(parts), endsWithRun(parts)
	keyword := field == "" && !has("startswith") && !has("endswith")
	switch {
	case has("contains") && len(parts) == 0:
		l.report(value, Doubtful, "contains-nothing", "every value contains the empty text")
	case (has("contains") || keyword) && (start || end) && len(parts) > 1:
		l.report(value, Style, "wildcard-redundant", "the wildcard at the end of %s changes nothing", quote(value.value))
	case has("startswith") && end, has("endswith") && start:
		l.report(value, Style, "wildcard-redundant", "the wildcard at the end of %s changes nothing", quote(value.value))
	case !has("contains") && !has("startswith") && !has("endswith") && !keyword && hasOnlyOuterRuns(parts):
		l.report(value, Style, "wildcard-modifier", "%s is plainer with contains, startswith or endswith", quote(value.value))
	}
	if strings.Contains(value.value, `\*`) && !strings.Contains(value.value, `\\`) && value.quoted {
		l.report(value, Style, "wildcard-escaped", `in %s \* is a plain star; for a backslash and a wildcard, write \\*`, quote(value.value))
	}
}

// hasOnlyOuterRuns reports whether a pattern is one literal with runs around.
func hasOnlyOuterRuns(parts []Part) bool {
	literals, runs := 0, 0
	for _, part := range parts {
		switch part.Kind {
		case Literal:
			literals++
		case AnyRun:
			runs++
		default:
			return false
		}
	}
	return literals == 1 && runs > 0
}
