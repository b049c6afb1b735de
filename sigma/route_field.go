package sigma

import "bytes"

// A FieldSource makes the value of a field out of other columns.
//
// A field has one value for each value of its first column: each is joined
// with the first value of the other columns, then reduced to its Key, then its
// prefix is replaced. A value without the Key is absent. A null in the first
// column makes the value null; an absent, null or empty value in another one
// is left out together with its separator.
type FieldSource struct {
	// Columns are joined with Separator. If the first is absent, so is the field.
	Columns   []string
	Separator string
	// Prefixes are tried in order on the joined text, without case; the first
	// that fits is replaced.
	Prefixes []PrefixReplacement
	// Key, when set, says that the columns hold pairs of Key=Value, and that
	// the field is the value of this key, compared without case. Blanks around
	// key and value do not count; the first pair with the key does.
	Key string
	// Between is what stands between pairs; empty means that each has a line.
	Between string
}

// PrefixReplacement rewrites the beginning of a value.
type PrefixReplacement struct{ Old, New string }

// Renames reports whether the field is just one column of another name.
func (s *FieldSource) Renames() bool {
	return len(s.Columns) == 1 && len(s.Prefixes) == 0 && s.Key == ""
}

// A sourceColumns is a FieldSource with its columns found in one Schema.
type sourceColumns struct {
	source *FieldSource
	// columns are, for each of the source's names, the columns of that name.
	columns [][]int
}

// resolve finds the columns of the source in the events of a schema. Its
// result may be kept for as long as the schema.
func (s *FieldSource) resolve(schema Schema) sourceColumns {
	resolved := sourceColumns{s, make([][]int, len(s.Columns))}
	for i, name := range s.Columns {
		resolved.columns[i] = columnsNamed(schema, name)
	}
	return resolved
}

func columnsNamed(schema Schema, name string) []int {
	var columns []int
	for i := range schema.Len() {
		if schema.Column(i) == name {
			columns = append(columns, i)
		}
	}
	return columns
}

// len returns how many values the field can have.
func (c *sourceColumns) len() int {
	if len(c.columns) == 0 {
		return 0
	}
	return len(c.columns[0])
}

// appendValue appends value i of the field, 0 <= i < len(), to dst. When the
// state is not Present, nothing is appended. It does not allocate but for dst.
func (c *sourceColumns) appendValue(dst []byte, event Event, i int) ([]byte, State) {
	start := len(dst)
	dst, state := event.AppendValue(dst, c.columns[0][i])
	if state != Present {
		return dst[:start], state
	}
	for _, columns := range c.columns[1:] {
		dst = c.appendJoined(dst, event, columns)
	}
	if c.source.Key != "" {
		value, ok := c.source.valueOfKey(dst[start:])
		if !ok {
			return dst[:start], Absent
		}
		dst = append(dst[:start], value...)
	}
	return c.source.replacePrefix(dst, start), Present
}

// appendJoined appends the separator and the first value there is.
func (c *sourceColumns) appendJoined(dst []byte, event Event, columns []int) []byte {
	before := len(dst)
	dst = append(dst, c.source.Separator...)
	after := len(dst)
	for _, column := range columns {
		var state State
		if dst, state = event.AppendValue(dst, column); state == Present {
			break
		}
	}
	if len(dst) == after {
		return dst[:before]
	}
	return dst
}

// replacePrefix rewrites the value that begins at start.
func (s *FieldSource) replacePrefix(dst []byte, start int) []byte {
	for _, prefix := range s.Prefixes {
		end := start + len(prefix.Old)
		if end > len(dst) || !bytes.EqualFold(dst[start:end], []byte(prefix.Old)) {
			continue
		}
		rest := len(dst) - end
		if grown := len(prefix.New) - len(prefix.Old); grown > 0 {
			dst = append(dst, prefix.New[:grown]...) // room only; overwritten below
		}
		copy(dst[start+len(prefix.New):], dst[end:end+rest])
		copy(dst[start:], prefix.New)
		return dst[:start+len(prefix.New)+rest]
	}
	return dst
}

// valueOfKey finds the first pair with the key and returns its value.
func (s *FieldSource) valueOfKey(pairs []byte) ([]byte, bool) {
	between := []byte("\n")
	if s.Between != "" {
		between = []byte(s.Between)
	}
	for len(pairs) > 0 {
		var pair []byte
		pair, pairs, _ = bytes.Cut(pairs, between)
		name, value, found := bytes.Cut(pair, []byte("="))
		if found && bytes.EqualFold(bytes.TrimSpace(name), []byte(s.Key)) {
			return bytes.TrimSpace(value), true
		}
	}
	return nil, false
}

// values returns the values that are present in an event.
func (s *FieldSource) values(event Event) []string {
	columns := s.resolve(event.Schema())
	var values []string
	var text []byte
	for i := range columns.len() {
		var state State
		if text, state = columns.appendValue(text[:0], event, i); state == Present {
			values = append(values, string(text))
		}
	}
	return values
}
