package incident

import (
	"slices"
	"strconv"
	"time"

	"github.com/kulla-defence/kulla/sigma"
)

// maxStory bounds the sentences on what happened.
const maxStory = 24

// A point is something that a story should not leave out.
type point struct {
	kind        string // stage, stage on a host, chapter, chapter on a host, grave rule, join
	name, other string
}

var pointWeights = map[string]float64{"stage": 3, "stage_host": 1.2, "chapter": 2.5, "chapter_host": 1.5, "grave": 2, "begin": 2, "join": 1}

// cover returns the smallest set of groups, as a greedy search finds it, that
// shows every stage and every host in each chapter, and both ends of the joins
// between hosts. What an incident began with is always told.
func (c *component) cover(chapters []chapter) []*group {
	points := c.points(chapters)
	covered := map[point]bool{}
	var chosen []*group
	choose := func(g *group) {
		chosen = append(chosen, g)
		for _, p := range points[g] {
			covered[p] = true
		}
	}
	if at := slices.IndexFunc(c.groups, func(g *group) bool { return len(points[g]) > 0 && !g.first.IsZero() }); at >= 0 {
		choose(c.groups[at])
	}
	for len(chosen) < maxStory {
		var best *group
		gain := 0.0
		for _, g := range c.groups {
			if value := gainOf(g, points[g], covered); value > gain && !slices.Contains(chosen, g) {
				best, gain = g, value
			}
		}
		if best == nil || gain < 1 {
			break
		}
		choose(best)
	}
	slices.SortFunc(chosen, compareGroups)
	return chosen
}

// gainOf is what a group would add to a story: what it covers anew, by how
// grave and how plain it is.
func gainOf(g *group, points []point, covered map[point]bool) float64 {
	gain := 0.0
	for _, p := range points {
		if !covered[p] {
			gain += pointWeights[p.kind]
		}
	}
	gain *= levelFactors[g.rule.Level] * g.brake
	if g.example.action == actionOther {
		gain *= 0.8 // an event of its own says more than a count of several
	}
	return gain
}

func (c *component) points(chapters []chapter) map[*group][]point {
	points := map[*group][]point{}
	for at, chapter := range chapters {
		name := strconv.Itoa(at)
		begun := false
		for _, g := range chapter.groups {
			if g.rule.Level <= sigma.Informational && len(c.groups) > 8 {
				continue
			}
			all := []point{{kind: "chapter", name: name}}
			for _, host := range g.hosts(c.b) {
				key := string(c.b.entities.all[host].Key)
				all = append(all, point{"chapter_host", name, key})
				for _, tactic := range g.rule.Tactics {
					all = append(all, point{"stage_host", tactic, key})
				}
			}
			for _, tactic := range g.rule.Tactics {
				all = append(all, point{kind: "stage", name: tactic})
			}
			if g.rule.Level == sigma.Critical {
				all = append(all, point{"grave", g.rule.key + name, g.example.object})
			}
			if !begun && g.rule.Level >= sigma.High {
				begun = true
				all = append(all, point{kind: "begin", name: name})
			}
			points[g] = all
		}
	}
	for at := range c.root.joins {
		why := &c.root.joins[at]
		one, other := c.b.groups[why.one], c.b.groups[why.other]
		if one.host != other.host {
			p := point{kind: "join", name: c.b.hostName(one), other: c.b.hostName(other)}
			points[one] = append(points[one], p)
			points[other] = append(points[other], p)
		}
	}
	return points
}

func (b *Builder) hostName(g *group) string {
	if g.host == none {
		return ""
	}
	return b.entities.all[g.host].Name
}

// A chapter is a part of an incident without a long pause.
type chapter struct {
	first, last time.Time
	groups      []*group
}

// pause is how long nothing must happen for a new chapter to begin.
const pause = 30 * time.Hour

func (c *component) chapters() []chapter {
	var chapters []chapter
	for _, g := range c.groups {
		if at := len(chapters) - 1; at >= 0 && g.first.Sub(chapters[at].last) <= pause {
			chapters[at].groups = append(chapters[at].groups, g)
			chapters[at].last = later(chapters[at].last, g.last)
			continue
		}
		chapters = append(chapters, chapter{g.first, g.last, []*group{g}})
	}
	return chapters
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
