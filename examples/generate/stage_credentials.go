package main

import "time"

const (
	lsass   = `C:\Windows\System32\lsass.exe`
	staging = `C:\Users\Public\Libraries\`
)

// credentials, June 2021: the memory of LSASS on the web server is read, and a
// service account that is a local administrator is found (Microsoft's report).
// The tool for it has an invented name.
func (s *story) credentials() {
	s.web.opensProcess(on(2021, time.June, 3, 23, 11, 40), staging+"lsdump.exe", lsass, 0x1010)
	s.web.start(on(2021, time.June, 3, 23, 14, 2), process{image: staging + "pd.exe", commandLine: `pd.exe -accepteula -ma lsass.exe lsass.dmp`, parent: cmd,
		original: "procdump"})
	s.web.writes(on(2021, time.June, 3, 23, 14, 5), staging+"pd.exe", staging+"lsass.dmp", systemUser)
	s.mail.finds(on(2021, time.June, 9, 22, 3, 18), "HackTool:Win64/Mimikatz.A", staging+"m.exe")
}
