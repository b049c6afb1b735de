package entity

import (
	"cmp"
	"net/netip"
)

// facts is all that is kept of events. Every part is such that seeing an event
// twice, or events in another order, makes no difference.
type facts struct {
	hosts     table[string, hostFact]
	spans     table[spanKey, spanFact]
	renames   table[renameKey, struct{}]
	starts    table[startKey, startFact]
	logons    table[logonKey, logonFact]
	bindings  table[bindingKey, bindingFact]
	addresses table[addressKey, struct{}]
	uses      table[useKey, useFact]
	sightings table[sightingKey, sightingFact]
	settings  table[settingKey, struct{}]
	// days has a bit for each day of which there are events, modulo 64.
	days uint64
}

func newFacts() facts {
	return facts{newTable(hostKind), newTable(spanKind), newTable(renameKind), newTable(startKind), newTable(logonKind),
		newTable(bindingKind), newTable(addressKind), newTable(useKind), newTable(sightingKind), newTable(settingKind), 0}
}

// merge adds other facts, which stay as they are.
func (f *facts) merge(other *facts) {
	f.hosts.mergeTable(&other.hosts)
	f.spans.mergeTable(&other.spans)
	f.renames.mergeTable(&other.renames)
	f.starts.mergeTable(&other.starts)
	f.logons.mergeTable(&other.logons)
	f.bindings.mergeTable(&other.bindings)
	f.addresses.mergeTable(&other.addresses)
	f.uses.mergeTable(&other.uses)
	f.sightings.mergeTable(&other.sightings)
	f.settings.mergeTable(&other.settings)
	f.days |= other.days
}

// size is the number of entries.
func (f *facts) size() int {
	return len(f.hosts.entries) + len(f.spans.entries) + len(f.renames.entries) + len(f.starts.entries) + len(f.logons.entries) +
		len(f.bindings.entries) + len(f.addresses.entries) + len(f.uses.entries) + len(f.sightings.entries) + len(f.settings.entries)
}

// Names of hosts and accounts are in lower case in keys; facts keep the way
// they are written, of several the first in order of bytes.

// A hostFact is a name that a log gives to its own machine.
type hostFact struct {
	written string
	// controller says that it issued Kerberos tickets.
	controller bool
}

// A span is the records of one host in one source.
type spanKey struct{ source, host string }

type spanFact struct{ first, last uint64 }

// A rename is a machine that got another name (event 6011).
type renameKey struct{ from, to string }

// A start is a process that began.
type startKey struct {
	host string
	pid  uint32
	time int64 // nanoseconds since 1970
	guid guid
}

type startFact struct {
	image, parentImage string
	user               accountName
	parentGUID         guid
	parent             uint32
	logon              uint64
}

// A logon is a session that began.
type logonKey struct {
	host string
	id   uint64
	time int64
}

type logonFact struct {
	user        accountName
	address     netip.Addr
	workstation string
	kind        uint8
}

// A binding is an account's SID beside its name.
type bindingKey struct{ sid, domain, name string }

type bindingFact struct{ domain, name string }

// An addressKey says that a machine has an address, and how that is known. The
// name of a machine's account keeps its dollar.
type addressKey struct {
	address netip.Addr
	name    string
	basis   Basis
}

// A use counts where and when something was named.
type useKey struct {
	kind  Kind
	value string
}

// useFact has a bit for each host, by a hash of its short name, and for each
// day, modulo 64.
type useFact struct{ hosts, days uint64 }

// A sighting is one happening as one clock saw it. The pair is what both who
// saw it know of it: a connection's ends, or the GUID of a logon.
type sightingKey struct {
	pair  [2]uint64
	clock string
}

type sightingFact struct {
	time    int64
	several bool // the same at two times: of no use
}

// A setting is a clock that was set (event 4616).
type settingKey struct {
	host     string
	from, to int64
}

// Limits of what is kept; an entry is 100 to 300 bytes.
const (
	maxHosts     = 1 << 16
	maxSpans     = 1 << 16
	maxRenames   = 1 << 12
	maxStarts    = 1 << 18
	maxLogons    = 1 << 18
	maxBindings  = 1 << 17
	maxAddresses = 1 << 17
	maxUses      = 1 << 17
	maxSightings = 1 << 16
	maxSettings  = 1 << 14
)

