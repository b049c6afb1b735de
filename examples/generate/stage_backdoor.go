package main

import "time"

// backdoor, June 2022: the traces that ATT&CK gives for CHIMNEYSWEEP (S1149)
// on one desk.
func (s *story) backdoor() {
	home := `C:\Users\` + registry.name + `\AppData\Local\Temp\`
	program := home + "viewer.exe"
	s.workstation.setsValue(on(2022, time.June, 15, 7, 58, 1), program, `HKU\`+registry.sid()+`\Environment\windir`, `cmd.exe /c `+program+` &`)
	s.workstation.start(on(2022, time.June, 15, 8, 1, 40), process{image: `C:\Windows\System32\cmstp.exe`, commandLine: `cmstp.exe /au ` + home + "profile.inf", parent: program,
		user: registry, original: "CMSTP.EXE"})
	s.firewall.passes(on(2022, time.June, 15, 8, 2, 12), flow{from: s.workstation.address, to: "203.0.113.167", port: 443, out: 41_000, in: 7_000, taken: 40 * time.Minute})
	s.workstation.asksName(on(2022, time.June, 15, 8, 2, 12), program, "api.telegram.org", "::ffff:203.0.113.167;")
}
