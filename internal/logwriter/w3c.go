package logwriter

import (
	"strings"
	"time"
)

// A W3C log is in the extended log file format (W3C working draft
// WD-logfile-960323), as IIS writes it.
type W3C struct {
	// Software is what the header names, such as "Microsoft Internet
	// Information Services 10.0".
	Software string
	// Fields are the columns, in their order, such as "date", "time", "s-ip".
	Fields []string
	// Quoted says that values with blanks stand in double quotes, as proxies
	// write them, and not with the blanks replaced.
	Quoted bool
}

// AppendHeader appends the directives that a file, and every restart of the
// server, begins with.
func (w *W3C) AppendHeader(dst []byte, at time.Time) []byte {
	dst = append(dst, "#Software: "+w.Software+"\r\n#Version: 1.0\r\n#Date: "...)
	dst = at.UTC().AppendFormat(dst, time.DateTime)
	dst = append(dst, "\r\n#Fields: "...)
	return append(append(dst, strings.Join(w.Fields, " ")...), '\r', '\n')
}

// AppendLine appends one entry. The columns date and time are those of at; a
// column that is not among fields, or empty, is "-".
func (w *W3C) AppendLine(dst []byte, at time.Time, fields ...Field) []byte {
	at = at.UTC()
	for i, name := range w.Fields {
		if i > 0 {
			dst = append(dst, ' ')
		}
		switch value, _ := valueOf(fields, name); {
		case name == "date":
			dst = at.AppendFormat(dst, time.DateOnly)
		case name == "time":
			dst = at.AppendFormat(dst, time.TimeOnly)
		case value == "":
			dst = append(dst, '-')
		case w.Quoted && strings.Contains(value, " "):
			dst = append(append(append(dst, '"'), strings.ReplaceAll(value, `"`, "'")...), '"')
		default:
			dst = appendW3CValue(dst, name, value)
		}
	}
	return append(dst, '\r', '\n')
}

// appendW3CValue writes blanks as IIS does: a + in headers of the client, %20
// in what was asked for.
func appendW3CValue(dst []byte, name, value string) []byte {
	header := strings.HasPrefix(name, "cs(") || strings.HasPrefix(name, "sc(")
	for i := range len(value) {
		switch c := value[i]; {
		case c == ' ' && header:
			dst = append(dst, '+')
		case c <= ' ' || c == 0x7f:
			dst = appendPercent(dst, c)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

const upperHex = "0123456789ABCDEF"

func appendPercent(dst []byte, c byte) []byte {
	return append(dst, '%', upperHex[c>>4], upperHex[c&15])
}
