package sigma

import (
	"fmt"
	"regexp"
	"strings"
)

// placeholder is a %name% in a value, between Parse and NewRuleSet. Its
// Literal is the name. No expression of a RuleSet has one.
const placeholder PartKind = 255

// expandPlaceholders marks the placeholders in the values. What they stand
// for is known when the rule set is made.
func (it *item) expandPlaceholders(_ []string) {
	it.eachString("expand", func(o *operand, value String) {
		value.Parts = markPlaceholders(value.Parts)
		o.value = value
		for _, part := range value.Parts {
			if part.Kind == placeholder {
				it.placeholders = append(it.placeholders, placed{part.Literal, it.parser.position(o.at)})
			}
		}
	})
}

// markPlaceholders cuts the literals at %name%; \% is a plain percent sign.
func markPlaceholders(parts []Part) []Part {
	form := regexp.MustCompile(`\\%|%([^%]+)%`)
	var marked []Part
	for _, part := range parts {
		if part.Kind != Literal {
			marked = append(marked, part)
			continue
		}
		rest := part.Literal
		for {
			at := form.FindStringSubmatchIndex(rest)
			if at == nil {
				break
			}
			marked = appendLiteral(marked, rest[:at[0]])
			if at[2] < 0 {
				marked = appendLiteral(marked, "%")
			} else {
				marked = append(marked, Part{placeholder, rest[at[2]:at[3]]})
			}
			rest = rest[at[1]:]
		}
		marked = appendLiteral(marked, rest)
	}
	return marked
}

// maxExpanded bounds what the placeholders of one rule may make of its values.
const maxExpanded = 200_000

// An expander replaces placeholders by their values.
type expander struct {
	values map[string][]string
	// missing are the placeholders without values, in order of appearance.
	missing []string
	made    int // values so far
	tooMany bool
}

// expression returns a copy of an expression without placeholders.
func (e *expander) expression(from Expression) Expression {
	switch from := from.(type) {
	case And:
		return And(e.expressions(from))
	case Or:
		return Or(e.expressions(from))
	case Not:
		return Not{e.expression(from.Term)}
	case Named:
		return Named{from.Name, e.expression(from.Term)}
	case *Predicate:
		return e.predicate(from)
	}
	return from
}

func (e *expander) expressions(from []Expression) []Expression {
	to := make([]Expression, len(from))
	for i, term := range from {
		to[i] = e.expression(term)
	}
	return to
}

// predicate replaces each value by one for each value of its placeholders.
// Where all values must match, a placeholder still stands for any of its own.
func (e *expander) predicate(from *Predicate) Expression {
	if !from.hasPlaceholder() {
		return from
	}
	var all And
	to := *from
	to.Values = nil
	for _, value := range from.Values {
		expanded := e.value(value)
		if len(expanded) > 1 && from.All {
			alternatives := *from
			alternatives.Values, alternatives.All, alternatives.Negate = expanded, false, false
			all = append(all, &alternatives)
			continue
		}
		to.Values = append(to.Values, expanded...)
	}
	if len(all) == 0 {
		return &to
	}
	if len(to.Values) > 0 {
		to.Negate = false
		all = append(all, &to)
	}
	if from.Negate {
		return Not{all}
	}
	return all
}

func (p *Predicate) hasPlaceholder() bool {
	for _, value := range p.Values {
		text, ok := value.(String)
		if !ok {
			continue
		}
		for _, part := range text.Parts {
			if part.Kind == placeholder {
				return true
			}
		}
	}
	return false
}

// value is the product of the values of all placeholders of a value. They may
// have wildcards.
func (e *expander) value(from Value) []Value {
	text, ok := from.(String)
	if !ok {
		return []Value{from}
	}
	variants := [][]Part{nil}
	for _, part := range text.Parts {
		pieces := [][]Part{{part}}
		if part.Kind == placeholder {
			pieces = e.lookUp(part.Literal)
		}
		if len(variants)*len(pieces) > maxOperands || e.made > maxExpanded {
			e.tooMany = true
			return nil
		}
		variants = product(variants, pieces)
	}
	e.made += len(variants)
	values := make([]Value, len(variants))
	for i, parts := range variants {
		values[i] = String{Parts: parts, Cased: text.Cased}
	}
	return values
}

func (e *expander) lookUp(name string) [][]Part {
	texts := e.values[name]
	if len(texts) == 0 {
		e.missing = append(e.missing, "%"+name+"%")
	}
	pieces := make([][]Part, len(texts))
	for i, text := range texts {
		pieces[i] = parsePattern(text)
	}
	return pieces
}

// product appends each of the pieces to each of the beginnings.
func product(beginnings, pieces [][]Part) [][]Part {
	var products [][]Part
	for _, beginning := range beginnings {
		for _, piece := range pieces {
			parts := append([]Part(nil), beginning...)
			for _, part := range piece {
				parts = appendPart(parts, part)
			}
			products = append(products, parts)
		}
	}
	return products
}

// appendPart joins literals, and runs beside one another.
func appendPart(parts []Part, part Part) []Part {
	switch {
	case part.Kind == Literal:
		return appendLiteral(parts, part.Literal)
	case part.Kind == AnyRun && endsWithRun(parts):
		return parts
	}
	return append(parts, part)
}

// problem says why the expansion failed, or nothing.
func (e *expander) problem() string {
	switch {
	case e.tooMany:
		return fmt.Sprintf("the placeholders make more than %d values of one, or %d of all", maxOperands, maxExpanded)
	case len(e.missing) > 0:
		return "no values for placeholder " + strings.Join(unique(e.missing), ", ")
	}
	return ""
}

func unique(list []string) []string {
	seen := make(map[string]bool, len(list))
	var once []string
	for _, element := range list {
		if !seen[element] {
			seen[element] = true
			once = append(once, element)
		}
	}
	return once
}
