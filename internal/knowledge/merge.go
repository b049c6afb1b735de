package knowledge

import (
	"slices"
	"strings"
	"unicode"
)

// Merge puts bases together; those given stay as they are. Where facts differ,
// the first base's is kept and the Conflict listed.
//
// Entries are the same where their ids are, actors and software also where one
// has a name of the other's, if nobody else has that name: an alias that three
// share, or two of one base, joins nothing and is listed. So is one that would
// join actors of different states, or one actor to two others, or two that any
// base holds to be different. What was joined
// goes under the id of the first base that has it, one of MISP's only if there
// is no other; the other id becomes an alias, and all references follow. Techniques go under their current numbers.
// Facts keep their citations.
func Merge(bases ...*Base) *Base {
	merged := &Base{Renamed: map[string]string{}}
	var actors, tools joint
	for i, b := range bases {
		for _, a := range b.Actors {
			actors.add(node{a.ID, append([]string{a.Name}, a.Aliases...), a.State, i})
		}
		for _, s := range b.Software {
			tools.add(node{s.ID, append([]string{s.Name}, s.Aliases...), "", i})
		}
		for from, to := range b.Renamed {
			if _, ok := merged.Renamed[from]; !ok {
				merged.Renamed[from] = to
			}
		}
		merged.Sources = append(merged.Sources, b.Sources...)
		merged.Conflicts = append(merged.Conflicts, b.Conflicts...)
	}
	actors.join()
	tools.join()
	m := merger{Base: merged, actors: actors.of, tools: tools.of, at: map[any]int{}}
	merged.Conflicts = append(append(merged.Conflicts, actors.conflicts...), tools.conflicts...)
	for _, b := range bases {
		m.add(b)
	}
	merged.Sources = joined(merged.Sources, nil, compareSources, nil)
	merged.order()
	return merged
}

// A node is an actor or software of one base, as joining sees it.
type node struct {
	id    string
	names []string
	state string
	base  int
}

// A joint finds which nodes are the same.
type joint struct {
	nodes     []node              // in order of bases
	of        map[string]string   // id -> that under which it goes
	in        map[string][]int    // id -> bases that have it
	owners    map[string][]string // name -> ids, each once
	states    map[string]string   // id -> its state
	conflicts []Conflict
}

func (j *joint) add(n node) {
	if j.of == nil {
		j.of, j.owners, j.states, j.in = map[string]string{}, map[string][]string{}, map[string]string{}, map[string][]int{}
	}
	j.in[n.id] = append(j.in[n.id], n.base)
	if _, again := j.of[n.id]; !again {
		j.of[n.id] = n.id
		j.nodes = append(j.nodes, n)
	}
	switch state := j.states[n.id]; {
	case state == "":
		j.states[n.id] = n.state
	case n.state != "" && n.state != state:
		j.conflict("state", state+" or "+n.state, n.id)
	}
	for _, name := range append([]string{n.id}, n.names...) {
		key := plain(name)
		if owners := j.owners[key]; key != "" && len(owners) < mostOwners && !slices.Contains(owners, n.id) {
			j.owners[key] = append(owners, n.id)
		}
	}
}

// mostOwners is how many owners of one name are told apart: with three it joins
// nothing any more.
const mostOwners = 50

// plain is a name as it is compared: "APT 34" is "APT-34" is "apt34".
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}

func (j *joint) conflict(what, value string, ids ...string) {
	slices.Sort(ids)
	j.conflicts = append(j.conflicts, Conflict{What: what, Value: value, IDs: slices.Compact(ids)})
}

// join decides for one node after the other whether it is an earlier one.
func (j *joint) join() {
	for _, n := range j.nodes {
		// An id among the names says it best, then the name itself.
		candidates := j.earlier(n, slices.DeleteFunc(slices.Clone(n.names), func(name string) bool { _, id := j.of[name]; return !id }))
		if len(candidates) != 1 {
			candidates = j.earlier(n, n.names[:1])
		}
		if len(candidates) != 1 {
			candidates = j.earlier(n, n.names)
		}
		switch len(candidates) {
		case 0:
		case 1:
			j.put(n, candidates[0])
		default:
			j.conflict("alias", n.names[0], append(candidates, n.id)...)
		}
	}
	j.prefer()
	j.listShared()
}

