package evtx

// A screen looks at texts; see Record.Screen.
type screen interface {
	Text(utf8 []byte) bool
	UTF16(littleEndian []byte) bool
}

// Screen passes the texts of the record's columns to a screen until the screen
// says yes, and reports whether it did. It is for looking whether words stand
// anywhere in a record, and much cheaper than AppendValue on each column:
// UTF-16 is passed as it is stored (little endian; it ends at a zero unit),
// everything else as UTF-8. Left out are columns whose value is a number, a
// time, an identifier, a boolean or binary.
// Scratch is memory to work in.
func (r *Record) Screen(screen interface {
	Text(utf8 []byte) bool
	UTF16(littleEndian []byte) bool
}, scratch []byte) ([]byte, bool) {
	if screen.Text(r.layout.constants) {
		return scratch, true
	}
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
