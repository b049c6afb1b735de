package timeline

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/internal/event"
)

// Statistics counts events, and who logged on.
type Statistics struct {
	Events, WithoutTime int64
	// Each list is ordered by number of events, then by name; Hours by hour.
	Formats, Hosts, Kinds []Count
	Hours                 []Hour
	// Logons are by first success or failure, then by names.
	Logons []Logon
	// Cleared are events that say a log was cleared, by kind and host.
	Cleared []Count
}

// A Count is how many events have a name.
type Count struct {
	Name   string
	Events int64
}

// An Hour is how many events are within an hour that begins at a time.
type Hour struct {
	Begin  time.Time
	Events int64
}

// A Logon is all logons of one account, from one place to one host, in one way.
type Logon struct {
	Who, From, To, Type string
	First, Last         time.Time
	Successes, Failures int64
}

// maxNames bounds what is told apart of each kind; the rest is otherNames.
const (
	maxNames   = 1 << 16
	otherNames = "(other)"
)

type logonKey struct{ who, from, to, kind string }

// A Counter is the sink that counts for one goroutine.
type Counter struct {
	events, timeless             int64
	formats, hosts, kinds, clear map[string]int64
	hours                        map[int64]int64
	logons                       map[logonKey]*Logon
	layouts                      map[*event.Layout]map[string]int
	text                         []byte
}

// NewCounter returns an empty counter.
func NewCounter() *Counter {
	return &Counter{formats: map[string]int64{}, hosts: map[string]int64{}, kinds: map[string]int64{}, clear: map[string]int64{},
		hours: map[int64]int64{}, logons: map[logonKey]*Logon{}, layouts: map[*event.Layout]map[string]int{}}
}

// eventlog is who says that a log was cleared; others have events of the same
// numbers.
const eventlog = "Microsoft-Windows-Eventlog"

// Event counts one event.
func (c *Counter) Event(e *event.Event) error {
	c.events++
	count(c.formats, e.Provenance.Source.Format)
	count(c.hosts, cmp.Or(e.Host, "(host unknown)"))
	channel, id := cmp.Or(c.value(e, "Channel"), LogName(e.Layout)), c.value(e, "EventID")
	kind := strings.TrimSpace(channel + " " + id)
	count(c.kinds, kind)
	if (kind == "Security 1102" || kind == "System 104") && strings.EqualFold(cmp.Or(c.value(e, "Provider_Name"), eventlog), eventlog) {
		count(c.clear, kind+" on "+e.Host)
	}
	if e.Time.IsZero() {
		c.timeless++
	} else if hour := e.Time.Unix() / 3600; len(c.hours) < maxNames || c.hours[hour] > 0 {
		c.hours[hour]++
	}
	if key, success, ok := c.logonOf(e, channel, id); ok {
		c.addLogon(key, e.Time, success)
	}
	return nil
}

func count(names map[string]int64, name string) {
	if _, ok := names[name]; !ok {
		if len(names) >= maxNames {
			name = otherNames
		}
		name = strings.Clone(name)
	}
	names[name]++
}

// value returns a column by name; empty when the event has none.
func (c *Counter) value(e *event.Event, names ...string) string {
	columns := c.layouts[e.Layout]
	if columns == nil {
		if len(c.layouts) >= maxLayouts {
			clear(c.layouts)
		}
		columns = make(map[string]int, len(e.Layout.Names))
		for i, name := range slices.Backward(e.Layout.Names) {
			columns[name] = i
		}
		c.layouts[e.Layout] = columns
	}
	for _, name := range names {
		if column, ok := columns[name]; ok {
			c.text, _ = e.Values.AppendValue(c.text[:0], column)
			if value := string(c.text); value != "" && value != "-" {
				return value
			}
		}
	}
	return ""
}

// logonOf recognises events that say that somebody logged on, or failed to.
func (c *Counter) logonOf(e *event.Event, channel, id string) (key logonKey, success, ok bool) {
	key.to = e.Host
	switch {
	case channel == "Security" && (id == "4624" || id == "4625"):
		key.who = account(c.value(e, "TargetDomainName"), c.value(e, "TargetUserName"))
		key.from, key.kind = c.value(e, "IpAddress", "WorkstationName"), "windows "+c.value(e, "LogonType")
		return key, id == "4624", true
	case strings.HasSuffix(channel, "RemoteConnectionManager/Operational") && id == "1149":
		key.who, key.from, key.kind = account(c.value(e, "Param2"), c.value(e, "Param1")), c.value(e, "Param3"), "rdp authentication"
		return key, true, true
	case strings.HasSuffix(channel, "LocalSessionManager/Operational") && id == "21":
		key.who, key.from, key.kind = c.value(e, "User"), c.value(e, "Address"), "rdp session"
		return key, true, true
	case e.Layout.Category == "vpn":
		return c.vpnLogon(e, key)
	case e.Layout.Product == "linux" && e.Layout.Service == "sshd":
		return c.sshLogon(e, key)
	case e.Layout.Product == "azure" && e.Layout.Service == "signinlogs":
		key.who = c.value(e, "properties.userPrincipalName", "userPrincipalName", "properties.servicePrincipalName")
		key.from, key.kind = c.value(e, "callerIpAddress", "properties.ipAddress"), "azure "+c.value(e, "properties.clientAppUsed", "clientAppUsed")
		result := c.value(e, "resultType", "properties.status.errorCode")
		return key, result == "0", key.who != "" && result != ""
	}
	return key, false, false
}

