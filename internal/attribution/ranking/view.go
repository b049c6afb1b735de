package ranking

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// A view is the part of a corpus that is not held out, turned round: for each
// feature who has it.
type view struct {
	corpus *Corpus
	actors []profile
	// identities say of each actor what a model needs to know.
	identities []identity
	// exact, family and implied list by feature which actors were seen with
	// it, with another technique under the same parent, and with software that
	// does it.
	exact, family, implied [][]posting
	reports                []report
	inReports              [][]int32 // by feature
	idf                    []float64 // by feature
	// does lists by software what it does, toolNorm the sum of squares of idf.
	does     [][]int32
	toolNorm []float64
	meanSize float64
}

// A profile is what measures need to know of an actor beside its features.
type profile struct {
	id, state string
	size      float64     // features
	reports   float64     // that say something of it
	norm      float64     // sum of squares of idf
	features  []int32     // in order
	published []time.Time // of reports, in order
}

// A posting is an actor with a feature, and how many reports say so.
type posting struct {
	actor   int32
	reports float64
}

// A report is what one report says of one actor.
type report struct {
	actor              int32
	norm, softwareNorm float64 // sums of squares of idf
}

func (c *Corpus) view(holdout Holdout) *view {
	v := &view{corpus: c, exact: make([][]posting, len(c.features)), family: make([][]posting, len(c.features)),
		implied: make([][]posting, len(c.features)), inReports: make([][]int32, len(c.features)), idf: make([]float64, len(c.features)),
		does: make([][]int32, len(c.features)), toolNorm: make([]float64, len(c.features))}
	hidden := c.hidden(holdout)
	v.equip(hidden, !holdout.Before.IsZero())
	for i := range c.actors {
		if a := &c.actors[i]; !holdout.Actors[a.id] {
			v.add(a, hidden, holdout)
		}
	}
	v.weigh()
	v.identify()
	return v
}

// hidden says of each citation whether it may not be used.
func (c *Corpus) hidden(holdout Holdout) []bool {
	hidden := make([]bool, len(c.citations))
	for i, citation := range c.citations {
		late := !holdout.Before.IsZero() && (citation.Published.IsZero() || !citation.Published.Before(holdout.Before))
		hidden[i] = late || holdout.Citations[citation.Name]
	}
	return hidden
}

// visible lists the citations of a use that may be used. What nobody is cited
// for is known, unless the time when it became known matters.
func (u use) visible(hidden []bool, temporal bool) (citations []int32, known bool) {
	for _, c := range u.citations {
		if !hidden[c] {
			citations = append(citations, c)
		}
	}
	return citations, len(citations) > 0 || len(u.citations) == 0 && !temporal
}

// visible lists what may be known of an actor: each feature once, with the
// citations of the actor and of campaigns together.
func (a *profiled) visible(hidden []bool, holdout Holdout) []use {
	var list []use
	for i := 0; i < len(a.uses); {
		together, known := use{feature: a.uses[i].feature}, false
		for ; i < len(a.uses) && a.uses[i].feature == together.feature; i++ {
			if holdout.Campaigns[a.uses[i].campaign] {
				continue
			}
			citations, ok := a.uses[i].visible(hidden, !holdout.Before.IsZero())
			together.citations, known = append(together.citations, citations...), known || ok
		}
		if known {
			slices.Sort(together.citations)
			together.citations = slices.Compact(together.citations)
			list = append(list, together)
		}
	}
	return list
}

// equip notes what software does.
func (v *view) equip(hidden []bool, temporal bool) {
	for s, uses := range v.corpus.expansion {
		for _, u := range uses {
			if _, known := u.visible(hidden, temporal); known {
				v.does[s] = append(v.does[s], u.feature)
			}
		}
	}
}

