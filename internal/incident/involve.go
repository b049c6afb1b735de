package incident

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/incident/entity"
)

// An involvement is what one finding is about. Nothing of it is kept until the
// finding's group has room for it.
type involvement struct {
	host  entity.Key // of the log; empty without one
	cast  []member
	marks []mark
	deed  deed
	log   string
}

// A member is an entity in its role.
type member struct {
	entity entity.Entity
	role   entity.Role
}

// A mark is something a finding can be joined by, and how near to the finding
// it is: for a host 0 is where it happened, and 1 another it names; for a
// process the steps up to it; for a lease 0 is who gave it.
type mark struct {
	key      string
	kind     joinKind
	distance uint8
	rare     entity.Key // whose rarity weighs it; empty weighs fully
	shown    entity.Key // the entity that stands for it; empty without one
	share    float32    // how much of the finding it is, 1 where it names few such
}

// An involver reads one finding.
type involver struct {
	context  *entity.Context
	descents descents
	involvement
	fromWorker bool // a process of it descends from one that answers requests
}

// involve reads the entities out of a finding, and what it can be joined by.
func involve(context *entity.Context, known descents, f *detect.Finding, rule string) *involvement {
	in := &involver{context: context, descents: known, involvement: involvement{deed: deedOf(f), log: logOf(f)}}
	for _, m := range entity.Mentions(f) {
		e := in.resolve(m)
		if e.Key == "" || len(e.Key) > maxKey {
			continue
		}
		in.enter(e, m.Role)
		if e.Kind == entity.Host && m.Role == entity.At && in.host == "" {
			in.host = e.Key
		}
		in.markEntity(&e, m.Role)
	}
	in.markWeb()
	in.mark(mark{key: "rule:" + rule, kind: byRule})
	if in.host == "" {
		// A service in the cloud has no host; its log stands for one, weakly.
		in.mark(mark{key: "place:" + in.log, kind: byPlace})
	}
	in.markRecords(f)
	in.apportion()
	return &in.involvement
}

// few is how many hosts, addresses or accounts a finding may name and be about
// each of them.
const few = 3

// apportion weakens what stands among many: a scan of a hundred machines says
// little of each.
func (in *involver) apportion() {
	var counts [len(strengths)][2]int // by kind, and whether at the finding itself
	for i := range in.marks {
		counts[in.marks[i].kind][min(in.marks[i].distance, 1)]++
	}
	for i := range in.marks {
		m := &in.marks[i]
		many := counts[m.kind][min(m.distance, 1)]
		if m.share = 1; m.kind != byRecord && m.kind != byProcess && m.kind != bySession && many > few {
			m.share = few / float32(many)
		}
	}
}

// maxKey bounds the length of what findings are joined by, in bytes; only
// crafted records have longer names.
const maxKey = 1024

// resolve gives a mention its entity; an address that one host has is that
// host.
func (in *involver) resolve(m entity.Mention) entity.Entity {
	if m.Kind == entity.Address {
		if host, ok := in.context.HostOf(m.Value); ok {
			m = entity.Mention{Kind: entity.Host, Role: m.Role, Value: strings.TrimPrefix(string(host), "host:"), Time: m.Time}
		}
	}
	return in.context.Resolve(m)
}

func (in *involver) enter(e entity.Entity, role entity.Role) {
	if !slices.ContainsFunc(in.cast, func(m member) bool { return m.entity.Key == e.Key && m.role == role }) {
		in.cast = append(in.cast, member{e, role})
	}
}

func (in *involver) mark(m mark) {
	for i := range in.marks {
		if in.marks[i].key == m.key {
			in.marks[i].distance = min(in.marks[i].distance, m.distance)
			return
		}
	}
	in.marks = append(in.marks, m)
}

// markEntity says how an entity can join findings. What acts everywhere, such
// as the system itself, joins none.
func (in *involver) markEntity(e *entity.Entity, role entity.Role) {
	switch e.Kind {
	case entity.Host:
		in.markHost(e.Key, role)
	case entity.Process:
		in.markProcess(e, role)
	case entity.Session:
		in.markKey(e.Key, bySession, 0)
		in.markLogon(e.Key)
	case entity.Account:
		if !in.context.IsSystemAccount(e.Key) && !in.context.IsMachineAccount(e.Key) {
			in.markKey(e.Key, byAccount, 0)
		}
	case entity.File:
		in.markFile(e)
	case entity.Address:
		in.markAddress(e)
		in.markLease(e.Name, role)
	default:
		if kind, ok := plainKinds[e.Kind]; ok {
			in.markKey(e.Key, kind, 0)
		}
	}
}

var plainKinds = map[entity.Kind]joinKind{
	entity.Domain: byDomain, entity.URL: byURL, entity.Service: byService, entity.Mailbox: byMailbox,
}

func (in *involver) markKey(key entity.Key, kind joinKind, distance uint8) {
	in.mark(mark{key: string(key), kind: kind, distance: distance, rare: key, shown: key})
}

