package logwriter

import "strings"

// AppendCSV appends a row of comma-separated values (RFC 4180): the names of
// the columns, or the values of an event.
func AppendCSV(dst []byte, values ...string) []byte {
	for i, value := range values {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendCSVValue(dst, value, ',')
	}
	return append(dst, '\r', '\n')
}

// appendCSVValue quotes a value where it has to be.
func appendCSVValue(dst []byte, value string, separator byte) []byte {
	if !strings.ContainsAny(value, "\"\r\n") && strings.IndexByte(value, separator) < 0 {
		return append(dst, value...)
	}
	dst = append(dst, '"')
	dst = append(dst, strings.ReplaceAll(value, `"`, `""`)...)
	return append(dst, '"')
}
