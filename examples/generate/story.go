package main

import (
	"fmt"
	"time"
)

// The network of the story. Addresses are those that RFC 5737 keeps for
// documentation: 192.0.2.0/24 the servers, 198.51.100.0/24 the desks and the
// VPN, 203.0.113.0/24 outside.
const (
	dnsDomain   = "corp.example.test"
	domain      = "CORP"
	domainSID   = "S-1-5-21-1111111111-2222222222-3333333333"
	outside     = "203.0.113.77"
	vpn         = "198.51.100.200"
	desk        = "198.51.100.31"
	adminDesk   = "198.51.100.10"
	nobodyLogon = 0x3e7 // the logon of the system itself
)

// A story is the evidence while it is made.
type story struct {
	web, mail, directory, print, file, workstation *host
}

func (s *story) hosts() []*host {
	return []*host{s.directory, s.file, s.mail, s.print, s.web, s.workstation}
}

// tell makes the evidence: what always happens, then the intrusion, stage by
// stage.
func tell() *story {
	s := &story{
		web:         newHost("WEB01", "192.0.2.10", true),
		mail:        newHost("MAIL01", "192.0.2.20", false),
		directory:   newHost("DC01", "192.0.2.5", true),
		print:       newHost("PRINT01", "192.0.2.40", true),
		file:        newHost("FILE01", "192.0.2.30", true),
		workstation: newHost("WS01", desk, true),
	}
	s.ordinaryTraffic()
	s.oddAdministrator()
	s.webShells()
	s.credentials()
	s.movement()
	s.exchangeAccount()
	s.returnByVPN()
	s.backdoor()
	s.defencesDown()
	s.encryption()
	s.wiping()
	s.faults()
	return s
}

// on is a point in time, UTC.
func on(year int, month time.Month, day, hour, minute, second int) time.Time {
	return time.Date(year, month, day, hour, minute, second, 0, time.UTC)
}

// An account is a user of the domain, by the end of its SID.
type account struct {
	name string
	rid  int
}

var (
	administrator = account{"Administrator", 500}
	sharePoint    = account{"svc-sharepoint", 1601}
	backup        = account{"svc-backup", 1602}
	scanService   = account{"svc-inventory", 1603}
	tierOne       = account{"adm-tier1", 1701}
	finance       = account{"user-finance", 1801}
	registry      = account{"user-registry", 1802}
	falseHealth   = account{"HealthMailbox55x2yq", 2301}
)

func (a account) sid() string { return fmt.Sprintf("%s-%d", domainSID, a.rid) }

// faults are what is wrong with any evidence: one log lacks records, and three
// were emptied.
func (s *story) faults() {
	l := s.directory.log(security)
	l.gap, l.missing = on(2021, time.November, 14, 0, 0, 0), 412
}
