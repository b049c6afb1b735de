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

// An involvement is what one finding is about.
type involvement struct {
	host  int32 // entity of the log's host; none without one
	uses  []involved
	marks []mark
	deed  deed
	log   string
}

// involved is an entity and its role in a finding.
type involved struct {
	entity  int32
	role    entity.Role
	lasting bool // more than a process or session
}

// A mark is something a finding can be joined by, and how near to the finding
// it is: for a host 0 is where it happened, and 1 another it names; for a
// process the steps up to it.
type mark struct {
	feature  int32
	distance uint8
}

// involve reads the entities out of a finding, and what it can be joined by.
func (b *Builder) involve(f *detect.Finding) *involvement {
	in := &involvement{host: none, deed: deedOf(f), log: logOf(f)}
	for _, m := range entity.Mentions(f) {
		e := b.resolve(m)
		if e.Key == "" {
			continue
		}
		index := b.entities.add(e)
		in.use(index, e.Kind, m.Role)
		if e.Kind == entity.Host && m.Role == entity.At && in.host == none {
			in.host = index
		}
		b.markEntity(in, index, m)
	}
	b.markRecords(in, f)
	b.markWeb(in, f)
	in.mark(b.features.add("rule:"+b.noteOf(f.Rule).key, byRule, 1, none), 0)
	if in.host == none {
		// A service in the cloud has no host; its log stands for one, weakly.
		in.mark(b.features.add("place:"+in.log, byPlace, 1, none), 0)
	}
	return in
}

// resolve gives a mention its entity; an address that one host has is that
// host.
func (b *Builder) resolve(m entity.Mention) entity.Entity {
	if m.Kind == entity.Address {
		if host, ok := b.context.HostOf(m.Value); ok {
			m = entity.Mention{Kind: entity.Host, Role: m.Role, Value: strings.TrimPrefix(string(host), "host:"), Time: m.Time}
		}
	}
	return b.context.Resolve(m)
}

func (in *involvement) use(index int32, kind entity.Kind, role entity.Role) {
	u := involved{index, role, kind != entity.Process && kind != entity.Session}
	if !slices.Contains(in.uses, u) {
		in.uses = append(in.uses, u)
	}
}

func (in *involvement) mark(feature int32, distance uint8) {
	for i := range in.marks {
		if in.marks[i].feature == feature {
			in.marks[i].distance = min(in.marks[i].distance, distance)
			return
		}
	}
	in.marks = append(in.marks, mark{feature, distance})
}

// markEntity says how an entity can join findings. What acts everywhere, such
// as the system itself, joins none.
func (b *Builder) markEntity(in *involvement, index int32, m entity.Mention) {
	e := &b.entities.all[index]
	switch e.Kind {
	case entity.Host:
		distance := uint8(0)
		if m.Role != entity.At {
			distance = 1
		}
		b.markKey(in, index, byHost, distance)
	case entity.Process:
		b.markProcess(in, index, m.Role)
	case entity.Session:
		b.markKey(in, index, bySession, 0)
		b.markLogon(in, e.Key)
	case entity.Account:
		if !b.context.IsSystemAccount(e.Key) && !b.context.IsMachineAccount(e.Key) {
			b.markKey(in, index, byAccount, 0)
		}
	case entity.File:
		b.markFile(in, index)
	case entity.Address:
		b.markAddress(in, index)
		b.markLease(in, e.Name, m.Role)
	default:
		if kind, ok := plainKinds[e.Kind]; ok {
			b.markKey(in, index, kind, 0)
		}
	}
}

var plainKinds = map[entity.Kind]joinKind{
	entity.Domain: byDomain, entity.URL: byURL, entity.Service: byService, entity.Mailbox: byMailbox,
}

func (b *Builder) markKey(in *involvement, index int32, kind joinKind, distance uint8) {
	e := &b.entities.all[index]
	in.mark(b.features.add(string(e.Key), kind, e.rarity, index), distance)
}

func (b *Builder) markAddress(in *involvement, index int32) {
	e := &b.entities.all[index]
	kind := byAddress
	if isInside(e.Name) {
		kind = byInsideAddress
	}
	in.mark(b.features.add(string(e.Key), kind, e.rarity, index), 0)
}

// markLease ties the findings of a VPN on a session to those on what then came
// from the session's address.
func (b *Builder) markLease(in *involvement, address string, role entity.Role) {
	switch {
	case in.deed.action == actionVPN && role != entity.Source:
		in.mark(b.features.add("lease:"+address, byLease, 1, none), 0)
	case role == entity.Source && isInside(address):
		in.mark(b.features.add("lease:"+address, byLease, 1, none), 1)
	}
}

// maxAscent is how many steps up the tree of processes still join.
const maxAscent = 4

