package entity

import (
	"bytes"
	"net/netip"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/internal/event"
)

// An interest is a kind of event that tells something of hosts, accounts,
// sessions or processes. Layouts that have its columns are of interest.
type interest struct {
	name string
	// columns are by the log source's own names; those behind a "?" may be
	// missing, "a|b" is the first of them that is there.
	columns []string
	// events are the EventIDs; events of logs without numbers are all looked at.
	events []string
	see    func(*Observer, *sight)
}

// interests is the whole table. It never changes.
var interests = []interest{
	{"process started (Sysmon)",
		columns("ProcessGuid|ProcessGUID", "ProcessId", "Image", "ParentProcessGuid|ParentProcessGUID", "?ParentProcessId", "?ParentImage", "?User", "?LogonId"),
		columns("1"), (*Observer).seeSysmonStart},
	{"process started (audit)",
		columns("NewProcessId", "NewProcessName", "?ProcessId", "?ParentProcessName", "?SubjectUserName", "?SubjectDomainName", "?SubjectUserSid",
			"?SubjectLogonId", "?TargetUserName", "?TargetDomainName", "?TargetUserSid", "?TargetLogonId"),
		columns("4688"), (*Observer).seeAuditStart},
	{"logon",
		columns("TargetLogonId", "LogonType", "TargetUserName", "?TargetDomainName", "?TargetUserSid", "?IpAddress", "?IpPort", "?WorkstationName", "?LogonGuid", "?AuthenticationPackageName"),
		columns("4624"), (*Observer).seeLogon},
	{"logon failed",
		columns("LogonType", "TargetUserName", "?TargetDomainName", "?IpAddress"),
		columns("4625"), (*Observer).seeFailure},
	{"logon with other credentials",
		columns("TargetUserName", "TargetServerName", "?TargetDomainName", "?LogonGuid|TargetLogonGuid", "?TargetLogonGuid"),
		columns("4648"), (*Observer).seeExplicit},
	{"ticket",
		columns("TargetUserName", "IpAddress", "?TargetDomainName", "?TargetSid", "?LogonGuid", "TicketOptions"),
		ticketEvents, (*Observer).seeTicket},
	{"subject and SID", columns("SubjectUserSid", "SubjectUserName", "?SubjectDomainName"), nil, (*Observer).seeBinding},
	{"target and SID", columns("TargetUserSid", "TargetUserName", "?TargetDomainName"), nil, (*Observer).seeBinding},
	{"account changed", columns("TargetSid", "TargetUserName", "?TargetDomainName"), nil, (*Observer).seeBinding},
	{"connection (Sysmon)",
		columns("SourceIp", "DestinationIp", "Initiated", "?SourcePort", "?DestinationPort", "?User"),
		columns("3"), (*Observer).seeSysmonConnection},
	{"name asked for (Sysmon)", columns("QueryName", "QueryResults"), columns("22"), (*Observer).seeSysmonAnswer},
	{"clock set", columns("PreviousTime", "NewTime"), columns("4616"), (*Observer).seeClockSet},
	{"host renamed", columns("Data", "Provider_Name"), columns("6011"), (*Observer).seeRename},
	{"connection (Windows' filter)", columns("SourceAddress", "SourcePort", "DestAddress", "DestPort"), columns("5156"), (*Observer).seeConnection},
	{"VPN session", columns("user", "tunnel_ip", "?action"), nil, (*Observer).seeTunnel},
	{"service installed", columns("ServiceName", "ImagePath|ServiceFileName"), columns("7045", "4697"), (*Observer).seeService},
	{"web server", columns("s-ip"), nil, (*Observer).seeOwnAddress},
	{"connection", columns("src_ip", "src_port", "dst_ip|dest_ip", "dst_port|dest_port"), nil, (*Observer).seeConnection},
	{"connection (Zeek)", columns("id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p"), nil, (*Observer).seeConnection},
	{"address leased (Zeek)", columns("assigned_addr|assigned_ip", "host_name"), nil, (*Observer).seeLease},
	{"name asked for (Zeek)", columns("query", "answers"), nil, (*Observer).seeAnswer},
}

