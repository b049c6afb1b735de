package sigma

import (
	"fmt"
	"strconv"
	"strings"
)

// A conditionParser reads a condition by recursive descent:
//
//	or        = and { "or" and }
//	and       = not { "and" not }
//	not       = "not" not | primary
//	primary   = "(" or ")" | quantifier "of" pattern | identifier
//	quantifier = "1" | "any" | "all" | number
//
// Words are compared without case, as the rules of old have them in capitals.
// (Sigma rules specification, "Condition".)
type conditionParser struct {
	tokens []conditionToken
	next   int
	depth  int
	// identifier and several make the leaves.
	identifier func(name conditionToken) (Expression, *conditionError)
	several    func(quantifier, pattern conditionToken) (Expression, *conditionError)
}

// A conditionToken is a word or a parenthesis.
type conditionToken struct {
	text   string
	offset int // in bytes from the beginning of the condition
}

func (t conditionToken) is(word string) bool { return strings.EqualFold(t.text, word) }

// A conditionError says what is wrong, and where in the condition.
type conditionError struct {
	offset  int
	kind    ProblemKind
	message string
}

func failAt(token conditionToken, format string, args ...any) *conditionError {
	return &conditionError{token.offset, Malformed, fmt.Sprintf(format, args...)}
}

func splitCondition(text string) []conditionToken {
	var tokens []conditionToken
	for at := 0; at < len(text); {
		switch c := text[at]; {
		case strings.IndexByte(" \t\r\n", c) >= 0:
			at++
		case strings.IndexByte("()|", c) >= 0:
			tokens = append(tokens, conditionToken{text[at : at+1], at})
			at++
		default:
			end := at + 1
			for end < len(text) && strings.IndexByte(" \t\r\n()|", text[end]) < 0 {
				end++
			}
			tokens = append(tokens, conditionToken{text[at:end], at})
			at = end
		}
	}
	return append(tokens, conditionToken{"", len(text)})
}

func (c *conditionParser) parse(text string) (Expression, *conditionError) {
	c.tokens, c.next = splitCondition(text), 0
	expression, err := c.or()
	if err != nil {
		return nil, err
	}
	if rest := c.peek(); rest.text != "" {
		return nil, failAt(rest, "unexpected %q, want and, or, or the end of the condition", rest.text)
	}
	return expression, nil
}

func (c *conditionParser) peek() conditionToken { return c.tokens[c.next] }

func (c *conditionParser) take() conditionToken {
	token := c.tokens[c.next]
	if token.text != "" {
		c.next++
	}
	return token
}

func (c *conditionParser) or() (Expression, *conditionError) {
	terms, err := c.series("or", (*conditionParser).and)
	if err != nil || len(terms) == 1 {
		return first(terms), err
	}
	return Or(terms), nil
}

func (c *conditionParser) and() (Expression, *conditionError) {
	terms, err := c.series("and", (*conditionParser).not)
	if err != nil || len(terms) == 1 {
		return first(terms), err
	}
	return And(terms), nil
}

func first(terms []Expression) Expression {
	if len(terms) == 0 {
		return nil
	}
	return terms[0]
}

func (c *conditionParser) series(word string, term func(*conditionParser) (Expression, *conditionError)) ([]Expression, *conditionError) {
	var terms []Expression
	for {
		expression, err := term(c)
		if err != nil {
			return nil, err
		}
		terms = append(terms, expression)
		if !c.peek().is(word) {
			return terms, nil
		}
		c.take()
	}
}

func (c *conditionParser) not() (Expression, *conditionError) {
	if !c.peek().is("not") {
		return c.primary()
	}
	token := c.take()
	if c.depth++; c.depth > maxDepth {
		return nil, failAt(token, "nested deeper than %d levels", maxDepth)
	}
	defer func() { c.depth-- }()
	term, err := c.not()
	if err != nil {
		return nil, err
	}
	return Not{term}, nil
}

func (c *conditionParser) primary() (Expression, *conditionError) {
	token := c.take()
	switch {
	case token.text == "":
		return nil, failAt(token, "the condition ends where an identifier is expected")
	case token.text == "(":
		return c.parenthesis(token)
	case token.text == ")" || token.text == "|" || token.is("and") || token.is("or") || token.is("of"):
		return nil, failAt(token, "unexpected %q, want an identifier", token.text)
	case c.peek().is("of") && c.several != nil:
		c.take()
		pattern := c.take()
		if pattern.text == "" || pattern.text == "(" {
			return nil, failAt(pattern, "want an identifier, a pattern or them after of")
		}
		return c.several(token, pattern)
	}
	return c.identifier(token)
}

func (c *conditionParser) parenthesis(open conditionToken) (Expression, *conditionError) {
	if c.depth++; c.depth > maxDepth {
		return nil, failAt(open, "nested deeper than %d levels", maxDepth)
	}
	defer func() { c.depth-- }()
	expression, err := c.or()
	if err != nil {
		return nil, err
	}
	if end := c.take(); end.text != ")" {
		return nil, failAt(end, "the parenthesis opened in column %d is not closed", open.offset+1)
	}
	return expression, nil
}

