package main

import (
	"time"
)

const (
	w3wp      = `C:\Windows\System32\inetsrv\w3wp.exe`
	layouts   = `C:\Program Files\Common Files\microsoft shared\Web Server Extensions\15\TEMPLATE\LAYOUTS\`
	cmd       = `C:\Windows\System32\cmd.exe`
	poolStart = `c:\windows\system32\inetsrv\w3wp.exe -ap "SharePoint - 80" -v "v4.0"`
)

// webShells, May 2021: through a flaw in SharePoint (CVE-2019-0604) web shells
// come into its LAYOUTS folder; one of them relays connections into the
// network. The names of the files are those of AA22-264A.
func (s *story) webShells() {
	pool := domain + `\` + sharePoint.name
	s.web.writes(on(2021, time.May, 11, 9, 14, 3), w3wp, layouts+"pickers.aspx", pool)
	for i, command := range []string{"whoami", "ipconfig /all", "net group \"Domain Controllers\" /domain"} {
		s.web.start(on(2021, time.May, 11, 9, 16+i, 20), process{image: cmd, commandLine: `"cmd.exe" /c ` + command, parent: w3wp, parentCommandLine: poolStart,
			user: sharePoint, original: "Cmd.Exe"})
	}
	s.web.writes(on(2021, time.May, 12, 1, 40, 51), w3wp, layouts+"error4.aspx", pool)
	s.web.writes(on(2021, time.May, 26, 2, 7, 12), w3wp, layouts+"ClientBin.aspx", pool)
	for i, h := range []*host{s.directory, s.mail, s.file, s.print} {
		s.web.connects(on(2021, time.May, 26, 2, 20+7*i, 0), w3wp, pool, h.address, 3389)
	}
}
