package sigma

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// filter reads a document with a filter section.
func (p *parser) filter(root *node) {
	filter := &Filter{At: p.position(root)}
	filter.Metadata = p.metadata(root, "logsource", "filter")
	filter.LogSource = p.logSource(root.get("logsource"))
	section := root.get("filter")
	if section.kind != mappingNode {
		p.fail(section, "filter must be a map, not %v", section.kind)
		return
	}
	filter.Rules = p.filterRules(section)
	if len(filter.Rules) > 0 {
		filter.references = p.placed(section.get("rules"))
	}
	d := p.detection(section, "rules")
	if d == nil {
		return
	}
	if d.condition.kind != scalarNode || d.condition.isNull() {
		p.fail(d.condition, "the condition of a filter must be one text, not %v", d.condition.kind)
		return
	}
	filter.Condition = p.condition(d, d.condition, d.condition.value)
	if p.problems == 0 {
		filter.placeholders = d.placeholders
		p.into.Filters = append(p.into.Filters, filter)
	}
}

// filterRules reads which rules a filter is for: any, or an empty list, is
// every rule of the log source. No value at all is not: it may be one that was
// forgotten, and would silence them all.
func (p *parser) filterRules(section *node) []string {
	rules := section.get("rules")
	if rules == nil {
		p.fail(section, "a filter needs rules: a list of ids or names, or any")
		return nil
	}
	list := p.texts(&node{value: "rules"}, rules)
	if len(list) == 0 && rules.kind == scalarNode {
		p.fail(rules, "rules of a filter is empty: want a list of ids or names, or any")
	}
	if len(list) == 1 && strings.EqualFold(list[0], "any") {
		return nil
	}
	return list
}

// appliesTo reports whether a filter narrows a rule: the rule is named, or all
// rules are meant, and the log source of the rule has every attribute that the
// filter asks for.
func (f *Filter) appliesTo(rule *Rule) bool {
	if !f.LogSource.covers(rule.LogSource) {
		return false
	}
	return len(f.Rules) == 0 || slices.ContainsFunc(f.Rules, rule.isOf)
}

// reaches reports whether a filter narrows the rule that it names, and if not,
// says why.
func (f *Filter) reaches(reference string, rules []*Rule) (ok bool, problem string) {
	for _, rule := range rules {
		switch {
		case !rule.isOf(reference):
		case f.LogSource.covers(rule.LogSource):
			return true, ""
		default:
			problem = fmt.Sprintf("the filter is about %q, but its log source %q does not cover that of the rule, %q: it does nothing for it",
				reference, f.LogSource, rule.LogSource)
		}
	}
	return false, cmp.Or(problem, fmt.Sprintf("no rule has the id or name %q, which the filter is about", reference))
}

// covers reports whether a log source lies within another: every attribute
// that the wider one states is equal.
func (l LogSource) covers(narrower LogSource) bool {
	return within(l.Category, narrower.Category) &&
		within(l.Product, narrower.Product) &&
		within(l.Service, narrower.Service)
}

func within(wider, narrower string) bool {
	return wider == "" || strings.EqualFold(wider, narrower)
}

// isOf reports whether a reference means the document that a rule is of.
func (r *Rule) isOf(reference string) bool {
	return r.isCalled(reference) || r.document != nil && r.document.isCalled(reference)
}

// isCalled reports whether a reference, an id or a name, means this document.
func (m *Metadata) isCalled(reference string) bool {
	return reference != "" && (reference == m.Name || strings.EqualFold(reference, m.ID))
}