func (in *involver) markHost(key entity.Key, role entity.Role) {
	distance := uint8(0)
	if role != entity.At {
		distance = 1
	}
	in.markKey(key, byHost, distance)
}

func (in *involver) markAddress(e *entity.Entity) {
	kind := byAddress
	if isInside(e.Name) {
		kind = byInsideAddress
	}
	in.markKey(e.Key, kind, 0)
}

// markLease ties the findings of a VPN on a session to those on what then came
// from the session's address.
func (in *involver) markLease(address string, role entity.Role) {
	switch {
	case in.deed.action == actionVPN && role != entity.Source:
		in.mark(mark{key: "lease:" + address, kind: byLease})
	case role == entity.Source && isInside(address):
		in.mark(mark{key: "lease:" + address, kind: byLease, distance: 1})
	}
}

// markProcess joins by the process itself and those above it.
func (in *involver) markProcess(e *entity.Entity, role entity.Role) {
	descent := in.descents.of(in.context, e.Key, e.Name)
	in.fromWorker = in.fromWorker || descent.worker
	if descent.root {
		return
	}
	distance := uint8(0)
	if role == entity.Parent {
		distance = 1
	}
	in.markKey(e.Key, byProcess, distance)
	for i, above := range descent.above {
		in.markKey(above, byProcess, distance+uint8(i)+1)
	}
}

// markLogon follows a session back to where it came from.
func (in *involver) markLogon(session entity.Key) {
	logon, ok := in.context.SessionOf(session)
	switch {
	case !ok:
	case logon.Source != "":
		in.markKey(logon.Source, byHost, 1)
	case logon.Address != "":
		e := in.context.Resolve(entity.Mention{Kind: entity.Address, Role: entity.Source, Value: logon.Address, Time: logon.Time})
		if e.Kind == entity.Address {
			in.markAddress(&e)
			in.markLease(e.Name, entity.Source)
		}
	}
}

// markFile joins by the file, its digests, its name alone, on whatever host,
// and its folder where that is odd; files of the system itself are everywhere
// and join nothing.
func (in *involver) markFile(e *entity.Entity) {
	if isOrdinaryPath(e.Name) {
		return
	}
	in.markKey(e.Key, byFile, 0)
	for _, alias := range e.Aliases {
		if strings.HasPrefix(alias, "sha256=") || strings.HasPrefix(alias, "md5=") || strings.HasPrefix(alias, "sha1=") {
			in.mark(mark{key: "hash:" + alias, kind: byHash, rare: e.Key, shown: e.Key})
		}
	}
	in.markName(baseName(e.Name), e.Key)
	if folder := sharedFolder(e.Name); folder != "" {
		in.mark(mark{key: "folder:" + folder, kind: byFolder, shown: e.Key})
	}
}

// markName joins by the name of a file that is no program of the system.
func (in *involver) markName(name string, shown entity.Key) {
	if name = strings.ToLower(name); len(name) >= 4 && strings.Contains(name, ".") && !ordinaryNames[name] {
		in.mark(mark{key: "name:" + name, kind: byName, shown: shown})
	}
}

// maxRecords bounds the records by which a correlation is joined to findings
// on them: its latest.
const maxRecords = 8

// markRecords joins findings that rest on the same record.
func (in *involver) markRecords(f *detect.Finding) {
	mark := func(record [32]byte, place event.Provenance) {
		if record == ([32]byte{}) && place.Source == nil {
			return // it does not say which record it is
		}
		digest := placeDigest(record, place)
		in.mark(mark{key: "record:" + string(digest[:8]), kind: byRecord})
	}
	if f.Correlation == nil {
		mark(f.Record, f.Place)
		return
	}
	events := f.Correlation.Events
	for i := max(0, len(events)-maxRecords); i < len(events); i++ {
		mark(events[i].Record, events[i].Place)
	}
}

// markWeb ties requests to a web server, the pages they ask for, and the
// processes of its worker.
func (in *involver) markWeb() {
	if in.host == "" {
		return
	}
	for i := range in.cast {
		if e := &in.cast[i].entity; e.Kind == entity.URL {
			page, _, _ := strings.Cut(e.Name, "?")
			in.markName(baseName(page), e.Key)
		}
	}
	if in.fromWorker || in.deed.action == actionWeb {
		in.mark(mark{key: "web:" + string(in.host), kind: byWeb, shown: in.host})
	}
}

// digestOf names a finding's record, by its bytes where their digest was kept.
func digestOf(f *detect.Finding) [32]byte { return placeDigest(f.Record, f.Place) }

func placeDigest(record [32]byte, place event.Provenance) [32]byte {
	if record != ([32]byte{}) {
		return record
	}
	var name string
	if place.Source != nil {
		name = place.Source.Name
	}
	text := binary.BigEndian.AppendUint64([]byte(name+"\x00"), uint64(place.Offset))
	return sha256.Sum256(binary.BigEndian.AppendUint64(text, uint64(place.Line)))
}