// columnsIn finds an interest's columns in a layout.
func (i *interest) columnsIn(layout *event.Layout) ([]int, bool) {
	found := make([]int, 0, len(i.columns))
	if len(i.events) > 0 && columnOf(layout, "EventID") < 0 {
		return nil, false
	}
	for _, wanted := range i.columns {
		names, optional := strings.CutPrefix(wanted, "?")
		at := -1
		for name := range strings.SplitSeq(names, "|") {
			if at = columnOf(layout, name); at >= 0 {
				break
			}
		}
		if at < 0 && !optional {
			return nil, false
		}
		found = append(found, at)
	}
	return found, true
}

func (o *Observer) seeSysmonStart(s *sight) {
	id := s.guid(0)
	pid := s.number(1)
	if id == (guid{}) || s.hostKey == "" {
		return
	}
	user := s.account(6, -1, -1)
	image := s.text(2)
	s.starts.add(startKey{s.hostKey, uint32(pid), s.nanos(), id}, startFact{
		image: image, parentImage: s.text(5), user: user, parentGUID: s.guid(3), parent: uint32(s.number(4)), logon: s.number(7)})
	s.useAccount(user)
	s.use(File, image)
}

func (o *Observer) seeAuditStart(s *sight) {
	pid := s.number(0)
	if pid == 0 || s.hostKey == "" {
		return
	}
	user, logon := s.account(4, 5, 6), s.number(7)
	if other := s.account(8, 9, 10); other.name != "" && s.number(11) != 0 {
		user, logon = other, s.number(11)
	}
	image := s.text(1)
	s.starts.add(startKey{s.hostKey, uint32(pid), s.nanos(), guid{}}, startFact{
		image: image, parentImage: s.text(3), user: user, parent: uint32(s.number(2)), logon: logon})
	s.useAccount(user)
	s.use(File, image)
}

func (o *Observer) seeLogon(s *sight) {
	user, address, port := s.account(2, 3, 4), netip.Addr{}, s.number(6)
	if a, ok := s.address(5); ok {
		address = a
	}
	id := s.number(0)
	s.useAccount(user)
	s.useAddress(address)
	if isSystemSession(id) || s.hostKey == "" {
		return
	}
	kind := uint8(min(s.number(1), 255))
	workstation := s.text(7)
	if !isMachine(user.name) || kind != 3 { // machines log on by themselves all the time
		s.logons.add(logonKey{s.hostKey, id, s.nanos()}, logonFact{user, address, workstation, kind})
	}
	s.sighted(guidPair(s.guid(8)))
	if (kind == 3 || kind == 10) && !isMachine(user.name) {
		s.sightedNear('e', user, shortName(s.hostKey))
		if address.IsPrivate() {
			s.sightedNear('v', user, address.String())
		}
	}
	if !address.IsValid() || isShared(address) {
		return
	}
	s.sighted(portPair(address, port))
	switch name := hostName(workstation); {
	case isMachine(user.name) && isKerberos(s.bytes(9)):
		s.hasAddress(address, user.name, Authenticated)
	case name != "" && (kind == 3 || kind == 8) && shortName(strings.ToLower(name)) != shortName(s.hostKey):
		s.hasAddress(address, name, Claimed)
	}
}

func isKerberos(text []byte) bool { return bytes.EqualFold(text, []byte("Kerberos")) }

func (o *Observer) seeFailure(s *sight) {
	s.useAccount(s.account(1, 2, -1))
	if address, ok := s.address(3); ok {
		s.useAddress(address)
	}
}

func (o *Observer) seeExplicit(s *sight) {
	user := s.account(0, 2, -1)
	s.useAccount(user)
	s.sightedNear('e', user, shortName(hostName(s.text(1))))
	s.sighted(guidPair(s.guid(3)))
	if other := s.guid(4); other != s.guid(3) {
		s.sighted(guidPair(other))
	}
}