// prefer gives what goes under an id of MISP's another of its ids, where it
// has one: reports and other bases speak of those.
func (j *joint) prefer() {
	better := map[string]string{}
	for _, n := range j.nodes {
		under := j.of[n.id]
		if _, done := better[under]; !done && strings.HasPrefix(under, GalaxyID) && !strings.HasPrefix(n.id, GalaxyID) {
			better[under] = n.id
		}
	}
	for id, under := range j.of {
		if now, ok := better[under]; ok {
			j.of[id] = now
		}
	}
}

// earlier are the nodes of earlier bases that have one of the names, if nobody
// else has it, and if no base has both.
func (j *joint) earlier(n node, names []string) []string {
	var found []string
	for _, name := range names {
		other := j.sharedWith(n.id, name)
		if other == "" || j.in[other][0] >= n.base || slices.ContainsFunc(j.in[other], func(base int) bool { return slices.Contains(j.in[n.id], base) }) {
			continue
		}
		found = append(found, j.of[other])
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// sharedWith returns the one other that has a name; "" if none or several do.
func (j *joint) sharedWith(id, name string) string {
	owners := j.owners[plain(name)]
	if len(owners) != 2 {
		return ""
	}
	if owners[0] == id {
		return owners[1]
	}
	return owners[0]
}

// put makes n go under an earlier id, unless their states differ.
func (j *joint) put(n node, under string) {
	state := j.states[under]
	if n.state != "" && state != "" && n.state != state {
		j.conflict("state", state+" or "+n.state, under, n.id)
		return
	}
	j.of[n.id] = under
	if state == "" {
		j.states[under] = n.state
	}
}

// listShared lists the names that several still have.
func (j *joint) listShared() {
	for name, owners := range j.owners {
		var ids []string
		for _, id := range owners {
			ids = append(ids, j.of[id])
		}
		slices.Sort(ids)
		if ids = slices.Compact(ids); len(ids) > 1 {
			j.conflict("alias", name, ids...)
		}
	}
}

// A merger adds bases to one, under the ids that were decided.
type merger struct {
	*Base
	actors, tools map[string]string
	at            map[any]int // key of an entry -> where it stands in its list
}

func (m *merger) add(b *Base) {
	for _, a := range b.Actors {
		put(m, &m.Actors, m.actor(a), actorKey, (*Actor).absorb)
	}
	for _, s := range b.Software {
		put(m, &m.Software, m.software(s), softwareKey, (*Software).absorb)
	}
	for _, c := range b.Campaigns {
		made := *c
		made.Actors, made.Features = renamed(c.Actors, m.actors), m.features(c.Features)
		put(m, &m.Campaigns, &made, campaignKey, (*Campaign).absorb)
	}
	for _, a := range b.Artefacts {
		made := *a
		made.Actors, made.Software = renamed(a.Actors, m.actors), renamed(a.Software, m.tools)
		put(m, &m.Artefacts, &made, artefactKey, (*Artefact).absorb)
	}
	for _, t := range b.Techniques {
		made := *t
		made.ID, made.Tactics, made.Mitigations = m.Current(t.ID), slices.Clone(t.Tactics), slices.Clone(t.Mitigations)
		put(m, &m.Techniques, &made, techniqueKey, (*Technique).absorb)
	}
}

// put adds an entry to a list, or lets the one of the same id absorb it.
func put[T any](m *merger, list *[]*T, entry *T, id func(*T) string, absorb func(into, from *T)) {
	type key struct {
		list *[]*T
		id   string
	}
	if at, ok := m.at[key{list, id(entry)}]; ok {
		absorb((*list)[at], entry)
		return
	}
	m.at[key{list, id(entry)}] = len(*list)
	*list = append(*list, entry)
}

func (m *merger) actor(a *Actor) *Actor {
	made := *a
	made.ID, made.Aliases = m.actors[a.ID], aliases(a.ID, a.Aliases, m.actors)
	made.Roles, made.Confusable, made.Features = slices.Clone(a.Roles), renamed(a.Confusable, m.actors), m.features(a.Features)
	made.Victims, made.Claims, made.Citations = slices.Clone(a.Victims), slices.Clone(a.Claims), slices.Clone(a.Citations)
	return &made
}

func (m *merger) software(s *Software) *Software {
	made := *s
	made.ID, made.Aliases = m.tools[s.ID], aliases(s.ID, s.Aliases, m.tools)
	made.Features, made.Citations = m.features(s.Features), slices.Clone(s.Citations)
	return &made
}

// aliases are the names of an entry but for ids, and its own id where it goes
// under another now.
func aliases(id string, names []string, of map[string]string) []string {
	made := slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		_, ok := of[name]
		return ok
	})
	if of[id] != id {
		made = append(made, id)
	}
	return made
}

