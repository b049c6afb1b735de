package findingjson

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// errSyntax is wrapped by the errors of Parse.
var errSyntax = errors.New("not a finding in JSON")

// maxDepth bounds values under unknown keys.
const maxDepth = 32

// A cursor reads JSON (RFC 8259) from its beginning to its end. After the first
// failure all that it reads is empty, and err is set.
type cursor struct {
	rest []byte
	size int // of the whole
	err  error
}

func (c *cursor) fail(expected string) {
	if c.err == nil {
		c.err = fmt.Errorf("%w: expected %s at byte %d", errSyntax, expected, c.size-len(c.rest))
	}
	c.rest = nil
}

// peek is the next character that is no white space; 0 at the end.
func (c *cursor) peek() byte {
	for i, b := range c.rest {
		if b != ' ' && b != '\t' && b != '\n' && b != '\r' {
			c.rest = c.rest[i:]
			return b
		}
	}
	c.rest = nil
	return 0
}

// skip takes a character if it is the next.
func (c *cursor) skip(b byte) bool {
	if c.peek() != b {
		return false
	}
	c.rest = c.rest[1:]
	return true
}

// list calls item for each value between two brackets.
func (c *cursor) list(opening, closing byte, item func()) {
	if !c.skip(opening) {
		c.fail(string(opening))
		return
	}
	if c.skip(closing) {
		return
	}
	for c.err == nil {
		item()
		if c.skip(closing) {
			return
		}
		if !c.skip(',') {
			c.fail("a comma or " + string(closing))
		}
	}
}

func (c *cursor) array(item func()) { c.list('[', ']', item) }

// object calls member with each key; it must read the value.
func (c *cursor) object(member func(key []byte)) {
	c.list('{', '}', func() {
		key := c.text()
		if !c.skip(':') {
			c.fail("a colon")
		}
		member(key)
	})
}

// word takes a literal if it is next.
func (c *cursor) word(word string) bool {
	if c.peek() != word[0] || len(c.rest) < len(word) || string(c.rest[:len(word)]) != word {
		return false
	}
	c.rest = c.rest[len(word):]
	return true
}

func (c *cursor) null() bool { return c.word("null") }

// text reads a string. The result is valid until the cursor's bytes change.
func (c *cursor) text() []byte {
	if !c.skip('"') {
		c.fail("a string")
		return nil
	}
	for i, b := range c.rest {
		switch {
		case b == '"':
			text := c.rest[:i]
			c.rest = c.rest[i+1:]
			return text
		case b < ' ' || b == '\\' || b >= utf8.RuneSelf:
			return c.awkwardText(i)
		}
	}
	c.fail("the end of a string")
	return nil
}

// awkwardText reads a string of which the first characters stand for
// themselves, and at least one other may not.
func (c *cursor) awkwardText(plain int) []byte {
	text := append([]byte(nil), c.rest[:plain]...)
	c.rest = c.rest[plain:]
	for len(c.rest) > 0 {
		switch b := c.rest[0]; {
		case b == '"':
			c.rest = c.rest[1:]
			return text
		case b == '\\':
			text = utf8.AppendRune(text, c.escape())
		case b < ' ':
			c.fail("no control character")
		default:
			r, size := utf8.DecodeRune(c.rest)
			text = utf8.AppendRune(text, r)
			c.rest = c.rest[size:]
		}
	}
	c.fail("the end of a string")
	return nil
}

func (c *cursor) escape() rune {
	if len(c.rest) < 2 {
		c.fail("an escape")
		return utf8.RuneError
	}
	if i := strings.IndexByte(`"\/bfnrt`, c.rest[1]); i >= 0 {
		c.rest = c.rest[2:]
		return rune("\"\\/\b\f\n\r\t"[i])
	}
	r, ok := unit(c.rest)
	if !ok {
		c.fail("an escape")
		return utf8.RuneError
	}
	c.rest = c.rest[6:]
	if !utf16.IsSurrogate(r) {
		return r
	}
	if low, ok := unit(c.rest); ok {
		if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
			c.rest = c.rest[6:]
			return pair
		}
	}
	return utf8.RuneError
}

// unit reads \u and four hexadecimal digits.
func unit(text []byte) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(text[2:6]), 16, 32)
	return rune(n), err == nil
}

// number is the text of a number, as far as its characters go.
func (c *cursor) number() []byte {
	c.peek()
	end := 0
	for end < len(c.rest) && (c.rest[end] >= '0' && c.rest[end] <= '9' || c.rest[end] == '-' || c.rest[end] == '+' ||
		c.rest[end] == '.' || c.rest[end]|0x20 == 'e') {
		end++
	}
	if end == 0 {
		c.fail("a number")
	}
	number := c.rest[:end]
	c.rest = c.rest[end:]
	return number
}

func (c *cursor) integer() int64 {
	n, err := strconv.ParseInt(string(c.number()), 10, 64)
	if err != nil {
		c.fail("a whole number")
	}
	return n
}

func (c *cursor) unsigned() uint64 {
	n, err := strconv.ParseUint(string(c.number()), 10, 64)
	if err != nil {
		c.fail("a whole number without a sign")
	}
	return n
}

func (c *cursor) float() float64 {
	n, err := strconv.ParseFloat(string(c.number()), 64)
	if err != nil {
		c.fail("a number")
	}
	return n
}

func (c *cursor) boolean() bool {
	switch {
	case c.word("true"):
		return true
	case !c.word("false"):
		c.fail("true or false")
	}
	return false
}

// value skips whatever is next.
func (c *cursor) value(depth int) {
	if depth > maxDepth {
		c.fail("less depth")
		return
	}
	switch b := c.peek(); {
	case b == '"':
		c.text()
	case b == '[':
		c.array(func() { c.value(depth + 1) })
	case b == '{':
		c.object(func([]byte) { c.value(depth + 1) })
	case b == 't' || b == 'f':
		c.boolean()
	case b == 'n' && c.null():
	default:
		c.number()
	}
}
