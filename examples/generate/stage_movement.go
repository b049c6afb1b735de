package main

import (
	"fmt"
	"time"
)

// movement, June to September 2021: from machine to machine with commands
// through WMI, services of remote execution and the built-in Administrator;
// an account to come back with.
func (s *story) movement() {
	updater := account{"svc-update", 2207}
	s.web.createsAccount(on(2021, time.July, 6, 0, 41, 9), sharePoint, updater)
	s.web.addsMember(on(2021, time.July, 6, 0, 41, 55), 4732, sharePoint, updater, "Administrators", "S-1-5-32-544")
	for i, h := range []*host{s.file, s.print} {
		t := on(2021, time.July, 6, 1, 10+20*i, 0)
		h.start(t, process{image: cmd, commandLine: fmt.Sprintf(`cmd.exe /Q /c quser 1> \\127.0.0.1\ADMIN$\__%d.%d 2>&1`, t.Unix(), 4711+i),
			parent: `C:\Windows\System32\wbem\WmiPrvSE.exe`, user: administrator, original: "Cmd.Exe"})
		h.installsService(t.Add(9*time.Minute), "kQzV", `%systemroot%\kWqLzTbR.exe`, "user mode service")
		h.logon(t.Add(15*time.Minute), administrator, 10, s.web.address)
	}
	for i := range 5 { // the tools come over FTP
		s.firewall.passes(on(2021, time.July, 6, 1, 2+i, 10), flow{from: s.web.address, to: fmt.Sprintf("10.10.2.%d", 30+10*(i%2)), port: 21, out: 1_900_000, in: 4_000, taken: 9 * time.Second})
	}
	s.mail.logon(on(2021, time.September, 2, 23, 50, 12), administrator, 10, s.web.address)
}
