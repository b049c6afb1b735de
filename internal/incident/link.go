package incident

import (
	"math"
	"slices"
	"time"

	"github.com/kulla-defence/kulla/sigma"
)

// A joinKind is a way in which two groups of findings can belong together.
type joinKind uint8

const (
	byRecord joinKind = iota
	byProcess
	bySession
	byHash
	byFile
	byName
	byAddress
	byInsideAddress
	byDomain
	byURL
	byService
	byAccount
	byMailbox
	byWeb
	byHost
	byLease
	byFolder
	byRule
	byPlace
)

// A strength is what a kind of join adds to a link at no distance in time, and
// the time in which that falls to half. See docs/incidents.md.
type strength struct {
	name   string
	weight float64
	fade   time.Duration
}

const day = 24 * time.Hour

var strengths = [...]strength{
	byRecord:        {"record", 3, 1000 * day},
	byProcess:       {"process", 3, 30 * day},
	bySession:       {"session", 2, 7 * day},
	byHash:          {"hash", 2.5, 180 * day},
	byFile:          {"file", 1.6, 60 * day},
	byName:          {"name", 1.2, 60 * day},
	byAddress:       {"address", 1.6, 30 * day},
	byInsideAddress: {"inside_address", 1.2, 3 * day},
	byDomain:        {"domain", 1.4, 30 * day},
	byURL:           {"url", 1, 7 * day},
	byService:       {"service", 1.1, 10 * day},
	byAccount:       {"account", 1, 2 * day},
	byMailbox:       {"mailbox", 0.8, 7 * day},
	byWeb:           {"web", 2, time.Minute},
	byHost:          {"host", 1.1, 12 * time.Hour},
	byLease:         {"lease", 2, 2 * time.Hour},
	byFolder:        {"folder", 1.2, 30 * day},
	byRule:          {"rule", 0.5, time.Hour},
	byPlace:         {"place", 0.6, 30 * time.Minute},
}

const (
	// threshold is the least link that joins, relation the least that is told.
	threshold = 1.0
	// perStep is what is left of a join by each step up the tree of processes.
	perStep = 0.8
	// Findings on one host join by nearness in time alone: all within minutes,
	// grave ones within days.
	burstWeight, burstFade = 1.2, 30 * time.Minute
	graveWeight, graveFade = 1.1, 30 * day
	// unknownTime stands for closeness where a finding has no time.
	unknownTime = 0.5
)

// A featureTable keeps each thing that findings can be joined by once.
type featureTable struct {
	byKey map[string]int32
	all   []feature
	nodes []node
}

// A feature is one such thing, with the groups that have it: the head of the
// list is the one that had it last.
type feature struct {
	kind   joinKind
	weight float64
	entity int32
	head   int32
}

// A node is a group's use of a feature.
type node struct {
	group, feature        int32
	previous, next        int32
	sequence              int64
	first, last           time.Time
	distance              uint8
	example               int64
	atHost, fromElsewhere bool
}

func (t *featureTable) add(key string, kind joinKind, weight float64, entity int32) int32 {
	index, ok := t.byKey[key]
	if !ok {
		index = int32(len(t.all))
		t.byKey[key] = index
		t.all = append(t.all, feature{kind, weight, entity, none})
	}
	if t.all[index].entity == none {
		t.all[index].entity = entity
	}
	return index
}

// A join is why two groups were put into one incident.
type join struct {
	one, other int32 // groups
	score      float64
	feature    int32 // what weighed most
	weight     float64
	findings   [2]int64
}

// maxLinks bounds what a group is joined by.
const maxLinks = 48

// touch notes that a group has a feature.
func (t *featureTable) touch(g *group, index int32, m mark, at time.Time, sequence, number int64) {
	where, found := slices.BinarySearchFunc(g.links, m.feature, func(n, f int32) int { return int(t.nodes[n].feature - f) })
	if !found {
		if len(g.links) >= maxLinks {
			return
		}
		t.nodes = append(t.nodes, node{group: index, feature: m.feature, previous: none, next: none, distance: m.distance, first: at, example: number})
		g.links = slices.Insert(g.links, where, int32(len(t.nodes)-1))
	} else {
		t.unlink(g.links[where])
	}
	n := &t.nodes[g.links[where]]
	n.sequence = sequence
	n.distance = min(n.distance, m.distance)
	n.atHost = n.atHost || m.distance == 0
	n.fromElsewhere = n.fromElsewhere || m.distance > 0
	if at.After(n.last) {
		n.last = at
	}
	if !at.IsZero() && (n.first.IsZero() || at.Before(n.first)) {
		n.first = at
	}
	t.toFront(g.links[where])
}

func (t *featureTable) unlink(index int32) {
	n := &t.nodes[index]
	if n.previous != none {
		t.nodes[n.previous].next = n.next
	} else {
		t.all[n.feature].head = n.next
	}
	if n.next != none {
		t.nodes[n.next].previous = n.previous
	}
}

func (t *featureTable) toFront(index int32) {
	n := &t.nodes[index]
	head := t.all[n.feature].head
	n.previous, n.next = none, head
	if head != none {
		t.nodes[head].previous = index
	}
	t.all[n.feature].head = index
}

// maxCandidates bounds how many of the latest groups with a feature are looked
// at for one finding.
const maxCandidates = 256

