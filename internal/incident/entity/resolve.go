package entity

import (
	"slices"
	"strings"
	"time"
)

// An index is what follows from facts. It never changes.
type index struct {
	hosts     hostIndex
	accounts  accountIndex
	processes processIndex
	rarity    rarityIndex
	clocks    clockIndex
}

func newIndex(f *facts) *index {
	x := &index{hosts: newHostIndex(f)}
	x.accounts = newAccountIndex(f, &x.hosts)
	x.processes = newProcessIndex(f, &x.hosts)
	x.rarity = newRarityIndex(f, x)
	x.clocks = newClockIndex(f, &x.hosts)
	return x
}

// Resolve gives a mention its entity, under all names that the evidence joins.
// An address or domain that is known to be a machine's stays what it is, and
// names that machine as its Host.
func (c *Context) Resolve(m Mention) Entity { return c.index.resolve(&m) }

func (x *index) resolve(m *Mention) Entity {
	switch m.Kind {
	case Host:
		return x.hosts.entity(hostName(m.Value))
	case Account:
		return x.accounts.entity(m)
	case Process:
		return x.processes.entity(m)
	case Session:
		return x.processes.sessionEntity(m)
	case Address:
		return x.address(m)
	case Domain:
		return x.domain(m)
	case File:
		return fileEntity(m)
	case URL:
		return x.url(m)
	}
	return Entity{Key: plainKey(m.Kind, m.Value), Kind: m.Kind, Name: m.Value}
}

func plainKey(kind Kind, value string) Key { return Key(string(kind) + ":" + strings.ToLower(value)) }

func (x *index) address(m *Mention) Entity {
	address, ok := parseAddress(m.Value)
	if !ok {
		return Entity{Key: plainKey(Address, m.Value), Kind: Address, Name: m.Value}
	}
	e := Entity{Key: plainKey(Address, address.String()), Kind: Address, Name: address.String()}
	if owner, ok := x.hosts.owners[address]; ok && owner.basis != Claimed {
		e.Host = hostKey(owner.host)
	}
	return e
}

func (x *index) domain(m *Mention) Entity {
	name := domainName(m.Value)
	e := Entity{Key: plainKey(Domain, name), Kind: Domain, Name: name}
	if host := x.hosts.nameOf(name); x.hosts.isKnown(host) {
		e.Host = hostKey(host)
	}
	return e
}

func fileEntity(m *Mention) Entity {
	e := Entity{Key: Key(string(File) + ":" + pathKey(m.Value)), Kind: File, Name: m.Value}
	for _, hash := range m.Hashes {
		e.alias(hash, Stated)
	}
	return e
}

// url puts the server in front of a path that has none.
func (x *index) url(m *Mention) Entity {
	e := Entity{Key: plainKey(URL, m.Value), Kind: URL, Name: m.Value}
	if strings.HasPrefix(m.Value, "/") && m.Host != "" {
		host := x.hosts.nameOf(hostName(m.Host))
		e.Key, e.Host = plainKey(URL, host+m.Value), hostKey(host)
	}
	return e
}

// Parent returns the process that started another.
func (c *Context) Parent(process Key) (Key, bool) {
	p := c.index.processes.byKey(process)
	if p == nil {
		return "", false
	}
	parent := c.index.processes.parent(p)
	return parent, parent != ""
}

// maxChain bounds a chain of processes, and ends one that is a circle.
const maxChain = 32

// ProcessChain returns the processes above one, its parent first; each is
// there once, and at most 32.
func (c *Context) ProcessChain(process Key) []Key {
	var chain []Key
	seen := map[Key]bool{process: true}
	for len(chain) < maxChain {
		parent, ok := c.Parent(process)
		if !ok || seen[parent] {
			break
		}
		chain = append(chain, parent)
		seen[parent], process = true, parent
	}
	return chain
}

// A Start is the beginning of a process.
type Start struct {
	Process Key
	// Parent is empty where the event does not name it.
	Parent Key
	Host   Key
	// Image is the path of the program, ParentImage that of the parent's.
	Image, ParentImage string
	// Account ran it, in Session; empty where unknown.
	Account Key
	Session Key
	Time    time.Time
}

// ProcessStart returns how a process began.
func (c *Context) ProcessStart(process Key) (Start, bool) {
	x := c.index
	p := x.processes.byKey(process)
	if p == nil {
		return Start{}, false
	}
	start := Start{Process: p.key(), Parent: x.processes.parent(p), Host: hostKey(p.host), Image: p.image, ParentImage: p.parentImage,
		Account: x.accountKey(p.user, p.host), Time: timeOf(p.time)}
	if !isSystemSession(p.logon) {
		start.Session = sessionKey(p.host + "/" + formatSession(p.logon))
		if s := x.processes.session(p.host, p.logon, start.Time); s != nil {
			start.Session = s.key()
		}
	}
	return start, true
}

