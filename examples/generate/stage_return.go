package main

import (
	"fmt"
	"time"
)

// Where the accounts of the VPN are used from.
const (
	vpnGuest   = "203.0.113.88"
	otherGuest = "203.0.113.151"
)

// returnByVPN, May and June 2022: back through the VPN with two accounts,
// reconnaissance and the passwords of the domain. The names of the tools are
// those of AA22-264A and Microsoft's report.
func (s *story) returnByVPN() {
	begin := on(2022, time.May, 24, 2, 31, 0)
	for i := range 14 {
		s.vpn.signsOn(begin.Add(time.Duration(i*21-520)*time.Second), "ssl-login-fail", registry.name, vpnGuest, "")
	}
	s.vpn.signsOn(begin.Add(-3*time.Minute), "tunnel-up", registry.name, vpnGuest, vpn)
	s.vpn.signsOn(begin.Add(70*time.Minute), "tunnel-down", registry.name, vpnGuest, vpn)
	s.vpn.signsOn(on(2022, time.May, 25, 1, 40, 2), "tunnel-up", scanService.name, otherGuest, vpn)
	s.vpn.signsOn(on(2022, time.May, 25, 1, 46, 31), "tunnel-up", scanService.name, vpnGuest, vpn)
	s.scans(on(2022, time.May, 24, 3, 3, 0))
	for i := range 26 {
		s.directory.failedLogon(begin.Add(time.Duration(i)*13*time.Second), registry.name, vpn)
	}
	s.directory.logon(begin.Add(11*time.Minute), registry, 3, vpn)
	s.workstation.logon(begin.Add(14*time.Minute), registry, 10, vpn)
	desktop := `C:\Users\` + registry.name + `\Downloads\`
	explorer := `C:\Windows\explorer.exe`
	s.workstation.start(on(2022, time.May, 24, 3, 2, 17), process{image: desktop + "advanced_port_scanner.exe", parent: explorer, user: registry,
		original: "advanced_port_scanner.exe", product: "Advanced Port Scanner"})
	s.workstation.start(on(2022, time.May, 25, 1, 48, 9), process{image: desktop + "ADExplorer64.exe", commandLine: `ADExplorer64.exe -snapshot "" ` + desktop + "ad.dat",
		parent: cmd, user: registry, original: "AdExp"})
	s.directory.start(on(2022, time.June, 8, 0, 33, 10), process{image: staging + "m.exe", commandLine: `m.exe "privilege::debug" "sekurlsa::logonpasswords" exit`, parent: cmd,
		user: administrator})
	s.directory.readsDisk(on(2022, time.June, 8, 0, 49, 30), staging+"NTDSAudit.exe", `\Device\HarddiskVolume2`)
	s.directory.start(on(2022, time.June, 8, 0, 49, 28), process{image: staging + "NTDSAudit.exe", commandLine: `NTDSAudit.exe ntds.dit -s SYSTEM -p out.txt`, parent: cmd,
		user: administrator, original: "NTDSAudit.exe"})
}

// scans is the port scanner, as the firewall between desks and servers sees it.
func (s *story) scans(t time.Time) {
	n := 0
	for machine := range 30 {
		for _, port := range []int{22, 80, 135, 443, 445, 3389, 5985, 8080} {
			s.firewall.passes(t.Add(time.Duration(n)*150*time.Millisecond), flow{from: vpn, to: fmt.Sprintf("10.10.2.%d", 1+2*machine), port: port, denied: n%11 != 0, out: 60})
			n++
		}
	}
}
