package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// A meeting is one thing that several hosts record, each by its own clock. The
// others of a story's events are told of one host each, and only by these can
// clocks be compared.
type meeting struct {
	at   time.Time
	port int    // of who came
	guid string // of the logon
}

// perDay is how many meetings a host has on an ordinary day.
const perDay = 2

// meetings of a host on a day are the same for all who take part, whoever is
// asked first.
func meetings(h *host, day time.Time) []meeting {
	random := rand.New(rand.NewPCG(number(h.name), uint64(day.Unix())))
	var all []meeting
	for range perDay {
		all = append(all, meeting{at: day.Add(7*time.Hour + time.Duration(random.IntN(9*3600_000))*time.Millisecond), port: 49152 + random.IntN(16000),
			guid: fmt.Sprintf("{%08x-6099-4b0d-a%03x-%012x}", random.Uint32(), random.IntN(1<<12), random.Uint64()&0xffffffffffff)})
	}
	return all
}

// meets records a host's part in the meetings of a day: machines fetch their
// policies from the domain controller, mail is fetched from the mail server, and
// who comes through the VPN logs on.
func (s *story) meets(h *host, day time.Time) {
	// What is ordinary stays as it is, however much is recorded here.
	kept := h.random
	h.random = rand.New(rand.NewPCG(number(h.name)+1, uint64(day.Unix())))
	defer func() { h.random = kept }()
	switch h {
	case s.directory:
		for _, other := range s.hosts() {
			s.meetsDirectory(other, day)
		}
	case s.vpn:
		for i, m := range meetings(h, day) {
			who := remote(i)
			h.signsOn(m.at, "tunnel-up", who.name, home(who), vpn)
			h.signsOn(m.at.Add(25*time.Minute), "tunnel-down", who.name, home(who), vpn)
		}
	case s.firewall:
		for _, other := range s.desks {
			for _, m := range meetings(other, day) {
				h.passes(m.at, flow{from: other.address, to: s.directory.address, port: 445, source: m.port, out: 9_000, in: 41_000, taken: 2 * time.Second})
			}
		}
	case s.mail:
		for _, m := range meetings(h, day) {
			h.logonFrom(m.at.Add(200*time.Millisecond), someoneOf(m), 3, desk, m.port, m.guid)
		}
	default:
		for _, m := range meetings(h, day) {
			h.connectsFrom(m.at, "System", systemUser, uint16(m.port), s.directory.address, 445)
		}
	}
}

// meetsDirectory is what the domain controller records of another host's
// meetings. Who of the VPN logs on does so some seconds after the tunnel is up.
func (s *story) meetsDirectory(other *host, day time.Time) {
	for i, m := range meetings(other, day) {
		switch other {
		case s.directory, s.firewall:
		case s.vpn:
			s.directory.logon(m.at.Add(3*time.Second), remote(i), 3, vpn)
		case s.mail:
			s.directory.grants(m.at, someoneOf(m), s.mail, desk, m.guid)
		default:
			s.directory.logonFrom(m.at.Add(100*time.Millisecond), other.machine(), 3, other.address, m.port, strings.ToUpper(m.guid))
		}
	}
}

// remote is who comes through the VPN at the nth meeting of a day.
func remote(n int) account { return []account{finance, registry}[n%2] }

func someoneOf(m meeting) account { return []account{finance, registry}[m.port%2] }