// features are those with the ids that hold now.
func (m *merger) features(features []Feature) []Feature {
	made := slices.Clone(features)
	for i, f := range made {
		if f.Kind == FeatureSoftware {
			made[i].ID = renamedID(f.ID, m.tools)
		} else {
			made[i].ID = m.Current(f.ID)
		}
	}
	return joinFeatures(made, nil)
}

func renamed(ids []string, to map[string]string) []string {
	made := slices.Clone(ids)
	for i, id := range made {
		made[i] = renamedID(id, to)
	}
	return made
}

func renamedID(id string, to map[string]string) string {
	if now, ok := to[id]; ok {
		return now
	}
	return id
}

func (a *Actor) absorb(other *Actor) {
	a.Aliases = append(append(a.Aliases, other.Name), other.Aliases...)
	if a.State == "" {
		a.State = other.State
	}
	// A service is one of the state: that of another state's says nothing here.
	if a.Service == "" && a.State == other.State {
		a.Service = other.Service
	}
	a.Roles = append(a.Roles, other.Roles...)
	a.Confusable = append(a.Confusable, other.Confusable...)
	a.Features = joinFeatures(a.Features, other.Features)
	a.Victims = joinVictims(a.Victims, other.Victims)
	a.Claims = joinClaims(a.Claims, other.Claims)
	a.Citations = joinCitations(a.Citations, other.Citations)
}

func (s *Software) absorb(other *Software) {
	s.Aliases = append(append(s.Aliases, other.Name), other.Aliases...)
	s.Public = s.Public || other.Public
	s.Features = joinFeatures(s.Features, other.Features)
	s.Citations = joinCitations(s.Citations, other.Citations)
}

func (c *Campaign) absorb(other *Campaign) {
	c.Actors = append(c.Actors, other.Actors...)
	c.Features = joinFeatures(c.Features, other.Features)
	if c.First.IsZero() {
		c.First = other.First
	}
	if c.Last.IsZero() {
		c.Last = other.Last
	}
	c.Citations = joinCitations(c.Citations, other.Citations)
}

func (a *Artefact) absorb(other *Artefact) {
	a.Actors = append(a.Actors, other.Actors...)
	a.Software = append(a.Software, other.Software...)
	a.Citations = joinCitations(a.Citations, other.Citations)
}

// absorb keeps the first base's steps where it has some: those say what to do
// in the order in which to do it.
func (t *Technique) absorb(other *Technique) {
	t.Tactics = currentTactics(append(t.Tactics, other.Tactics...))
	if len(t.Mitigations) == 0 {
		t.Mitigations = other.Mitigations
	}
}

// currentTactics leaves out the tactic of before v19 where one of the two that
// it became is there too.
func currentTactics(tactics []string) []string {
	if slices.Contains(tactics, "stealth") || slices.Contains(tactics, "defense-impairment") {
		tactics = slices.DeleteFunc(tactics, func(tactic string) bool { return tactic == "defense-evasion" })
	}
	return tactics
}