var hostKind = &tableKind[string, hostFact]{
	name: "names of hosts", limit: maxHosts,
	hash: func(k *string) uint64 { return newMixer().text(*k).sum() },
	merge: func(into, from *hostFact) {
		into.written = firstText(into.written, from.written)
		into.controller = into.controller || from.controller
	},
	encode: func(e *encoder, k *string, v *hostFact) { e.text(*k); e.text(v.written); e.flag(v.controller) },
	decode: func(d *decoder, k *string, v *hostFact) { *k, v.written, v.controller = d.text(), d.text(), d.flag() },
}

var spanKind = &tableKind[spanKey, spanFact]{
	name: "logs with their hosts", limit: maxSpans,
	hash: func(k *spanKey) uint64 { return newMixer().text(k.source).sum() },
	merge: func(into, from *spanFact) {
		if into.last == 0 {
			*into = *from
			return
		}
		into.first, into.last = min(into.first, from.first), max(into.last, from.last)
	},
	encode: func(e *encoder, k *spanKey, v *spanFact) {
		e.text(k.source)
		e.text(k.host)
		e.number(v.first)
		e.number(v.last)
	},
	decode: func(d *decoder, k *spanKey, v *spanFact) {
		k.source, k.host, v.first, v.last = d.text(), d.text(), d.number(), d.number()
	},
}

var renameKind = &tableKind[renameKey, struct{}]{
	name: "renamed hosts", limit: maxRenames,
	hash:   func(k *renameKey) uint64 { return newMixer().text(k.from).text(k.to).sum() },
	merge:  func(_, _ *struct{}) {},
	encode: func(e *encoder, k *renameKey, _ *struct{}) { e.text(k.from); e.text(k.to) },
	decode: func(d *decoder, k *renameKey, _ *struct{}) { k.from, k.to = d.text(), d.text() },
}

var startKind = &tableKind[startKey, startFact]{
	name: "starts of processes", limit: maxStarts,
	hash: func(k *startKey) uint64 {
		return newMixer().text(k.host).number(uint64(k.pid)).number(uint64(k.time)).bytes(k.guid[:]).sum()
	},
	merge: func(into, from *startFact) {
		into.image, into.parentImage = max(into.image, from.image), max(into.parentImage, from.parentImage)
		into.user = laterAccount(into.user, from.user)
		if string(from.parentGUID[:]) > string(into.parentGUID[:]) {
			into.parentGUID = from.parentGUID
		}
		into.parent, into.logon = max(into.parent, from.parent), max(into.logon, from.logon)
	},
	encode: func(e *encoder, k *startKey, v *startFact) {
		e.text(k.host)
		e.number(uint64(k.pid))
		e.time(k.time)
		e.bytes(k.guid[:])
		e.text(v.image)
		e.text(v.parentImage)
		e.account(v.user)
		e.bytes(v.parentGUID[:])
		e.number(uint64(v.parent))
		e.number(v.logon)
	},
	decode: func(d *decoder, k *startKey, v *startFact) {
		k.host, k.pid, k.time = d.text(), d.number32(), d.time()
		d.bytes(k.guid[:])
		v.image, v.parentImage, v.user = d.text(), d.text(), d.account()
		d.bytes(v.parentGUID[:])
		v.parent, v.logon = d.number32(), d.number()
	},
}

var logonKind = &tableKind[logonKey, logonFact]{
	name: "logons", limit: maxLogons,
	hash: func(k *logonKey) uint64 { return newMixer().text(k.host).number(k.id).number(uint64(k.time)).sum() },
	merge: func(into, from *logonFact) {
		into.user = laterAccount(into.user, from.user)
		if into.address.Less(from.address) {
			into.address = from.address
		}
		into.workstation, into.kind = max(into.workstation, from.workstation), max(into.kind, from.kind)
	},
	encode: func(e *encoder, k *logonKey, v *logonFact) {
		e.text(k.host)
		e.number(k.id)
		e.time(k.time)
		e.account(v.user)
		e.address(v.address)
		e.text(v.workstation)
		e.number(uint64(v.kind))
	},
	decode: func(d *decoder, k *logonKey, v *logonFact) {
		k.host, k.id, k.time = d.text(), d.number(), d.time()
		v.user, v.address, v.workstation, v.kind = d.account(), d.address(), d.text(), uint8(d.number())
	},
}

