package incident

import (
	"cmp"
	"slices"
	"strings"

	"github.com/kulla-defence/kulla/sigma"
)

const (
	// relation is the least link between incidents that is told: too weak to
	// join them, too strong to leave out.
	relation = 0.45
	// patience slows the fading of links: what did not join within weeks may
	// still say something after months.
	patience = 6
	// graveRelation is the link of two incidents with grave findings on one
	// host.
	graveRelation = 0.7
	maxRelated    = 4
	// maxSharers bounds the incidents that something relates; what more share
	// relates none.
	maxSharers = 12
)

// A relating is what two incidents have in common.
type relating struct {
	score    float64
	feature  int32
	weight   float64
	findings [2]int64
}

type pair [2]int32

// relate notes with each incident which others share something telling.
func (b *Builder) relate(incidents []*Incident) []*Incident {
	byRoot := map[int32]*Incident{}
	for root, i := range b.built {
		byRoot[root] = i
	}
	related := map[*Incident][]Related{}
	for at, r := range b.relatings() {
		if r.score < relation {
			continue
		}
		one, other := byRoot[at[0]], byRoot[at[1]]
		related[one] = append(related[one], b.relatedTo(other, &r))
		related[other] = append(related[other], b.relatedTo(one, &r))
	}
	told := make([]*Incident, len(incidents))
	for n, i := range incidents {
		told[n] = withRelated(i, related[i])
	}
	return told
}

// withRelated returns an incident with its relations: a copy where they are
// new, since others may hold the incident.
func withRelated(i *Incident, related []Related) *Incident {
	slices.SortFunc(related, func(x, y Related) int {
		return cmp.Or(cmp.Compare(y.Score, x.Score), strings.Compare(x.ID, y.ID))
	})
	related = related[:min(len(related), maxRelated)]
	if slices.EqualFunc(i.Related, related, func(x, y Related) bool { return x.ID == y.ID && x.Score == y.Score }) {
		return i
	}
	copied := *i
	copied.Related = related
	return &copied
}

func (b *Builder) relatedTo(other *Incident, r *relating) Related {
	f := &b.features.all[r.feature]
	e := &b.entities.all[f.entity]
	return Related{ID: other.ID, Score: round(r.score), Reason: Sentence{Message: "related." + strengths[f.kind].name, Proof: unique(r.findings[:]...),
		Values: []Value{{Name: "name", Text: nameOf(e), Kind: e.Kind}, text("incident", other.ID)}}}
}

// relatings weighs what incidents have in common.
func (b *Builder) relatings() map[pair]relating {
	all := map[pair]relating{}
	for f := range b.features.all {
		feature := &b.features.all[f]
		if feature.entity == none || !tying[feature.kind] && feature.kind != byHost {
			continue
		}
		sharers := b.sharers(feature)
		for i := range sharers {
			for j := range i {
				b.weighRelation(all, int32(f), sharers[j], sharers[i])
			}
		}
	}
	return all
}

// sharers are the nodes of a feature, the latest of each incident.
func (b *Builder) sharers(f *feature) []*node {
	var nodes []*node
	var roots []int32
	for n := f.head; n != none; n = b.features.nodes[n].next {
		node := &b.features.nodes[n]
		if f.kind == byHost && (!node.atHost || b.groups[node.group].rule.Level < sigma.High) {
			continue
		}
		if root := b.root(node.group); !slices.Contains(roots, root) {
			if len(roots) == maxSharers {
				return nil
			}
			roots, nodes = append(roots, root), append(nodes, node)
		}
	}
	return nodes
}

func (b *Builder) weighRelation(all map[pair]relating, f int32, x, y *node) {
	feature := &b.features.all[f]
	s := strengths[feature.kind]
	weight := s.weight * feature.weight
	if feature.kind == byHost {
		weight, s.fade = graveRelation*min(b.groups[x.group].brake, b.groups[y.group].brake), graveFade
	}
	apart, known := distance(x, y.last)
	if !known {
		apart = 0
	}
	weight *= closeness(apart, patience*s.fade)
	at := pair{min(b.root(x.group), b.root(y.group)), max(b.root(x.group), b.root(y.group))}
	r := all[at]
	r.score += weight
	if weight > r.weight {
		r.weight, r.feature, r.findings = weight, f, [2]int64{x.example, y.example}
	}
	all[at] = r
}