// vpnLogon reads what all readers of VPN gateways call login and failed.
func (c *Counter) vpnLogon(e *event.Event, key logonKey) (logonKey, bool, bool) {
	success := c.holds(e, "action", "login")
	if !success && !c.holds(e, "action", "failed") {
		return key, false, false
	}
	key.who, key.from = c.value(e, "user"), c.value(e, "src_ip")
	key.kind = "vpn " + e.Layout.Product
	return key, success, true
}

// sshLogon reads OpenSSH's Accepted and Failed, which alone have a method: that
// a user is unknown or not allowed is said beside a Failed of the same try.
func (c *Counter) sshLogon(e *event.Event, key logonKey) (logonKey, bool, bool) {
	method, outcome := c.value(e, "method"), c.value(e, "outcome")
	key.who, key.from = c.value(e, "user"), c.value(e, "src_ip")
	if method == "" {
		method, outcome = sshMessage(c.value(e, "SyslogMessage"), &key)
	}
	key.kind = "ssh " + method
	return key, outcome == "success", method != ""
}

// sshMessage reads "Accepted publickey for anna from 192.0.2.1 port 22 ssh2",
// where the reader left the message whole. A user's name may hold " from ".
func sshMessage(message string, key *logonKey) (method, outcome string) {
	verb, rest, _ := strings.Cut(message, " ")
	method, rest, _ = strings.Cut(rest, " for ")
	from := strings.LastIndex(rest, " from ")
	if verb != "Accepted" && verb != "Failed" || from < 0 {
		return "", ""
	}
	key.who = strings.TrimPrefix(rest[:from], "invalid user ")
	key.from, _, _ = strings.Cut(rest[from+len(" from "):], " ")
	if verb == "Accepted" {
		return method, "success"
	}
	return method, "failure"
}

// holds reports whether a column of a name has a value; a name may stand
// several times.
func (c *Counter) holds(e *event.Event, name, value string) bool {
	for column, other := range e.Layout.Names {
		if other == name {
			if c.text, _ = e.Values.AppendValue(c.text[:0], column); string(c.text) == value {
				return true
			}
		}
	}
	return false
}

func account(domain, name string) string {
	if domain == "" {
		return name
	}
	return domain + `\` + name
}

func (c *Counter) addLogon(key logonKey, at time.Time, success bool) {
	logon := c.logons[key]
	if logon == nil {
		if len(c.logons) >= maxNames {
			key = logonKey{who: otherNames}
		}
		if logon = c.logons[key]; logon == nil {
			key.to = strings.Clone(key.to)
			logon = &Logon{Who: key.who, From: key.from, To: key.to, Type: strings.TrimSpace(key.kind)}
			c.logons[key] = logon
		}
	}
	if success {
		logon.Successes++
	} else {
		logon.Failures++
	}
	logon.cover(at)
}

func (l *Logon) cover(at time.Time) {
	if at.IsZero() {
		return
	}
	if l.First.IsZero() || at.Before(l.First) {
		l.First = at
	}
	if at.After(l.Last) {
		l.Last = at
	}
}

// Collect adds up what counters counted.
func Collect(counters []*Counter) *Statistics {
	sum, total := NewCounter(), &Statistics{}
	for _, c := range counters {
		total.Events += c.events
		total.WithoutTime += c.timeless
		for _, pair := range [][2]map[string]int64{{sum.formats, c.formats}, {sum.hosts, c.hosts}, {sum.kinds, c.kinds}, {sum.clear, c.clear}} {
			for name, n := range pair[1] {
				pair[0][name] += n
			}
		}
		for hour, n := range c.hours {
			sum.hours[hour] += n
		}
		for key, logon := range c.logons {
			if known := sum.logons[key]; known != nil {
				known.Successes += logon.Successes
				known.Failures += logon.Failures
				known.cover(logon.First)
				known.cover(logon.Last)
				continue
			}
			sum.logons[key] = logon
		}
	}
	total.Formats, total.Hosts, total.Kinds, total.Cleared = counts(sum.formats), counts(sum.hosts), counts(sum.kinds), counts(sum.clear)
	for _, hour := range slices.Sorted(maps.Keys(sum.hours)) {
		total.Hours = append(total.Hours, Hour{time.Unix(hour*3600, 0).UTC(), sum.hours[hour]})
	}
	for _, logon := range sum.logons {
		total.Logons = append(total.Logons, *logon)
	}
	slices.SortFunc(total.Logons, func(a, b Logon) int {
		return cmp.Or(a.First.Compare(b.First), strings.Compare(a.Who, b.Who), strings.Compare(a.From, b.From),
			strings.Compare(a.To, b.To), strings.Compare(a.Type, b.Type))
	})
	return total
}

func counts(names map[string]int64) []Count {
	list := []Count{}
	for name, n := range names {
		list = append(list, Count{name, n})
	}
	slices.SortFunc(list, func(a, b Count) int {
		return cmp.Or(cmp.Compare(b.Events, a.Events), strings.Compare(a.Name, b.Name))
	})
	return list
}
