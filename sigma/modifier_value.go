package sigma

import (
	"net/netip"
	"regexp"
	"regexp/syntax"
	"strings"
)

// regexp takes the values as regular expressions, without wildcards and
// escapes of Sigma.
func (it *item) regexp(before []string) {
	if !it.first(before, "re") {
		return
	}
	it.eachString("re", func(o *operand, _ String) {
		o.value = Regexp{Source: o.at.value}
	})
}

// first reports whether nothing but all and neq, which leave the values alone,
// stands before a modifier.
func (it *item) first(before []string, name string) bool {
	for _, other := range before {
		if other != "all" && other != "neq" {
			it.fail("modifier %s must stand before %s", name, other)
			return false
		}
	}
	return true
}

func regexpFlag(flag string) modifier {
	return func(it *item, _ []string) {
		for i := range it.operands {
			if _, ok := it.operands[i].value.(Regexp); !ok {
				it.fail("modifier %s needs re before it", flag)
				return
			}
		}
		if !strings.Contains(it.flags, flag) {
			it.flags += flag
		}
	}
}

// anchor ties an expression, which matches anywhere, to an end of the value.
func anchor(source string, relation Relation) string {
	switch relation {
	case StartsWith:
		return `\A(?:` + source + `)`
	case EndsWith:
		return `(?:` + source + `)\z`
	}
	return source
}

func (it *item) compileRegexp(at *node, value Regexp) Regexp {
	source := value.Source
	if it.flags != "" {
		source = "(?" + it.flags + ")" + source
	}
	tree, err := syntax.Parse(source, syntax.Perl)
	if err == nil {
		if it.parser.regexps += regexpSize(tree); it.parser.regexps > maxRegexps {
			it.parser.unsupported(at, "the regular expressions of the rule have more than %d parts", maxRegexps)
			return value
		}
		value.Compiled, err = regexp.Compile(source)
	}
	switch {
	case err == nil:
	case needsBacktracking(value.Source):
		it.parser.unsupported(at, "the regular expression needs lookaround or a back reference, "+
			"which the specification does not allow: %s", quote(value.Source))
	default:
		it.parser.fail(at, "%s: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "), quote(value.Source))
	}
	return value
}

// maxRegexps bounds the parts of all regular expressions of a rule, counted
// when repetitions like {1000} are written out.
const maxRegexps = 200_000

func regexpSize(tree *syntax.Regexp) int {
	size := 1 + len(tree.Rune)
	for _, sub := range tree.Sub {
		size += regexpSize(sub)
	}
	if tree.Op == syntax.OpRepeat {
		size *= max(1, tree.Min, tree.Max)
	}
	return min(size, maxRegexps+1)
}

// needsBacktracking looks for what no automaton can match: lookaround, atomic
// groups, and references to what a group matched.
func needsBacktracking(source string) bool {
	for _, group := range []string{"(?=", "(?!", "(?<=", "(?<!", "(?>", "(?P="} {
		if strings.Contains(source, group) {
			return true
		}
	}
	for i := 0; i+1 < len(source); i++ {
		if source[i] != '\\' {
			continue
		}
		if i++; '1' <= source[i] && source[i] <= '9' || source[i] == 'k' {
			return true
		}
	}
	return false
}

// cidr takes the values as networks; an address alone is a network of one.
func (it *item) cidr(before []string) {
	if !it.first(before, "cidr") {
		return
	}
	it.eachString("cidr", func(o *operand, _ String) {
		prefix, problem := parseNetwork(o.source)
		if problem != "" {
			it.parser.fail(o.at, "%s is not a network: %s", quote(o.source), problem)
			return
		}
		o.value = Network{prefix}
	})
}

func parseNetwork(text string) (prefix netip.Prefix, problem string) {
	if !strings.Contains(text, "/") {
		address, err := netip.ParseAddr(text)
		if err != nil || address.Zone() != "" {
			return prefix, "want an address and a prefix length, as in 10.0.0.0/8"
		}
		prefix = netip.PrefixFrom(address, address.BitLen())
	} else {
		var err error
		if prefix, err = netip.ParsePrefix(text); err != nil {
			return prefix, "want an address and a prefix length, as in 10.0.0.0/8"
		}
	}
	if prefix.Masked() != prefix {
		return prefix, "bits are set after the prefix, the network is " + prefix.Masked().String()
	}
	const mappedBits = 96 // of ::ffff:0:0/96, RFC 4291 section 2.5.5.2
	if prefix.Addr().Is4In6() && prefix.Bits() >= mappedBits {
		prefix = netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-mappedBits)
	}
	return prefix, ""
}

func (it *item) fieldReference(before []string) {
	if !it.first(before, "fieldref") {
		return
	}
	it.eachString("fieldref", func(o *operand, value String) {
		text, ok := it.plainText(o, value, "fieldref")
		switch {
		case !ok:
		case text == "" || it.field == "":
			it.parser.fail(o.at, "modifier fieldref needs a field on both sides")
		default:
			o.value = FieldReference{Field: text}
		}
	})
}

func (it *item) exists(before []string) {
	if !it.first(before, "exists") {
		return
	}
	if it.field == "" {
		it.fail("modifier exists needs a field")
		return
	}
	for i := range it.operands {
		o := &it.operands[i]
		switch strings.ToLower(o.source) {
		case "true":
			o.value = Exists{true}
		case "false":
			o.value = Exists{false}
		default:
			it.parser.fail(o.at, "modifier exists needs true or false, not %s", quote(o.source))
		}
	}
}

func comparison(operator Operator) modifier {
	return func(it *item, _ []string) {
		if it.compared {
			it.fail("a value can be compared in one way only")
			return
		}
		it.compared = true
		it.compare(operator)
	}
}

// compare takes the values as numbers.
func (it *item) compare(operator Operator) {
	if it.field == "" {
		it.fail("a numeric comparison needs a field")
		return
	}
	for i := range it.operands {
		o := &it.operands[i]
		switch value := o.value.(type) {
		case Comparison:
			value.Operator = operator
			o.value = value
		case String:
			number, ok := parseNumber(o.source)
			if !ok {
				it.parser.fail(o.at, "%s is not a number", quote(o.source))
				continue
			}
			o.value = Comparison{operator, number, largeInteger(o.source, number)}
		default:
			it.wrongValue(o, "of numbers")
		}
	}
}

// timePart compares a piece of a time with the values; lt, gt and the others
// may stand on either side.
func timePart(part TimePart) modifier {
	return func(it *item, before []string) {
		if it.part != WholeTime {
			it.fail("only one part of a time can be compared")
			return
		}
		it.part = part
		for i := range it.operands {
			if _, ok := it.operands[i].value.(Comparison); !ok {
				it.compare(Equal)
				return
			}
		}
	}
}
