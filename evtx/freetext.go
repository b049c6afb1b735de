package evtx

// AppendFreeText appends, each behind a line feed, the texts of all columns
// that hold text: not those whose value is a number, a time, an identifier or
// binary, which are written with the characters 0-9 a-f A-F x S T Z + - . : { }
// alone. It is for looking whether words stand anywhere in a record, and much
// cheaper than AppendValue on each column.
func (r *Record) AppendFreeText(dst []byte) []byte {
	dst = append(dst, r.layout.constants...)
	for _, column := range r.layout.free {
		p := &r.layout.plans[column]
		if len(p.parts) == 1 {
			part := &p.parts[0]
			v, ok := r.value(part.instance, int(part.slot))
			if !ok || !isFreeText(v.kind) {
				continue
			}
			if v.kind == TypeString {
				dst = appendUTF16(append(dst, '\n'), r.window(v))
				continue
			}
		}
		dst, _ = r.AppendValue(append(dst, '\n'), int(column))
	}
	return dst
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
// the texts of those that are.
func (l *Layout) findFree() {
	for i := range l.Columns {
		if c := &l.Columns[i]; c.Folded {
			l.constants = append(append(l.constants, '\n'), c.Constant...)
		} else {
			l.free = append(l.free, int32(i))
		}
	}
}