func timeOf(nanos int64) time.Time {
	if nanos == 0 {
		return time.Time{}
	}
	return time.Unix(0, nanos).UTC()
}

func (x *index) accountKey(a accountName, host string) Key {
	if a.name == "" && a.sid == "" {
		return ""
	}
	return x.accounts.entity(&Mention{Kind: Account, Value: a.name, Domain: a.domain, SID: a.sid, Host: host}).Key
}

// A Logon is the beginning of a session.
type Logon struct {
	Session Key
	Host    Key // where the session is
	Account Key
	// Address is where it came from, empty for the machine itself, and
	// Workstation what the client calls itself, which the client may choose.
	Address     string
	Workstation string
	// Source is the host it came from: that of the address, where it is known
	// to be one's; else that of the workstation, where a log of it is there.
	Source Key
	// Type is Windows' logon type: 2 interactive, 3 network, 4 batch, 5
	// service, 7 unlock, 8 network in clear text, 9 new credentials, 10 remote
	// interactive; 0 where the log does not have any.
	Type int
	Time time.Time
}

// SessionOf returns the logon that a session began with.
func (c *Context) SessionOf(session Key) (Logon, bool) {
	x := c.index
	s := x.processes.sessionByKey(session)
	if s == nil {
		return Logon{}, false
	}
	logon := Logon{Session: s.key(), Host: hostKey(s.host), Account: x.accountKey(s.user, s.host), Workstation: s.workstation,
		Type: int(s.kind), Time: timeOf(s.time)}
	if s.address.IsValid() {
		logon.Address = s.address.String()
		if source, ok := c.HostOf(logon.Address); ok {
			logon.Source = source
		}
	}
	// A server often names itself where the client does not say.
	if host := x.hosts.nameOf(hostName(s.workstation)); logon.Source == "" && x.hosts.isKnown(host) && (host != s.host || logon.Address == "") {
		logon.Source = hostKey(host)
	}
	return logon, true
}

// HostOf returns the host that has an address, if only one has and that is not
// only what a client says of itself.
func (c *Context) HostOf(address string) (Key, bool) {
	parsed, ok := parseAddress(address)
	owner, known := c.index.hosts.owners[parsed]
	if !ok || !known || owner.basis == Claimed {
		return "", false
	}
	return hostKey(owner.host), true
}

// Hosts are the machines that logs are of, by name.
func (c *Context) Hosts() []Entity {
	hosts := []Entity{}
	for name := range c.index.hosts.written {
		if c.index.hosts.nameOf(name) == name {
			hosts = append(hosts, c.index.hosts.entity(name))
		}
	}
	slices.SortFunc(hosts, func(a, b Entity) int { return strings.Compare(string(a.Key), string(b.Key)) })
	return hosts
}

// IsDomainController reports whether a host issued Kerberos tickets.
func (c *Context) IsDomainController(host Key) bool {
	return c.index.hosts.controllers[strings.TrimPrefix(string(host), string(Host)+":")]
}

// IsMachineAccount reports whether an account is a computer's own (WEB01$).
func (c *Context) IsMachineAccount(account Key) bool {
	return strings.HasPrefix(string(account), string(Account)+":") && isMachine(string(account))
}

// IsSystemAccount reports whether Windows itself acts under an account: SYSTEM
// and the like.
func (c *Context) IsSystemAccount(account Key) bool {
	name, found := strings.CutPrefix(string(account), string(Account)+":")
	parsed := parseAccount(name)
	parsed.sid = strings.ToUpper(parsed.sid)
	_, system := systemAccount(parsed)
	return found && system
}

// Skews are the clocks that could be compared, by source; those that agree
// have an Offset of 0.
func (c *Context) Skews() []Skew { return c.index.clocks.skews }

// AheadOf is how far a host's clock is ahead of the right one, as far as logs
// of others tell; 0 where nothing tells.
func (c *Context) AheadOf(host Key) time.Duration {
	return c.index.clocks.ahead[strings.TrimPrefix(string(host), string(Host)+":")]
}

// Uncompared are the machines with logs whose clocks no other log tells of.
func (c *Context) Uncompared() []Entity {
	return slices.DeleteFunc(c.Hosts(), func(host Entity) bool {
		_, compared := c.index.clocks.ahead[strings.TrimPrefix(string(host.Key), string(Host)+":")]
		return compared
	})
}
