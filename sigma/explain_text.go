package sigma

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// String draws the explanation as a tree, a line for each term:
//
//	yes  and
//	yes    selection
//	yes      Image endswith '\cmd.exe': 'C:\Windows\cmd.exe'
//	no     not
//	yes      filter
//	yes        User is 'SYSTEM': 'SYSTEM'
//
// Text of the event and of the rule is in quotes, single ones when it stands
// there as it is, double ones with the escapes of Go when it has characters
// that do not print. Long text is cut.
func (e *Explanation) String() string {
	var text strings.Builder
	_, _ = e.WriteTo(&text) // a Builder does not fail
	return text.String()
}

// WriteTo writes what String returns.
func (e *Explanation) WriteTo(w io.Writer) (int64, error) {
	return e.write(w, 1)
}

func (e *Explanation) write(w io.Writer, depth int) (int64, error) {
	verdict := "no "
	if e.Holds {
		verdict = "yes"
	}
	n, err := fmt.Fprintf(w, "%s%s%s\n", verdict, strings.Repeat("  ", depth), e.label())
	written := int64(n)
	for _, term := range e.Terms {
		if err != nil {
			return written, err
		}
		var more int64
		more, err = term.write(w, depth+1)
		written += more
	}
	return written, err
}

func (e *Explanation) label() string {
	switch e.Kind {
	case ExplainedAnd:
		return "and"
	case ExplainedOr:
		return "or"
	case ExplainedNot:
		return "not"
	case ExplainedSearch:
		return quoteName(e.Name)
	}
	return e.Check.String()
}

// String says in one line what was tested, and what was seen.
func (c *Check) String() string {
	var text strings.Builder
	text.WriteString(quoteName(c.Predicate.Field))
	if c.Predicate.Field == "" {
		text.WriteString("any field")
	}
	if c.Predicate.Part != WholeTime {
		text.WriteString(" " + c.Predicate.Part.String())
	}
	if c.Predicate.Negate {
		text.WriteString(" not")
	}
	text.WriteString(" " + describeValue(c.Value))
	if more := len(c.Predicate.Values) - 1; more > 0 {
		text.WriteString(c.others(more))
	}
	text.WriteString(": " + describeSeen(c))
	return text.String()
}

// others says how many values the decision was not about.
func (c *Check) others(more int) string {
	switch {
	case c.Matched == c.Predicate.All && c.Matched:
		return fmt.Sprintf(" (and %d more)", more)
	case c.Matched == c.Predicate.All:
		return fmt.Sprintf(" (nor %d more)", more)
	}
	return fmt.Sprintf(" (one of %d)", more+1)
}

func describeValue(value Value) string {
	switch v := value.(type) {
	case String:
		return v.describe()
	case Regexp:
		return "fits the expression " + quote(v.Source)
	case Network:
		return "is in " + v.Prefix.String()
	case Comparison:
		if v.Integer != "" {
			return v.Operator.String() + " " + v.Integer
		}
		return v.Operator.String() + " " + strconv.FormatFloat(v.Number, 'g', -1, 64)
	case FieldReference:
		return v.Relation.String() + " the value of " + quoteName(v.Field)
	case Exists:
		if v.Want {
			return "exists"
		}
		return "does not exist"
	case NullValue:
		return "is null or absent"
	}
	return "is nothing"
}

// describe says contains, startswith and endswith where the pattern is one.
func (s String) describe() string {
	parts, relation := s.Parts, Same
	open, end := startsWithRun(parts), endsWithRun(parts)
	switch {
	case open && end && len(parts) > 2:
		parts, relation = parts[1:len(parts)-1], Contains
	case open && !end:
		parts, relation = parts[1:], EndsWith
	case end && !open:
		parts, relation = parts[:len(parts)-1], StartsWith
	}
	words := relation.String()
	if s.Cased {
		words += " (with case)"
	}
	if hasWildcard(parts) {
		return words + " the pattern " + quote(String{Parts: parts}.String())
	}
	if len(parts) == 0 {
		return words + " ''"
	}
	return words + " " + quote(parts[0].Literal)
}

func describeSeen(c *Check) string {
	if len(c.Seen) == 0 {
		if c.Predicate.Field == "" {
			return "no"
		}
		return "absent"
	}
	const enough = 5
	var words []string
	for i, seen := range c.Seen {
		if i == enough {
			words = append(words, fmt.Sprintf("and %d more", len(c.Seen)-enough))
			break
		}
		word := "null"
		if seen.State == Present {
			word = quote(seen.Text)
		}
		if c.Predicate.Field == "" {
			word = quoteName(seen.Column) + " " + word
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

// String is the word of the specification for a relation, is for Same.
func (r Relation) String() string {
	switch r {
	case Contains:
		return "contains"
	case StartsWith:
		return "startswith"
	case EndsWith:
		return "endswith"
	}
	return "is"
}

// String is the sign of the relation.
func (o Operator) String() string {
	switch o {
	case Less:
		return "<"
	case LessOrEqual:
		return "<="
	case Greater:
		return ">"
	case GreaterOrEqual:
		return ">="
	}
	return "="
}

// String is the name of the modifier, empty for WholeTime.
func (t TimePart) String() string {
	names := [...]string{"", "minute", "hour", "day", "week", "month", "year"}
	if int(t) < len(names) {
		return names[t]
	}
	return ""
}

// quote puts hostile text in quotes, the way YAML has them: single quotes
// around text as it is, double quotes around escapes.
func quote(text string) string {
	const longest = 400
	cut := ""
	if len(text) > longest {
		cut = fmt.Sprintf(" (%d bytes)", len(text))
		end := longest
		for end > 0 && !utf8.RuneStart(text[end]) {
			end--
		}
		text = text[:end]
	}
	if !prints(text) {
		return strconv.Quote(text) + cut
	}
	return "'" + strings.ReplaceAll(text, "'", "''") + "'" + cut
}

// quoteName leaves names alone that need no quotes.
func quoteName(name string) string {
	if prints(name) {
		return name
	}
	return strconv.Quote(name)
}

// prints says whether text may be shown as it is. Letters of other scripts
// may; controls, also those of the writing direction, may not.
func prints(text string) bool {
	for _, r := range text {
		if r == utf8.RuneError || !strconv.IsPrint(r) {
			return false
		}
	}
	return true
}
