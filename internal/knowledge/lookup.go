package knowledge

import (
	"slices"
	"strings"
)

// Current is what a technique is called now: "T1685" for "T1562.001". It goes
// through the names of several versions, however they follow each other.
func (b *Base) Current(technique string) string {
	// A map that leads in a circle, from a hostile file, ends the search.
	for range len(b.Renamed) {
		to, ok := b.Renamed[technique]
		if !ok {
			break
		}
		technique = to
	}
	return technique
}

// Technique finds a technique by its id of any version; nil if it is not known.
func (b *Base) Technique(id string) *Technique {
	return find(b.Techniques, b.Current(id), techniqueKey)
}

// Actor finds an actor by id; nil if it is not known.
func (b *Base) Actor(id string) *Actor { return find(b.Actors, id, actorKey) }

// Tool finds software by id; nil if it is not known.
func (b *Base) Tool(id string) *Software { return find(b.Software, id, softwareKey) }

// Artefact finds an artefact by id; nil if it is not known.
func (b *Base) Artefact(id string) *Artefact { return find(b.Artefacts, id, artefactKey) }

// Campaign finds a campaign by id; nil if it is not known.
func (b *Base) Campaign(id string) *Campaign { return find(b.Campaigns, id, campaignKey) }

// TechniqueName is the name of a technique, of any version; the id itself if
// the base has no name for it.
func (b *Base) TechniqueName(id string) string {
	if t := b.Technique(id); t != nil {
		return t.Name
	}
	return id
}

// Mitigations are what to do against a technique, most important first: its
// own, or those of the technique that it is a part of.
func (b *Base) Mitigations(technique string) []Mitigation {
	id := b.Current(technique)
	if t := b.Technique(id); t != nil && len(t.Mitigations) > 0 {
		return t.Mitigations
	}
	if whole, _, ok := strings.Cut(id, "."); ok {
		if t := b.Technique(whole); t != nil {
			return t.Mitigations
		}
	}
	return nil
}

// find looks an id up in a list that is ordered by it.
func find[T any](list []*T, id string, key func(*T) string) *T {
	at, ok := slices.BinarySearchFunc(list, id, func(entry *T, id string) int { return strings.Compare(key(entry), id) })
	if !ok {
		return nil
	}
	return list[at]
}
