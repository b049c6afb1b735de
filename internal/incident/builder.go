package incident

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/incident/entity"
)

// Options say how much a Builder keeps, and what it is told of the evidence.
type Options struct {
	// MaxGroups bounds the groups of like findings that are kept apart; 0
	// means 24,576. Past it findings are kept by rule and host only.
	MaxGroups int
	// MaxVariants bounds the groups of one rule on one host; 0 means 64.
	MaxVariants int
	// Logs are what the evidence has records of (Coverage.Logs), for saying
	// what is missing. Without any, nothing is said of logs.
	Logs []Log
}

const (
	defaultMaxGroups   = 24_576
	defaultMaxVariants = 64
	// Entities, what findings are joined by, and its uses by groups, each for
	// so many groups on the average. Past that, only what is known is counted.
	entitiesPerGroup, featuresPerGroup, nodesPerGroup = 6, 8, 16
)

// A Builder joins findings into incidents as they come. It is for one
// goroutine.
//
// Findings are expected in order of time. Findings of equal time may come in
// any order: incidents have the same findings, names and scores, and of several
// joins another may be the one that is told. A finding that comes late is taken
// all the same; what it could have joined by being near in time may then have
// been judged a little differently. A finding never parts what is joined: it
// adds to an incident, begins one, or merges some. See docs/incidents.md.
type Builder struct {
	context *entity.Context
	options Options
	covered map[hostKind]logSpan

	rules    map[string]*ruleNote
	entities entityTable
	features featureTable
	groups   []*group
	open     map[digest]int32 // the latest group of each key
	series   map[seriesKey]*series

	sequence int64
	descents descents
	touched  []int32             // scratch of link
	built    map[int32]*Incident // by the group that stands for it
	named    map[string]int32    // the same, by name
}

// New returns an empty Builder. The context must be finished; the Builder does
// not change it.
func New(context *entity.Context, options Options) *Builder {
	if options.MaxGroups <= 0 {
		options.MaxGroups = defaultMaxGroups
	}
	if options.MaxVariants <= 0 {
		options.MaxVariants = defaultMaxVariants
	}
	return &Builder{
		context: context, options: options, covered: covered(context, options.Logs),
		rules: map[string]*ruleNote{}, open: map[digest]int32{}, series: map[seriesKey]*series{},
		entities: entityTable{context: context, byKey: map[entity.Key]int32{}},
		features: featureTable{byKey: map[string]int32{}}, descents: descents{},
		built: map[int32]*Incident{}, named: map[string]int32{},
	}
}

// Add takes one finding. Its number is that in the case's ledger: it must not
// have been added before, and grows with what the case learns later.
func (b *Builder) Add(number int64, f *detect.Finding) error {
	switch {
	case f == nil || f.Rule == nil:
		return fmt.Errorf("finding %d: %w", number, errNoRule)
	case number < 0:
		return fmt.Errorf("finding %d: %w", number, errNumber)
	}
	b.sequence++
	note := b.noteOf(f.Rule)
	in := involve(b.context, b.descents, f, note.key)
	series := b.seriesOf(note, in.host, f.Time)
	index := b.groupOf(note, series, in, f.Time)
	b.record(index, brakeOf(series, b.seriesOf(note, "", f.Time)), number, f, in)
	b.link(index, in, f.Time, number)
	delete(b.built, b.root(index))
	return nil
}

var (
	errNoRule = errors.New("it names no rule")
	errNumber = errors.New("numbers are not negative")
)

// Incidents returns all incidents, the most important first. They are shared:
// callers must not change them.
func (b *Builder) Incidents() []*Incident {
	components := b.components()
	incidents := make([]*Incident, 0, len(components))
	for root, members := range components {
		if b.built[root] == nil {
			b.built[root] = b.assemble(root, members)
		}
		incidents = append(incidents, b.built[root])
	}
	b.name(incidents)
	clear(b.named)
	for root, i := range b.built {
		b.named[i.ID] = root
	}
	incidents = b.relate(incidents)
	slices.SortFunc(incidents, Compare)
	return incidents
}

// Members yields the numbers of the findings of an incident that the last call
// of Incidents named, in ascending order; none of one that has changed since.
func (b *Builder) Members(id string) iter.Seq[int64] {
	return func(yield func(int64) bool) {
		root, ok := b.named[id]
		if !ok || b.built[root] == nil {
			return
		}
		for _, number := range b.numbersOf(root) {
			if !yield(number) {
				return
			}
		}
	}
}

func (b *Builder) numbersOf(root int32) []int64 {
	var numbers []int64
	for _, index := range b.members(root) {
		numbers = b.groups[index].numbers.appendTo(numbers)
	}
	slices.Sort(numbers)
	return numbers
}

// root returns the group that stands for a group's incident.
func (b *Builder) root(index int32) int32 {
	for b.groups[index].parent != index {
		b.groups[index].parent = b.groups[b.groups[index].parent].parent
		index = b.groups[index].parent
	}
	return index
}

// unite merges the incidents of two groups, and keeps why.
func (b *Builder) unite(one, other int32, why join) {
	one, other = b.root(one), b.root(other)
	delete(b.built, one)
	delete(b.built, other)
	into, from := b.groups[one], b.groups[other]
	if into.size < from.size {
		one, into, from = other, from, into
	}
	from.parent = one
	into.size += from.size
	into.next, from.next = from.next, into.next // two rings become one
	into.anchor = minAnchor(into.anchor, from.anchor)
	into.joins = append(into.joins, why)
	into.joins = append(into.joins, from.joins...)
	from.joins = nil
}

// members are the groups of an incident, in order of time.
func (b *Builder) members(root int32) []int32 {
	members := []int32{root}
	for index := b.groups[root].next; index != root; index = b.groups[index].next {
		members = append(members, index)
	}
	slices.SortFunc(members, func(x, y int32) int { return compareGroups(b.groups[x], b.groups[y]) })
	return members
}

func (b *Builder) components() map[int32][]int32 {
	components := map[int32][]int32{}
	for index := range b.groups {
		root := b.root(int32(index))
		if _, ok := components[root]; !ok {
			components[root] = b.members(root)
		}
	}
	return components
}

// apart is how long a rule must be silent on the same entities until its next
// finding begins a new group: nights in a row are one group, two visits within
// a month are two.
const apart = 50 * time.Hour
