package main

import (
	"fmt"
	"strings"
	"time"
)

const (
	w3wp      = `C:\Windows\System32\inetsrv\w3wp.exe`
	layouts   = `C:\Program Files\Common Files\microsoft shared\Web Server Extensions\15\TEMPLATE\LAYOUTS\`
	cmd       = `C:\Windows\System32\cmd.exe`
	poolStart = `c:\windows\system32\inetsrv\w3wp.exe -ap "SharePoint - 80" -v "v4.0"`
)

// pickerQuery asks the page of CVE-2019-0604 for a dialog.
const pickerQuery = "PickerDialogType=Microsoft.SharePoint.WebControls.ItemPickerDialog,+Microsoft.SharePoint,+Version=15.0.0.0,+Culture=neutral,+PublicKeyToken=71e9bce111e9429c"

// probing, the days before: somebody looks for what the web server runs, and
// how old it is. That SharePoint was probed is Microsoft's; when and how is
// invented.
func (s *story) probing() {
	begin := on(2021, time.May, 10, 22, 41, 7)
	var paths []string
	for n := range 100 { // what every list of names begins with
		paths = append(paths, fmt.Sprintf("/backup/%02d.zip", n))
	}
	for i, path := range append(paths, []string{"/_vti_pvt/service.cnf", "/_vti_bin/shtml.dll", "/_layouts/15/viewlsts.aspx", "/_layouts/15/people.aspx", "/_catalogs/users/simple.aspx",
		"/_layouts/15/Picker.aspx", "/admin/", "/backup.zip", "/web.config", "/aspnet_client/", "/test.aspx", "/shell.aspx", "/upload.aspx", "/manager/html", "/phpmyadmin/", "/.git/HEAD",
		"/_vti_bin/owssvr.dll", "/_layouts/15/mcontent.aspx", "/_layouts/15/settings.aspx", "/_layouts/15/quicklinks.aspx", "/login.aspx", "/default.aspx", "/old/", "/api/", "/elmah.axd", "/trace.axd"}...) {
		status := 404
		if strings.Contains(path, "_layouts") {
			status = 401
		}
		s.web.serves(begin.Add(time.Duration(i)*2*time.Second), request{method: "GET", path: path, client: outside, agent: script, status: status, sent: 1245, received: s.web.about(210), taken: 3 * time.Millisecond})
	}
}

// webShells, May 2021: through a flaw in SharePoint (CVE-2019-0604) web shells
// come into its LAYOUTS folder; one of them relays connections into the
// network. The names of the files are those of AA22-264A.
func (s *story) webShells() {
	pool := domain + `\` + sharePoint.name
	for i, method := range []string{"GET", "POST"} {
		s.web.serves(on(2021, time.May, 11, 9, 13, 20+40*i), request{method: method, path: "/_layouts/15/Picker.aspx", query: pickerQuery, client: outside, agent: oldBrowser, status: 200,
			sent: 18_211, received: 900 + 61_000*i, taken: 1900 * time.Millisecond})
	}
	for _, t := range []time.Time{on(2021, time.May, 11, 9, 13, 19), on(2021, time.May, 12, 1, 41, 59), on(2021, time.May, 26, 2, 18, 59)} {
		s.firewall.passes(t, flow{from: outside, to: s.web.address, port: 443, out: 320_000, in: 900_000, taken: 40 * time.Minute})
	}
	s.usesShell("pickers.aspx", on(2021, time.May, 11, 9, 16, 18), 3, time.Minute)
	s.usesShell("error4.aspx", on(2021, time.May, 12, 1, 42, 0), 9, 97*time.Second)
	s.usesShell("ClientBin.aspx", on(2021, time.May, 26, 2, 19, 0), 240, 9*time.Second)
	s.web.writes(on(2021, time.May, 11, 9, 14, 3), w3wp, layouts+"pickers.aspx", pool)
	for i, command := range []string{"whoami", "ipconfig /all", "net group \"Domain Controllers\" /domain"} {
		s.web.start(on(2021, time.May, 11, 9, 16+i, 20), process{image: cmd, commandLine: `"cmd.exe" /c ` + command, parent: w3wp, parentCommandLine: poolStart,
			user: sharePoint, original: "Cmd.Exe"})
	}
	s.web.writes(on(2021, time.May, 12, 1, 40, 51), w3wp, layouts+"error4.aspx", pool)
	s.web.writes(on(2021, time.May, 26, 2, 7, 12), w3wp, layouts+"ClientBin.aspx", pool)
	for i, h := range []*host{s.directory, s.mail, s.file, s.print} {
		s.web.connects(on(2021, time.May, 26, 2, 20+7*i, 0), w3wp, pool, h.address, 3389)
		s.firewall.passes(on(2021, time.May, 26, 2, 20+7*i, 0), flow{from: s.web.address, to: h.address, port: 3389, out: 310_000, in: 2_400_000, taken: 6 * time.Minute})
	}
	for i := range 24 { // what else answers
		s.firewall.passes(on(2021, time.May, 26, 2, 51, 3*i), flow{from: s.web.address, to: fmt.Sprintf("10.10.2.%d", 50+i), port: 445, denied: i%3 != 0, out: 600, in: 200})
	}
}

// usesShell records requests to a web shell: POST only, from one client, to a
// page that nobody else opens.
func (s *story) usesShell(page string, t time.Time, times int, every time.Duration) {
	for i := range times {
		s.web.serves(t.Add(time.Duration(i)*every), request{method: "POST", path: "/_layouts/15/" + page, client: outside, agent: oldBrowser, status: 200,
			sent: s.web.about(2_600), received: s.web.about(1_100), taken: 310 * time.Millisecond})
	}
}
