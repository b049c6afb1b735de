package logwriter

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// An AuditRecord is one line of Linux' audit log. Records with the same time
// and serial number are one event.
type AuditRecord struct {
	Type   string
	Time   time.Time
	Serial uint64
	Fields []Field
}

// encoded are fields that the kernel writes in double quotes, or in
// hexadecimal where a quote, a blank or a control character is in them
// (audit_log_untrustedstring).
var encoded = map[string]bool{"comm": true, "exe": true, "name": true, "cwd": true, "key": true, "proctitle": true, "path": true, "dir": true, "cmd": true, "acct": true}

// AppendAudit appends the line of a record.
func AppendAudit(dst []byte, r *AuditRecord) []byte {
	at := r.Time.UTC()
	dst = append(dst, fmt.Sprintf("type=%s msg=audit(%d.%03d:%d):", r.Type, at.Unix(), at.Nanosecond()/1e6, r.Serial)...)
	for _, field := range r.Fields {
		dst = append(dst, " "+field.Name+"="+auditValue(field)...)
	}
	return append(dst, '\n')
}

// IsEncodedAudit says whether the kernel encodes what a field holds, so that
// it may be any text; others hold one word.
func IsEncodedAudit(name string) bool { return encoded[name] || isArgument(name) }

func auditValue(field Field) string {
	if !IsEncodedAudit(field.Name) {
		return strings.Map(func(r rune) rune {
			if r <= ' ' {
				return '_'
			}
			return r
		}, field.Value)
	}
	for i := range len(field.Value) {
		if c := field.Value[i]; c <= ' ' || c == '"' || c >= 0x7f {
			return fmt.Sprintf("%X", field.Value)
		}
	}
	return `"` + field.Value + `"`
}

// isArgument recognises a0, a1 … of EXECVE.
func isArgument(name string) bool {
	_, err := strconv.ParseUint(strings.TrimPrefix(name, "a"), 10, 16)
	return strings.HasPrefix(name, "a") && err == nil
}
