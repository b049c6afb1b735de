package sigma

import (
	"bytes"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/kulla-defence/kulla/sigma/internal/automaton"
)

// A test is a predicate, compiled.
type test struct {
	field       int32
	all, negate bool
	part        TimePart
	cost        int32
	values      []valueTest
	// exact holds the texts of a long list of whole values; they are not in
	// values then.
	exact map[string]bool
}

// A valueTest is one value of a predicate.
type valueTest struct {
	kind valueKind
	// cased values are compared with the text as it is, others with the
	// folded text. Text and literals are folded accordingly.
	cased bool
	text  []byte
	parts []patternPart
	// places of a text that is contained, in a digest; nil where digests do
	// not help.
	places []uint32
	// whole is the pattern itself where it counts characters (?).
	whole      *String
	expression *regexp.Regexp
	// automaton matches the expression; it is made when it is first needed.
	automaton  *automaton.Automaton
	required   requirements // of the expression
	network    netip.Prefix
	comparison Comparison
	reference  FieldReference
	other      int32 // the field that reference names
	want       bool
}

type valueKind uint8

const (
	valueExact valueKind = iota
	valuePrefix
	valueSuffix
	valueContains
	valuePattern
	valueExpression
	valueNetwork
	valueComparison
	valueReference
	valueExists
	valueNull
)

// A patternPart is a Part whose literal is folded.
type patternPart struct {
	kind    PartKind
	literal []byte
}

// longList is the number of whole values from which a table is faster.
const longList = 8

func newTest(p *Predicate, fields *fieldTable) test {
	t := test{field: fields.number(p.Field, p.Source), all: p.All, negate: p.Negate, part: p.Part}
	for _, value := range p.Values {
		compiled := newValueTest(value, fields)
		t.cost += compiled.cost()
		t.values = append(t.values, compiled)
	}
	if !t.all {
		t.gatherExact()
	}
	return t
}

// gatherExact moves whole values into a table when there are many.
func (t *test) gatherExact() {
	whole := func(v *valueTest) bool { return v.kind == valueExact && !v.cased }
	n := 0
	for i := range t.values {
		if whole(&t.values[i]) {
			n++
		}
	}
	if n < longList {
		return
	}
	t.exact = make(map[string]bool, n)
	rest := t.values[:0]
	for i := range t.values {
		if whole(&t.values[i]) {
			t.exact[string(t.values[i].text)] = true
		} else {
			rest = append(rest, t.values[i])
		}
	}
	t.values = rest
	t.cost = int32(2 + len(rest))
}

func newValueTest(value Value, fields *fieldTable) valueTest {
	switch v := value.(type) {
	case String:
		return newStringTest(v)
	case Regexp:
		return valueTest{kind: valueExpression, expression: v.Compiled, required: requirementsOf(v)}
	case Network:
		return valueTest{kind: valueNetwork, network: v.Prefix}
	case Comparison:
		return valueTest{kind: valueComparison, comparison: v}
	case FieldReference:
		return valueTest{kind: valueReference, reference: v, other: fields.number(v.Field, v.Source)}
	case Exists:
		return valueTest{kind: valueExists, want: v.Want}
	}
	return valueTest{kind: valueNull}
}

func newStringTest(s String) valueTest {
	t := valueTest{cased: s.Cased}
	for _, part := range s.Parts {
		literal := part.Literal
		if !s.Cased {
			literal = foldString(literal)
		}
		t.parts = append(t.parts, patternPart{part.Kind, []byte(literal)})
	}
	t.kind, t.text = shapeOf(t.parts)
	if t.kind == valueContains && !t.cased {
		t.places = digestPlaces(t.text)
	}
	if slices.ContainsFunc(s.Parts, func(p Part) bool { return p.Kind == AnyOne }) {
		t.whole = &s
	}
	return t
}

// shapeOf recognises the patterns that need no general matching.
func shapeOf(parts []patternPart) (valueKind, []byte) {
	literal := func(i int) bool { return parts[i].kind == Literal }
	run := func(i int) bool { return parts[i].kind == AnyRun }
	switch {
	case len(parts) == 0:
		return valueExact, nil
	case len(parts) == 1 && literal(0):
		return valueExact, parts[0].literal
	case len(parts) == 2 && literal(0) && run(1):
		return valuePrefix, parts[0].literal
	case len(parts) == 2 && run(0) && literal(1):
		return valueSuffix, parts[1].literal
	case len(parts) == 3 && run(0) && literal(1) && run(2):
		return valueContains, parts[1].literal
	}
	return valuePattern, nil
}

func (v *valueTest) cost() int32 {
	switch v.kind {
	case valueExact, valuePrefix, valueSuffix, valueExists, valueNull:
		return 1
	case valueContains, valueComparison, valueReference:
		return 4
	case valuePattern, valueNetwork:
		return 12
	}
	return 100
}

// test evaluates a predicate on the current event.
func (s *Session) test(t *test) bool {
	values := s.fieldTexts(t.field)
	return s.testValues(t, values) != t.negate
}

func (s *Session) testValues(t *test, values []fieldText) bool {
	if t.exact != nil {
		for i := range values {
			if values[i].state == Present && t.exact[string(values[i].folded)] {
				return true
			}
		}
	}
	for i := range t.values {
		v := &t.values[i]
		matched := false
		if v.places != nil {
			matched = s.anyContains(t, v, values)
		} else {
			matched = s.anyMatches(t, v, values)
		}
		if matched != t.all {
			return !t.all
		}
	}
	return t.all
}

