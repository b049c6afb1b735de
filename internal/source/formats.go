package source

import (
	"github.com/kulla-defence/kulla/internal/source/accesslog"
	"github.com/kulla-defence/kulla/internal/source/auditd"
	"github.com/kulla-defence/kulla/internal/source/csvlog"
	"github.com/kulla-defence/kulla/internal/source/evtxlog"
	"github.com/kulla-defence/kulla/internal/source/exchange"
	"github.com/kulla-defence/kulla/internal/source/fastlog"
	"github.com/kulla-defence/kulla/internal/source/format"
	"github.com/kulla-defence/kulla/internal/source/jsonlog"
	"github.com/kulla-defence/kulla/internal/source/syslog"
	"github.com/kulla-defence/kulla/internal/source/w3c"
	"github.com/kulla-defence/kulla/internal/source/xmllog"
	"github.com/kulla-defence/kulla/internal/source/zeek"
)

// formats are asked in this order: those with a signature first.
func formats() []*format.Format {
	return []*format.Format{
		evtxlog.Format(),
		jsonlog.Format(),
		xmllog.Format(),
		zeek.Format(),
		auditd.Format(),
		w3c.Format(),
		exchange.Format(),
		fastlog.Format(),
		accesslog.Format(),
		syslog.Format(),
		csvlog.Format(),
	}
}

// FormatNames returns the names of all formats, in the order in which they are
// tried.
func FormatNames() []string {
	var names []string
	for _, f := range formats() {
		names = append(names, f.Name)
	}
	return names
}

// formatOf returns the format of a file that begins with head, or the one that
// was named; nil when there is none.
func (r *reading) formatOf(head []byte, name string) (int, *format.Format) {
	for i, f := range r.formats {
		if f.Name == name || name == "" && f.Recognise(head) {
			return i, f
		}
	}
	return 0, nil
}
