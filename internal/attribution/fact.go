package attribution

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/kulla-defence/kulla/internal/incident/entity"
)

// given makes an item of what was given. Where the base knows the artefact, its
// kind counts, and not the one that the file says.
func (o *observation) given(fact *Fact) Item {
	item := Item{Kind: Kind(fact.Kind), Value: fact.Field + "=" + fact.Value, Phase: fact.Phase, ObservedAt: fact.ObservedAt,
		Reliability: fact.Reliability, Credibility: fact.Credibility, CollectedBy: fact.Source, TLP: fact.TLP,
		Extraction: "artefact file" + version, Dependency: "source " + fact.Source}
	proof := o.refer(&item, fact.RefersTo)
	switch {
	case fact.Kind == factSighting:
		o.sighting(&item, fact)
		item.Claim.Proof = proof
		return item
	case fact.Field == "code_overlap":
		item.Value = "code_overlap=" + o.software(fact.Value)
	case item.Kind == Claim || item.Kind == Leak:
		item.Phase = cmp.Or(item.Phase, "leak")
		if item.Kind == Claim {
			item.Value = fact.Value
		}
	}
	item.Spoof = typicalSpoof[item.Kind]
	if a := o.lookout.first(fact); a != nil {
		if _, ok := bounds[Kind(a.Kind)]; ok && item.Kind != Claim {
			item.Kind = Kind(a.Kind)
		}
		o.match(&item, a)
	}
	item.Claim = o.claim(&item, fact.Field, fact.Value)
	item.Claim.Proof = proof
	return item
}

// sighting makes an item one of what a partner saw. Where it was not seen here,
// nothing says that it was the same intruder.
func (o *observation) sighting(item *Item, fact *Fact) {
	code := strings.ToUpper(fact.Country)
	item.Kind, item.Value, item.Spoof = Victimology, "sighted_in="+code, costlySpoof
	item.Dependency = "partner " + code + " " + fact.Source
	item.Claim = sentence("item.sighting", message("field", "field."+fact.Field), text("value", fact.Value), country("country", code), text("source", fact.Source))
	item.Claim.Time = item.ObservedAt
	if !o.met[factKey(fact.Field, fact.Value)] {
		item.Claim.Message = "item.sighting_elsewhere"
		item.Credibility = lessCredible(item.Credibility, improbable)
	}
}

// improbable is the credibility of what hardly belongs to this intrusion.
const improbable = 5

func factKey(field, value string) string { return field + "\x00" + strings.ToLower(value) }

// expect notes what partners saw, and what of it others give as seen here.
func (o *observation) expect(facts []Fact) {
	o.met = map[string]bool{}
	for n := range facts {
		if facts[n].Kind == factSighting {
			o.met[factKey(facts[n].Field, facts[n].Value)] = false
		}
	}
	for n := range facts {
		if facts[n].Kind != factSighting {
			o.meet(facts[n].Field, facts[n].Value)
		}
	}
}

// meet notes that something was seen here, if a partner saw it too.
func (o *observation) meet(field, value string) {
	if len(o.met) == 0 {
		return
	}
	if key := factKey(field, value); len(value) <= maxFactText {
		if _, expected := o.met[key]; expected {
			o.met[key] = true
		}
	}
}

// refer fills in phase and time of what a fact refers to, and returns the
// findings that show it.
func (o *observation) refer(item *Item, to string) []int64 {
	var example int64
	if n, ok := strings.CutPrefix(to, "finding="); ok {
		fmt.Sscan(n, &example)
	}
	for _, i := range o.in.Incidents {
		for n := range i.Entities {
			use := &i.Entities[n]
			if use.Kind == entity.File && example == 0 && slices.ContainsFunc(use.Aliases, func(alias string) bool { return strings.EqualFold(alias, to) }) {
				example = use.Example
			}
		}
	}
	if example == 0 {
		return nil
	}
	f := o.fetch(example)
	if f == nil {
		return nil
	}
	item.Phase = cmp.Or(item.Phase, findingPhase(f))
	if item.ObservedAt.IsZero() {
		item.ObservedAt = f.Time
	}
	return []int64{example}
}

// software is the id of software by any of its names, or the name.
func (o *observation) software(name string) string {
	for _, s := range o.in.Base.Software {
		if strings.EqualFold(s.ID, name) || strings.EqualFold(s.Name, name) || slices.ContainsFunc(s.Aliases, func(alias string) bool { return strings.EqualFold(alias, name) }) {
			return s.ID
		}
	}
	return name
}
