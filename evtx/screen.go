package evtx

import "slices"

// A screen looks at texts; see Record.Screen.
type screen interface {
	Text(utf8 []byte) bool
	UTF16(littleEndian []byte) bool
}

// A windowScreen can look at more than one text at once.
type windowScreen interface {
	// Window looks at bytes in which text stands anywhere as UTF-16, and if
	// narrow also with a byte a character. When it says no, nothing that it
	// looks for stands in one of these texts, nor in several with commas
	// between. Where it cannot tell, ok is false.
	Window(bytes []byte, narrow bool) (possible, ok bool)
	// Recurring looks at UTF-8, which for one and the same key is always the
	// same. A key is a pointer.
	Recurring(key any, utf8 []byte) bool
}

// Screen passes the texts of the record's columns to a screen until the screen
// says yes, and reports whether it did. It is for looking whether words stand
// anywhere in a record, and much cheaper than AppendValue on each column:
// UTF-16 is passed as it is stored (little endian; it ends at a zero unit),
// everything else as UTF-8. Left out are columns whose value is a number, a
// time, an identifier, a boolean or binary. A screen with two more methods
//
//	Window(bytes []byte, narrow bool) (possible, ok bool)
//	Recurring(key any, utf8 []byte) bool
//
// is shown what the template settles as Recurring, with the layout as its key,
// and then the whole record: bytes in which text stands as UTF-16, and if narrow
// also with a byte a character. When that is not possible (and ok), neither are
// the texts in it, nor some of them with commas between, and only what is put
// together otherwise is passed.
// Scratch is memory to work in.
func (r *Record) Screen(screen interface {
	Text(utf8 []byte) bool
	UTF16(littleEndian []byte) bool
}, scratch []byte) ([]byte, bool) {
	whole, ok := screen.(windowScreen)
	if !ok {
		if screen.Text(r.layout.constants) {
			return scratch, true
		}
		return r.screenValues(screen, scratch)
	}
	if whole.Recurring(r.layout, r.layout.constants) {
		return scratch, true
	}
	if possible, ok := whole.Window(r.Bytes(), r.narrow); ok && !possible && !r.joinsNumbers() {
		return r.screenColumns(screen, r.layout.mixed, scratch)
	}
	return r.screenValues(screen, scratch)
}

// joinsNumbers reports whether a value is an array of something that is not stored
// as text. With commas between, it is a text, and no longer what may be left out.
func (r *Record) joinsNumbers() bool {
	return r.arrays && slices.ContainsFunc(r.values, func(v value) bool {
		return v.kind&TypeArray != 0 && !isFreeText(v.kind&^TypeArray)
	})
}

// screenValues passes the texts in the record to a screen one by one.
func (r *Record) screenValues(screen screen, scratch []byte) ([]byte, bool) {
	if r.arrays { // whose elements stand one by one, or together with commas between
		return r.screenColumns(screen, r.layout.free, scratch)
	}
	for i := range r.values {
		v := &r.values[i]
		switch {
		case v.kind == TypeString:
			if screen.UTF16(r.window(*v)) {
				return scratch, true
			}
		case isFreeText(v.kind):
			if scratch = appendValueText(scratch[:0], v.kind, r.window(*v)); screen.Text(scratch) {
				return scratch, true
			}
		}
	}
	return r.screenColumns(screen, r.layout.mixed, scratch)
}

// screenColumns passes whole columns to a screen.
func (r *Record) screenColumns(screen screen, columns []int32, scratch []byte) ([]byte, bool) {
	for _, column := range columns {
		scratch, _ = r.AppendValue(scratch[:0], int(column))
		if screen.Text(scratch) {
			return scratch, true
		}
	}
	return scratch, false
}

// isFreeText reports whether a value of a type may hold any character. Nested
// BinXML has values of its own.
func isFreeText(t ValueType) bool {
	switch t {
	case TypeString, TypeANSIString, TypeEvtXML:
		return true
	}
	return false
}

// findFree lists the columns that are not settled by the template, and among
// them those that are made of several parts. It gathers the texts of those that
// are settled, a line feed before each.
func (l *Layout) findFree() {
	for i := range l.Columns {
		if c := &l.Columns[i]; c.Folded {
			l.constants = append(append(l.constants, '\n'), c.Constant...)
			continue
		}
		l.free = append(l.free, int32(i))
		if len(l.plans[i].parts) > 1 {
			l.mixed = append(l.mixed, int32(i))
		}
	}
}