// anyMatches reports whether a value of the rule matches any of the field.
func (s *Session) anyMatches(t *test, v *valueTest, values []fieldText) bool {
	switch v.kind {
	case valueExists:
		return (len(values) > 0 || s.hasMembers(t.field)) == v.want
	case valueNull:
		return nullAmong(values)
	case valueReference:
		return v.refers(values, s.fieldTexts(v.other))
	}
	for i := range values {
		if values[i].state == Present && v.matches(&values[i], t.part) {
			return true
		}
	}
	return false
}

func nullAmong(values []fieldText) bool {
	for i := range values {
		if values[i].state == Null {
			return true
		}
	}
	return len(values) == 0
}

func (v *valueTest) refers(values, others []fieldText) bool {
	for i := range values {
		for j := range others {
			if values[i].state == Present && others[j].state == Present && v.relates(&values[i], &others[j]) {
				return true
			}
		}
	}
	return false
}

func (v *valueTest) relates(have, other *fieldText) bool {
	if v.reference.Cased {
		return v.reference.Relation.holds(have.raw, other.raw)
	}
	return v.reference.Relation.holds(have.folded, other.folded)
}

func (v *valueTest) matchesExpression(text []byte) bool {
	if v.automaton == nil {
		v.automaton = automaton.New(v.expression)
	}
	return v.automaton.Match(text)
}

func (v *valueTest) matches(have *fieldText, part TimePart) bool {
	text := have.folded
	if v.cased {
		text = have.raw
	}
	switch v.kind {
	case valueExact:
		return bytes.Equal(text, v.text)
	case valuePrefix:
		return bytes.HasPrefix(text, v.text)
	case valueSuffix:
		return bytes.HasSuffix(text, v.text)
	case valueContains:
		return bytes.Contains(text, v.text)
	case valuePattern:
		if v.whole != nil && !isASCII(text) {
			return v.whole.matches(have.raw)
		}
		return matchPattern(text, v.parts)
	case valueExpression:
		return v.required.fulfilled(have) &&
			(v.required.whole && isASCII(have.raw) || v.matchesExpression(have.raw))
	case valueNetwork:
		return Network{v.network}.contains(have.raw)
	case valueComparison:
		return v.comparison.matches(have.raw, part)
	}
	return false
}

func isASCII(text []byte) bool {
	for _, c := range text {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// matchPattern matches whole text with wildcards, where a character is a byte
// or no part counts characters. After a run it goes on at the first place
// where the next part fits: an earlier place is never worse, so one step back
// is all that is ever needed.
func matchPattern(text []byte, parts []patternPart) bool {
	at, part := 0, 0
	retryAt, retryPart := -1, -1
	for {
		switch {
		case part == len(parts):
			if at == len(text) {
				return true
			}
		case parts[part].kind == AnyRun:
			retryAt, retryPart = at, part+1
			if at = skipRun(text, at, parts[part+1:]); at < 0 {
				return false
			}
			retryAt = at
			part++
			continue
		case parts[part].kind == AnyOne:
			if at < len(text) {
				at, part = at+1, part+1
				continue
			}
		case bytes.HasPrefix(text[at:], parts[part].literal):
			at, part = at+len(parts[part].literal), part+1
			continue
		}
		if retryPart < 0 || retryAt >= len(text) {
			return false
		}
		if retryAt = skipRun(text, retryAt+1, parts[retryPart:]); retryAt < 0 {
			return false
		}
		at, part = retryAt, retryPart
	}
}

// skipRun returns the first place, at or after one, where what follows a run
// may begin; negative when there is none.
func skipRun(text []byte, at int, rest []patternPart) int {
	switch {
	case len(rest) == 0:
		return len(text)
	case rest[0].kind != Literal:
		return at
	case len(rest) == 1: // it must end the text
		if end := len(text) - len(rest[0].literal); end >= at {
			return end
		}
		return -1
	}
	found := bytes.Index(text[at:], rest[0].literal)
	if found < 0 {
		return -1
	}
	return at + found
}

// predicateKey tells predicates apart by what they test.
func predicateKey(p *Predicate) string {
	key := make([]byte, 0, 128)
	key = strconv.AppendQuote(key, fieldKey(p.Field, p.Source))
	key = append(strconv.AppendBool(strconv.AppendBool(key, p.All), p.Negate), byte(p.Part))
	for _, value := range p.Values {
		key = append(key, ' ')
		switch v := value.(type) {
		case String:
			key = v.appendKey(key)
		case Regexp:
			key = strconv.AppendQuote(append(key, 'r'), v.Compiled.String())
		case FieldReference:
			key = fmt.Appendf(key, "f%q %d %v", fieldKey(v.Field, v.Source), v.Relation, v.Cased)
		default:
			key = fmt.Appendf(key, "%T%v", v, v)
		}
	}
	return string(key)
}

func (s String) appendKey(key []byte) []byte {
	if s.Cased {
		key = append(key, 'c')
	}
	for _, part := range s.Parts {
		key = append(key, "s*?"[part.Kind])
		if part.Kind == Literal {
			key = append(strconv.AppendInt(key, int64(len(part.Literal)), 10), ':')
			key = append(key, part.Literal...)
		}
	}
	return key
}
