package w3c

import (
	"slices"
	"strings"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/source/row"
)

// A plan is how lines under one header become events.
type plan struct {
	header *header
	fields int
	// layout is that of most lines; ftp and smtp those of lines whose site is
	// one of these services of IIS.
	layout, ftp, smtp *event.Layout
	// These are columns, -1 where there is none.
	date, time, stem, query, agent, host, site int
	// local says that times are those of the machine's own zone.
	local bool
	// quotes says that values may stand in double quotes.
	quotes bool
}

// sigmaNames are what Sigma's rules for web servers and firewalls call fields
// that the logs call otherwise.
var sigmaNames = map[string]string{
	"cs(user-agent)": "cs-user-agent",
	"cs(referer)":    "cs-referer",
	"cs(cookie)":     "cs-cookie",
	"cs(host)":       "cs-host",
	"src-ip":         "src_ip",
	"dst-ip":         "dst_ip",
	"src-port":       "src_port",
	"dst-port":       "dst_port",
}

func newPlan(h *header, layouts *row.Layouts) *plan {
	names := make([]string, len(h.fields))
	for i, field := range h.fields {
		names[i] = field
		if name, ok := sigmaNames[strings.ToLower(field)]; ok {
			names[i] = name
		}
	}
	p := &plan{
		header: h, fields: len(names),
		date: slices.Index(names, "date"), time: slices.Index(names, "time"),
		stem: slices.Index(names, "cs-uri-stem"), query: slices.Index(names, "cs-uri-query"),
		agent: slices.Index(names, "cs-user-agent"),
		host:  slices.Index(names, "s-computername"), site: slices.Index(names, "s-sitename"),
		local: h.isFirewall() && !h.universal, quotes: !h.isIIS() && !h.isFirewall(),
	}
	columns := bytesOf(p.withComputed(names))
	p.layout = layouts.Of(logSource(h, names), columns)
	if p.site >= 0 {
		p.ftp = layouts.Of(row.LogSource{Product: "iis", Service: "ftp"}, columns)
		p.smtp = layouts.Of(row.LogSource{Product: "iis", Service: "smtp"}, columns)
	}
	return p
}

// withComputed adds the columns that lines do not have, but rules look for.
// Most rules for web servers take cs-uri-query for path and query together, and
// some for the query alone; so it has both values. IIS writes + for a blank of
// the user agent; what stands in the line is that field's second value.
func (p *plan) withComputed(names []string) []string {
	if p.stem >= 0 {
		names = append(names, "cs-uri-query", "cs-uri")
	}
	if p.agent >= 0 {
		names = append(names, "cs-user-agent")
	}
	return names
}

// logSource tells what writes such columns.
func logSource(h *header, names []string) row.LogSource {
	has := func(name string) bool { return slices.Contains(names, name) }
	switch {
	case h.isFirewall(), has("src_ip") && has("dst_ip") && has("action"):
		return row.LogSource{Product: "windows", Category: "firewall"}
	case has("x-session"), has("x-fullpath"): // IIS 7 and later
		return row.LogSource{Product: "iis", Service: "ftp"}
	case has("s-action"), has("sc-filter-result"): // as Blue Coat and its like name them
		return row.LogSource{Category: "proxy"}
	case has("cs-uri-stem"), has("cs-uri"), has("cs-method"):
		return row.LogSource{Category: "webserver"}
	}
	return row.LogSource{}
}

func bytesOf(names []string) [][]byte {
	list := make([][]byte, len(names))
	for i, name := range names {
		list[i] = []byte(name)
	}
	return list
}