// markProcess joins by the process itself and those above it, whether or not
// they matched anything, up to those of which everything descends.
func (b *Builder) markProcess(in *involvement, index int32, role entity.Role) {
	e := &b.entities.all[index]
	if isRoot(b.imageOf(e.Key, e.Name)) {
		return
	}
	distance := uint8(0)
	if role == entity.Parent {
		distance = 1
	}
	b.markKey(in, index, byProcess, distance)
	for _, above := range b.context.ProcessChain(e.Key) {
		distance++
		start, known := b.context.ProcessStart(above)
		if distance > maxAscent || known && isRoot(start.Image) {
			return
		}
		in.mark(b.features.add(string(above), byProcess, b.context.Rarity(above), none), distance)
	}
}

func (b *Builder) imageOf(process entity.Key, name string) string {
	if start, ok := b.context.ProcessStart(process); ok && start.Image != "" {
		return start.Image
	}
	return name
}

// markLogon follows a session back to where it came from.
func (b *Builder) markLogon(in *involvement, session entity.Key) {
	logon, ok := b.context.SessionOf(session)
	if !ok {
		return
	}
	switch {
	case logon.Source != "":
		in.mark(b.features.add(string(logon.Source), byHost, b.context.Rarity(logon.Source), none), 1)
	case logon.Address != "":
		e := b.context.Resolve(entity.Mention{Kind: entity.Address, Role: entity.Source, Value: logon.Address, Time: logon.Time})
		if e.Kind == entity.Address {
			b.markAddress(in, b.entities.add(e))
			b.markLease(in, e.Name, entity.Source)
		}
	}
}

// markFile joins by the file, its digests, and its name alone, on whatever
// host; files of the system itself are everywhere and join nothing.
func (b *Builder) markFile(in *involvement, index int32) {
	e := &b.entities.all[index]
	if isOrdinaryPath(e.Name) {
		return
	}
	b.markKey(in, index, byFile, 0)
	for _, alias := range e.Aliases {
		if strings.HasPrefix(alias, "sha256=") || strings.HasPrefix(alias, "md5=") || strings.HasPrefix(alias, "sha1=") {
			in.mark(b.features.add("hash:"+alias, byHash, e.rarity, index), 0)
		}
	}
	b.markName(in, baseName(e.Name), index)
	if folder := sharedFolder(e.Name); folder != "" {
		in.mark(b.features.add("folder:"+folder, byFolder, 1, index), 0)
	}
}

// markName joins by the name of a file that is no program of the system.
func (b *Builder) markName(in *involvement, name string, index int32) {
	if name = strings.ToLower(name); len(name) >= 4 && strings.Contains(name, ".") && !ordinaryNames[name] {
		in.mark(b.features.add("name:"+name, byName, 1, index), 0)
	}
}

// markRecords joins findings that rest on the same record.
func (b *Builder) markRecords(in *involvement, f *detect.Finding) {
	mark := func(digest [32]byte) {
		in.mark(b.features.add("record:"+string(digest[:8]), byRecord, 1, none), 0)
	}
	if f.Correlation == nil {
		mark(digestOf(f))
		return
	}
	events := f.Correlation.Events
	for i := max(0, len(events)-maxRecords); i < len(events); i++ {
		mark(placeDigest(events[i].Record, events[i].Place.Source, events[i].Place.Offset, events[i].Place.Line))
	}
}

// maxRecords bounds the records by which a correlation is joined to findings
// on them: its latest.
const maxRecords = 8

// markWeb ties requests to a web server, the pages they ask for, and the
// processes of its worker.
func (b *Builder) markWeb(in *involvement, f *detect.Finding) {
	if in.host == none {
		return
	}
	worker := in.deed.action == actionWeb
	for _, u := range in.uses {
		e := &b.entities.all[u.entity]
		switch e.Kind {
		case entity.Process:
			worker = worker || b.descendsFromWorker(e.Key, e.Name)
		case entity.URL:
			b.markName(in, baseName(strings.SplitN(e.Name, "?", 2)[0]), u.entity)
		}
	}
	if worker {
		in.mark(b.features.add("web:"+string(b.entities.all[in.host].Key), byWeb, 1, in.host), 0)
	}
}

func (b *Builder) descendsFromWorker(process entity.Key, name string) bool {
	if isWorker(b.imageOf(process, name)) {
		return true
	}
	for i, above := range b.context.ProcessChain(process) {
		start, ok := b.context.ProcessStart(above)
		if i >= maxAscent || !ok {
			return false
		}
		if isWorker(start.Image) {
			return true
		}
	}
	return false
}

// digestOf names a finding's record, by its bytes where they were kept.
func digestOf(f *detect.Finding) [32]byte {
	return placeDigest(f.Record, f.Place.Source, f.Place.Offset, f.Place.Line)
}

func placeDigest(record [32]byte, source *event.Source, offset, line int64) [32]byte {
	if record != ([32]byte{}) {
		return record
	}
	var name string
	if source != nil {
		name = source.Name
	}
	place := binary.BigEndian.AppendUint64([]byte(name+"\x00"), uint64(offset))
	return sha256.Sum256(binary.BigEndian.AppendUint64(place, uint64(line)))
}
