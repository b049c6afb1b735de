package logwriter

import (
	"strings"
	"time"
)

// An Exchange log is a text log of Microsoft Exchange: comma-separated, with
// directives before it.
type Exchange struct {
	// Type is what the header names, such as "Message Tracking Log".
	Type string
	// Version of the server, such as "15.01.2507.006".
	Version string
	// Fields are the columns, in their order. The first is the time, whatever
	// it is called: "date-time", "DateTime", "#TimeStamp".
	Fields []string
	// Named says that the names of the columns also stand in a line of their
	// own before the directives, as HttpProxy and other logs have them.
	Named bool
}

// exchangeTime is how Exchange writes times.
const exchangeTime = "2006-01-02T15:04:05.000Z"

// AppendHeader appends the directives that a file begins with, and its byte
// order mark.
func (x *Exchange) AppendHeader(dst []byte, at time.Time) []byte {
	names := strings.Join(x.Fields, ",")
	dst = append(dst, "\ufeff"...)
	if x.Named {
		dst = append(append(dst, names...), "\r\n"...)
	}
	dst = append(dst, "#Software: Microsoft Exchange Server\r\n#Version: "+x.Version+"\r\n#Log-type: "+x.Type+"\r\n#Date: "...)
	dst = at.UTC().AppendFormat(dst, exchangeTime)
	return append(dst, "\r\n#Fields: "+names+"\r\n"...)
}

// AppendLine appends one entry; a column that is not among fields is empty.
func (x *Exchange) AppendLine(dst []byte, at time.Time, fields ...Field) []byte {
	for i, name := range x.Fields {
		if i == 0 {
			dst = at.UTC().AppendFormat(dst, exchangeTime)
			continue
		}
		value, _ := valueOf(fields, name)
		dst = appendCSVValue(append(dst, ','), value, ',')
	}
	return append(dst, '\r', '\n')
}
