package attribution

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/internal/incident"
	"github.com/kulla-defence/kulla/internal/knowledge"
)

// artefactItems are items of the artefacts that were seen.
func (o *observation) artefactItems() []Item {
	var items []Item
	for _, a := range o.in.Base.Artefacts {
		s := o.seen[a.ID]
		if s == nil {
			continue
		}
		item := Item{Kind: Kind(a.Kind), Value: a.Field + "=" + s.value, Phase: s.phase, ObservedAt: s.at, Extraction: s.extraction,
			Reliability: "A", Credibility: 2, CollectedBy: collector}
		o.match(&item, a)
		slices.Sort(s.proof)
		item.Claim = o.claim(&item, a.Field, s.value)
		item.Claim.Proof = s.proof
		items = append(items, item)
	}
	return items
}

// match makes an item one of an artefact: it is trusted no more than what the
// base says, and costs what it cost to fake when it was observed. Before the
// public knew of a thing, only those who had it could plant it; once a file is
// public, anybody can bring it.
func (o *observation) match(item *Item, a *knowledge.Artefact) {
	item.Artefact = a.ID
	item.Reliability = worse(item.Reliability, a.Reliability)
	item.Credibility = lessCredible(item.Credibility, a.Credibility)
	item.Spoof = a.Spoof
	report, published := firstReport(a.Citations)
	switch {
	case !item.ObservedAt.IsZero() && item.ObservedAt.Before(published):
		item.Spoof = max(item.Spoof, knownSpoof)
	case slices.Contains(digests, a.Field):
		item.Spoof = min(item.Spoof, cheapSpoof)
	}
	item.Dependency = "artefact " + a.ID
	if report != "" {
		item.Dependency = "report " + report
	}
}

// firstReport is the earliest report, by date and then by name, and the time
// from which the public knew; zero when no report has a date.
func firstReport(citations []knowledge.Citation) (name string, published time.Time) {
	for _, c := range citations {
		known := !c.Published.IsZero()
		if known && (published.IsZero() || c.Published.Before(published) || c.Published.Equal(published) && c.Name < name) ||
			!known && published.IsZero() && (name == "" || c.Name < name) {
			name, published = c.Name, c.Published
		}
	}
	return name, published
}

// claim is the sentence of an item.
func (o *observation) claim(item *Item, field, value string) incident.Sentence {
	suspects, _ := o.known.pointsAt(item)
	shown := text("value", value)
	if field == "country" {
		shown = country("value", value)
	}
	s := sentence("item."+string(item.Kind), message("field", "field."+field), shown)
	if names := o.known.list(suspects); names != "" {
		s.Message += "_known"
		s.Values = append(s.Values, text("actors", names))
	}
	s.Time = item.ObservedAt
	return s
}

// list names the first few of actors.
func (k *knownBase) list(suspects []int) string {
	const most = 4
	var names []string
	for _, h := range suspects[:min(len(suspects), most)] {
		names = append(names, k.actors[h].Name)
	}
	if len(suspects) > most {
		names = append(names, "…")
	}
	return strings.Join(names, ", ")
}

// techniqueItems are items of techniques, each once for all incidents.
// Techniques that one finding shows depend on each other.
func (o *observation) techniqueItems() []Item {
	names := map[string]string{}
	for _, t := range o.in.Base.Techniques {
		names[o.known.current(t.ID)] = t.Name
	}
	var items []Item
	for _, use := range o.techniques() {
		item := Item{Kind: Technique, Value: use.ID, Phase: phaseOf(use.ID, use.Tactics), ObservedAt: use.First, Reliability: "A", Credibility: 2,
			Spoof: typicalSpoof[Technique], CollectedBy: collector, Extraction: "technique of rules" + version, Dependency: "technique " + use.ID}
		if len(use.Findings) > 0 {
			item.Dependency = fmt.Sprintf("finding %d", use.Findings[0])
		}
		item.Claim = sentence("item.technique", text("technique", use.ID), number("count", use.Count), text("name", names[use.ID]))
		if names[use.ID] == "" {
			item.Claim = sentence("item.technique_unnamed", item.Claim.Values[:2]...)
		}
		item.Claim.Proof, item.Claim.Time = use.Findings[:min(len(use.Findings), maxProofs)], use.First
		items = append(items, item)
	}
	return items
}

// techniques joins what incidents say of each technique, under its id as it
// is now. Findings are in order.
func (o *observation) techniques() []*incident.TechniqueUse {
	byID := map[string]*incident.TechniqueUse{}
	var uses []*incident.TechniqueUse
	for _, i := range o.in.Incidents {
		for _, use := range i.Techniques {
			id := o.known.current(use.ID)
			joined := byID[id]
			if joined == nil {
				joined = &incident.TechniqueUse{ID: id}
				byID[id], uses = joined, append(uses, joined)
			}
			joined.Tactics = append(joined.Tactics, use.Tactics...)
			joined.Count += use.Count
			joined.Findings = append(joined.Findings, use.Findings...)
			if joined.First.IsZero() || !use.First.IsZero() && use.First.Before(joined.First) {
				joined.First = use.First
			}
		}
	}
	for _, use := range uses {
		slices.Sort(use.Tactics)
		slices.Sort(use.Findings)
		use.Findings = slices.Compact(use.Findings)
	}
	return uses
}

// victimItems are items of who was attacked.
func (o *observation) victimItems() []Item {
	var items []Item
	add := func(field, value string) {
		item := Item{Kind: Victimology, Value: field + "=" + value, Reliability: "A", Credibility: 1, Spoof: typicalSpoof[Victimology],
			Dependency: "victim", CollectedBy: collector, Extraction: "victim" + version}
		item.Claim = o.claim(&item, field, value)
		items = append(items, item)
	}
	if o.in.Victim.Country != "" {
		add("country", strings.ToUpper(o.in.Victim.Country))
	}
	for _, sector := range o.in.Victim.Sectors {
		add("sector", strings.ToLower(sector))
	}
	return items
}

// habitItems are items of when people worked.
func (o *observation) habitItems() []Item {
	hour, ok := workingHours(o.acts)
	if !ok {
		return nil
	}
	item := Item{Kind: Habit, Value: hourValue(hour), Reliability: "A", Credibility: 3, Spoof: typicalSpoof[Habit],
		Dependency: "hours", CollectedBy: collector, Extraction: "times of logons" + version}
	item.Claim = sentence("item.working_hours", text("hour", fmt.Sprintf("%02d:00", hour)), number("count", int64(len(o.acts))))
	item.Claim.Proof = o.actProof
	return []Item{item}
}
