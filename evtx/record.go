package evtx

import (
	"encoding/binary"
	"time"
)

// A Record is one event. It refers to the bytes of its chunk and is decoded as
// far as it is asked. It is valid until the next one is read; Clone keeps it.
type Record struct {
	// ID is the number that the log gave the record.
	ID uint64
	// FileTime is when it was written, in 100 ns since 1601-01-01 UTC.
	FileTime uint64
	// Chunk counts from 0. Offset is the position of the record in the file,
	// Size its length, both in bytes.
	Chunk  int
	Offset int64
	Size   int
	// Carved says that the record was recovered from bytes that the log does
	// not count among its records.
	Carved bool

	parts
	layout *Layout
	start  int // in the chunk
}

// Written is when the record was written to the log, in UTC.
func (r *Record) Written() time.Time { return fileTime(r.FileTime) }

// Layout gives the columns of the record.
func (r *Record) Layout() *Layout { return r.layout }

// Bytes is the record as it stands in the file.
func (r *Record) Bytes() []byte {
	return r.chunk[r.start : r.start+r.Size]
}

// AppendValue appends the text of a column as UTF-8: numbers decimal,
// hexadecimal as 0x… in lower case, booleans true and false, times RFC 3339 in
// UTC with seven digits, GUIDs in braces and lower case, binary in upper case
// hexadecimal. When the state is not Present, nothing is appended.
func (r *Record) AppendValue(dst []byte, column int) ([]byte, State) {
	p := &r.layout.plans[column]
	if c := &r.layout.Columns[column]; c.Folded {
		return append(dst, c.Constant...), p.state
	}
	if len(p.parts) == 1 {
		return r.appendSlot(dst, &p.parts[0], p.element)
	}
	if p.element > 0 && r.past(p) {
		return dst, Absent
	}
	for i := range p.parts {
		if part := &p.parts[i]; part.instance < 0 {
			dst = append(dst, part.literal...)
		} else {
			dst, _ = r.appendSlot(dst, part, p.element)
		}
	}
	return dst, Present
}

// past reports whether a repeated column is beyond the end of its array.
func (r *Record) past(p *plan) bool {
	for i := range p.parts {
		part := &p.parts[i]
		if part.instance < 0 {
			continue
		}
		if v, ok := r.value(part.instance, int(part.slot)); ok && v.kind&TypeArray != 0 {
			_, ok := r.elementOf(v, int(p.element))
			return !ok
		}
	}
	return false
}

func (p *parts) window(v value) []byte { return p.chunk[v.offset:][:v.size] }

// appendSlot appends the text of a value, or of one element of an array.
func (r *Record) appendSlot(dst []byte, p *part, element int32) ([]byte, State) {
	v, ok := r.value(p.instance, int(p.slot))
	if !ok || v.kind == TypeNull {
		if p.optional {
			return dst, Absent
		}
		return dst, Null
	}
	window := r.window(v)
	if v.kind&TypeArray != 0 {
		if element >= 0 {
			return r.appendElement(dst, v, element)
		}
		return appendArray(dst, v.kind, window), Present
	}
	if empty(v.kind, window) {
		return dst, Null
	}
	return appendValueText(dst, v.kind, window), Present
}

// appendElement appends one element of an array. An empty array is one element
// without a value.
func (r *Record) appendElement(dst []byte, v value, number int32) ([]byte, State) {
	if v.size == 0 && number == 0 {
		return dst, Null
	}
	b, ok := r.elementOf(v, int(number))
	if !ok {
		return dst, Absent
	}
	return appendValueText(dst, v.kind&^TypeArray, b), Present
}

// appendArray appends all elements of an array, with commas between.
func appendArray(dst []byte, t ValueType, window []byte) []byte {
	for first := true; len(window) > 0; first = false {
		if !first {
			dst = append(dst, ',')
		}
		var b []byte
		b, window = cutElement(t, window)
		dst = appendValueText(dst, t&^TypeArray, b)
	}
	return dst
}

// Raw gives the stored bytes and the type of a column that is exactly one value
// and no array; ok is false for any other column, and for one without a value.
func (r *Record) Raw(column int) (window []byte, t ValueType, ok bool) {
	p := &r.layout.plans[column]
	if len(p.parts) != 1 || p.parts[0].instance < 0 {
		return nil, 0, false
	}
	v, ok := r.value(p.parts[0].instance, int(p.parts[0].slot))
	if !ok || v.kind == TypeNull || v.kind&TypeArray != 0 {
		return nil, 0, false
	}
	return r.window(v), v.kind, true
}

// Stored gives the stored bytes of a column and a number for how they are read,
// such that columns of records of one layout that have equal bytes and equal
// numbers have the same text and state. ok is false for a column that is not
// stored in one piece.
func (r *Record) Stored(column int) (window []byte, form uint16, ok bool) {
	const settled, missing = 0x100, 0x101
	p := &r.layout.plans[column]
	switch {
	case r.layout.Columns[column].Folded:
		return nil, settled, true
	case len(p.parts) != 1 || p.element >= 0:
		return nil, 0, false
	}
	v, ok := r.value(p.parts[0].instance, int(p.parts[0].slot))
	if !ok || v.kind == TypeNull {
		return nil, missing, true
	}
	return r.window(v), uint16(v.kind), true
}

// EventID gives the number of the event in its provider; false when the record
// has none that is a number.
func (r *Record) EventID() (uint16, bool) {
	column := r.layout.EventID
	if column < 0 {
		return 0, false
	}
	if window, t, ok := r.Raw(column); ok && t == TypeUInt16 && len(window) == 2 {
		return binary.LittleEndian.Uint16(window), true
	}
	var scratch [24]byte
	text, _ := r.AppendValue(scratch[:0], column)
	return parseUint16(text)
}

func parseUint16(text []byte) (uint16, bool) {
	n := 0
	for _, c := range text {
		if c < '0' || c > '9' || n > 0xffff {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return uint16(n), len(text) > 0 && n <= 0xffff
}

// TimeCreated is when the event happened, in UTC, as its System element says.
// Without that it is when the record was written.
func (r *Record) TimeCreated() time.Time {
	column := r.layout.TimeCreated
	if column < 0 {
		return r.Written()
	}
	if window, t, ok := r.Raw(column); ok && t == TypeFileTime && len(window) == 8 {
		return fileTime(binary.LittleEndian.Uint64(window))
	}
	var scratch [40]byte
	text, _ := r.AppendValue(scratch[:0], column)
	if t, err := time.Parse(time.RFC3339Nano, string(text)); err == nil {
		return t.UTC()
	}
	return r.Written()
}

// AppendProvider, AppendChannel and AppendComputer append the text of these
// elements of System, and nothing where they are missing.
func (r *Record) AppendProvider(dst []byte) []byte { return r.appendOptional(dst, r.layout.Provider) }
func (r *Record) AppendChannel(dst []byte) []byte  { return r.appendOptional(dst, r.layout.Channel) }
func (r *Record) AppendComputer(dst []byte) []byte { return r.appendOptional(dst, r.layout.Computer) }

func (r *Record) appendOptional(dst []byte, column int) []byte {
	if column >= 0 {
		dst, _ = r.AppendValue(dst, column)
	}
	return dst
}

// Clone gives a copy that stays valid.
func (r *Record) Clone() *Record {
	c := *r
	c.instances = append([]instance(nil), r.instances...)
	c.values = append([]value(nil), r.values...)
	c.chunk = append([]byte(nil), r.chunk...)
	return &c
}
