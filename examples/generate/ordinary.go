package main

import (
	"fmt"
	"time"
)

// ordinaryWindows is what a machine with Windows records on any day.
func (h *host) ordinaryWindows(day time.Time) {
	for range 8 {
		t := h.during(day)
		who := []account{finance, registry, backup, scanService}[h.random.IntN(4)]
		h.logon(t, who, 3, fmt.Sprintf("10.10.51.%d", 20+h.random.IntN(40)))
		h.logoff(t.Add(time.Duration(1+h.random.IntN(90))*time.Second), who, 3)
	}
	t := h.during(day)
	if h.random.IntN(4) == 0 {
		h.logon(t, tierOne, 10, adminDesk)
	}
	h.privileges(t, tierOne)
	h.failedLogon(h.during(day), finance.name, desk)
	for range 3 {
		title := []string{"Windows Update", "Background Intelligent Transfer Service", "Print Spooler", "Windows Modules Installer"}[h.random.IntN(4)]
		h.serviceIs(h.during(day), title, []string{"running", "stopped"}[h.random.IntN(2)])
	}
	h.changesStart(h.during(day), "Background Intelligent Transfer Service", "demand start", "auto start", "BITS")
	for range 6 {
		h.start(h.during(day), ordinaryProcesses[h.random.IntN(len(ordinaryProcesses))])
	}
	if h.hasSysmon {
		h.ordinarySysmon(day)
	}
	h.defends(h.during(day), 1150)
	update := h.during(day)
	h.updates(update, 43, "Security Intelligence Update for Microsoft Defender Antivirus - KB2267602")
	h.updates(update.Add(time.Minute), 19, "Security Intelligence Update for Microsoft Defender Antivirus - KB2267602")
	h.runsScript(h.during(day), tierOne, "Get-Service | Where-Object Status -eq 'Stopped' | Format-Table Name")
}

// during is a moment in the hours of work.
func (h *host) during(day time.Time) time.Time {
	return day.Add(7*time.Hour + time.Duration(h.random.IntN(9*3600))*time.Second)
}

var ordinaryProcesses = []process{
	{image: `C:\Windows\System32\svchost.exe`, commandLine: `C:\Windows\System32\svchost.exe -k netsvcs -p`, parent: `C:\Windows\System32\services.exe`, original: "svchost.exe"},
	{image: `C:\Windows\System32\taskhostw.exe`, commandLine: `taskhostw.exe Install $(Arg0)`, parent: `C:\Windows\System32\svchost.exe`, original: "taskhostw.exe"},
	{image: `C:\Windows\System32\cmd.exe`, commandLine: `C:\Windows\system32\cmd.exe /c dir C:\Inventory`, parent: `C:\Program Files\Inventory\agent.exe`, user: scanService, original: "Cmd.Exe"},
	{image: `C:\Windows\System32\wbem\WmiPrvSE.exe`, commandLine: `C:\Windows\system32\wbem\wmiprvse.exe -secured -Embedding`, parent: `C:\Windows\System32\svchost.exe`, original: "Wmiprvse.exe"},
	{image: `C:\Program Files\Backup\backup.exe`, commandLine: `"C:\Program Files\Backup\backup.exe" --job nightly`, parent: `C:\Windows\System32\svchost.exe`, user: backup},
	{image: `C:\Windows\System32\mmc.exe`, commandLine: `"C:\Windows\system32\mmc.exe" C:\Windows\system32\services.msc`, parent: `C:\Windows\explorer.exe`, user: tierOne, original: "mmc.exe"},
	{image: `C:\Windows\System32\rundll32.exe`, commandLine: `rundll32.exe AppXDeploymentExtensions.OneCore.dll,ShellRefresh`, parent: `C:\Windows\System32\svchost.exe`, original: "RUNDLL32.EXE"},
}

