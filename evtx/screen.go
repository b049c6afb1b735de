package evtx

// Screen passes the texts of the record's columns to a screen until the screen
// says yes, and reports whether it did. It is for looking whether words stand
// anywhere in a record, and much cheaper than AppendValue on each column:
// UTF-16 is passed as it is stored (little endian; it ends at a zero unit),
// everything else as UTF-8. Left out are columns whose value is a number, a
// time, an identifier or binary, which are written with the characters
// 0-9 a-f A-F x S T Z + - . : { } alone. Scratch is memory to work in.
func (r *Record) Screen(screen interface {
	Text(utf8 []byte) bool
	UTF16(littleEndian []byte) bool
}, scratch []byte) ([]byte, bool) {
	if screen.Text(r.layout.constants) {
		return scratch, true
	}
	for _, column := range r.layout.free {
		p := &r.layout.plans[column]
		if len(p.parts) == 1 {
			part := &p.parts[0]
			v, ok := r.value(part.instance, int(part.slot))
			if !ok || !isFreeText(v.kind) {
				continue
			}
			if v.kind == TypeString {
				if screen.UTF16(r.window(v)) {
					return scratch, true
				}
				continue
			}
		}
		scratch, _ = r.AppendValue(scratch[:0], int(column))
		if screen.Text(scratch) {
			return scratch, true
		}
	}
	return scratch, false
}

// isFreeText reports whether a value of a type may hold any character.
func isFreeText(t ValueType) bool {
	switch t {
	case TypeNull, TypeInt8, TypeUInt8, TypeInt16, TypeUInt16, TypeInt32, TypeUInt32, TypeInt64, TypeUInt64,
		TypeBinary, TypeGUID, TypeSizeT, TypeFileTime, TypeSystemTime, TypeSID, TypeHexInt32, TypeHexInt64, TypeEvtHandle:
		return false
	}
	return true
}

// findFree lists the columns that are not settled by the template, and gathers
// the texts of those that are, a line feed before each.
func (l *Layout) findFree() {
	for i := range l.Columns {
		if c := &l.Columns[i]; c.Folded {
			l.constants = append(append(l.constants, '\n'), c.Constant...)
		} else {
			l.free = append(l.free, int32(i))
		}
	}
}
