package sigma

import (
	"bytes"
	"cmp"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// matches matches the whole text. It keeps the set of places in the text that
// the parts so far can reach, so no pattern takes long.
func (s String) matches(text []byte) bool {
	if !s.Cased {
		text = Fold(nil, text)
	}
	reached := make([]bool, len(text)+1)
	reached[0] = true
	for _, part := range s.Parts {
		switch part.Kind {
		case Literal:
			literal := []byte(part.Literal)
			if !s.Cased {
				literal = Fold(nil, literal)
			}
			reached = afterLiteral(reached, text, literal)
		case AnyRun:
			reached = afterAnyRun(reached)
		default:
			reached = afterAnyOne(reached, text)
		}
	}
	return reached[len(text)]
}

func afterLiteral(reached []bool, text, literal []byte) []bool {
	next := make([]bool, len(reached))
	for at, ok := range reached {
		if ok && bytes.HasPrefix(text[at:], literal) {
			next[at+len(literal)] = true
		}
	}
	return next
}

func afterAnyRun(reached []bool) []bool {
	next := make([]bool, len(reached))
	some := false
	for at, ok := range reached {
		some = some || ok
		next[at] = some
	}
	return next
}

// afterAnyOne goes from the beginning of each character to the next. A byte
// that is not UTF-8 counts as a character.
func afterAnyOne(reached []bool, text []byte) []bool {
	next := make([]bool, len(reached))
	for at := 0; at < len(text); {
		_, size := utf8.DecodeRune(text[at:])
		if reached[at] {
			next[at+size] = true
		}
		at += size
	}
	return next
}

func (n Network) contains(text []byte) bool {
	address, err := netip.ParseAddr(string(text))
	return err == nil && n.Prefix.Contains(address.Unmap().WithZone(""))
}

// matches compares the text of a field, or a part of the time that it is.
func (c Comparison) matches(text []byte, part TimePart) bool {
	if c.Integer != "" && part == WholeTime {
		if digits := integerDigits(string(text)); digits != "" {
			return c.Operator.holds(float64(compareIntegers(digits, c.Integer)), 0)
		}
	}
	number, ok := numberOf(text, part)
	return ok && c.Operator.holds(number, c.Number)
}

// largeInteger is the digits of a whole number that a float64 may round, else
// empty.
func largeInteger(text string, number float64) string {
	if math.Abs(number) < 1<<53 {
		return ""
	}
	return integerDigits(text)
}

// integerDigits reads a whole number, decimal or with 0x, as decimal digits
// without leading zeros. It is empty for anything else.
func integerDigits(text string) string {
	number, ok := parseNumber(text)
	if !ok {
		return ""
	}
	digits := strings.TrimLeft(text, "+-")
	if len(digits) > 2 && strings.IndexByte("xXob", digits[1]) >= 0 {
		value, err := strconv.ParseUint(digits, 0, 64)
		if err != nil {
			return ""
		}
		digits = strconv.FormatUint(value, 10)
	}
	if strings.ContainsAny(digits, ".eE") {
		return ""
	}
	digits = strings.TrimLeft(digits, "0")
	switch {
	case digits == "":
		return "0"
	case number < 0:
		return "-" + digits
	}
	return digits
}

// compareIntegers compares what integerDigits returns.
func compareIntegers(a, b string) int {
	negativeA, negativeB := a[0] == '-', b[0] == '-'
	switch {
	case negativeA && negativeB:
		return compareIntegers(b[1:], a[1:])
	case negativeA:
		return -1
	case negativeB:
		return 1
	}
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

// holds compares a value with a number.
func (o Operator) holds(value, number float64) bool {
	switch o {
	case Less:
		return value < number
	case LessOrEqual:
		return value <= number
	case Greater:
		return value > number
	case GreaterOrEqual:
		return value >= number
	}
	return value == number
}

// numberOf reads the text of a field as a number, or takes a part of the time
// that it is.
func numberOf(text []byte, part TimePart) (float64, bool) {
	if part == WholeTime {
		return parseNumber(string(text))
	}
	number, ok := timePartOf(text, part)
	return float64(number), ok
}

// timePartOf takes one part of a time as it is written: year, month and day
// with - or / between them, then, after a T or a blank, hour, minute and
// second. What follows, the zone too, is not looked at.
func timePartOf(text []byte, part TimePart) (number int, ok bool) {
	const date, clock = len("2006-01-02"), len("2006-01-02T15:04")
	if len(text) < date || text[4] != text[7] || text[4] != '-' && text[4] != '/' {
		return 0, false
	}
	year, month, day := decimal(text[:4]), decimal(text[5:7]), decimal(text[8:10])
	if year < 0 || month < 1 || month > 12 || day < 1 || day > 31 {
		return 0, false
	}
	switch part {
	case Year:
		return year, true
	case Month:
		return month, true
	case Day:
		return day, true
	case Week:
		_, week := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).ISOWeek()
		return week, true
	}
	if len(text) < clock || text[10] != 'T' && text[10] != ' ' && text[10] != 't' || text[13] != ':' {
		return 0, false
	}
	hour, minute := decimal(text[11:13]), decimal(text[14:16])
	if hour < 0 || hour > 23 || minute < 0 || minute > 59 {
		return 0, false
	}
	if part == Hour {
		return hour, true
	}
	return minute, true
}

// decimal reads digits, and is negative when there is something else.
func decimal(digits []byte) int {
	number := 0
	for _, c := range digits {
		if c < '0' || c > '9' {
			return -1
		}
		number = number*10 + int(c-'0')
	}
	return number
}

// matches compares every value of the field with every value of the other.
func (f FieldReference) matches(field, others []fieldValue) bool {
	for _, have := range field {
		for _, other := range others {
			if have.state == Present && other.state == Present && f.relates(have.text, other.text) {
				return true
			}
		}
	}
	return false
}

func (f FieldReference) relates(have, other []byte) bool {
	if !f.Cased {
		have, other = Fold(nil, have), Fold(nil, other)
	}
	return f.Relation.holds(have, other)
}

// holds compares two texts as they are.
func (r Relation) holds(have, other []byte) bool {
	switch r {
	case Contains:
		return bytes.Contains(have, other)
	case StartsWith:
		return bytes.HasPrefix(have, other)
	case EndsWith:
		return bytes.HasSuffix(have, other)
	}
	return bytes.Equal(have, other)
}
