package entity

import (
	"strconv"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/internal/detect"
)

// A Mention is an entity as one event names it, before anything is known of
// its other names. Context.Resolve turns it into an Entity.
type Mention struct {
	Kind Kind
	Role Role
	// Value is how the event names it, without blanks around it: a host's or
	// account's name, a path, an address, the logon id of a session, the image
	// of a process. It may be empty where another part names the entity.
	Value string
	// Host is the machine that processes, sessions and local accounts belong
	// to, as the event names it; for a URL without a host, the server.
	Host string
	// Time is that of the event; numbers of processes and sessions are used
	// again, and the time says which one is meant.
	Time time.Time

	// Domain and SID are an account's; Domain is as the event writes it.
	Domain, SID string
	// GUID and PID are a process's; PID is 0 where it is not known.
	GUID string
	PID  uint32
	// Hashes are a file's, or those of a process's image: "sha256=…", lower
	// case.
	Hashes []string
}

// maxMentions bounds what one finding can name, and maxFields how many fields of
// one event are looked at; crafted records have thousands.
const maxMentions, maxFields = 512, 1024

// maxMailbox is the longest address of mail (RFC 3696, erratum 1690) in
// brackets.
const maxMailbox = 320

// Mentions reads the entities out of a finding: out of its fields, and for a
// correlation out of its group and the fields of its members. Each is there
// once for each role, in the order of the fields. Placeholders such as "-",
// the null SID, loopback addresses and the sessions of Windows itself are left
// out.
func Mentions(f *detect.Finding) []Mention {
	m := mentions{seen: map[string]bool{}}
	m.of(f.Host, f.Time, f.Fields)
	if c := f.Correlation; c != nil {
		m.of("", f.Time, c.Group)
		for i := range c.Events {
			m.of(c.Events[i].Host, c.Events[i].Time, c.Events[i].Fields)
		}
	}
	return m.found
}

// mentions collects what one finding mentions.
type mentions struct {
	found []Mention
	seen  map[string]bool

	// What is being read.
	host   string
	time   time.Time
	fields []detect.Field
}

// of reads one event.
func (m *mentions) of(host string, at time.Time, fields []detect.Field) {
	fields = fields[:min(len(fields), maxFields)]
	m.host, m.time, m.fields = host, at, fields
	m.add(Mention{Kind: Host, Role: At, Value: hostName(host)})
	for i := range fields {
		if i > 0 && m.first(fields[i].Name) < i {
			continue // a further value of a column
		}
		for _, p := range patternsOf[fields[i].Name] {
			if m.leads(p, fields[i].Name) && m.holds(p.family) && m.holds(p.when) {
				m.read(p)
			}
		}
	}
}

// leads reports whether a column is the first of a pattern's that the event
// has, so that each pattern is read once.
func (m *mentions) leads(p *compiled, column string) bool {
	for _, lead := range p.leads {
		if m.first(lead) >= 0 {
			return lead == column
		}
	}
	return false
}

// first is the place of the first field of a name, -1 without one.
func (m *mentions) first(name string) int {
	for i := range m.fields {
		if m.fields[i].Name == name {
			return i
		}
	}
	return -1
}

func (m *mentions) holds(conditions []condition) bool {
	for i := range conditions {
		if !m.hold(&conditions[i]) {
			return false
		}
	}
	return true
}

func (m *mentions) hold(c *condition) bool {
	at := m.first(c.column)
	if at < 0 || len(c.values) == 0 {
		return at >= 0 != c.absent
	}
	for _, value := range c.values {
		if strings.EqualFold(m.fields[at].Value, value) {
			return !c.absent
		}
	}
	return c.absent
}

// values are all values of the first column of a part that the event has.
func (m *mentions) values(part []place) []string {
	for _, p := range part {
		var found []string
		for i := range m.fields {
			if m.fields[i].Name == p.column && !m.fields[i].Null {
				found = append(found, m.fields[i].Value)
			}
		}
		if p.index >= 0 {
			found = found[min(p.index, len(found)):min(p.index+1, len(found))]
		}
		if len(found) > 0 {
			return found
		}
	}
	return nil
}

func (m *mentions) value(part []place) string {
	for _, text := range m.values(part) {
		if text = strings.TrimSpace(text); !isPlaceholder(text) {
			return text
		}
	}
	return ""
}

