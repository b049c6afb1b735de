// Package logwriter writes events in the raw formats that internal/source
// reads, as the original systems write them: W3C and Exchange logs, access
// logs, syslog, CEF, LEEF, auditd, Zeek, CSV, pairs of key and value, JSON.
// Tests and the sample evidence are made with it; what it writes is read back
// by the real readers.
//
// Every function appends whole lines to a slice and returns it, as append
// does, so that a log of any size is written piece by piece. Times are written
// in UTC. Values are written so that the reader gives them back; where a
// format has no way to, as W3C has none for a tab, they are changed as the
// original system changes them. The same events always make the same bytes.
//
// It holds no reading. EVTX is written by internal/evtxwriter. Begin with
// Field and W3C.
package logwriter

// A Field is one named value of an event. A name that stands twice has several
// values, in formats that have such a thing; elsewhere the first counts.
type Field struct{ Name, Value string }

// valueOf returns the first value of a name.
func valueOf(fields []Field, name string) (string, bool) {
	for i := range fields {
		if fields[i].Name == name {
			return fields[i].Value, true
		}
	}
	return "", false
}
