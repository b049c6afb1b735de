package entity

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// processIndex knows the processes that began, and the sessions.
type processIndex struct {
	hosts    *hostIndex
	byGUID   map[guid]*process
	byNumber map[processNumber][]*process // in order of time
	sessions map[sessionNumber][]*session // in order of time
}

type processNumber struct {
	host string
	pid  uint32
}

type sessionNumber struct {
	host string
	id   uint64
}

// A process is one start, under one or both of its records.
type process struct {
	*startFact
	host string
	pid  uint32
	time int64
	guid guid
}

type session struct {
	*logonFact
	host string
	id   uint64
	time int64
}

// Two records of one start are at most so far apart, and so is a mention's
// time from the start that it means.
const startTolerance = 2 * time.Second

func newProcessIndex(f *facts, hosts *hostIndex) processIndex {
	x := processIndex{hosts, map[guid]*process{}, map[processNumber][]*process{}, map[sessionNumber][]*session{}}
	for key, fact := range f.starts.entries {
		p := &process{fact, hosts.nameOf(key.host), key.pid, key.time, key.guid}
		number := processNumber{p.host, p.pid}
		x.byNumber[number] = append(x.byNumber[number], p)
	}
	for number, all := range x.byNumber {
		slices.SortFunc(all, compareStarts)
		x.byNumber[number] = joinRecords(all)
	}
	for _, all := range x.byNumber {
		for _, p := range all {
			if p.guid != (guid{}) {
				x.keepGUID(p)
			}
		}
	}
	for key, fact := range f.logons.entries {
		s := &session{fact, hosts.nameOf(key.host), key.id, key.time}
		number := sessionNumber{s.host, s.id}
		x.sessions[number] = append(x.sessions[number], s)
	}
	for _, all := range x.sessions {
		slices.SortFunc(all, compareSessions)
	}
	return x
}

// compareStarts puts starts in order of time. Two names of one machine may both
// have a record of one start; then all that they say settles the order.
func compareStarts(a, b *process) int {
	return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(string(a.guid[:]), string(b.guid[:])), cmp.Compare(a.image, b.image),
		cmp.Compare(a.parentImage, b.parentImage), compareAccounts(a.user, b.user), cmp.Compare(string(a.parentGUID[:]), string(b.parentGUID[:])),
		cmp.Compare(a.parent, b.parent), cmp.Compare(a.logon, b.logon))
}

func compareSessions(a, b *session) int {
	return cmp.Or(cmp.Compare(a.time, b.time), compareAccounts(a.user, b.user), a.address.Compare(b.address),
		cmp.Compare(a.workstation, b.workstation), cmp.Compare(a.kind, b.kind))
}

// keepGUID keeps the first of several starts with one GUID, which only crafted
// or copied records have.
func (x *processIndex) keepGUID(p *process) {
	known := x.byGUID[p.guid]
	if known == nil || cmp.Or(cmp.Compare(p.time, known.time), cmp.Compare(p.host, known.host), cmp.Compare(p.pid, known.pid)) < 0 {
		x.byGUID[p.guid] = p
	}
}

// joinRecords joins Sysmon's record of a start with the audit's. all are starts
// with one number, in order of time.
func joinRecords(all []*process) []*process {
	joined := all[:0]
	for _, p := range all {
		if n := len(joined); n > 0 && areOneStart(joined[n-1], p) {
			joined[n-1] = joinRecord(joined[n-1], p)
			continue
		}
		joined = append(joined, p)
	}
	return joined
}

func areOneStart(a, b *process) bool {
	return (a.guid == guid{}) != (b.guid == guid{}) && b.time-a.time <= int64(startTolerance) && sameProgram(a.image, b.image)
}

// joinRecord keeps what Sysmon says, and the session of the audit, which has
// it also where Sysmon's is cut.
func joinRecord(a, b *process) *process {
	if a.guid == (guid{}) {
		a, b = b, a
	}
	fact := *a.startFact
	fact.parentImage = cmp.Or(a.parentImage, b.parentImage)
	fact.parent, fact.logon = cmp.Or(a.parent, b.parent), cmp.Or(a.logon, b.logon)
	if fact.user.sid == "" && strings.EqualFold(fact.user.name, b.user.name) {
		fact.user.sid = b.user.sid
	}
	return &process{&fact, a.host, a.pid, a.time, a.guid}
}

// find is the process that a mention means: that of its GUID, or the last of
// its number that began before.
func (x *processIndex) find(id guid, host string, pid uint32, image string, at time.Time) *process {
	if id != (guid{}) {
		return x.byGUID[id]
	}
	if pid == 0 {
		return nil
	}
	all := x.byNumber[processNumber{host, pid}]
	n := len(all)
	if !at.IsZero() {
		latest := at.Add(startTolerance).UnixNano()
		n, _ = slices.BinarySearchFunc(all, latest, func(p *process, t int64) int { return cmp.Compare(p.time, t+1) })
	}
	if n == 0 || !sameProgram(all[n-1].image, image) {
		return nil
	}
	return all[n-1]
}

// key names a process: by its GUID, or by its host, number and start.
func (p *process) key() Key {
	if p.guid != (guid{}) {
		return processKey(p.guid.String())
	}
	return processKey(fmt.Sprintf("%s/%d@%s", p.host, p.pid, formatTime(p.time)))
}

func processKey(value string) Key { return Key(string(Process) + ":" + value) }

