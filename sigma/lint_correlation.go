package sigma

import (
	"math"
	"slices"
	"strings"
)

// correlation checks what a correlation section says.
func (l *linter) correlation(section *node) {
	if section.kind != mappingNode {
		return
	}
	number := slices.Index(correlationTypes(), strings.ToLower(scalarText(section.get("type"))))
	kind := CorrelationType(max(number, 0))
	rules := section.get("rules")
	l.mention(rules, nil)
	l.aliases(section)
	l.twice(rules, kind)
	condition := section.get("condition")
	if number < 0 || condition == nil || condition.kind != mappingNode {
		return // which is among the problems, or an expression
	}
	for i := 0; i+1 < len(condition.children); i += 2 {
		switch key := condition.children[i]; {
		case key.value == "field" && !needsField(kind):
			l.report(key, Doubtful, "field-unused", "a correlation of type %v does not look at a field", kind)
		case key.value == "percentile" && kind != ValuePercentile:
			l.report(key, Doubtful, "percentile-unused", "a correlation of type %v does not look at a percentile", kind)
		}
	}
	most := math.Inf(1)
	if rules != nil && (kind == Temporal || kind == TemporalOrdered) {
		most = float64(max(len(rules.children), 1))
	}
	if neverFulfilled(condition, kind, most) {
		l.report(condition, Doubtful, "condition-never", "no value fulfils all of the condition")
	}
}

// twice reports rules that are listed twice where that changes nothing.
func (l *linter) twice(rules *node, kind CorrelationType) {
	if rules == nil || kind == TemporalOrdered {
		return
	}
	seen := map[string]bool{}
	for _, reference := range referenceNodes(rules) {
		if seen[reference.value] {
			l.report(reference, Doubtful, "rule-twice", "%q is listed twice, and counts once", reference.value)
		}
		seen[reference.value] = true
	}
}

// neverFulfilled reports whether no value meets a condition. What is counted
// is a whole number, and at least 1, as there is no window without a hit.
func neverFulfilled(condition *node, kind CorrelationType, most float64) bool {
	least, whole := math.Inf(-1), !isNumeric(kind)
	if whole {
		least = 1
	}
	var conditions []CorrelationCondition
	candidates := []float64{least, most}
	for i := 0; i+1 < len(condition.children); i += 2 {
		operator, negate, ok := correlationOperator(condition.children[i].value)
		number, isNumber := parseNumber(scalarText(condition.children[i+1]))
		if !ok || !isNumber {
			continue
		}
		conditions = append(conditions, CorrelationCondition{operator, number, negate})
		candidates = append(candidates, number, math.Nextafter(number, math.Inf(1)), math.Nextafter(number, math.Inf(-1)),
			math.Floor(number), math.Floor(number)+1, math.Ceil(number)-1)
	}
	// Between two of the numbers that it names, a condition is the same for
	// all values: so these and their neighbours stand for all. Where neq names
	// each of several whole numbers in a row, it is left to the reader.
	return len(conditions) > 0 && !slices.ContainsFunc(candidates, func(value float64) bool {
		fits := value >= least && value <= most && (!whole || value == math.Trunc(value))
		return fits && fulfilled(conditions, value)
	})
}

// An aliasMention is a rule that an alias has a field for.
type aliasMention struct {
	mention
	rules []string // of the correlation
}

// aliases notes the rules that aliases have a field for.
func (l *linter) aliases(section *node) {
	aliases, rules := section.get("aliases"), section.get("rules")
	if aliases == nil {
		return
	}
	var names []string
	if rules != nil {
		for _, reference := range referenceNodes(rules) {
			names = append(names, reference.value)
		}
	} else { // all words of its condition, those between the rules too
		for _, word := range splitCondition(scalarText(section.get("condition"))) {
			names = append(names, word.text)
		}
	}
	for i := 0; i+1 < len(aliases.children); i += 2 {
		fields := aliases.children[i+1]
		if fields.kind != mappingNode {
			continue
		}
		for j := 0; j+1 < len(fields.children); j += 2 {
			l.aliased = append(l.aliased, aliasMention{l.mentionOf(fields.children[j], nil), names})
		}
	}
}

// strayAliases reports aliases for rules that their correlation is not about.
func (l *linter) strayAliases() {
	for _, alias := range l.aliased {
		same := func(reference string) bool {
			return reference == alias.reference || l.documentOf(reference) != 0 && l.documentOf(reference) == l.documentOf(alias.reference)
		}
		if !slices.ContainsFunc(alias.rules, same) {
			l.flaw(alias.mention, Doubtful, "alias-stray", "%q is not among the rules of the correlation%s",
				alias.reference, didYouMean(alias.reference, alias.rules))
		}
	}
}
