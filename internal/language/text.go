package language

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// A Value is what stands in a message for {name}: a text of the evidence, a
// message, or else a number.
type Value struct {
	Name string
	// Text is evidence, never translated; empty for others.
	Text string
	// Message is the key of a message that stands here.
	Message string
	Number  int64
	// Kind says what Text names, such as "host"; it is passed on.
	Kind string
}

// A Segment is a piece of a text.
type Segment struct {
	Text string
	// Evidence is set where Text is a value and not words of the language: it
	// may be hostile, and of any direction.
	Evidence bool
	// Name and Kind are those of the value.
	Name, Kind string
}

// Text puts a message into words. A message that the language lacks is given
// in English; one that English lacks too is given as its key, in brackets, so
// that the lack is seen. So is a value that was not given.
func (c *Catalogue) Text(tag, key string, values ...Value) []Segment {
	text := c.appendText(nil, tag, key, values, 0)
	if len(text) > 0 && text[0].Text != "" && !text[0].Evidence && c.beginsWithMessage(tag, key, values) {
		first, size := utf8.DecodeRuneInString(text[0].Text)
		text[0].Text = string(unicode.ToUpper(first)) + text[0].Text[size:]
	}
	return text
}

// beginsWithMessage reports whether a text begins with what elsewhere stands
// within one, and so may have no capital.
func (c *Catalogue) beginsWithMessage(tag, key string, values []Value) bool {
	m, found, ok := c.find(tag, key)
	if !ok {
		return false
	}
	parts := m.form(found, values)
	return len(parts) > 0 && parts[0].value != "" && slices.ContainsFunc(values, func(v Value) bool { return v.Name == parts[0].value && v.Message != "" })
}

// maxDepth bounds messages within messages.
const maxDepth = 4

func (c *Catalogue) appendText(dst []Segment, tag, key string, values []Value, depth int) []Segment {
	m, found, ok := c.find(tag, key)
	if !ok || depth > maxDepth {
		return append(dst, Segment{Text: "⟦" + key + "⟧"})
	}
	for _, p := range m.form(found, values) {
		if p.value == "" {
			dst = append(dst, Segment{Text: p.words})
			continue
		}
		dst = c.appendValue(dst, tag, p.value, values, depth)
	}
	return dst
}

func (c *Catalogue) appendValue(dst []Segment, tag, name string, values []Value, depth int) []Segment {
	for _, v := range values {
		switch {
		case v.Name != name:
		case v.Message != "":
			return c.appendText(dst, tag, v.Message, values, depth+1)
		case v.Text != "":
			return append(dst, Segment{Text: v.Text, Evidence: true, Name: v.Name, Kind: v.Kind})
		default:
			return append(dst, Segment{Text: Number(tag, v.Number), Name: v.Name})
		}
	}
	return append(dst, Segment{Text: "⟦" + name + "⟧"})
}

// Plain joins segments into one text.
func Plain(segments []Segment) string {
	var out strings.Builder
	for _, s := range segments {
		out.WriteString(s.Text)
	}
	return out.String()
}

// Number writes a whole number, its thousands apart.
func Number(tag string, number int64) string {
	digits := strconv.FormatInt(number, 10)
	sign := ""
	if number < 0 {
		sign, digits = "−", digits[1:]
	}
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + known(tag).group + digits[at:]
	}
	return sign + digits
}

// Decimal writes a number with so many digits after the decimal sign.
func Decimal(tag string, number float64, digits int) string {
	text := strconv.FormatFloat(number, 'f', digits, 64)
	if strings.Trim(text, "-0.") == "" {
		text = strings.TrimPrefix(text, "-")
	}
	if whole, fraction, ok := strings.Cut(text, "."); ok {
		text = whole + known(tag).decimal + fraction
	}
	if positive, negative := strings.CutPrefix(text, "-"); negative {
		text = "−" + positive
	}
	return text
}

// Time writes a time: ISO 8601, UTC, to the second, in every language, so that
// it is the same as in the evidence. It is empty for the zero time.
func Time(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

// Date writes the day of a time, as Time does.
func Date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}