var bindingKind = &tableKind[bindingKey, bindingFact]{
	name: "names of accounts with their SID", limit: maxBindings,
	hash: func(k *bindingKey) uint64 { return newMixer().text(k.sid).text(k.domain).text(k.name).sum() },
	merge: func(into, from *bindingFact) {
		into.domain, into.name = firstText(into.domain, from.domain), firstText(into.name, from.name)
	},
	encode: func(e *encoder, k *bindingKey, v *bindingFact) {
		for _, text := range []string{k.sid, k.domain, k.name, v.domain, v.name} {
			e.text(text)
		}
	},
	decode: func(d *decoder, k *bindingKey, v *bindingFact) {
		k.sid, k.domain, k.name, v.domain, v.name = d.text(), d.text(), d.text(), d.text(), d.text()
	},
}

var addressKind = &tableKind[addressKey, struct{}]{
	name: "addresses of hosts", limit: maxAddresses,
	hash: func(k *addressKey) uint64 {
		return newMixer().address(k.address).text(k.name).text(string(k.basis)).sum()
	},
	merge: func(_, _ *struct{}) {},
	encode: func(e *encoder, k *addressKey, _ *struct{}) {
		e.address(k.address)
		e.text(k.name)
		e.text(string(k.basis))
	},
	decode: func(d *decoder, k *addressKey, _ *struct{}) {
		k.address, k.name, k.basis = d.address(), d.text(), Basis(d.text())
	},
}

var useKind = &tableKind[useKey, useFact]{
	name: "accounts, addresses and programs whose uses are counted", limit: maxUses,
	hash:  func(k *useKey) uint64 { return newMixer().text(string(k.kind)).text(k.value).sum() },
	merge: func(into, from *useFact) { into.hosts, into.days = into.hosts|from.hosts, into.days|from.days },
	encode: func(e *encoder, k *useKey, v *useFact) {
		e.text(string(k.kind))
		e.text(k.value)
		e.number(v.hosts)
		e.number(v.days)
	},
	decode: func(d *decoder, k *useKey, v *useFact) {
		k.kind, k.value, v.hosts, v.days = Kind(d.text()), d.text(), d.number(), d.number()
	},
}

// Sightings of one pair stay or go together.
var sightingKind = &tableKind[sightingKey, sightingFact]{
	name: "happenings by which clocks are compared", limit: maxSightings,
	hash: func(k *sightingKey) uint64 { return newMixer().number(k.pair[0]).number(k.pair[1]).sum() },
	merge: func(into, from *sightingFact) {
		if into.time == 0 && !into.several {
			*into = *from
			return
		}
		into.several = into.several || from.several || into.time != from.time
		into.time = min(into.time, from.time)
	},
	encode: func(e *encoder, k *sightingKey, v *sightingFact) {
		e.number(k.pair[0])
		e.number(k.pair[1])
		e.text(k.clock)
		e.time(v.time)
		e.flag(v.several)
	},
	decode: func(d *decoder, k *sightingKey, v *sightingFact) {
		k.pair = [2]uint64{d.number(), d.number()}
		k.clock, v.time, v.several = d.text(), d.time(), d.flag()
	},
}

var settingKind = &tableKind[settingKey, struct{}]{
	name: "clocks that were set", limit: maxSettings,
	hash: func(k *settingKey) uint64 {
		return newMixer().text(k.host).number(uint64(k.from)).number(uint64(k.to)).sum()
	},
	merge:  func(_, _ *struct{}) {},
	encode: func(e *encoder, k *settingKey, _ *struct{}) { e.text(k.host); e.time(k.from); e.time(k.to) },
	decode: func(d *decoder, k *settingKey, _ *struct{}) { k.host, k.from, k.to = d.text(), d.time(), d.time() },
}

// firstText is the first of two in order of bytes, of those that say anything.
func firstText(a, b string) string {
	if a == "" || b == "" {
		return cmp.Or(a, b)
	}
	return min(a, b)
}

// laterAccount is one of two, whichever way round they come.
func laterAccount(a, b accountName) accountName {
	if compareAccounts(a, b) < 0 {
		return b
	}
	return a
}

func compareAccounts(a, b accountName) int {
	return cmp.Or(cmp.Compare(a.sid, b.sid), cmp.Compare(a.domain, b.domain), cmp.Compare(a.name, b.name))
}
