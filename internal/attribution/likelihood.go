package attribution

import (
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/kulla-defence/kulla/internal/attribution/ranking"
	"github.com/kulla-defence/kulla/internal/knowledge"
)

// A knownBase answers what the base says of an item.
type knownBase struct {
	*knowledge.Base
	actors    []actor
	position  map[string]int // of actors, by id
	artefacts map[string]*knowledge.Artefact
	// features, countries, sectors and names list actors by position.
	features, countries, sectors, names map[string][]int
	// members lists the actors of each group, service and state, ids their ids
	// by kind, in order.
	members map[string][]int
	ids     map[string][]string
	// techniques holds what each technique and software adds to each actor.
	techniques map[string][]float64
}

func newKnownBase(base *knowledge.Base) *knownBase {
	k := &knownBase{Base: base, actors: actorsOf(base), position: map[string]int{}, artefacts: map[string]*knowledge.Artefact{},
		features: map[string][]int{}, countries: map[string][]int{}, sectors: map[string][]int{}, names: map[string][]int{},
		members: map[string][]int{}, ids: map[string][]string{}}
	for i := range k.actors {
		k.position[k.actors[i].ID] = i
		for _, id := range []string{"group:" + k.actors[i].ID, k.actors[i].service, k.actors[i].state} {
			if id != "" {
				k.members[id] = append(k.members[id], i)
			}
		}
		for _, f := range k.actors[i].Features {
			k.features[k.current(f.ID)] = addOnce(k.features[k.current(f.ID)], i)
		}
		for _, v := range k.actors[i].Victims {
			k.countries[strings.ToUpper(v.Country)] = addOnce(k.countries[strings.ToUpper(v.Country)], i)
			k.sectors[strings.ToLower(v.Sector)] = addOnce(k.sectors[strings.ToLower(v.Sector)], i)
		}
		for _, name := range append([]string{k.actors[i].ID, k.actors[i].Name}, k.actors[i].Aliases...) {
			k.names[strings.ToLower(name)] = addOnce(k.names[strings.ToLower(name)], i)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(k.members)) {
		kind, _, _ := strings.Cut(id, ":")
		k.ids[kind] = append(k.ids[kind], id)
	}
	for _, a := range base.Artefacts {
		k.artefacts[a.ID] = a
	}
	delete(k.countries, "")
	delete(k.sectors, "")
	return k
}

// addOnce adds to a list that grows in order.
func addOnce(list []int, i int) []int {
	if len(list) > 0 && list[len(list)-1] == i {
		return list
	}
	return append(list, i)
}

// current is an id of a technique as it is now.
func (k *knownBase) current(id string) string {
	for range 8 {
		next, ok := k.Renamed[id]
		if !ok || next == id {
			break
		}
		id = next
	}
	return id
}

// suspects are the actors that an artefact points at: those seen with it, or
// else those known to have the software that it is of.
func (k *knownBase) suspects(a *knowledge.Artefact) []int {
	var found []int
	for _, id := range a.Actors {
		if i, ok := k.position[id]; ok {
			found = append(found, i)
		}
	}
	if len(a.Actors) == 0 {
		for _, id := range a.Software {
			found = append(found, k.features[k.current(id)]...)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// pointsAt returns the actors that an item points at, and how many others are
// known to have the same.
func (k *knownBase) pointsAt(item *Item) (suspects []int, others int) {
	if a := k.artefacts[item.Artefact]; a != nil {
		return k.suspects(a), max(a.Shared, 0)
	}
	field, value, _ := strings.Cut(item.Value, "=")
	switch {
	case item.Kind == Technique:
		return k.features[k.current(item.Value)], 0
	case item.Kind == Victimology && (field == "country" || field == "sighted_in"):
		return k.countries[value], 0
	case item.Kind == Victimology && field == "sector":
		return k.sectors[value], 0
	case item.Kind == Malware && field == "code_overlap":
		return k.features[k.current(value)], 0
	case item.Kind == Claim:
		return k.names[strings.ToLower(item.Value)], 0
	case item.Kind == Habit && field == "working_hours":
		return k.atWork(value), 0
	}
	return nil, 0
}

// rarity is the inverse frequency over actors, in nats, of what some of them
// and others besides have.
func (k *knownBase) rarity(suspects, others int) float64 {
	if suspects == 0 {
		return 0
	}
	return max(0, math.Log(float64(len(k.actors)+1)/(float64(suspects+others)+.5)))
}

// nats is what an item adds to each actor, against one that nobody knows:
// rarity of what it shares with it, held by the bound of its kind and by how
// far it is trusted. Nil when it says nothing.
func (k *knownBase) nats(item *Item) []micronats {
	bound := bounds[item.Kind]
	if bound.each == 0 {
		return nil
	}
	if item.Kind == Technique {
		return k.contribution(item, k.current(item.Value))
	}
	suspects, others := k.pointsAt(item)
	weight := min(toMicronats(k.rarity(len(suspects), others)*k.freshness(item)), bound.each)
	if ownVictim(item) {
		weight = min(weight, ownVictimBound)
	}
	weight = toMicronats(weight.nats() * trusted(item))
	if weight == 0 {
		return nil
	}
	by := make([]micronats, len(k.actors))
	for _, i := range suspects {
		by[i] = weight
	}
	return by
}

func trusted(item *Item) float64 {
	return reliabilityWeight(item.Reliability) * credibilityWeight(item.Credibility)
}

// freshness is what time and company have left of infrastructure.
func (k *knownBase) freshness(item *Item) float64 {
	a := k.artefacts[item.Artefact]
	if a == nil || item.Kind != Infrastructure {
		return 1
	}
	return decay(item.ObservedAt, a.SeenFirst, a.SeenLast) / float64(1+max(a.Shared, 0))
}

// ownVictim is whether an item only says who was attacked here, which many may
// have wanted; that a partner saw the same is another thing.
func ownVictim(item *Item) bool {
	return item.Kind == Victimology && (strings.HasPrefix(item.Value, "country=") || strings.HasPrefix(item.Value, "sector="))
}

// contribution is what the comparison with profiles says of one technique. The
// bounds are applied to all techniques together: model.limit.
func (k *knownBase) contribution(item *Item, id string) []micronats {
	parts := k.techniques[id]
	if parts == nil {
		return nil
	}
	by := make([]micronats, len(k.actors))
	for i, part := range parts {
		by[i] = toMicronats(part * trusted(item))
	}
	return by
}

// compare fills in what the techniques seen say of each actor.
func (k *knownBase) compare(items []Item, ranker Ranker) {
	var seen []string
	for i := range items {
		if items[i].Kind == Technique {
			seen = append(seen, k.current(items[i].Value))
		}
	}
	slices.Sort(seen)
	seen = slices.Compact(seen)
	k.techniques = map[string][]float64{}
	if ranker == nil {
		for _, id := range seen {
			k.techniques[id] = k.plainContributions(id)
		}
		return
	}
	k.take(ranker.Rank(seen))
}

// take reads a ranking's parts.
func (k *knownBase) take(ranked ranking.Ranking) {
	for _, score := range ranked.Actors {
		i, ok := k.position[score.Actor]
		if !ok {
			continue
		}
		for _, part := range score.Contributions {
			if k.techniques[part.Feature] == nil {
				k.techniques[part.Feature] = make([]float64, len(k.actors))
			}
			k.techniques[part.Feature][i] = part.Nats
		}
	}
}

// Parameters of the plain comparison: how often an actor shows a technique it
// is known for, and how many features make half of a profile's weight.
const (
	shown         = .5
	halfOfProfile = 20
)

// plainContributions compares one technique with the profiles as naive Bayes
// does: small profiles are drawn to the background, and no frequency is zero.
func (k *knownBase) plainContributions(id string) []float64 {
	having := k.features[id]
	background := (float64(len(having)) + .5) / float64(len(k.actors)+1)
	parts := make([]float64, len(k.actors))
	for i := range k.actors {
		size := float64(len(k.actors[i].Features))
		known := size / (size + halfOfProfile)
		p := (1 - known) * background
		if _, found := slices.BinarySearch(having, i); found {
			p += known * max(shown, background)
		} else {
			p += known * background * .5
		}
		parts[i] = math.Log(p / background)
	}
	return parts
}
