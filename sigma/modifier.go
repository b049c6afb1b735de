package sigma

import (
	"slices"
	"strings"
)

// An item is a detection item while its modifiers are applied, from left to
// right, to its values.
type item struct {
	parser *parser
	// at is the key, or the first value where there is no key.
	at           *node
	field        string
	modifiers    []string
	part         TimePart
	compared     bool // by lt, gt and the others
	all          bool
	negate       bool
	flags        string // of regular expressions
	operands     []operand
	placeholders []placed
}

// An operand is one value of an item on its way through the modifiers.
type operand struct {
	at    *node
	value Value
	// group is the index of the value of the rule that it was made from:
	// windash and base64offset make several of one.
	group int
	// source is what the rule says, for modifiers that take it as it is.
	source string
}

// maxOperands bounds what the modifiers of one item may make of its values.
const maxOperands = 20_000

// item compiles a detection item. Without a key it is a list of keywords.
func (p *parser) item(d *detection, key *node, values []*node) Expression {
	it := &item{parser: p, at: values[0]}
	if key != nil {
		it.at = key
		names := strings.Split(key.value, "|")
		it.field, it.modifiers = names[0], names[1:]
	}
	it.takeValues(values)
	for i, name := range it.modifiers {
		apply := modifierNamed(name)
		if apply == nil {
			it.fail("unknown modifier %q%s", name, didYouMean(name, modifierNames()))
			return nil
		}
		if apply(it, it.modifiers[:i]); p.problems > 0 {
			return nil
		}
		if len(it.operands) > maxOperands {
			it.fail("the modifiers make more than %d values", maxOperands)
			return nil
		}
	}
	it.finish()
	d.placeholders = append(d.placeholders, it.placeholders...)
	return it.expression()
}

func (it *item) fail(format string, args ...any) { it.parser.fail(it.at, format, args...) }

// takeValues makes operands of the values as the rule has them.
func (it *item) takeValues(values []*node) {
	it.operands = make([]operand, len(values))
	for i, value := range values {
		o := operand{at: value, group: i, source: value.text()}
		if value.isNull() {
			o.value = NullValue{}
		} else {
			o.value = String{Parts: parsePattern(o.source)}
		}
		it.operands[i] = o
	}
}

// finish checks what can only be seen when all modifiers are applied.
func (it *item) finish() {
	for i := range it.operands {
		o := &it.operands[i]
		switch value := o.value.(type) {
		case NullValue:
			if it.field == "" {
				it.parser.fail(o.at, "null needs a field")
			}
		case Regexp:
			o.value = it.compileRegexp(o.at, value)
		case String:
			if it.part != WholeTime {
				it.parser.fail(o.at, "%s is not a number", quote(o.source))
			}
			if it.field == "" && !it.anchored() {
				value.Parts = open(value.Parts, true, true)
				o.value = value
			}
		}
	}
}

// anchored says that a keyword does not match anywhere in a column because its
// rule says where.
func (it *item) anchored() bool {
	return slices.Contains(it.modifiers, "startswith") || slices.Contains(it.modifiers, "endswith")
}

// expression makes one predicate of the operands. Where all values must match
// and a modifier has made alternatives of them, it takes one for each value.
func (it *item) expression() Expression {
	if !it.all || !it.hasAlternatives() {
		return it.predicate(it.operands, it.all, it.negate)
	}
	var all And
	for start := 0; start < len(it.operands); {
		end := start
		for end < len(it.operands) && it.operands[end].group == it.operands[start].group {
			end++
		}
		all = append(all, it.predicate(it.operands[start:end], false, false))
		start = end
	}
	if it.negate {
		return Not{all}
	}
	return all
}

func (it *item) hasAlternatives() bool {
	for i := 1; i < len(it.operands); i++ {
		if it.operands[i].group == it.operands[i-1].group {
			return true
		}
	}
	return false
}

