package entity

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// accountIndex knows which names and SIDs are one account.
type accountIndex struct {
	hosts *hostIndex
	// domains are the names that stand for a domain's other names, bySID those
	// for the part of a SID that a domain's accounts share.
	domains map[string]string
	bySID   map[string]string
	// cloned are such parts that several machines have: their SIDs tell
	// nothing apart.
	cloned map[string]bool
	groups map[string]*accountGroup // by "sid" and by `domain\name`
	byName map[string][]*accountGroup
}

// An accountGroup is one account.
type accountGroup struct {
	domain, name string // in lower case: the key
	written      string
	names, sids  []string      // as many as aliases are shown
	joined       *accountGroup // that this one became part of
}

// group finds an account by a SID or a full name.
func (a *accountIndex) group(key string) *accountGroup {
	group := a.groups[key]
	for group != nil && group.joined != nil {
		group = group.joined
	}
	return group
}

func newAccountIndex(f *facts, hosts *hostIndex) accountIndex {
	a := accountIndex{hosts: hosts, domains: map[string]string{}, bySID: map[string]string{}, cloned: map[string]bool{},
		groups: map[string]*accountGroup{}, byName: map[string][]*accountGroup{}}
	bindings := make([]bindingKey, 0, len(f.bindings.entries))
	for key := range f.bindings.entries {
		bindings = append(bindings, key)
	}
	slices.SortFunc(bindings, func(x, y bindingKey) int {
		return cmp.Or(cmp.Compare(x.sid, y.sid), cmp.Compare(x.domain, y.domain), cmp.Compare(x.name, y.name))
	})
	a.joinDomains(bindings)
	a.joinFullDomains()
	for _, key := range bindings {
		a.join(key, f.bindings.entries[key])
	}
	a.finish()
	return a
}

// joinDomains takes the names of a domain that stand beside SIDs of one domain
// for one: CORP and corp.example.test. Names of several machines are not: those
// are copies of one installation.
func (a *accountIndex) joinDomains(bindings []bindingKey) {
	names := map[string]map[string]bool{}
	for _, key := range bindings {
		if domain := domainOfSID(key.sid); domain != "" {
			if names[domain] == nil {
				names[domain] = map[string]bool{}
			}
			names[domain][key.domain] = true
		}
	}
	shared := map[string]int{} // how many domains have a name
	for _, set := range names {
		for name := range set {
			shared[name]++
		}
	}
	for sid, set := range names {
		a.nameDomain(sid, slices.Sorted(maps.Keys(set)), shared)
	}
}

// nameDomain chooses what stands for a domain, of names that only this one has:
// while Windows is set up every machine is called MINWINPC.
func (a *accountIndex) nameDomain(sid string, all []string, shared map[string]int) {
	machines, chosen := a.machinesAmong(all)
	if len(machines) > 1 {
		a.cloned[sid] = true
		return
	}
	own := slices.DeleteFunc(slices.Clone(all), func(name string) bool { return shared[name] > 1 })
	if chosen == "" && len(own) > 0 {
		chosen = slices.MinFunc(own, compareDomains)
	}
	if chosen == "" {
		chosen = slices.MinFunc(all, compareDomains)
	}
	a.bySID[sid] = chosen
	for _, name := range own {
		a.domains[name] = chosen
	}
}

// machinesAmong are the machines that names of domains are, and what stands
// for the accounts of the one machine.
func (a *accountIndex) machinesAmong(names []string) (machines []string, chosen string) {
	for _, name := range names {
		if host := a.hosts.nameOf(name); a.hosts.isKnown(host) {
			machines = appendFew(machines, host, 2)
		}
	}
	if len(machines) == 1 {
		chosen = shortName(machines[0])
	}
	return machines, chosen
}

