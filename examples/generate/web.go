package main

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A request is one line of the log of a web server.
type request struct {
	method, path, query string
	user, client        string
	agent, referrer     string
	status              int
	// sent and received are bytes, by the server.
	sent, received int
	taken          time.Duration
}

const (
	browser     = "Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64)+AppleWebKit/537.36+(KHTML,+like+Gecko)+Chrome/90.0.4430.93+Safari/537.36"
	outlook     = "Microsoft+Office/16.0+(Windows+NT+10.0;+Microsoft+Outlook+16.0.5149;+Pro)"
	script      = "python-requests/2.25.1"
	ewsClient   = "ExchangeServicesClient/15.00.0847.030"
	phone       = "Apple-iPhone12C1/1804.52"
	oldBrowser  = "Mozilla/5.0+(Windows+NT+6.1;+WOW64;+rv:40.0)+Gecko/20100101+Firefox/40.0"
	healthProbe = "AMProbe/Local/ClientAccess"
)

// iis is the log of IIS: times are UTC, the fields are those that its manual
// recommends with the name of the server and the two counts of bytes. In December 2021 the header field
// Host was added, midway in a file.
var iis = &textKind{path: "W3SVC1/u_ex%s.log", stamp: "060102", daily: true, begin: beginIIS, line: lineOfIIS}

var hostLogged = on(2021, time.December, 14, 9, 0, 0)

func beginIIS(file *bytes.Buffer, _ *host, at time.Time) {
	fields := "date time s-computername s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status sc-bytes cs-bytes time-taken"
	if !at.Before(hostLogged) {
		fields += " cs-host"
	}
	fmt.Fprintf(file, "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n#Date: %s\r\n#Fields: %s\r\n", at.Format(time.DateTime), fields)
}

func lineOfIIS(file *bytes.Buffer, h *host, e entry) {
	if !e.time.Before(hostLogged) && !bytes.Contains(file.Bytes(), []byte(" cs-host\r\n")) {
		beginIIS(file, h, e.time)
	}
	fmt.Fprintf(file, "%s %s", e.time.Format(time.DateTime), strings.Join(e.fields, " "))
	if !e.time.Before(hostLogged) {
		fmt.Fprintf(file, " %s.%s", strings.ToLower(h.name), dnsDomain)
	}
	file.WriteString("\r\n")
}

// serves records a request to the web server of a host.
func (h *host) serves(t time.Time, r request) {
	h.writeLine(iis, t, h.name, h.address, r.method, r.path, orDash(r.query), "443", orDash(r.user), r.client, orDash(r.agent), orDash(r.referrer),
		strconv.Itoa(r.status), "0", "0", strconv.Itoa(r.sent), strconv.Itoa(r.received), strconv.FormatInt(r.taken.Milliseconds(), 10))
}

// about gives a number near to another, so that requests differ.
func (h *host) about(n int) int { return n*3/4 + h.random.IntN(n/2+1) }

// pages are what people open on the SharePoint front end.
var pages = []string{"/SitePages/Home.aspx", "/Documents/Forms/AllItems.aspx", "/_layouts/15/start.aspx", "/_layouts/15/viewlsts.aspx", "/Lists/Calendar/calendar.aspx",
	"/_layouts/15/Upload.aspx", "/_layouts/15/Picker.aspx"}

func (h *host) ordinaryWeb(day time.Time) {
	for range 10 {
		t, client, user := h.during(day), fmt.Sprintf("10.10.51.%d", 20+h.random.IntN(40)), domain+`\`+someone(h).name
		for i := range 4 {
			page := pages[h.random.IntN(len(pages))]
			h.serves(t.Add(time.Duration(i*7)*time.Second), request{method: "GET", path: page, user: user, client: client, agent: browser,
				referrer: "https://web01." + dnsDomain + "/", status: 200, sent: h.about(40_000), received: h.about(900), taken: 180 * time.Millisecond})
		}
		h.serves(t.Add(31*time.Second), request{method: "POST", path: "/_vti_bin/client.svc/ProcessQuery", user: user, client: client, agent: browser,
			referrer: "https://web01." + dnsDomain + "/SitePages/Home.aspx", status: 200, sent: h.about(6_000), received: h.about(2_000), taken: 90 * time.Millisecond})
	}
	// What knocks at every address on the internet, every day.
	for _, path := range []string{"/wp-login.php", "/favicon.ico", "/.well-known/security.txt"} {
		h.serves(h.during(day), request{method: "GET", path: path, client: fmt.Sprintf("203.0.113.%d", 130+h.random.IntN(20)), agent: "-", status: 404, sent: 1245,
			received: h.about(160), taken: 4 * time.Millisecond})
	}
}

// someone is a user of the domain.
func someone(h *host) account { return []account{finance, registry}[h.random.IntN(2)] }
