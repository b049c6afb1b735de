package row

import (
	"bytes"
	"slices"
)

// Separated holds the values of one record of separated values (RFC 4180). It
// is used again for the next record.
type Separated struct {
	Values [][]byte
	// Unescaped says that a value held doubled quotes, so that not every value
	// is a part of the record as it stands.
	Unescaped bool
	text      []byte
}

// MaxValues bounds the values of one record. What stands behind is part of the
// last one: a crafted line of separators alone would take much memory.
const MaxValues = 1 << 14

// Cut cuts a record without its end of line. A value in double quotes comes
// without them; when they are not closed it reaches to the end.
func (s *Separated) Cut(record []byte, separator byte) {
	s.Values, s.Unescaped, s.text = s.Values[:0], false, slices.Grow(s.text[:0], len(record))
	for {
		if len(s.Values) == MaxValues-1 {
			s.Values = append(s.Values, record)
			return
		}
		if len(record) > 0 && record[0] == '"' {
			record = s.quoted(record[1:])
			if len(record) == 0 {
				return
			}
			end := bytes.IndexByte(record, separator)
			if end < 0 {
				return
			}
			record = record[end+1:]
			continue
		}
		end := bytes.IndexByte(record, separator)
		if end < 0 {
			s.Values = append(s.Values, record)
			return
		}
		s.Values = append(s.Values, record[:end])
		record = record[end+1:]
	}
}

// quoted takes a value from behind its first quote, and returns what follows.
func (s *Separated) quoted(text []byte) []byte {
	begin, doubled := len(s.text), false
	for rest := text; ; {
		end := bytes.IndexByte(rest, '"')
		if end < 0 || end+1 >= len(rest) || rest[end+1] != '"' {
			value, after := rest, []byte(nil)
			if end >= 0 {
				value, after = rest[:end], rest[end+1:]
			}
			if doubled {
				s.text = append(s.text, value...)
				value = s.text[begin:]
			}
			s.Values = append(s.Values, value)
			return after
		}
		s.text = append(s.text, rest[:end+1]...)
		doubled, s.Unescaped = true, true
		rest = rest[end+2:]
	}
}