// link joins a group to others that share enough with it. Only those that had
// a finding since this group's last one need looking at: the others are
// farther now than they were then.
func (b *Builder) link(index int32, since int64, in *involvement, at time.Time, number int64) {
	g := b.groups[index]
	for _, m := range in.marks {
		b.features.touch(g, index, m, at, b.sequence, number)
	}
	g.sequence = b.sequence
	clear(b.scores)
	for _, m := range in.marks {
		looked := 0
		for n := b.features.all[m.feature].head; n != none && looked < maxCandidates; n = b.features.nodes[n].next {
			other := &b.features.nodes[n]
			if other.sequence < since {
				break
			}
			looked++
			if _, ok := b.scores[other.group]; !ok && other.group != index {
				b.scores[other.group] = struct{}{}
				b.tryJoin(index, other.group, at)
			}
		}
	}
}

func (b *Builder) tryJoin(one, other int32, at time.Time) {
	if b.root(one) == b.root(other) {
		return
	}
	if why := b.score(one, other, at); why.score >= threshold {
		b.unite(one, other, why)
	}
}

// score weighs what two groups share: for each thing its rarity, the strength
// of such a link, and closeness in time.
func (b *Builder) score(one, other int32, at time.Time) join {
	g, h := b.groups[one], b.groups[other]
	why := join{one: one, other: other, feature: none}
	for i, j := 0, 0; i < len(g.links) && j < len(h.links); {
		x, y := &b.features.nodes[g.links[i]], &b.features.nodes[h.links[j]]
		switch {
		case x.feature < y.feature:
			i++
		case x.feature > y.feature:
			j++
		default:
			weight := b.weigh(g, h, x, y, at)
			why.score += weight
			if weight > why.weight {
				why.weight, why.feature = weight, x.feature
				why.findings = [2]int64{x.example, y.example}
			}
			i++
			j++
		}
	}
	return why
}

func (b *Builder) weigh(g, h *group, x, y *node, at time.Time) float64 {
	f := &b.features.all[x.feature]
	s := strengths[f.kind]
	apart, known := distance(y, at)
	if !known {
		if f.kind == byHost || f.kind == byWeb || f.kind == byRule || f.kind == byPlace {
			return 0
		}
		return s.weight * f.weight * unknownTime
	}
	switch f.kind {
	case byHost:
		return b.weighHost(g, h, x, y, f, apart)
	case byLease:
		if x.atHost == y.atHost && x.fromElsewhere == y.fromElsewhere {
			return 0
		}
	case byRule, byPlace:
		return s.weight * min(g.brake, h.brake) * levelFactor(g, h) * closeness(apart, s.fade)
	case byAccount:
		return s.weight * levelFactor(g, h) * nearRarity(f.weight, min(g.brake, h.brake), apart) * closeness(apart, s.fade)
	case byAddress, byInsideAddress:
		return s.weight * nearRarity(f.weight, min(g.brake, h.brake), apart) * closeness(apart, s.fade)
	case byProcess:
		return s.weight * f.weight * math.Pow(perStep, float64(x.distance+y.distance)) * closeness(apart, s.fade)
	}
	return s.weight * f.weight * closeness(apart, s.fade)
}

// nearRarity is an entity's rarity for findings that are apart in time: what is
// seen every day is still telling when two findings share it within minutes,
// unless these findings are everyday ones themselves.
func nearRarity(rarity, brake float64, apart time.Duration) float64 {
	return rarity + (1-rarity)*0.5*brake*closeness(apart, burstFade)
}

// weighHost tells apart what happened on one host, and what reached from one
// host to another.
func (b *Builder) weighHost(g, h *group, x, y *node, f *feature, apart time.Duration) float64 {
	if x.atHost && y.atHost {
		return burst(g, h, apart)
	}
	s := strengths[byHost]
	if x.atHost || y.atHost {
		return s.weight * max(f.weight, 0.3) * levelFactor(g, h) * closeness(apart, s.fade)
	}
	return s.weight * f.weight * levelFactor(g, h) * closeness(apart, s.fade)
}

// burst is the link of two groups on one host.
func burst(g, h *group, apart time.Duration) float64 {
	brake := min(g.brake, h.brake)
	near := burstWeight * levelFactor(g, h) * closeness(apart, burstFade)
	if g.rule.Level >= sigma.High && h.rule.Level >= sigma.High {
		near = max(near, graveWeight*levelFactor(g, h)*closeness(apart, graveFade))
	}
	return near * brake
}

func levelFactor(g, h *group) float64 {
	return math.Sqrt(levelFactors[g.rule.Level] * levelFactors[h.rule.Level])
}

var levelFactors = [...]float64{sigma.NoLevel: 0.6, sigma.Informational: 0.35, sigma.Low: 0.6, sigma.Medium: 1, sigma.High: 1.25, sigma.Critical: 1.5}

// distance is the time between a moment and a node's nearest end.
func distance(n *node, at time.Time) (time.Duration, bool) {
	switch {
	case at.IsZero() || n.last.IsZero():
		return 0, false
	case at.After(n.last):
		return at.Sub(n.last), true
	case at.Before(n.first):
		return n.first.Sub(at), true
	}
	return 0, true
}

func closeness(apart, fade time.Duration) float64 {
	return 1 / (1 + apart.Seconds()/fade.Seconds())
}