// seeTunnel sees that a VPN gave a user's machine an address, from which it
// logs on soon after.
func (o *Observer) seeTunnel(s *sight) {
	if action := s.bytes(2); action != nil && !bytes.EqualFold(action, []byte("tunnel-up")) {
		return
	}
	if address, ok := s.address(1); ok {
		s.sightedNear('v', s.account(0, -1, -1), address.String())
	}
}

// seeTicket sees that the host of the log is a domain controller, and, when a
// machine asks for a ticket of its own, the address of that machine.
func (o *Observer) seeTicket(s *sight) {
	user := s.account(0, 2, 3)
	if s.hostKey != "" {
		s.facts.hosts.add(s.hostKey, hostFact{controller: true})
	}
	s.useAccount(user)
	s.sighted(guidPair(s.guid(4)))
	if address, ok := s.address(1); ok && !isShared(address) {
		s.useAddress(address)
		if isMachine(user.name) {
			s.hasAddress(address, user.name, Authenticated)
		}
	}
}

// seeBinding keeps which name an account with a SID has.
func (o *Observer) seeBinding(s *sight) {
	sid, name, domain := s.bytes(0), s.bytes(1), s.bytes(2)
	if sid == nil || name == nil || !o.isNew(newMixer().bytes(sid).bytes(name).bytes(domain)) ||
		!bytes.HasPrefix(sid, []byte("S-1-5-21-")) && !bytes.HasPrefix(sid, []byte("S-1-12-1-")) {
		return
	}
	a := parseAccount(o.share(name))
	if a.domain == "" {
		a.domain = o.share(domain)
	}
	if a.name == "" || a.domain == "" || a.sid != "" {
		return
	}
	o.facts.bindings.add(bindingKey{o.share(sid), strings.ToLower(a.domain), strings.ToLower(a.name)}, bindingFact{a.domain, a.name})
}

// seeSysmonConnection sees an address of the machine itself: the source of a
// connection that it began, the destination of one that it accepted.
func (o *Observer) seeSysmonConnection(s *sight) {
	source, ok1 := s.address(0)
	destination, ok2 := s.address(1)
	began := bytes.EqualFold(s.bytes(2), []byte("true"))
	own := destination
	if began {
		own = source
	}
	if own.IsValid() && isSomebodys(own) && !isShared(own) {
		s.hasAddress(own, s.hostKey, Connected)
	}
	if ok1 && ok2 {
		s.useAddress(source)
		s.useAddress(destination)
		s.connection(source, s.number(3), destination, s.number(4))
		if began {
			s.sighted(portPair(source, s.number(3)))
		}
	}
}

// seeConnection sees a connection that a firewall or sensor saw.
func (o *Observer) seeConnection(s *sight) {
	source, ok1 := s.address(0)
	destination, ok2 := s.address(2)
	if ok1 && ok2 {
		s.connection(source, s.number(1), destination, s.number(3))
	}
}

func (o *Observer) seeSysmonAnswer(s *sight) {
	name := s.text(0)
	if !strings.Contains(name, ".") {
		return
	}
	for part := range bytes.SplitSeq(s.bytes(1), []byte{';'}) {
		s.answered(name, part)
	}
}

// seeAnswer reads Zeek's answers, of which only the first is looked at.
func (o *Observer) seeAnswer(s *sight) {
	if name := s.text(0); strings.Contains(name, ".") {
		s.answered(name, s.bytes(1))
	}
}

// answered keeps private addresses only: those of the whole internet would
// push out what is wanted.
func (s *sight) answered(name string, text []byte) {
	if len(text) > 64 {
		return
	}
	if address, ok := parseAddress(string(text)); ok && address.IsPrivate() {
		s.hasAddress(address, name, Answered)
	}
}

func (o *Observer) seeLease(s *sight) {
	if address, ok := s.address(0); ok {
		s.hasAddress(address, hostName(s.text(1)), Answered)
	}
}

func (o *Observer) seeOwnAddress(s *sight) {
	if address, ok := s.address(0); ok && !isShared(address) {
		s.hasAddress(address, s.hostKey, Connected)
	}
}

