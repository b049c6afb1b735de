package report

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/sigma"
)

// A Group is all findings of one rule on one host.
type Group struct {
	Rule        *detect.Rule
	Host        string
	Count       int64
	First, Last time.Time
	// Example is the earliest finding of the group.
	Example *detect.Finding
}

// Groups gathers findings by rule and host, as they are added in order.
type Groups struct {
	groups map[groupKey]*Group
	levels map[sigma.Level]int64
}

type groupKey struct {
	rule *detect.Rule
	host string
}

// maxGroups bounds memory against evidence that invents hosts; what comes
// after is gathered under one name.
const (
	maxGroups  = 100_000
	otherHosts = "(other hosts)"
)

// NewGroups returns an empty collection.
func NewGroups() *Groups {
	return &Groups{groups: map[groupKey]*Group{}, levels: map[sigma.Level]int64{}}
}

// Of returns the group that a finding was added to; nil when it was not.
func (g *Groups) Of(f *detect.Finding) *Group {
	if group, ok := g.groups[groupKey{f.Rule, f.Host}]; ok {
		return group
	}
	return g.groups[groupKey{f.Rule, otherHosts}]
}

// Add counts a finding. It keeps the first finding of each group.
func (g *Groups) Add(f *detect.Finding) {
	g.levels[f.Rule.Level]++
	key := groupKey{f.Rule, f.Host}
	group, ok := g.groups[key]
	if !ok && len(g.groups) >= maxGroups {
		key.host = otherHosts
		group, ok = g.groups[key]
	}
	if !ok {
		group = &Group{Rule: f.Rule, Host: key.host, Example: f}
		g.groups[key] = group
	}
	group.Count++
	group.cover(f.Time)
}

func (g *Group) cover(t time.Time) {
	if t.IsZero() {
		return
	}
	if g.First.IsZero() || t.Before(g.First) {
		g.First = t
	}
	if t.After(g.Last) {
		g.Last = t
	}
}

// Levels returns how many findings there are of each level.
func (g *Groups) Levels() map[sigma.Level]int64 { return g.levels }

// Sorted returns the groups: the most serious rules first, then in the order
// in which rules were first met, and for each rule in that of its hosts.
func (g *Groups) Sorted() []*Group {
	sorted := make([]*Group, 0, len(g.groups))
	began := map[*detect.Rule]time.Time{}
	for key, group := range g.groups {
		sorted = append(sorted, group)
		if first, ok := began[key.rule]; !ok || group.First.Before(first) {
			began[key.rule] = group.First
		}
	}
	slices.SortFunc(sorted, func(a, b *Group) int {
		return cmp.Or(
			cmp.Compare(b.Rule.Level, a.Rule.Level),
			began[a.Rule].Compare(began[b.Rule]),
			strings.Compare(a.Rule.Title, b.Rule.Title),
			strings.Compare(a.Rule.ID, b.Rule.ID),
			strings.Compare(a.Rule.File, b.Rule.File),
			a.First.Compare(b.First),
			strings.Compare(a.Host, b.Host),
		)
	})
	return sorted
}

// AtLeast returns how many findings have a level or a higher one.
func (g *Groups) AtLeast(level sigma.Level) int64 {
	var n int64
	for at, count := range g.levels {
		if at >= level {
			n += count
		}
	}
	return n
}
