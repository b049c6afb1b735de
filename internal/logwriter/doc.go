// Package logwriter writes events in the raw formats that internal/source
// reads, as the original systems write them: W3C and Exchange logs, access
// logs, syslog, CEF, auditd, Zeek, JSON of the clouds. Tests and the sample
// evidence are made with it; what it writes is read back by the real readers.
//
// It holds no reading. EVTX is written by internal/evtxwriter.
package logwriter
