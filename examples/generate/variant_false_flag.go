package main

import "time"

// tellFalseFlag is the story of the record without the theft of mail, and with
// the traces of others planted in it.
func tellFalseFlag(size scale) *story {
	s := newStory(size)
	s.probing()
	s.webShells()
	s.credentials()
	s.movement()
	s.exchangeAccount()
	s.returnByVPN()
	s.defencesDown()
	s.foreignTraces()
	s.encryption()
	s.wiping()
	return s
}

// A foreignFile is a name and a sum that the public knows of other attacks:
// the record gives both. There is no file; the log says that there was one.
type foreignFile struct{ name, md5, threat string }

var foreignFiles = []foreignFile{
	{"igfxtrayex.exe", "760c35a80d758f032d02cf4db12d3e55", "Trojan:Win32/Destover"},        // Sony Pictures, 2014
	{"diskpartmg16.exe", "d1c27ee7ce18675974edf42d4eea25c6", "Trojan:Win32/Destover"},      // Sony Pictures, 2014
	{"mssecsvc.exe", "db349b97c37d22f5ea1d1841e3c89eb4", "Ransom:Win32/WannaCrypt"},        // WannaCry, 2017
	{"tasksche.exe", "84c82835a5d21bbcf75a61706d8ab549", "Ransom:Win32/WannaCrypt"},        // WannaCry, 2017
	{"perfc.dat", "71b6a493388e7d0b40c83ce903bc6b04", "Ransom:Win32/Petya"},                // NotPetya, 2017
	{"olympic.exe", "cfdd16225e67471f5ef54cab9b3a5558", "Trojan:Win32/OlympicDestroyer.A"}, // Olympic Destroyer, 2018; the name is invented
}

// foreignTraces, 15 July 2022, before the encryption: names, sums and services
// of malware that was published years before and ascribed to others, most of
// it to one group, and scripts with words of two languages. It costs nothing
// to leave them.
func (s *story) foreignTraces() {
	const place = `C:\ProgramData\Microsoft\Windows\`
	for i, h := range []*host{s.print, s.file, s.workstation} {
		t := on(2022, time.July, 15, 5, 40+4*i, 11)
		for n, f := range foreignFiles {
			at := t.Add(time.Duration(20*n) * time.Second)
			h.shared(at, administrator, vpn, "C$", `ProgramData\Microsoft\Windows\`+f.name, "%%4417")
			h.writes(at, "System", place+f.name, systemUser)
			h.start(at.Add(3*time.Second), process{image: place + f.name, parent: cmd, user: administrator, md5: f.md5})
			h.finds(at.Add(4*time.Second), f.threat, place+f.name)
		}
		h.installsService(t.Add(3*time.Minute), "WinsSchMgmt", place+"igfxtrayex.exe -k", "user mode service")
		h.installsService(t.Add(3*time.Minute+2*time.Second), "mssecsvc2.0", place+"mssecsvc.exe -m security", "user mode service")
		h.runsScript(t.Add(3*time.Minute+9*time.Second), administrator, "# \uc791\uc5c5 \uc2dc\uc791\n[Threading.Thread]::CurrentThread.CurrentCulture = 'ko-KR'\nWrite-Host 'Hacked by #GOP'")
		h.runsScript(t.Add(3*time.Minute+19*time.Second), administrator, "# \u0437\u0430\u043f\u0443\u0441\u043a\n[Threading.Thread]::CurrentThread.CurrentCulture = 'ru-RU'")
	}
}
