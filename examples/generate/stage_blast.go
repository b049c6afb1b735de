package main

import (
	"fmt"
	"time"
)

const (
	encryptor     = `C:\ProgramData\Microsoft\Windows\GoXml.exe`
	startScript   = `C:\ProgramData\Microsoft\Windows\Start Menu\Programs\StartUp\win.bat`
	wiper         = `C:\Windows\Temp\cl.exe`
	encryptorHash = "bbe983dba3bf319621b447618548b740" // AA22-264A
	wiperHash     = "7b71764236f244ae971742ee1bc6b098" // AA22-264A
	spreaderHash  = "78562ba0069d4235f28efd01e3f32a82" // AA22-264A
	impairerHash  = "60afb1e62ac61424a542b8c7b4d2cf01" // AA22-264A
)

// defencesDown, 15 July 2022, early: Defender is switched off and logs are
// emptied, machine by machine; then one session after another on the print
// server.
func (s *story) defencesDown() {
	for i, h := range []*host{s.print, s.file, s.workstation} {
		t := on(2022, time.July, 15, 5, 10+6*i, 0)
		h.start(t, process{image: staging + "disable_defender.exe", parent: cmd, user: administrator, md5: impairerHash})
		h.setsValue(t.Add(2*time.Second), staging+"disable_defender.exe", defenderKey+`\Features\TamperProtection`, "DWORD (0x00000000)")
		h.changesDefender(t.Add(3*time.Second), `Features\TamperProtection`, defenderKey+`\Features\TamperProtection = 0x5`, "0x0")
		h.changesDefender(t.Add(4*time.Second), `Real-Time Protection\DisableRealtimeMonitoring`, defenderKey+`\Real-Time Protection\DisableRealtimeMonitoring = 0x0`, "0x1")
		h.defends(t.Add(5*time.Second), 5001)
		h.changesStart(t.Add(6*time.Second), "Microsoft Defender Antivirus Service", "auto start", "demand start", "WinDefend")
		h.start(t.Add(30*time.Second), process{image: `C:\Windows\System32\wevtutil.exe`, commandLine: "wevtutil cl Security", parent: cmd, user: administrator, original: "wevtutil.exe"})
		h.clears(t.Add(31*time.Second), administrator)
	}
	s.vpn.signsOn(on(2022, time.July, 15, 5, 2, 9), "tunnel-up", scanService.name, otherGuest, vpn)
	for i := range 12 {
		t := on(2022, time.July, 15, 5, 32+2*i, 40)
		s.print.logon(t, administrator, 10, vpn)
		s.print.accepts(t.Add(-2*time.Second), vpn, 3389)
		s.firewall.passes(t.Add(-2*time.Second), flow{from: vpn, to: s.print.address, port: 3389, out: 220_000, in: 3_100_000, taken: 90 * time.Second})
	}
	s.print.clearsSystemLog(on(2022, time.July, 15, 5, 10, 50), administrator)
	s.file.cutsAudit(on(2022, time.July, 15, 5, 19, 2), administrator)
}

// encryption, 15 July 2022: from the print server the encryptor is pushed to
// the others, and runs.
func (s *story) encryption() {
	spread := on(2022, time.July, 15, 6, 2, 0)
	s.print.start(spread, process{image: staging + "Mellona.exe", parent: `C:\Windows\explorer.exe`, user: administrator, md5: spreaderHash})
	for i, h := range []*host{s.file, s.workstation, s.desks[1], s.mail, s.web} {
		t := spread.Add(time.Duration(20+40*i) * time.Second)
		h.shared(t, administrator, s.print.address, "C$", `ProgramData\Microsoft\Windows\GoXml.exe`, "%%4417")
		h.shared(t.Add(time.Second), administrator, s.print.address, "C$", `ProgramData\Microsoft\Windows\Start Menu\Programs\StartUp\win.bat`, "%%4417")
	}
	for i, h := range []*host{s.file, s.workstation} {
		h.encrypted(spread.Add(time.Duration(5+i) * time.Minute))
	}
}

// encrypted is what the encryptor (ATT&CK S1150) leaves on one machine.
func (h *host) encrypted(t time.Time) {
	user := domain + `\` + administrator.name
	h.writes(t, "System", encryptor, systemUser)
	h.writes(t.Add(time.Second), "System", startScript, systemUser)
	h.start(t.Add(10*time.Second), process{image: encryptor, commandLine: "GoXml.exe 1 2 3 4 5 6 7", parent: cmd, user: administrator, md5: encryptorHash})
	for i, name := range []string{"sqlservr", "sqlwriter", "outlook", "winword", "excel", "oracle", "mysqld", "msaccess", "onenote", "thebat", "firefox", "steam"} {
		h.start(t.Add(time.Duration(12+i)*time.Second), process{image: `C:\Windows\System32\taskkill.exe`, commandLine: "taskkill /f /im " + name + ".exe",
			parent: cmd, parentCommandLine: "cmd /c bb.bat", user: administrator, original: "taskkill.exe"})
	}
	h.start(t.Add(25*time.Second), process{image: `C:\Windows\System32\vssadmin.exe`, commandLine: "vssadmin delete shadows /all /quiet", parent: cmd, user: administrator, original: "VSSADMIN.EXE"})
	h.start(t.Add(26*time.Second), process{image: `C:\Windows\System32\bcdedit.exe`, commandLine: "bcdedit /set {default} recoveryenabled No", parent: cmd, user: administrator, original: "bcdedit.exe"})
	for folder := range 24 {
		place := fmt.Sprintf(`D:\Shares\Department-%02d\`, folder+1)
		begin := t.Add(time.Duration(30+2*folder) * time.Second)
		h.writes(begin, encryptor, place+"How_To_Unlock_MyFiles.txt", user)
		for file := range 3 {
			h.writes(begin.Add(time.Second), encryptor, fmt.Sprintf(`%sreport-%03d.docx.lck`, place, 3*folder+file), user)
		}
	}
	h.setsValue(t.Add(90*time.Second), encryptor, `HKU\`+administrator.sid()+`\Control Panel\Desktop\Wallpaper`, `C:\ProgramData\Microsoft\Windows\goxml.jpg`)
}

// wiping, the same afternoon: over Remote Desktop from the print server, the
// wiper (ATT&CK S1151) is started by hand on machine after machine.
func (s *story) wiping() {
	for i, h := range []*host{s.file, s.workstation, s.mail, s.directory, s.web} {
		t := on(2022, time.July, 15, 14, 3+8*i, 0)
		h.logon(t, administrator, 10, s.print.address)
		s.firewall.passes(t.Add(-time.Second), flow{from: s.print.address, to: h.address, port: 3389, out: 90_000, in: 1_800_000, taken: 4 * time.Minute})
		if h == s.file || h == s.workstation || h == s.web {
			h.wiped(t.Add(2 * time.Minute))
		}
	}
}

func (h *host) wiped(t time.Time) {
	h.start(t, process{image: wiper, parent: cmd, user: administrator, md5: wiperHash})
	h.installsService(t.Add(2*time.Second), "RawDisk3", `\??\C:\Windows\Temp\rwdsk.sys`, "kernel mode driver")
	h.loadsDriver(t.Add(3*time.Second), `C:\Windows\Temp\rwdsk.sys`, "EldoS Corporation")
	h.readsDisk(t.Add(5*time.Second), wiper, `\Device\Harddisk0\DR0`)
}
