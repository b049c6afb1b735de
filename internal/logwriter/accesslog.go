package logwriter

import (
	"strconv"
	"time"
)

// An Access is one request in the combined log format of Apache and nginx.
type Access struct {
	Client, User string
	Time         time.Time
	// Request is its first line: "GET / HTTP/1.1".
	Request string
	Status  int
	// Size of the answer in bytes; negative is not known.
	Size               int64
	Referrer, Agent    string
	WithoutQuotedParts bool // the common log format: no referrer and agent
}

// AppendAccess appends one line.
func AppendAccess(dst []byte, a *Access) []byte {
	dst = append(dst, orDash(a.Client)+" - "+orDash(a.User)+" ["...)
	dst = a.Time.UTC().AppendFormat(dst, "02/Jan/2006:15:04:05 -0700")
	dst = append(appendQuoted(append(dst, "] "...), a.Request), ' ')
	dst = append(strconv.AppendInt(dst, int64(a.Status), 10), ' ')
	if a.Size < 0 {
		dst = append(dst, '-')
	} else {
		dst = strconv.AppendInt(dst, a.Size, 10)
	}
	if !a.WithoutQuotedParts {
		dst = appendQuoted(append(dst, ' '), a.Referrer)
		dst = appendQuoted(append(dst, ' '), a.Agent)
	}
	return append(dst, '\n')
}

// appendQuoted escapes as Apache does: quotes and backslashes by a backslash,
// control characters as \xhh.
func appendQuoted(dst []byte, text string) []byte {
	dst = append(dst, '"')
	for i := range len(orDash(text)) {
		switch c := orDash(text)[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < ' ' || c == 0x7f:
			dst = append(dst, '\\', 'x', lowerHex[c>>4], lowerHex[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}

const lowerHex = "0123456789abcdef"
