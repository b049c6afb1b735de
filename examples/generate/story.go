package main

import (
	"fmt"
	"time"
)

// The network of the story. Addresses belong to nobody: those inside are
// private (RFC 1918), 10.10.2.0/24 the servers, 10.10.51.0/24 the desks and the
// VPN; those outside, 203.0.113.0/24, are kept for documentation (RFC 5737).
const (
	dnsDomain   = "corp.example.test"
	domain      = "CORP"
	domainSID   = "S-1-5-21-1111111111-2222222222-3333333333"
	outside     = "203.0.113.77"
	vpn         = "10.10.51.200"
	desk        = "10.10.51.31"
	adminDesk   = "10.10.51.10"
	nobodyLogon = 0x3e7 // the logon of the system itself
)

// A story is the evidence while it is made.
type story struct {
	web, mail, directory, print, file, workstation, vpn, firewall *host
	// desks are all workstations; the first is the one above.
	desks []*host
}

func (s *story) hosts() []*host {
	return append([]*host{s.directory, s.file, s.firewall, s.mail, s.print, s.vpn, s.web}, s.desks...)
}

// tell makes the hosts and what the intrusion left on them, stage by stage.
func tell(size scale) *story {
	s := newStory(size)
	s.oddAdministrator()
	s.probing()
	s.webShells()
	s.credentials()
	s.movement()
	s.exchangeAccount()
	s.mailTheft()
	s.returnByVPN()
	s.backdoor()
	s.defencesDown()
	s.encryption()
	s.wiping()
	s.faults()
	return s
}

func newStory(size scale) *story {
	s := &story{
		web:       newWindows("WEB01", "10.10.2.10", true),
		mail:      newWindows("MAIL01", "10.10.2.20", false),
		directory: newWindows("DC01", "10.10.2.5", true),
		print:     newWindows("PRINT01", "10.10.2.40", true),
		file:      newWindows("FILE01", "10.10.2.30", true),
		vpn:       newHost("VPN01", "203.0.113.1"),
		firewall:  newHost("FW01", "10.10.2.1"),
	}
	s.web.ordinary = s.web.ordinarySharePoint
	s.mail.ordinary = s.mail.ordinaryExchange
	s.print.ordinary = s.print.ordinaryPrinting
	s.vpn.ordinary = s.vpn.ordinaryVPN
	s.firewall.ordinary = s.firewall.ordinaryFirewall
	for i := range size.desks {
		s.desks = append(s.desks, newWindows(fmt.Sprintf("WS%02d", i+1), fmt.Sprintf("10.10.51.%d", 31+i%160), true))
	}
	s.workstation = s.desks[0]
	s.desks[1].skew = 4*time.Minute + 12*time.Second
	s.vpn.skew = -95 * time.Second
	return s
}

// write writes host after host, and period after period, so that the memory
// that is needed does not grow with the evidence.
func (s *story) write(out output, size scale) error {
	for _, h := range s.hosts() {
		for _, p := range size.periods() {
			for _, day := range p.days {
				for range size.busy {
					h.ordinary(day)
				}
				s.meets(h, day)
			}
			if err := h.write(out, p); err != nil {
				return err
			}
		}
	}
	return nil
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

// faults are what is wrong with any evidence: one log lacks records, three
// were emptied, and of one web server the logs of a month are gone. Two clocks
// are wrong; that is said where the hosts are made, and can be told from what
// two hosts recorded of one thing (meeting.go).
func (s *story) faults() {
	l := s.directory.log(security)
	l.gap, l.missing = on(2021, time.November, 14, 0, 0, 0), 412
	s.web.lacks(iis, on(2021, time.September, 1, 0, 0, 0), on(2021, time.October, 1, 0, 0, 0))
}
