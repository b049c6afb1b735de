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
	first, last           moment
	example               int64
	share                 float32
	distance              uint8
	atHost, fromElsewhere bool
}

// find returns a feature that is known.
func (t *featureTable) find(key string) (int32, bool) {
	index, ok := t.byKey[key]
	return index, ok
}

func (t *featureTable) add(m *mark, weight float64, entity int32) int32 {
	index := int32(len(t.all))
	t.byKey[m.key] = index
	t.all = append(t.all, feature{m.kind, weight, entity, none})
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
const maxLinks = 40

// touch notes that a group has what a finding is marked by, as far as there is
// room, and returns the feature; none without room.
func (b *Builder) touch(g *group, index int32, m *mark, at moment, number int64) int32 {
	t := &b.features
	f, known := t.find(m.key)
	where, found := 0, false
	if known {
		where, found = g.linkTo(t, f)
	}
	switch {
	case found:
		t.unlink(g.links[where])
	case len(g.links) >= maxLinks, len(t.nodes) >= nodesPerGroup*b.options.MaxGroups,
		!known && len(t.all) >= featuresPerGroup*b.options.MaxGroups:
		return none
	default:
		if !known {
			f = b.newFeature(m)
		}
		where, _ = g.linkTo(t, f)
		t.nodes = append(t.nodes, node{group: index, feature: f, previous: none, next: none, distance: m.distance, example: number})
		g.links = slices.Insert(g.links, where, int32(len(t.nodes)-1))
	}
	n := &t.nodes[g.links[where]]
	n.sequence = b.sequence
	n.distance = min(n.distance, m.distance)
	n.share = max(n.share, m.share)
	n.atHost = n.atHost || m.distance == 0
	n.fromElsewhere = n.fromElsewhere || m.distance > 0
	n.first, n.last = widenedMoments(n.first, n.last, at)
	t.toFront(g.links[where])
	return f
}

// linkTo finds a feature among a group's links.
func (g *group) linkTo(t *featureTable, f int32) (int, bool) {
	return slices.BinarySearchFunc(g.links, f, func(n, f int32) int { return int(t.nodes[n].feature) - int(f) })
}

func (b *Builder) newFeature(m *mark) int32 {
	weight, shown := 1.0, none
	if m.rare != "" {
		weight = b.context.Rarity(m.rare)
	}
	if index, ok := b.entities.byKey[m.shown]; ok && m.shown != "" {
		shown = index
	}
	return b.features.add(m, weight, shown)
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
const maxCandidates = 64

// link joins a group to others that share enough with it. Only those that had
// a finding since this group's last one need looking at: the others are
// farther now than they were then. What is too weak to join alone is weighed,
// but not looked for.
func (b *Builder) link(index int32, in *involvement, at time.Time, number int64) {
	g := b.groups[index]
	since := g.sequence
	g.sequence, g.looked = b.sequence, b.sequence
	touched := b.touched[:0]
	for i := range in.marks {
		if f := b.touch(g, index, &in.marks[i], momentOf(at), number); f != none && in.marks[i].kind != byRule {
			touched = append(touched, f)
		}
	}
	b.touched = touched
	for _, f := range touched {
		looked := 0
		for n := b.features.all[f].head; n != none && looked < maxCandidates; n = b.features.nodes[n].next {
			other := &b.features.nodes[n]
			if other.sequence < since {
				break
			}
			looked++
			if candidate := b.groups[other.group]; candidate.looked != b.sequence {
				candidate.looked = b.sequence
				b.tryJoin(index, other.group, momentOf(at))
			}
		}
	}
}

func (b *Builder) tryJoin(one, other int32, at moment) {
	if b.root(one) == b.root(other) {
		return
	}
	if why := b.score(one, other, at); why.score >= threshold {
		b.unite(one, other, why)
	}
}

// score weighs what two groups share: for each thing its rarity, the strength
// of such a link, and closeness in time.
func (b *Builder) score(one, other int32, at moment) join {
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

// weigh is the part of one thing in a link.
func (b *Builder) weigh(g, h *group, x, y *node, at moment) float64 {
	return b.weighWhole(g, h, x, y, at) * float64(min(x.share, y.share))
}

func (b *Builder) weighWhole(g, h *group, x, y *node, at moment) float64 {
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
func distance(n *node, at moment) (time.Duration, bool) {
	switch {
	case at == 0 || n.last == 0:
		return 0, false
	case at > n.last:
		return time.Duration(at - n.last), true
	case at < n.first:
		return time.Duration(n.first - at), true
	}
	return 0, true
}

func closeness(apart, fade time.Duration) float64 {
	return 1 / (1 + apart.Seconds()/fade.Seconds())
}
