package incident

import (
	"slices"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/internal/incident/entity"
	"github.com/kulla-defence/kulla/sigma"
)

// missing is what would confirm or refute, and where it could be had.
func (c *component) missing() []Missing {
	var all []Missing
	all = append(all, c.clearedLogs()...)
	all = append(all, c.unseenHosts()...)
	all = append(all, c.missingLogs()...)
	all = append(all, c.ownerless()...)
	all = append(all, c.insideUnknown()...)
	all = append(all, c.entry()...)
	all = append(all, c.before()...)
	return all[:min(len(all), maxMissing)]
}

func lacks(what, ask string, proof []int64, values ...Value) Missing {
	return Missing{What: Sentence{Message: what, Values: values, Proof: proof}, Ask: Sentence{Message: ask, Values: values}}
}

// entry: nothing says from where an intrusion came.
func (c *component) entry() []Missing {
	if !c.worth() || len(c.hosts) == 0 || c.first.IsZero() {
		return nil
	}
	for _, g := range c.groups {
		if slices.Contains(g.rule.Tactics, "initial-access") || slices.ContainsFunc(g.uses, func(u use) bool { return roles[u.role] == entity.Source }) {
			return nil
		}
	}
	return []Missing{lacks("missing.entry", "ask.entry", nil, c.hostValue(c.hosts[0]), text("time", stamp(c.first)))}
}

// before: logs that begin shortly before the incident may lack its beginning.
func (c *component) before() []Missing {
	for _, host := range c.hosts {
		s, ok := c.b.covered[hostKind{c.b.entities.all[host].Key, Records}]
		if ok && !c.first.IsZero() && c.first.Sub(s.first) < day && !c.first.Before(s.first) && c.worth() {
			return []Missing{lacks("missing.before", "ask.before", nil, c.hostValue(host), text("time", stamp(s.first)))}
		}
	}
	return nil
}

// worth reports whether an incident is grave enough to ask for older logs.
func (c *component) worth() bool {
	top, _ := c.gravest()
	return top.rule.Level >= sigma.High
}

// clearedLogs: what a cleared log held may stand elsewhere.
func (c *component) clearedLogs() []Missing {
	var all []Missing
	var seen []int32
	for _, g := range c.groups {
		if g.example.action == actionCleared && !g.rule.Correlation && !slices.Contains(seen, g.host) && len(all) < 4 {
			seen = append(seen, g.host)
			all = append(all, lacks("missing.cleared", "ask.forwarded", []int64{g.example.number}, c.hostValue(g.host), text("time", stamp(g.first))))
		}
	}
	return all
}

func (c *component) hostValue(host int32) Value {
	v := Value{Name: "host", Kind: entity.Host}
	if host != none {
		v.Text = shortName(c.b.entities.all[host].Name)
	}
	return v
}

// unseenHosts: hosts that something came from or went to, without a finding,
// and of which there is perhaps no log.
func (c *component) unseenHosts() []Missing {
	var all []Missing
	var seen []int32
	for _, g := range c.groups {
		for i := range g.uses {
			u := &g.uses[i]
			e := &c.b.entities.all[u.entity]
			if e.Kind != entity.Host || roles[u.role] == entity.At || roles[u.role] == entity.Named || slices.Contains(c.hosts, u.entity) || slices.Contains(seen, u.entity) || len(all) == 3 {
				continue
			}
			seen = append(seen, u.entity)
			if len(c.b.covered) > 0 && c.b.covers(e.Key, Records, g.first, g.last) {
				continue // its logs are there, and were hunted in
			}
			all = append(all, lacks("missing.other_host", "ask.other_host", []int64{u.example}, c.hostValue(u.entity)))
		}
	}
	return all
}

// missingLogs: hosts of the incident of which the evidence has no records of a
// kind that would show more, at the time of the incident.
func (c *component) missingLogs() []Missing {
	var all []Missing
	for _, host := range c.hosts {
		for _, wanted := range wantedRecords {
			if len(all) < 5 && wanted.asked(c, host) && !c.b.covers(c.b.entities.all[host].Key, wanted.kind, c.first, c.last) {
				all = append(all, lacks("missing."+string(wanted.kind), "ask."+string(wanted.kind), nil, c.hostValue(host)))
			}
		}
	}
	return all
}

var wantedRecords = []struct {
	kind  RecordKind
	asked func(*component, int32) bool
}{
	{ProcessStarts, func(c *component, host int32) bool { return c.isWindows(host) && !c.tellsStart(host) }},
	{Logons, (*component).isWindows},
	{RequestBytes, (*component).isWebServer},
}

// covers reports whether the evidence has records of a kind of a host, in a
// time or a day next to it: quiet hosts have few. Where nothing is known of
// logs it does.
func (b *Builder) covers(host entity.Key, kind RecordKind, first, last time.Time) bool {
	if len(b.covered) == 0 || first.IsZero() {
		return true
	}
	s, ok := b.covered[hostKind{host, kind}]
	return ok && !s.last.Before(first.Add(-day)) && !s.first.After(last.Add(day))
}

// tellsStart reports whether a finding on a host is itself the start of a process.
func (c *component) tellsStart(host int32) bool {
	for _, g := range c.groups {
		if g.host == host && g.example.action == actionProcess && !g.rule.Correlation {
			return true
		}
	}
	return false
}

func (c *component) isWebServer(host int32) bool {
	for _, g := range c.groups {
		if g.host == host && g.example.action == actionWeb {
			return true
		}
	}
	return false
}

// isWindows reports whether a host's findings come from event logs.
func (c *component) isWindows(host int32) bool {
	for _, g := range c.groups {
		if g.host == host && (g.log == "Security" || g.log == "System" || strings.HasPrefix(g.log, "Microsoft-Windows")) {
			return true
		}
	}
	return false
}

// ownerless: addresses from outside, of which the evidence says nothing more.
func (c *component) ownerless() []Missing {
	return c.addresses(func(name string) bool { return !isInside(name) }, "missing.owner", "ask.owner", 3)
}

// insideUnknown: addresses inside that no log gives to a machine.
func (c *component) insideUnknown() []Missing {
	return c.addresses(func(name string) bool { return isInside(name) && !c.isLeased(name) }, "missing.inside", "ask.inside", 2)
}

// isLeased reports whether a finding of a VPN in the incident says who had an
// address.
func (c *component) isLeased(address string) bool {
	return slices.ContainsFunc(c.groups, func(g *group) bool { return g.example.action == actionVPN && g.example.object == address })
}

func (c *component) addresses(wanted func(string) bool, what, ask string, most int) []Missing {
	var all []Missing
	var seen []int32
	for _, g := range c.groups {
		for i := range g.uses {
			u := &g.uses[i]
			e := &c.b.entities.all[u.entity]
			if e.Kind == entity.Address && roles[u.role] == entity.Source && wanted(e.Name) && !slices.Contains(seen, u.entity) && len(all) < most {
				seen = append(seen, u.entity)
				all = append(all, lacks(what, ask, []int64{u.example}, Value{Name: "address", Text: e.Name, Kind: entity.Address}, text("time", stamp(u.first.time()))))
			}
		}
	}
	return all
}