// read adds what a pattern names.
func (m *mentions) read(p *compiled) {
	switch p.kind {
	case Process:
		m.process(p)
		return
	case Account:
		if len(p.value) == 0 || m.value(p.value) == "" {
			m.account(p, "")
			return
		}
	}
	for _, written := range m.values(p.value) {
		for _, text := range split(p.read, p.kind, written) {
			m.name(p, text)
		}
	}
}

// name adds one entity that is named by a text.
func (m *mentions) name(p *compiled, text string) {
	if text = strings.TrimSpace(text); isPlaceholder(text) {
		return
	}
	mention := Mention{Kind: p.kind, Role: p.role, Value: text}
	switch p.kind {
	case Account:
		m.account(p, text)
		return
	case Host:
		mention.Value = hostName(text)
		if address, ok := parseAddress(text); ok {
			mention.Kind, mention.Value = Address, address.String()
		} else if p.role == Source && shortName(mention.Value) == shortName(m.host) {
			return // a logon at the machine itself
		}
	case Address:
		address, ok := parseAddress(text)
		if !ok {
			return
		}
		mention.Value = address.String()
	case Domain:
		mention.Value = domainName(text)
		if address, ok := parseAddress(text); ok {
			mention.Kind, mention.Value = Address, address.String()
		}
	case Session:
		if id, ok := parseNumber(text); !ok || isSystemSession(id) {
			return
		}
		mention.Host = m.host
	case File:
		mention.Value = m.path(p, text)
		mention.Hashes = parseHashes(strings.Join(m.values(p.hashes), ","))
	case URL:
		mention.Host = m.host
	case Mailbox:
		if len(text) > maxMailbox {
			return
		}
	}
	m.add(mention)
}

// account adds an account by its name, or by its SID alone.
func (m *mentions) account(p *compiled, text string) {
	a := parseAccount(text)
	if domain := m.value(p.domain); domain != "" && a.domain == "" && domain != "." {
		a.domain = domain
	}
	if sid := m.value(p.sid); isSID(sid) {
		a.sid = strings.ToUpper(sid)
	}
	if a.name == "" && a.sid == "" || isGroup(a.sid) || len(p.value) == 0 && wellKnown[a.sid].name != "" {
		return
	}
	if isPlaceholder(a.name) {
		a.name = ""
	}
	m.add(Mention{Kind: Account, Role: p.role, Value: a.name, Domain: a.domain, SID: a.sid, Host: m.host})
}

// process adds a process by its GUID, number and image.
func (m *mentions) process(p *compiled) {
	mention := Mention{Kind: Process, Role: p.role, Host: m.host, Value: cleanPath(m.value(p.value))}
	if id, ok := parseGUID(m.value(p.guid)); ok {
		mention.GUID = id.String()
	}
	number := m.value(p.pid)
	if p.read == processPID {
		number, _, _ = strings.Cut(number, " ")
	}
	if pid, ok := parseNumber(number); ok && pid < 1<<32 {
		mention.PID = uint32(pid)
	}
	if mention.Value == "" && len(p.value) > 0 {
		mention.Value = baseName(m.value(p.value)) // "System", "Registry"
	}
	if mention.GUID == "" && mention.PID == 0 && (mention.Value == "" || strings.EqualFold(mention.Value, "Unknown")) {
		return
	}
	m.add(mention)
}

// path is a file's path, with the folder that another column names.
func (m *mentions) path(p *compiled, text string) string {
	folder := m.value(p.before)
	if folder == "" {
		return cleanPath(text)
	}
	if strings.HasPrefix(folder, `\\*\`) && m.host != "" {
		folder = `\\` + m.host + folder[3:]
	}
	return cleanPath(strings.TrimRight(folder, `\`) + `\` + strings.TrimLeft(text, `\`))
}

// add keeps a mention if it is new.
func (m *mentions) add(mention Mention) {
	if len(m.found) >= maxMentions || mention.empty() {
		return
	}
	mention.Time = m.time
	key := mention.identity()
	if m.seen[key] {
		return
	}
	m.seen[key] = true
	m.found = append(m.found, mention)
}

func (m *Mention) empty() bool {
	return m.Value == "" && m.SID == "" && m.GUID == "" && m.PID == 0
}

// identity tells mentions apart within one finding.
func (m *Mention) identity() string {
	parts := []string{string(m.Kind), string(m.Role), strings.ToLower(m.Value), strings.ToLower(m.Host), strings.ToLower(m.Domain), m.SID, m.GUID, strconv.FormatUint(uint64(m.PID), 10)}
	return strings.Join(parts, "\x00")
}
