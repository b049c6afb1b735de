package sigma

import (
	"slices"
	"strings"
)

// rule reads a document with a detection section.
func (p *parser) rule(root *node) {
	rule := &Rule{At: p.position(root)}
	rule.Metadata = p.metadata(root, "logsource", "detection", "scope", "fields")
	rule.LogSource = p.logSource(root.get("logsource"))
	rule.Scope = p.optionalTexts("scope", root.get("scope"))
	rule.Fields = p.optionalTexts("fields", root.get("fields"))
	detection := p.detection(root.get("detection"), "timeframe")
	if detection == nil {
		return
	}
	legacy := p.conditions(rule, detection, root)
	if p.problems > 0 {
		return
	}
	rule.placeholders = detection.placeholders
	p.into.Rules = append(p.into.Rules, rule)
	if legacy != nil {
		p.into.Correlations = append(p.into.Correlations, legacy)
	}
}

func (p *parser) optionalTexts(name string, value *node) []string {
	if value == nil {
		return nil
	}
	return p.texts(&node{value: name}, value)
}

// conditions reads the condition of a rule, or the list of them, into the
// rule. A condition of Sigma version 1 that counts makes a correlation too.
func (p *parser) conditions(rule *Rule, d *detection, root *node) (legacy *Correlation) {
	list := []*node{d.condition}
	if d.condition.kind == sequenceNode {
		list = d.condition.children
		if len(list) == 0 {
			p.fail(d.condition, "the list of conditions is empty")
		}
	}
	for _, at := range list {
		if at.kind != scalarNode || at.isNull() {
			p.fail(at, "a condition must be a text, not %v", at.kind)
			continue
		}
		text, aggregation, counts := strings.Cut(at.value, "|")
		rule.Conditions = append(rule.Conditions, p.condition(d, at, text))
		switch {
		case counts && len(list) > 1:
			p.unsupported(at, "an aggregation in a list of conditions, a deprecated form, is not supported")
		case counts:
			legacy = p.aggregation(rule, d, at, aggregation)
		}
	}
	return legacy
}

// condition reads one condition. The text may be the first part of the value.
func (p *parser) condition(d *detection, at *node, text string) Expression {
	expression, err := d.parser().parse(text)
	if err != nil {
		p.conditionProblem(at, err)
	}
	return expression
}

func (p *parser) conditionProblem(at *node, err *conditionError) {
	place := p.within(at, err.offset)
	p.problem(err.kind, place.Line, place.Column, "condition: "+err.message)
}

// within is the place of a byte of a text, where that stands on one line, and
// else the place of the text.
func (p *parser) within(at *node, offset int) Position {
	place := p.position(at)
	if !strings.Contains(at.value, "\n") {
		place.Column += offset
		if at.quoted {
			place.Column++
		}
	}
	return place
}

// A detection is the search identifiers of a rule or a filter, compiled, in
// the order of the file, and its condition, not read yet.
type detection struct {
	names     []string
	searches  map[string]Expression
	sizes     map[string]int
	spent     int // of maxTerms
	condition *node
	timeframe *node
	// placeholders are those of all values, in order.
	placeholders []placed
}

// detection reads a detection or filter section. Of the keys named as own,
// and of condition, it makes no search identifiers.
func (p *parser) detection(section *node, own ...string) *detection {
	if section.kind != mappingNode {
		p.fail(section, "detection must be a map, not %v", section.kind)
		return nil
	}
	p.unique(section)
	d := &detection{
		searches: make(map[string]Expression, len(section.children)/2),
		sizes:    make(map[string]int, len(section.children)/2),
	}
	for i := 0; i+1 < len(section.children); i += 2 {
		key, value := section.children[i], section.children[i+1]
		switch key.value {
		case "condition":
			d.condition = value
			continue
		case "timeframe":
			d.timeframe = value
		}
		if slices.Contains(own, key.value) {
			continue
		}
		d.names = append(d.names, key.value)
		search := p.search(d, value)
		d.searches[key.value], d.sizes[key.value] = Named{key.value, search}, sizeOf(search)
	}
	switch {
	case len(d.names) == 0:
		p.fail(section, "there is no search identifier")
	case d.condition == nil:
		p.fail(section, "there is no condition")
	}
	if p.problems > 0 {
		return nil
	}
	return d
}

// search reads what stands under a search identifier: a map (all of its items),
// a list of values (keywords, any of them), or a list of maps, lists and values
// (any of them).
func (p *parser) search(d *detection, value *node) Expression {
	switch value.kind {
	case scalarNode:
		return p.item(d, nil, []*node{value})
	case mappingNode:
		return p.searchMap(d, value)
	}
	if len(value.children) == 0 {
		p.fail(value, "the list is empty")
		return nil
	}
	if allScalars(value.children) {
		return p.item(d, nil, value.children)
	}
	either := make(Or, 0, len(value.children))
	for _, child := range value.children {
		either = append(either, p.search(d, child))
	}
	if len(either) == 1 {
		return either[0]
	}
	return either
}

func (p *parser) searchMap(d *detection, value *node) Expression {
	if len(value.children) == 0 {
		p.fail(value, "the map is empty")
		return nil
	}
	p.unique(value)
	all := make(And, 0, len(value.children)/2)
	for i := 0; i+1 < len(value.children); i += 2 {
		all = append(all, p.searchItem(d, value.children[i], value.children[i+1]))
	}
	if len(all) == 1 {
		return all[0]
	}
	return all
}

func (p *parser) searchItem(d *detection, key, value *node) Expression {
	switch value.kind {
	case scalarNode:
		return p.item(d, key, []*node{value})
	case mappingNode:
		p.fail(value, "the values of field %q must be a single value or a list, not a map", key.value)
		return nil
	}
	if len(value.children) == 0 {
		p.fail(value, "the list of values of %q is empty", key.value)
		return nil
	}
	if !allScalars(value.children) {
		p.fail(value, "the list of values of %q holds lists or maps", key.value)
		return nil
	}
	return p.item(d, key, value.children)
}

func allScalars(nodes []*node) bool {
	for _, n := range nodes {
		if n.kind != scalarNode {
			return false
		}
	}
	return true
}