func formatTime(nanos int64) string {
	return strings.ToLower(time.Unix(0, nanos).UTC().Format("2006-01-02T15:04:05.999999999Z"))
}

// parseTime reads what formatTime wrote.
func parseTime(text string) (int64, bool) {
	at, err := time.Parse(time.RFC3339Nano, strings.ToUpper(text))
	return at.UnixNano(), err == nil
}

// entity makes a process's entity.
func (x *processIndex) entity(m *Mention) Entity {
	id, _ := parseGUID(m.GUID)
	host := x.hosts.nameOf(hostName(m.Host))
	e := Entity{Kind: Process, Name: m.Value, Host: hostKey(host)}
	p := x.find(id, host, m.PID, m.Value, m.Time)
	switch {
	case p != nil:
		e.Key, e.Host, e.Name = p.key(), hostKey(p.host), cmp.Or(p.image, m.Value)
		e.alias(processAlias(p.pid), Stated)
	case id != (guid{}):
		e.Key = processKey(id.String())
		e.alias(processAlias(m.PID), Stated)
	default:
		e.Key = unknownProcess(host, m.PID, m.Value)
	}
	for _, hash := range m.Hashes {
		e.alias(hash, Stated)
	}
	if e.Name == "" {
		e.Name = strings.TrimSpace("process " + strconv.FormatUint(uint64(m.PID), 10))
	}
	return e
}

func processAlias(pid uint32) string {
	if pid == 0 {
		return ""
	}
	return "pid " + strconv.FormatUint(uint64(pid), 10)
}

// unknownProcess names a process of which no start was seen.
func unknownProcess(host string, pid uint32, image string) Key {
	return processKey(fmt.Sprintf("%s/%d:%s", host, pid, strings.ToLower(baseName(image))))
}

// byKey finds a process by the key that it was given.
func (x *processIndex) byKey(key Key) *process {
	value, found := strings.CutPrefix(string(key), string(Process)+":")
	if !found {
		return nil
	}
	if id, ok := parseGUID(value); ok {
		return x.byGUID[id]
	}
	at := strings.LastIndexByte(value, '@')
	slash := strings.LastIndexByte(value, '/')
	if slash < 0 || at < slash {
		return nil
	}
	pid, err := strconv.ParseUint(value[slash+1:at], 10, 32)
	if err != nil {
		return nil
	}
	began, ok := parseTime(value[at+1:])
	all := x.byNumber[processNumber{value[:slash], uint32(pid)}]
	i, _ := slices.BinarySearchFunc(all, began, func(p *process, t int64) int { return cmp.Compare(p.time, t) })
	for ; ok && i < len(all) && all[i].time == began; i++ {
		if all[i].guid == (guid{}) {
			return all[i]
		}
	}
	return nil
}

// parent is the key of what started a process; empty when the record does not
// say.
func (x *processIndex) parent(p *process) Key {
	if p.parentGUID != (guid{}) {
		return processKey(p.parentGUID.String())
	}
	if p.parent == 0 {
		return ""
	}
	if found := x.find(guid{}, p.host, p.parent, p.parentImage, time.Unix(0, p.time)); found != nil && found != p {
		return found.key()
	}
	return unknownProcess(p.host, p.parent, p.parentImage)
}

// session finds the logon that a mention of a session means.
func (x *processIndex) session(host string, id uint64, at time.Time) *session {
	all := x.sessions[sessionNumber{host, id}]
	n := len(all)
	if !at.IsZero() {
		latest := at.Add(startTolerance).UnixNano()
		n, _ = slices.BinarySearchFunc(all, latest, func(s *session, t int64) int { return cmp.Compare(s.time, t+1) })
	}
	if n == 0 {
		return nil
	}
	return all[n-1]
}

// key names a session by its host, number and beginning.
func (s *session) key() Key {
	return sessionKey(fmt.Sprintf("%s/0x%x@%s", s.host, s.id, formatTime(s.time)))
}

func sessionKey(value string) Key { return Key(string(Session) + ":" + value) }

// sessionEntity makes a session's entity.
func (x *processIndex) sessionEntity(m *Mention) Entity {
	id, ok := parseNumber(m.Value)
	host := x.hosts.nameOf(hostName(m.Host))
	e := Entity{Kind: Session, Name: m.Value, Host: hostKey(host)}
	if s := x.session(host, id, m.Time); ok && s != nil {
		e.Key = s.key()
		e.Name = formatSession(s.id)
		return e
	}
	value := strings.ToLower(m.Value)
	if ok {
		value = formatSession(id)
	}
	e.Key = sessionKey(host + "/" + value)
	return e
}

func (x *processIndex) sessionByKey(key Key) *session {
	value, found := strings.CutPrefix(string(key), string(Session)+":")
	slash, at := strings.LastIndexByte(value, '/'), strings.LastIndexByte(value, '@')
	if !found || slash < 0 || at < slash {
		return nil
	}
	id, ok := parseNumber(value[slash+1 : at])
	if !ok {
		return nil
	}
	began, ok := parseTime(value[at+1:])
	all := x.sessions[sessionNumber{value[:slash], id}]
	i, known := slices.BinarySearchFunc(all, began, func(s *session, t int64) int { return cmp.Compare(s.time, t) })
	if !ok || !known {
		return nil
	}
	return all[i]
}

func formatSession(id uint64) string { return fmt.Sprintf("0x%x", id) }
