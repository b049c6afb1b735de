package incident

import (
	"cmp"
	"slices"
	"strings"

	"github.com/kulla-defence/kulla/internal/incident/entity"
)

// maxGraph bounds the links of an incident.
const maxGraph = 250

// links are the connections between entities that the findings show.
func (c *component) links() []Link {
	seen := map[Link]bool{}
	var links []Link
	add := func(from, to entity.Key, kind string, g *group) {
		key := Link{From: from, To: to, Kind: kind}
		if from == "" || to == "" || from == to || seen[key] || len(links) >= 4*maxGraph {
			return
		}
		seen[key] = true
		links = append(links, Link{From: from, To: to, Kind: kind, Time: g.first, Finding: g.example.number})
	}
	for _, g := range c.groups {
		c.linksOf(g, add)
	}
	slices.SortStableFunc(links, func(a, b Link) int { return cmp.Compare(telling(b.Kind), telling(a.Kind)) })
	links = links[:min(len(links), maxGraph)]
	slices.SortFunc(links, func(a, b Link) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Finding, b.Finding), strings.Compare(string(a.From), string(b.From)),
			strings.Compare(string(a.To), string(b.To)), strings.Compare(a.Kind, b.Kind))
	})
	return links
}

// telling orders kinds of links: those between machines before those within.
func telling(kind string) int { return slices.Index(linkOrder, kind) }

var linkOrder = []string{"ran_as", "changed", "wrote", "spawned", "resolved", "mailbox_of", "connected", "requested", "logged_on"}

func (c *component) linksOf(g *group, add func(from, to entity.Key, kind string, g *group)) {
	here := entity.Key("")
	if g.host != none {
		here = c.b.entities.all[g.host].Key
	}
	cast := c.castOf(g)
	for _, process := range slices.Concat(cast[entity.Actor][entity.Process], cast[entity.Target][entity.Process]) {
		if start, ok := c.b.context.ProcessStart(process); ok {
			add(start.Parent, process, "spawned", g)
			add(start.Account, process, "ran_as", g)
		}
	}
	for _, role := range []entity.Role{entity.Actor, entity.Target, entity.Source, entity.Named} {
		for _, session := range cast[role][entity.Session] {
			if logon, ok := c.b.context.SessionOf(session); ok && logon.Source != "" {
				add(logon.Source, logon.Host, "logged_on", g)
			}
		}
	}
	for _, kind := range []entity.Kind{entity.Address, entity.Host} {
		for _, source := range cast[entity.Source][kind] {
			c.linksFrom(g, source, here, cast, add)
		}
	}
	actors := slices.Concat(cast[entity.Actor][entity.Process], cast[entity.Actor][entity.Account])
	for _, actor := range actors[:min(len(actors), 4)] {
		c.linksBy(g, actor, cast, add)
	}
}

// linksFrom are the links of where something came from.
func (c *component) linksFrom(g *group, source, here entity.Key, cast cast, add func(from, to entity.Key, kind string, g *group)) {
	kind := "connected"
	switch g.example.action {
	case actionLogon, actionFailed, actionVPN, actionTicket:
		kind = "logged_on"
	case actionWeb, actionMail, actionCloud:
		kind = "requested"
	}
	targets := slices.Concat(cast[entity.Target][entity.Host], cast[entity.Target][entity.Address])
	if kind != "connected" || len(targets) == 0 {
		add(source, here, kind, g)
		return
	}
	for _, target := range targets {
		add(source, target, kind, g)
	}
}

// linksBy are the links of who or what acted.
func (c *component) linksBy(g *group, actor entity.Key, cast cast, add func(from, to entity.Key, kind string, g *group)) {
	for _, way := range []struct {
		kind entity.Kind
		name string
	}{{entity.File, "wrote"}, {entity.Domain, "resolved"}, {entity.Account, "changed"}, {entity.Service, "changed"}, {entity.Mailbox, "mailbox_of"},
		{entity.Address, "connected"}, {entity.Host, "connected"}} {
		if way.kind == entity.File && g.example.action != actionFile {
			continue
		}
		for _, target := range cast[entity.Target][way.kind] {
			add(actor, target, way.name, g)
		}
	}
}

// A cast is the entities of a group by role and kind.
type cast map[entity.Role]map[entity.Kind][]entity.Key

func (c *component) castOf(g *group) cast {
	all := cast{}
	for i := range g.uses {
		u := &g.uses[i]
		e := &c.b.entities.all[u.entity]
		if all[roles[u.role]] == nil {
			all[roles[u.role]] = map[entity.Kind][]entity.Key{}
		}
		all[roles[u.role]][e.Kind] = append(all[roles[u.role]][e.Kind], e.Key)
	}
	return all
}
