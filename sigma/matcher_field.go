package sigma

import (
	"bytes"
	"fmt"
	"strings"
)

// A fieldTable numbers the fields that rules ask for: columns, and values made
// of columns.
type fieldTable struct {
	known  map[string]int32
	fields []field
}

// A field is a column by its name, or a value made of columns; the empty name
// is every column (keywords).
type field struct {
	name   string
	source *FieldSource
}

func newFieldTable() fieldTable { return fieldTable{known: map[string]int32{}} }

func (t *fieldTable) intern(name string, source *FieldSource) {
	if source != nil && source.Renames() {
		name, source = source.Columns[0], nil
	}
	key := fieldKey(name, source)
	if _, ok := t.known[key]; !ok {
		t.known[key] = int32(len(t.fields))
		t.fields = append(t.fields, field{name, source})
	}
}

// number returns the number of a field that was interned.
func (t *fieldTable) number(name string, source *FieldSource) int32 {
	if source != nil && source.Renames() {
		name, source = source.Columns[0], nil
	}
	return t.known[fieldKey(name, source)]
}

// fieldKey tells fields apart by what they are made of.
func fieldKey(name string, source *FieldSource) string {
	if source == nil {
		return name
	}
	return fmt.Sprintf("\x00%q", *source)
}

// String names the field for a reader.
func (f *field) String() string {
	if f.source != nil {
		return strings.Join(f.source.Columns, "+")
	}
	return f.name
}

// A binding is what a session knows of a schema.
type binding struct {
	source  int32
	routed  [len(discriminatorColumns)]routed
	columns []*boundField // by field number; nil until asked for
	state   *bucketState  // of the last event
}

// boundField says which columns a field is, or is made of.
type boundField struct {
	direct []int
	made   *sourceColumns // nil where direct holds
}

func (f *boundField) exists() bool {
	if f.made != nil {
		return f.made.len() > 0
	}
	return len(f.direct) > 0
}

// maxBindings bounds what is remembered of schemas; evidence that invents ever
// new ones makes a session forget them all and begin anew.
const maxBindings = 2048

func (s *Session) bind(schema Schema) *binding {
	if schema == s.schema {
		return s.last
	}
	s.schema = schema
	if known, ok := s.bindings[schema]; ok {
		return known
	}
	if len(s.bindings) >= maxBindings {
		clear(s.bindings)
	}
	bound := &binding{
		source:  s.matcher.source(schema.LogSource()),
		columns: make([]*boundField, len(s.matcher.fields.fields)),
	}
	for i, column := range discriminatorColumns {
		bound.routed[i].columns = columnsNamed(schema, column)
	}
	s.bindings[schema] = bound
	return bound
}

// field finds a field in a schema.
func (b *binding) field(s *Session, schema Schema, number int32) *boundField {
	if known := b.columns[number]; known != nil {
		return known
	}
	wanted := &s.matcher.fields.fields[number]
	bound := &boundField{}
	switch {
	case wanted.source != nil:
		made := wanted.source.resolve(schema)
		bound.made = &made
	case wanted.name == "":
		for i := range schema.Len() {
			bound.direct = append(bound.direct, i)
		}
	default:
		bound.direct = columnsNamed(schema, wanted.name)
	}
	b.columns[number] = bound
	return bound
}

// cachedField holds the values of a field in the event of an epoch.
type cachedField struct {
	epoch  uint32
	values []fieldText
	// digests of the values in the event of epoch digested.
	digested uint32
	digests  []*digest
}

// A fieldText is one value of a field: as it is, and folded.
type fieldText struct {
	state       State
	raw, folded []byte
}

// fieldTexts returns the values of a field in the current event, without those
// that are absent. They are decoded once.
func (s *Session) fieldTexts(number int32) []fieldText {
	cached := &s.values[number]
	if cached.epoch == s.epoch {
		return cached.values
	}
	cached.epoch = s.epoch
	cached.values = cached.values[:0]
	bound := s.last.field(s, s.event.Schema(), number)
	if bound.made != nil {
		for i := range bound.made.len() {
			start := len(s.arena)
			var state State
			s.arena, state = bound.made.appendValue(s.arena, s.event, i)
			s.keep(cached, start, state)
		}
		return cached.values
	}
	for _, column := range bound.direct {
		start := len(s.arena)
		var state State
		s.arena, state = s.event.AppendValue(s.arena, column)
		s.keep(cached, start, state)
	}
	return cached.values
}

// keep adds the value that begins at start in the arena, and folds it.
func (s *Session) keep(cached *cachedField, start int, state State) {
	if state == Absent {
		return
	}
	end := len(s.arena)
	s.arena = Fold(s.arena, s.arena[start:end])
	cached.values = append(cached.values, fieldText{state,
		s.arena[start:end:end], s.arena[end:len(s.arena):len(s.arena)]})
}

// A met is the last value of a column, as it is stored.
type met struct {
	bound *binding // of the schema that it was a column of; nil for no value
	form  uint16
	bytes []byte
}

// longestMet bounds the values that are remembered.
const longestMet = 512

// again reports whether a column of the current event has the value that was
// met last. If it has not, the one that it has takes its place.
func (m *met) again(s *Session, column int) bool {
	if s.storage == nil {
		return false
	}
	stored, form, ok := s.storage.Stored(column)
	if ok && m.bound == s.last && m.form == form && bytes.Equal(m.bytes, stored) {
		return true
	}
	if m.bound = nil; ok && len(stored) <= longestMet {
		m.bound, m.form, m.bytes = s.last, form, append(m.bytes[:0], stored...)
	}
	return false
}
