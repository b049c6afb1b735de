package attribution

import (
	"cmp"
	"fmt"
	"slices"
)

// A model is items as weights for each actor, in an order of its own.
type model struct {
	known       *knownBase
	temperature float64
	items       []weighed
	groups      [][]int // items by dependency group
	claimed     []bool  // actors that a claim names
}

// A weighed item has its place in the list of items and what it says alone.
type weighed struct {
	*Item
	by        []micronats // for each actor; nil when it says nothing
	plantable bool
}

// hottest is a temperature at which evidence says nothing.
const hottest = 1e6

// newModel weighs items, and writes their rarity into them. Items are put in
// order of what they say, so that the order they came in does not matter.
func newModel(known *knownBase, items []Item, options Options) *model {
	m := &model{known: known, temperature: options.Temperature, claimed: make([]bool, len(known.actors))}
	if !(m.temperature > 0) {
		m.temperature = 1
	}
	m.temperature = min(m.temperature, hottest)
	inOrder(items)
	known.compare(items, options.Ranker)
	group := map[string]int{}
	for i := range items {
		item := &items[i]
		suspects, others := known.pointsAt(item)
		item.Rarity = known.rarity(len(suspects), others)
		item.Spoof = min(max(item.Spoof, 0), costlySpoof)
		if item.Kind == Tool {
			item.Spoof = min(item.Spoof, cheapSpoof) // anybody can have it, whoever signed it
		}
		w := weighed{Item: item, by: known.nats(item)}
		w.plantable = w.by != nil && item.Kind != Technique && item.Kind != Tool && item.Spoof <= cheapSpoof
		m.items = append(m.items, w)
		if item.Kind == Claim {
			for _, s := range suspects {
				m.claimed[s] = true
			}
		}
		g, ok := group[item.Dependency]
		if !ok || item.Dependency == "" {
			g = len(m.groups)
			m.groups = append(m.groups, nil)
			group[item.Dependency] = g
		}
		m.groups[g] = append(m.groups[g], i)
	}
	return m
}

// inOrder sorts items by what they are, heaviest kinds first.
func inOrder(items []Item) {
	type keyed struct {
		rank int
		key  string
		item Item
	}
	sorted := make([]keyed, len(items))
	for i, item := range items {
		item.ID, item.Weights, item.Rarity, item.Contradicts = "", nil, 0, false
		sorted[i] = keyed{slices.Index(kinds, item.Kind), fmt.Sprintf("%s\x00%s\x00%+v", item.Value, item.Phase, item), item}
	}
	slices.SortFunc(sorted, func(a, b keyed) int { return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.key, b.key)) })
	for i := range sorted {
		items[i] = sorted[i].item
	}
}

// A choice says which items count.
type choice func(i int) bool

func all(int) bool { return true }

// without leaves items out of a choice.
func (c choice) without(left ...int) choice {
	return func(i int) bool { return c(i) && !slices.Contains(left, i) }
}

// Sums are what chosen items say together.
type sums struct {
	// by holds for each item what it adds to each actor after dependencies and
	// bounds; nil for items that say nothing or were not chosen.
	by [][]micronats
	// total is their sum for each actor, planted that of what may have been
	// planted, traces how many items that is; costly is that of what is costly
	// to fake.
	total, planted, costly []micronats
	traces                 []int
}

// repeated is the part that a further item of one dependency group counts for:
// 1/4.
const repeated = 4

// sum adds up the chosen items. Within a dependency group only the strongest
// counts in full for an actor.
func (m *model) sum(chosen choice) sums {
	actors := len(m.known.actors)
	s := sums{by: make([][]micronats, len(m.items)), total: make([]micronats, actors), planted: make([]micronats, actors),
		costly: make([]micronats, actors), traces: make([]int, actors)}
	for _, group := range m.groups {
		m.dampen(group, chosen, s.by)
	}
	m.limit(s.by)
	for i, by := range s.by {
		for h, weight := range by {
			s.total[h] += weight
			if m.items[i].plantable && weight > 0 {
				s.planted[h] += weight
				s.traces[h]++
			}
			if m.items[i].Spoof >= costlySpoof {
				s.costly[h] += weight
			}
		}
	}
	return s
}

// dampen gives each chosen item of a group its weight beside the others.
func (m *model) dampen(group []int, chosen choice, into [][]micronats) {
	var members []int
	for _, i := range group {
		if m.items[i].by != nil && chosen(i) {
			members = append(members, i)
			into[i] = slices.Clone(m.items[i].by)
		}
	}
	if len(members) < 2 {
		return
	}
	for h := range m.known.actors {
		strongest := members[0]
		for _, i := range members[1:] {
			if magnitude(into[i][h]) > magnitude(into[strongest][h]) {
				strongest = i
			}
		}
		for _, i := range members {
			if i != strongest {
				into[i][h] /= repeated
			}
		}
	}
}

func magnitude(m micronats) micronats { return max(m, -m) }

// limit scales the weights of each kind down to what the kind may weigh.
func (m *model) limit(by [][]micronats) {
	sums := map[Kind][]micronats{}
	for i := range by {
		if by[i] == nil {
			continue
		}
		sum := sums[m.items[i].Kind]
		if sum == nil {
			sum = make([]micronats, len(m.known.actors))
			sums[m.items[i].Kind] = sum
		}
		for h, weight := range by[i] {
			sum[h] += weight
		}
	}
	for kind, sum := range sums {
		if bounds[kind].shared {
			share(sum)
		}
	}
	for i := range by {
		if by[i] != nil {
			bound := bounds[m.items[i].Kind]
			scale(by[i], sums[m.items[i].Kind], bound.all)
			cut(by[i], bound.each)
		}
	}
}

// share gives all actors the largest sum, so that all are scaled alike.
func share(sum []micronats) {
	var largest micronats
	for _, s := range sum {
		largest = max(largest, magnitude(s))
	}
	for h := range sum {
		sum[h] = largest
	}
}

func scale(by, sum []micronats, bound micronats) {
	for h := range by {
		if s := magnitude(sum[h]); s > bound {
			by[h] = by[h] * bound / s
		}
	}
}

func cut(by []micronats, bound micronats) {
	for h := range by {
		by[h] = min(max(by[h], -bound), bound)
	}
}