// compareDomains puts NetBIOS names before those of DNS.
func compareDomains(a, b string) int {
	return cmp.Or(cmp.Compare(strings.Count(a, "."), strings.Count(b, ".")), cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

// joinFullDomains takes corp.example.test for CORP where it is the only domain
// of the evidence's hosts that begins so.
func (a *accountIndex) joinFullDomains() {
	full := map[string][]string{}
	for name := range a.hosts.written {
		if _, domain, found := strings.Cut(name, "."); found {
			first, _, _ := strings.Cut(domain, ".")
			full[first] = appendFew(full[first], domain, 2)
		}
	}
	known := map[string]bool{}
	for _, name := range a.bySID {
		known[name] = true
	}
	for first, domains := range full {
		if len(domains) == 1 && known[first] && a.domains[domains[0]] == "" {
			a.domains[domains[0]] = first
		}
	}
}

// domainOf is the name that stands for a domain's, in lower case.
func (a *accountIndex) domainOf(written string) string {
	name := strings.ToLower(written)
	if known := a.domains[name]; known != "" {
		return known
	}
	if host := a.hosts.nameOf(name); a.hosts.isKnown(host) {
		return shortName(host)
	}
	return name
}

// join puts a SID and a name into one group.
func (a *accountIndex) join(key bindingKey, fact *bindingFact) {
	domain := cmp.Or(a.bySID[domainOfSID(key.sid)], a.domainOf(key.domain))
	full := domain + `\` + key.name
	group := a.group(full)
	if bySID := a.group(key.sid); bySID != nil && !a.cloned[domainOfSID(key.sid)] {
		group = a.merge(group, bySID)
	}
	if group == nil {
		group = &accountGroup{domain: domain, name: key.name, written: strings.ToUpper(domain) + `\` + fact.name}
	}
	if cmp.Or(compareDomains(domain, group.domain), cmp.Compare(key.name, group.name)) < 0 {
		group.domain, group.name, group.written = domain, key.name, strings.ToUpper(domain)+`\`+fact.name
	}
	group.names = appendFew(group.names, fact.domain+`\`+fact.name, maxAliases)
	group.sids = appendFew(group.sids, key.sid, maxAliases)
	a.groups[full], a.groups[key.sid] = group, group
}

// merge makes one group of two.
func (a *accountIndex) merge(one, other *accountGroup) *accountGroup {
	if one == nil || one == other {
		return other
	}
	if cmp.Or(compareDomains(one.domain, other.domain), cmp.Compare(one.name, other.name)) > 0 {
		one, other = other, one
	}
	for _, name := range other.names {
		one.names = appendFew(one.names, name, maxAliases)
	}
	for _, sid := range other.sids {
		one.sids = appendFew(one.sids, sid, maxAliases)
	}
	other.joined = one
	return one
}

func (a *accountIndex) finish() {
	seen := map[*accountGroup]bool{}
	for key := range a.groups {
		group := a.group(key)
		if seen[group] {
			continue
		}
		seen[group] = true
		slices.Sort(group.names)
		slices.Sort(group.sids)
		a.byName[group.name] = append(a.byName[group.name], group)
	}
}

// entity makes an account's entity. host is the machine of the event.
func (a *accountIndex) entity(m *Mention) Entity {
	written := parseAccount(m.Value)
	written.domain, written.sid = cmp.Or(written.domain, m.Domain), cmp.Or(m.SID, written.sid)
	if known, ok := systemAccount(written); ok {
		return systemEntity(known)
	}
	if isVirtual(written) || m.Host != "" && written.domain == "" && unixLocal[strings.ToLower(written.name)] {
		return a.localEntity(written, m.Host)
	}
	group, basis := a.groupOf(written)
	if group == nil {
		return a.unknown(written)
	}
	e := Entity{Key: accountKey(group.domain, group.name), Kind: Account, Name: group.written, Host: a.hostOf(group.domain, group.name)}
	for _, sid := range group.sids {
		e.alias(sid, Stated)
	}
	for _, name := range group.names {
		if !strings.EqualFold(name, e.Name) {
			e.alias(name, Stated)
		}
	}
	if spelling := spell(written); basis != Stated && !strings.EqualFold(spelling, e.Name) {
		e.alias(spelling, basis)
	}
	return e
}

// unixLocal are names that every Unix has an account of.
var unixLocal = map[string]bool{"root": true, "daemon": true, "nobody": true, "www-data": true, "apache": true, "nginx": true, "sshd": true, "mail": true, "bin": true, "sys": true}

func systemEntity(a accountName) Entity {
	e := Entity{Key: accountKey(strings.ToLower(a.domain), strings.ToLower(a.name)), Kind: Account, Name: spell(a)}
	if a.name == "" {
		e.Key, e.Name = accountKey("", strings.ToLower(a.sid)), a.sid
	}
	e.alias(a.sid, Stated)
	return e
}

// localEntity is an account that each machine has one of.
func (a *accountIndex) localEntity(written accountName, host string) Entity {
	name := a.hosts.nameOf(host)
	spelling := cmp.Or(spell(written), written.sid)
	e := Entity{Key: accountKey(shortName(name), strings.ToLower(spelling)), Kind: Account, Name: spelling, Host: hostKey(name)}
	e.alias(written.sid, Stated)
	return e
}

// groupOf finds the account that an event means, and how that is known.
func (a *accountIndex) groupOf(written accountName) (*accountGroup, Basis) {
	if group := a.group(written.sid); written.sid != "" && group != nil && !a.cloned[domainOfSID(written.sid)] {
		return group, Stated
	}
	domain, name := a.domainOf(written.domain), strings.ToLower(written.name)
	if written.domain != "" {
		group := a.group(domain + `\` + name)
		basis := Stated
		if strings.Contains(written.domain, ".") {
			basis = Prefixed
		}
		return group, basis
	}
	if candidates := a.byName[name]; written.sid == "" && len(candidates) == 1 && a.hostOf(candidates[0].domain, "") == "" {
		return candidates[0], OnlyOne
	}
	return nil, Stated
}

// unknown is an account that no event names together with its SID.
func (a *accountIndex) unknown(written accountName) Entity {
	domain, name := a.domainOf(written.domain), strings.ToLower(written.name)
	if known := a.bySID[domainOfSID(written.sid)]; known != "" {
		domain = known
	}
	e := Entity{Kind: Account, Name: spell(written), Key: accountKey(domain, name), Host: a.hostOf(domain, name)}
	if name == "" {
		e.Name, e.Key, e.Host = written.sid, accountKey("", strings.ToLower(written.sid)), ""
		return e
	}
	e.alias(written.sid, Stated)
	return e
}

// hostOf is the machine that an account is local to, or whose own account it is.
func (a *accountIndex) hostOf(domain, name string) Key {
	if isMachine(name) {
		if host := a.hosts.nameOf(strings.TrimSuffix(name, "$")); a.hosts.isKnown(host) {
			return hostKey(host)
		}
	}
	if host := a.hosts.nameOf(domain); domain != "" && a.hosts.isKnown(host) {
		return hostKey(host)
	}
	return ""
}

func accountKey(domain, name string) Key {
	if domain != "" {
		name = domain + `\` + name
	}
	return Key(string(Account) + ":" + name)
}

// spell writes an account as Windows does.
func spell(a accountName) string {
	switch {
	case a.domain == "":
		return a.name
	case strings.Contains(a.domain, "."):
		return a.name + "@" + a.domain
	}
	return a.domain + `\` + a.name
}

// useOfAccount is an account as uses count it, and accountOfUse the way back.
func useOfAccount(a accountName) string {
	return strings.ToLower(a.domain) + "\x00" + strings.ToLower(a.name) + "\x00" + a.sid
}

func accountOfUse(value string) Mention {
	domain, rest, _ := strings.Cut(value, "\x00")
	name, sid, _ := strings.Cut(rest, "\x00")
	return Mention{Kind: Account, Domain: domain, Value: name, SID: sid}
}