func (v *view) add(a *profiled, hidden []bool, holdout Holdout) {
	number := int32(len(v.actors))
	p := profile{id: a.id, state: a.state}
	byReport := map[int32][]int32{}
	families, implied := map[int32]bool{}, map[int32]float64{}
	for _, u := range a.visible(hidden, holdout) {
		p.features = append(p.features, u.feature)
		v.exact[u.feature] = append(v.exact[u.feature], posting{number, float64(max(1, len(u.citations)))})
		for _, citation := range u.citations {
			byReport[citation] = append(byReport[citation], u.feature)
		}
		families[v.corpus.familyOf(u.feature)] = true
		for _, f := range v.does[u.feature] {
			implied[f]++
		}
	}
	for f := range families {
		v.family[f] = append(v.family[f], posting{number, 1})
	}
	for f, n := range implied {
		v.implied[f] = append(v.implied[f], posting{number, n})
	}
	for citation := range byReport {
		if at := v.corpus.citations[citation].Published; !at.IsZero() {
			p.published = append(p.published, at)
		}
	}
	slices.SortFunc(p.published, time.Time.Compare)
	p.size, p.reports = float64(len(p.features)), float64(len(byReport))
	v.addReports(number, byReport)
	v.actors = append(v.actors, p)
}

func (v *view) addReports(actor int32, byReport map[int32][]int32) {
	citations := make([]int32, 0, len(byReport))
	for citation := range byReport {
		citations = append(citations, citation)
	}
	slices.Sort(citations)
	for _, citation := range citations {
		features := byReport[citation]
		for _, f := range features {
			v.inReports[f] = append(v.inReports[f], int32(len(v.reports)))
		}
		v.reports = append(v.reports, report{actor: actor})
	}
}

// weigh computes what depends on all actors.
func (v *view) weigh() {
	actors := float64(len(v.actors))
	for f, postings := range v.exact {
		v.idf[f] = math.Log((actors + 1) / (float64(len(postings)) + 1))
		for _, r := range v.inReports[f] {
			v.reports[r].norm += v.idf[f] * v.idf[f]
			if v.corpus.software[f] {
				v.reports[r].softwareNorm += v.idf[f] * v.idf[f]
			}
		}
	}
	for i := range v.actors {
		p := &v.actors[i]
		for _, f := range p.features {
			p.norm += v.idf[f] * v.idf[f]
		}
		v.meanSize += p.size / actors
	}
	for s, does := range v.does {
		for _, f := range does {
			v.toolNorm[s] += v.idf[f] * v.idf[f]
		}
	}
	for _, postings := range [][][]posting{v.family, v.implied} {
		for f := range postings {
			slices.SortFunc(postings[f], func(a, b posting) int { return cmp.Compare(a.actor, b.actor) })
		}
	}
}

// identify sums up the actors; cohesion is the mean, over the reports on an
// actor, of the highest cosine with another of them.
func (v *view) identify() {
	for i := range v.actors {
		v.identities = append(v.identities, identity{id: v.actors[i].id, state: v.actors[i].state})
	}
	features := make([][]int32, len(v.reports))
	for f, reports := range v.inReports {
		for _, r := range reports {
			features[r] = append(features[r], int32(f))
		}
	}
	common := make([]float64, len(v.reports))
	for r := range v.reports {
		var touched []int32
		for _, f := range features[r] {
			for _, other := range v.inReports[f] {
				if v.reports[other].actor == v.reports[r].actor && int(other) != r {
					common[other] += v.idf[f] * v.idf[f]
					touched = append(touched, other)
				}
			}
		}
		best := 0.0
		for _, other := range touched {
			best = max(best, common[other]/(math.Sqrt(v.reports[r].norm*v.reports[other].norm)+1e-9))
		}
		for _, other := range touched {
			common[other] = 0
		}
		v.identities[v.reports[r].actor].cohesion += best / v.actors[v.reports[r].actor].reports
	}
}

// familyOf is a technique's parent, or the feature itself.
func (c *Corpus) familyOf(feature int32) int32 {
	if parent := c.parents[feature]; parent >= 0 {
		return parent
	}
	return feature
}