func (s *sight) hasAddress(address netip.Addr, name string, basis Basis) {
	if name != "" && len(name) < 256 && s.isNew(newMixer().address(address).text(name).text(string(basis))) {
		s.facts.addresses.add(addressKey{address, s.shareLower([]byte(name)), basis}, struct{}{})
	}
}

func (o *Observer) seeService(s *sight) { s.use(Service, s.text(0)) }

// leastSetting is the least correction of a clock that is kept; smaller ones
// are what keeps clocks right.
const leastSetting = 5 * time.Second

// seeClockSet reads the times before and after; both are texts in UTC.
func (o *Observer) seeClockSet(s *sight) {
	from, err1 := time.Parse(time.RFC3339Nano, string(s.bytes(0)))
	to, err2 := time.Parse(time.RFC3339Nano, string(s.bytes(1)))
	if err1 != nil || err2 != nil || s.hostKey == "" || to.Sub(from).Abs() < leastSetting {
		return
	}
	s.facts.settings.add(settingKey{s.hostKey, from.UnixNano(), to.UnixNano()}, struct{}{})
}

// seeRename reads event 6011 of EventLog: the old name and the new one.
func (o *Observer) seeRename(s *sight) {
	if !strings.EqualFold(s.text(1), "EventLog") {
		return
	}
	var names []string
	for i, name := range s.event.Layout.Names {
		if name == "Data" {
			names = append(names, strings.ToLower(hostName(string(s.read(s.event, i)))))
		}
	}
	if len(names) >= 2 && names[0] != "" && names[1] != "" && names[0] != names[1] {
		s.facts.renames.add(renameKey{names[0], names[1]}, struct{}{})
	}
}

// sighted keeps when the clock of this event's host saw something that others
// may have seen.
func (s *sight) sighted(pair [2]uint64, ok bool) {
	at := s.nanos()
	if !ok || at == 0 || s.event.TimeText != "" {
		return
	}
	key := sightingKey{pair: pair}
	if !s.sightings.wants(&key) {
		return
	}
	if key.clock = s.hostKey; key.clock == "" && s.event.Provenance.Source != nil {
		key.clock = s.event.Provenance.Source.Name
	}
	s.sightings.add(key, sightingFact{time: at})
}

func (s *sight) connection(source netip.Addr, sourcePort uint64, destination netip.Addr, destinationPort uint64) {
	if sourcePort != 0 && destinationPort != 0 {
		s.sighted(pairOf(newMixer().number('c').address(source).address(destination).number(sourcePort<<16|destinationPort)), true)
	}
}

// sightedNear keeps what an account did at a place, of which others may have
// seen a part. Things less than near apart are in one of two rows of spans; in
// a span where one clock saw the like twice, they are of no use.
func (s *sight) sightedNear(kind uint64, user accountName, place string) {
	if user.name == "" || place == "" || s.nanos() == 0 {
		return
	}
	name := strings.ToLower(user.name)
	for row := range uint64(2) {
		span := (s.nanos() + int64(row)*int64(near)) / int64(2*near)
		pair := pairOf(newMixer().number(kind).number(row).text(name).text(place).number(uint64(span)))
		pair[1] |= nearBit
		s.sighted(pair, true)
	}
}

// nearBit marks happenings of which not all who saw them are sure that it was
// the same.
const nearBit = 1

func isNear(happening [2]uint64) bool { return happening[1]&nearBit != 0 }

func portPair(address netip.Addr, port uint64) ([2]uint64, bool) {
	return pairOf(newMixer().number('p').address(address).number(port)), port != 0 && address.IsValid()
}

func guidPair(g guid) ([2]uint64, bool) {
	return pairOf(newMixer().number('g').bytes(g[:])), g != guid{}
}

// pairOf takes a hash for what was hashed: no two meet by chance.
func pairOf(m mixer) [2]uint64 { return [2]uint64{m.sum(), m.number(1).sum() &^ nearBit} }