func (it *item) predicate(operands []operand, all, negate bool) *Predicate {
	predicate := &Predicate{
		Field: it.field, Part: it.part, All: all, Negate: negate,
		Values: make([]Value, len(operands)), At: it.parser.position(it.at),
	}
	for i, o := range operands {
		predicate.Values[i] = o.value
	}
	return predicate
}

// A modifier changes the item; before holds the modifiers applied so far.
type modifier func(it *item, before []string)

// modifierNamed finds a modifier of the specification ("Value Modifiers",
// Sigma modifiers appendix 2.1), and nil when there is none of that name.
func modifierNamed(name string) modifier {
	switch name {
	case "all":
		return func(it *item, _ []string) { it.all = true }
	case "neq":
		return func(it *item, _ []string) { it.negate = true }
	case "contains":
		return (*item).contains
	case "startswith":
		return (*item).startsWith
	case "endswith":
		return (*item).endsWith
	case "exists":
		return (*item).exists
	case "cased":
		return (*item).cased
	case "base64":
		return (*item).base64
	case "base64offset":
		return (*item).base64Offset
	case "wide", "utf16le":
		return func(it *item, _ []string) { it.encode(utf16LittleEndian) }
	case "utf16be":
		return func(it *item, _ []string) { it.encode(utf16BigEndian) }
	case "utf16":
		return (*item).utf16WithMark
	case "windash":
		return (*item).windash
	case "expand":
		return (*item).expandPlaceholders
	case "re":
		return (*item).regexp
	case "i", "ignorecase":
		return regexpFlag("i")
	case "m", "multiline":
		return regexpFlag("m")
	case "s", "dotall":
		return regexpFlag("s")
	case "cidr":
		return (*item).cidr
	case "fieldref":
		return (*item).fieldReference
	}
	return numericModifier(name)
}

func numericModifier(name string) modifier {
	switch name {
	case "lt":
		return comparison(Less)
	case "lte":
		return comparison(LessOrEqual)
	case "gt":
		return comparison(Greater)
	case "gte":
		return comparison(GreaterOrEqual)
	case "minute":
		return timePart(Minute)
	case "hour":
		return timePart(Hour)
	case "day":
		return timePart(Day)
	case "week":
		return timePart(Week)
	case "month":
		return timePart(Month)
	case "year":
		return timePart(Year)
	}
	return nil
}

func modifierNames() []string {
	return []string{
		"all", "neq", "contains", "startswith", "endswith", "exists", "cased", "base64", "base64offset",
		"wide", "utf16le", "utf16be", "utf16", "windash", "expand", "re", "i", "ignorecase", "m", "multiline",
		"s", "dotall", "cidr", "fieldref", "lt", "lte", "gt", "gte", "minute", "hour", "day", "week", "month", "year",
	}
}

// eachString applies a change to all values, which must be strings.
func (it *item) eachString(name string, change func(o *operand, value String)) {
	for i := range it.operands {
		o := &it.operands[i]
		value, ok := o.value.(String)
		if !ok {
			it.wrongValue(o, name)
			continue
		}
		change(o, value)
	}
}

func (it *item) wrongValue(o *operand, name string) {
	it.parser.fail(o.at, "modifier %s cannot be applied to %s", name, kindOf(o.value))
}

// kindOf names the kind of a value.
func kindOf(value Value) string {
	switch value.(type) {
	case String:
		return "a string"
	case Regexp:
		return "a regular expression"
	case Network:
		return "a network"
	case Comparison:
		return "a number"
	case FieldReference:
		return "a field reference"
	case Exists:
		return "exists"
	}
	return "null"
}

// plainText is the text of a value without wildcards and placeholders.
func (it *item) plainText(o *operand, value String, name string) (string, bool) {
	if hasWildcard(value.Parts) {
		it.parser.fail(o.at, "modifier %s cannot be applied to a value with wildcards: %s", name, quote(o.source))
		return "", false
	}
	if len(value.Parts) == 0 {
		return "", true
	}
	return value.Parts[0].Literal, true
}