// maxTerms bounds what the conditions of one rule may stand for: the values of
// all searches, each as often as it is named, and the identifiers that had to
// be compared with patterns.
const maxTerms = 1_000_000

// spend takes from what is left of maxTerms.
func (d *detection) spend(terms int, at conditionToken) *conditionError {
	if d.spent += terms; d.spent > maxTerms {
		return &conditionError{at.offset, NotSupported, fmt.Sprintf("the conditions stand for more than %d terms", maxTerms)}
	}
	return nil
}

// sizeOf counts the values of an expression, and its items.
func sizeOf(expression Expression) int {
	size := 1
	switch e := expression.(type) {
	case And:
		for _, term := range e {
			size += sizeOf(term)
		}
	case Or:
		for _, term := range e {
			size += sizeOf(term)
		}
	case Not:
		size += sizeOf(e.Term)
	case Named:
		size += sizeOf(e.Term)
	case *Predicate:
		size += len(e.Values)
	}
	return size
}

// parser makes the leaves of a condition from the search identifiers.
func (d *detection) parser() *conditionParser {
	return &conditionParser{identifier: d.identifier, several: d.several}
}

func (d *detection) identifier(name conditionToken) (Expression, *conditionError) {
	if search, ok := d.searches[name.text]; ok {
		return search, d.spend(d.sizes[name.text], name)
	}
	return nil, failAt(name, "there is no search identifier %q%s", name.text, didYouMean(name.text, d.names))
}

// several resolves "1 of selection_*" and its like.
func (d *detection) several(quantifier, pattern conditionToken) (Expression, *conditionError) {
	terms, size := d.matching(pattern.text)
	if err := d.spend(size+len(d.names), pattern); err != nil {
		return nil, err
	}
	if len(terms) == 0 {
		return nil, failAt(pattern, "no search identifier fits %q", pattern.text)
	}
	switch {
	case quantifier.is("all"):
		return And(terms), nil
	case quantifier.is("any"):
		return Or(terms), nil
	}
	number, notNumber := strconv.Atoi(quantifier.text)
	switch {
	case notNumber != nil || number < 1:
		return nil, failAt(quantifier, "unknown quantifier %q, want 1, any, all or a number", quantifier.text)
	case number > len(terms):
		return nil, failAt(quantifier, "%d of %q can never hold, as it fits only %d identifiers", number, pattern.text, len(terms))
	case number == 1:
		return Or(terms), nil
	}
	combinations, err := atLeast(number, terms, quantifier)
	if err != nil {
		return nil, err
	}
	return combinations, d.spend(len(combinations)*size, quantifier)
}

// matching lists the searches whose identifiers fit a pattern, in the order of
// the file, and their size. Those that begin with an underscore are private: them and patterns
// leave them out, unless the pattern begins with an underscore too.
func (d *detection) matching(pattern string) (terms []Expression, size int) {
	if strings.EqualFold(pattern, "them") {
		pattern = "*"
	}
	for _, name := range d.names {
		if name[:min(1, len(name))] == "_" && pattern[:1] != "_" {
			continue
		}
		if fitsGlob(pattern, name) {
			terms = append(terms, d.searches[name])
			size += d.sizes[name]
		}
	}
	return terms, size
}

// fitsGlob matches a name with a pattern of literals and *, cut at each *.
func fitsGlob(pattern, name string) bool {
	pieces := strings.Split(pattern, "*")
	last := len(pieces) - 1
	if last == 0 {
		return pattern == name
	}
	if !strings.HasPrefix(name, pieces[0]) {
		return false
	}
	name = name[len(pieces[0]):]
	for _, piece := range pieces[1:last] {
		i := strings.Index(name, piece)
		if i < 0 {
			return false
		}
		name = name[i+len(piece):]
	}
	return strings.HasSuffix(name, pieces[last])
}

// atLeast writes "2 of" as the combinations it stands for.
func atLeast(number int, terms []Expression, at conditionToken) (Or, *conditionError) {
	const maxCombinations = 1000
	var combinations Or
	chosen := make([]Expression, 0, number)
	var choose func(rest []Expression) bool
	choose = func(rest []Expression) bool {
		if len(chosen) == number {
			combinations = append(combinations, append(And(nil), chosen...))
			return len(combinations) <= maxCombinations
		}
		for i := 0; i+number-len(chosen) <= len(rest); i++ {
			chosen = append(chosen, rest[i])
			if !choose(rest[i+1:]) {
				return false
			}
			chosen = chosen[:len(chosen)-1]
		}
		return true
	}
	if !choose(terms) {
		return nil, &conditionError{at.offset, NotSupported,
			fmt.Sprintf("%d of %d identifiers are more than %d combinations", number, len(terms), maxCombinations)}
	}
	return combinations, nil
}
