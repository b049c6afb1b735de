package logwriter

import (
	"fmt"
	"strings"
	"time"
)

// A Zeek log is in Zeek's tab-separated form.
type Zeek struct {
	// Path is the name of the log: "conn", "http".
	Path string
	// Fields are the columns, Types their types; the first column is ts, of
	// type time.
	Fields, Types []string
}

// AppendHeader appends the lines that a file begins with.
func (z *Zeek) AppendHeader(dst []byte, at time.Time) []byte {
	return append(dst, "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\t"+z.Path+
		"\n#open\t"+at.UTC().Format("2006-01-02-15-04-05")+
		"\n#fields\t"+strings.Join(z.Fields, "\t")+"\n#types\t"+strings.Join(z.Types, "\t")+"\n"...)
}

// AppendLine appends one entry; a column that is not among fields is unset.
func (z *Zeek) AppendLine(dst []byte, at time.Time, fields ...Field) []byte {
	for i, name := range z.Fields {
		if i == 0 {
			at = at.UTC()
			dst = fmt.Appendf(dst, "%d.%06d", at.Unix(), at.Nanosecond()/1e3)
			continue
		}
		dst = append(dst, '\t')
		switch value, ok := valueOf(fields, name); {
		case !ok:
			dst = append(dst, '-')
		case value == "":
			dst = append(dst, "(empty)"...)
		case value == "-" || value == "(empty)":
			dst = append(fmt.Appendf(dst, `\x%02x`, value[0]), value[1:]...)
		default:
			dst = appendZeekValue(dst, value)
		}
	}
	return append(dst, '\n')
}

// appendZeekValue escapes as Zeek does: what would end the column or the line,
// and the backslash.
func appendZeekValue(dst []byte, value string) []byte {
	for i := range len(value) {
		switch c := value[i]; {
		case c == '\\':
			dst = append(dst, '\\', '\\')
		case c < ' ' || c == 0x7f:
			dst = fmt.Appendf(dst, `\x%02x`, c)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}