func (h *host) ordinarySysmon(day time.Time) {
	h.writes(h.during(day), `C:\Program Files\Backup\backup.exe`, fmt.Sprintf(`C:\ProgramData\Backup\nightly-%s.log`, day.Format("20060102")), systemUser)
	h.writes(h.during(day), `C:\Windows\System32\svchost.exe`, `C:\Windows\Prefetch\SVCHOST.EXE-7AC6742A.pf`, systemUser)
	h.connects(h.during(day), `C:\Program Files\Backup\backup.exe`, systemUser, "10.10.2.60", 445)
	h.connects(h.during(day), `C:\Windows\System32\svchost.exe`, systemUser, "2001:db8:0:0:0:0:0:53", 443)
	h.opensProcess(h.during(day), `C:\Windows\System32\wbem\WmiPrvSE.exe`, `C:\Windows\System32\lsass.exe`, 0x1410)
	h.setsValue(h.during(day), `C:\Windows\System32\svchost.exe`, `HKLM\System\CurrentControlSet\Services\bam\State\UserSettings`, "Binary Data")
	h.asksName(h.during(day), `C:\Windows\System32\svchost.exe`, "updates."+dnsDomain, "::ffff:10.10.2.60;")
}

// ordinarySharePoint is a front end of SharePoint, which compiles its pages and
// reads a file from the share.
func (h *host) ordinarySharePoint(day time.Time) {
	h.ordinaryWindows(day)
	h.ordinaryWeb(day)
	h.start(h.during(day), process{image: `C:\Windows\Microsoft.NET\Framework64\v4.0.30319\csc.exe`, commandLine: `csc.exe /noconfig /fullpaths @"C:\Windows\Temp\x1.cmdline"`,
		parent: w3wp, user: sharePoint, original: "csc.exe"})
	h.connects(h.during(day), w3wp, domain+`\`+sharePoint.name, "10.10.2.30", 445)
}

// ordinaryPrinting is a print server, the one host whose own firewall is told
// to log; that log begins in July 2022.
func (h *host) ordinaryPrinting(day time.Time) {
	h.ordinaryWindows(day)
	if day.Before(on(2022, time.July, 1, 0, 0, 0)) {
		return
	}
	for range 12 {
		h.accepts(h.during(day), fmt.Sprintf("10.10.51.%d", 20+h.random.IntN(40)), 445)
	}
}

// oddAdministrator is what an administrator does who means well: rules that
// count must not count it, and rules of level medium may ask about it.
func (s *story) oddAdministrator() {
	s.directory.createsAccount(on(2021, time.May, 11, 8, 0, 11), account{}, account{"HealthMailbox3f9c0de", 2101})
	s.file.installsService(on(2022, time.March, 11, 9, 31, 2), "PSEXESVC", `%SystemRoot%\PSEXESVC.exe`, "user mode service")
	s.file.changesDefender(on(2022, time.March, 11, 9, 45, 30), `Exclusions\Paths\D:\Backup`, "", "0x0")
	for i, h := range []*host{s.print, s.file, s.mail} {
		h.logon(on(2022, time.March, 11, 10, 4+9*i, 0), tierOne, 10, adminDesk)
	}
	for i, name := range []string{"Spooler", "PrintNotify", "LPDSVC"} {
		s.print.start(on(2022, time.March, 11, 10, 20, 4*i), process{image: `C:\Windows\System32\net.exe`, commandLine: "net stop " + name,
			parent: `C:\Windows\System32\cmd.exe`, user: tierOne, original: "net.exe"})
	}
	s.print.start(on(2022, time.March, 11, 10, 26, 0), process{image: `C:\Tools\procdump64.exe`, commandLine: `procdump64.exe -ma spoolsv.exe C:\Tools\spoolsv.dmp`,
		parent: `C:\Windows\System32\cmd.exe`, user: tierOne, original: "procdump"})
	s.print.writes(on(2022, time.March, 11, 10, 26, 9), `C:\Tools\procdump64.exe`, `C:\Tools\spoolsv.dmp`, domain+`\`+tierOne.name)
	s.file.start(on(2022, time.May, 11, 11, 2, 40), process{image: `C:\Windows\System32\vssadmin.exe`, commandLine: `vssadmin list shadows`,
		parent: `C:\Windows\System32\cmd.exe`, user: tierOne, original: "VSSADMIN.EXE"})
}
