package ranking

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/internal/knowledge"
)

// A Corpus is what a knowledge.Base says of actors' features, in numbers: the
// form that Rankers are made from. It is not changed after Compile.
type Corpus struct {
	actors    []profiled
	features  []string // in order
	index     map[string]int32
	parents   []int32 // of a sub-technique, else -1
	software  []bool
	citations []knowledge.Citation // by name
	renamed   map[string]string
	// expansion lists what a software is known to do, by feature.
	expansion [][]use
}

type profiled struct {
	id, state string
	uses      []use // by feature
}

// A use is a feature, with the numbers of the citations that say so.
type use struct {
	feature   int32
	citations []int32
	// campaign is that in which it was used; empty for what is said of the
	// actor as such.
	campaign string
}

// A Holdout is the part of the knowledge that a Ranker must not see.
type Holdout struct {
	// Citations are names of reports. What only they say is not known.
	Citations map[string]bool
	// Before, if set, leaves only what reports published earlier say; what has
	// no dated report is not known.
	Before time.Time
	// Campaigns are ids of campaigns that have not happened.
	Campaigns map[string]bool
	// Actors are ids of actors who are not known at all.
	Actors map[string]bool
}

// Compile numbers the features and citations of a base.
func Compile(base *knowledge.Base) *Corpus {
	c := &Corpus{index: map[string]int32{}, renamed: base.Renamed}
	c.number(base)
	numbers := c.cite(base)
	for _, actor := range base.Actors {
		c.actors = append(c.actors, profiled{id: actor.ID, state: actor.State, uses: c.uses(actor.Features, numbers)})
	}
	slices.SortFunc(c.actors, func(a, b profiled) int { return cmp.Compare(a.id, b.id) })
	c.addCampaigns(base, numbers)
	c.expansion = make([][]use, len(c.features))
	for _, software := range base.Software {
		if f, ok := c.index[c.current(software.ID)]; ok {
			c.expansion[f] = c.uses(software.Features, numbers)
		}
	}
	return c
}

// addCampaigns adds what actors used in campaigns that are attributed to them.
func (c *Corpus) addCampaigns(base *knowledge.Base, numbers map[string]int32) {
	for _, campaign := range base.Campaigns {
		uses := c.uses(campaign.Features, numbers)
		for i := range uses {
			uses[i].campaign = campaign.ID
		}
		for _, id := range campaign.Actors {
			at, ok := slices.BinarySearchFunc(c.actors, id, func(a profiled, id string) int { return cmp.Compare(a.id, id) })
			if !ok {
				continue
			}
			actor := &c.actors[at]
			actor.uses = append(actor.uses, uses...)
			slices.SortStableFunc(actor.uses, func(a, b use) int { return cmp.Compare(a.feature, b.feature) })
		}
	}
}

// number gives each feature its place in order, parents of sub-techniques included.
func (c *Corpus) number(base *knowledge.Base) {
	kinds := map[string]bool{}
	add := func(features []knowledge.Feature) {
		for _, f := range features {
			id := c.current(f.ID)
			kinds[id] = f.Kind == "software"
			if parent := parentOf(id); parent != "" {
				kinds[parent] = false
			}
		}
	}
	for _, actor := range base.Actors {
		add(actor.Features)
	}
	for _, campaign := range base.Campaigns {
		add(campaign.Features)
	}
	for _, software := range base.Software {
		kinds[c.current(software.ID)] = true
		add(software.Features)
	}
	for id := range kinds {
		c.features = append(c.features, id)
	}
	slices.Sort(c.features)
	for i, id := range c.features {
		c.index[id] = int32(i)
		c.software = append(c.software, kinds[id])
	}
	for _, id := range c.features {
		parent, ok := c.index[parentOf(id)]
		if !ok {
			parent = -1
		}
		c.parents = append(c.parents, parent)
	}
}

// cite numbers the citations, in order of name.
func (c *Corpus) cite(base *knowledge.Base) map[string]int32 {
	byName := map[string]knowledge.Citation{}
	add := func(features []knowledge.Feature) {
		for _, f := range features {
			for _, citation := range f.Citations {
				if old, ok := byName[citation.Name]; !ok || old.Published.IsZero() {
					byName[citation.Name] = citation
				}
			}
		}
	}
	for _, actor := range base.Actors {
		add(actor.Features)
	}
	for _, software := range base.Software {
		add(software.Features)
	}
	for _, campaign := range base.Campaigns {
		add(campaign.Features)
	}
	for _, citation := range byName {
		c.citations = append(c.citations, citation)
	}
	slices.SortFunc(c.citations, func(a, b knowledge.Citation) int { return cmp.Compare(a.Name, b.Name) })
	numbers := map[string]int32{}
	for i, citation := range c.citations {
		numbers[citation.Name] = int32(i)
	}
	return numbers
}

// uses numbers features; one that is listed twice has the citations of both.
func (c *Corpus) uses(features []knowledge.Feature, numbers map[string]int32) []use {
	byFeature := map[int32][]int32{}
	for _, f := range features {
		number := c.index[c.current(f.ID)]
		cited := byFeature[number]
		for _, citation := range f.Citations {
			cited = append(cited, numbers[citation.Name])
		}
		byFeature[number] = cited
	}
	uses := make([]use, 0, len(byFeature))
	for feature, cited := range byFeature {
		slices.Sort(cited)
		uses = append(uses, use{feature: feature, citations: slices.Compact(cited)})
	}
	slices.SortFunc(uses, func(a, b use) int { return cmp.Compare(a.feature, b.feature) })
	return uses
}

// current is a feature's id as it is now. Chains of renaming are followed, but
// not round in circles.
func (c *Corpus) current(id string) string {
	for range 8 {
		next, ok := c.renamed[id]
		if !ok || next == id {
			return id
		}
		id = next
	}
	return id
}

// parentOf is "T1059" for "T1059.001", and "" for what has no parent.
func parentOf(id string) string {
	parent, _, ok := strings.Cut(id, ".")
	if !ok {
		return ""
	}
	return parent
}
