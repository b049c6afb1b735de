package sigma

import "slices"

// discriminatorColumns are the columns by which events are routed. They are
// those that nearly every rule over Windows events asks for.
var discriminatorColumns = [...]string{channelColumn: "Channel", "EventID"}

const channelColumn = 0

// Numbers of values of a discriminator that no rule names.
const (
	valueAmbiguous int32 = -1 // the event has several
	valueAbsent    int32 = 0
	valueOther     int32 = 1
)

// A discriminator numbers the values of a column that rules name.
type discriminator struct {
	column string
	known  map[string]int32 // folded
	texts  []string         // by number
}

func newDiscriminator(column string) discriminator {
	return discriminator{column: column, known: map[string]int32{}, texts: []string{"", ""}}
}

// internAll numbers all values without wildcards that an expression compares
// the column with, also under a not. It reports whether there is the column.
func (d *discriminator) internAll(e Expression) (asked bool) {
	eachPredicate(e, func(p *Predicate) {
		if p.Field != d.column {
			return
		}
		asked = true
		for _, value := range p.Values {
			if text, ok := plainText(value); ok {
				d.intern(text)
			}
		}
	})
	return asked
}

func (d *discriminator) intern(folded string) {
	if _, ok := d.known[folded]; !ok {
		d.known[folded] = int32(len(d.texts))
		d.texts = append(d.texts, folded)
	}
}

func (d *discriminator) numbers(values []string) []int32 {
	numbers := make([]int32, 0, len(values))
	for _, value := range values {
		numbers = append(numbers, d.known[value])
	}
	slices.Sort(numbers)
	return slices.Compact(numbers)
}

// eachPredicate visits the predicates of an expression.
func eachPredicate(e Expression, visit func(*Predicate)) {
	switch e := e.(type) {
	case And:
		for _, term := range e {
			eachPredicate(term, visit)
		}
	case Or:
		for _, term := range e {
			eachPredicate(term, visit)
		}
	case Not:
		eachPredicate(e.Term, visit)
	case Named:
		eachPredicate(e.Term, visit)
	case *Predicate:
		visit(e)
	}
}

// plainText returns the folded text of a value that is compared whole and
// without case.
func plainText(value Value) (string, bool) {
	s, ok := value.(String)
	switch {
	case !ok || s.Cased || len(s.Parts) > 1:
		return "", false
	case len(s.Parts) == 0:
		return "", true
	case s.Parts[0].Kind != Literal:
		return "", false
	}
	return foldString(s.Parts[0].Literal), true
}

// necessaryValues returns values one of which the column must have for the
// expression to hold; false when it may hold with any value.
func necessaryValues(e Expression, column string) ([]string, bool) {
	switch e := e.(type) {
	case And:
		return necessaryOfAll(e, column)
	case Or:
		var union []string
		for _, term := range e {
			values, needed := necessaryValues(term, column)
			if !needed {
				return nil, false
			}
			union = append(union, values...)
		}
		return union, true
	case Named:
		return necessaryValues(e.Term, column)
	case *Predicate:
		return e.necessaryTexts(column)
	}
	return nil, false
}

// necessaryOfAll takes the smallest of the sets that terms need.
func necessaryOfAll(terms And, column string) ([]string, bool) {
	var best []string
	found := false
	for _, term := range terms {
		values, needed := necessaryValues(term, column)
		if needed && (!found || len(values) < len(best)) {
			best, found = values, true
		}
	}
	return best, found
}

func (p *Predicate) necessaryTexts(column string) ([]string, bool) {
	if p.Field != column || p.Source != nil || p.Negate || p.All || p.Part != WholeTime || column == "" {
		return nil, false
	}
	texts := make([]string, 0, len(p.Values))
	for _, value := range p.Values {
		text, ok := plainText(value)
		if !ok {
			return nil, false
		}
		texts = append(texts, text)
	}
	return texts, true
}

// A bucketKey is all that routing knows of an event.
type bucketKey struct {
	source int32
	values [len(discriminatorColumns)]int32
}

// maxBuckets bounds the buckets of a session. Logs have some hundred kinds of
// events; crafted ones may pair every channel with every event id that a rule
// names.
const maxBuckets = 4096

// undecided is the key of the bucket that takes any event of the log source:
// slower, as it decides nothing beforehand.
func (k bucketKey) undecided() bucketKey {
	for i := range k.values {
		k.values[i] = valueAmbiguous
	}
	return k
}

// takes reports whether a way that accepts the events of a bucket's log source
// can match them.
func (w *way) takes(key bucketKey) bool {
	for i, allowed := range w.allowed {
		if allowed == nil || key.values[i] == valueAmbiguous {
			continue
		}
		if _, ok := slices.BinarySearch(allowed, key.values[i]); !ok {
			return false
		}
	}
	return true
}

// A routed is a discriminator in a schema: its columns, and what was found for
// the value that an event of the schema had last.
type routed struct {
	columns []int
	met     met
	number  int32
}

// route finds the bucket of the event.
func (s *Session) route(bound *binding) *bucketState {
	key := bucketKey{source: bound.source}
	for i := range bound.routed {
		key.values[i] = s.discriminate(i, &bound.routed[i])
	}
	if bound.state != nil && bound.state.bucket.key == key {
		return bound.state
	}
	state, ok := s.buckets[key]
	if !ok && len(s.buckets) >= maxBuckets {
		key = key.undecided()
		state, ok = s.buckets[key]
	}
	if !ok {
		state = s.newBucketState(s.matcher.bucket(key))
		s.buckets[key] = state
	}
	bound.state = state
	return state
}

// discriminate numbers the value of a routing column.
func (s *Session) discriminate(i int, routed *routed) int32 {
	switch len(routed.columns) {
	case 0:
		return valueAbsent
	case 1:
	default:
		return valueAmbiguous
	}
	if !routed.met.again(s, routed.columns[0]) {
		routed.number = s.numberOf(i, routed.columns[0])
	}
	return routed.number
}

// numberOf decodes the value of a routing column and numbers it.
func (s *Session) numberOf(i, column int) int32 {
	var state State
	s.scratch, state = s.event.AppendValue(s.scratch[:0], column)
	if state != Present {
		return valueAbsent
	}
	s.scratch = Fold(s.scratch[:0], s.scratch)
	number, ok := s.matcher.discriminators[i].known[string(s.scratch)]
	if !ok {
		return valueOther
	}
	return number
}
