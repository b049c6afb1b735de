package incident

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/incident/entity"
)

// A group is findings of one rule on the same entities, without a long pause:
// a million of them are kept as one, with all their numbers.
type group struct {
	rule        *ruleNote
	host        int32 // entity of the log's host; none without one
	first, last time.Time
	count       int64
	numbers     numbers
	uses        []use // by entity and role
	links       []int32
	example     deed // the earliest finding
	latest      deed
	log         string // the log it stands in
	brake       float64
	sequence    int64 // of the latest finding

	// Union of groups into incidents.
	parent, next int32
	size         int32
	anchor       anchor
	joins        []join
}

// A use is an entity's part in a group.
type use struct {
	entity      int32
	role        entity.Role
	count       int64
	first, last time.Time
	example     int64
}

// A ruleNote is what is kept of a rule.
type ruleNote struct {
	*detect.Rule
	key string
}

// series are all groups of one rule on one host, for telling habit from event.
type series struct {
	days     int // days with findings, before lastDay
	lastDay  int64
	variants int
}

type seriesKey struct {
	rule *ruleNote
	host int32
}

const none = int32(-1)

// An anchor names an incident: its finding with the lowest number, which later
// evidence does not change.
type anchor struct {
	number int64
	digest [32]byte
}

func minAnchor(a, b anchor) anchor {
	if b.number < a.number {
		return b
	}
	return a
}

// noteOf returns what is kept of a rule: one value for all its findings, also
// where they come from a store that gives each its own.
func (b *Builder) noteOf(rule *detect.Rule) *ruleNote {
	key := rule.ID + "\x00" + rule.Title
	note := b.rules[key]
	if note == nil {
		note = &ruleNote{Rule: rule, key: key}
		b.rules[key] = note
	}
	return note
}

// groupOf returns the group a finding belongs to, and makes it where there is
// none.
func (b *Builder) groupOf(f *detect.Finding, in *involvement) int32 {
	note := b.noteOf(f.Rule)
	s := b.seriesOf(note, in.host, f.Time)
	key := groupKey(note, in)
	index, ok := b.open[key]
	if !ok && (s.variants >= b.options.MaxVariants || len(b.groups) >= b.options.MaxGroups) {
		key = seriesText(note, in.host)
		index, ok = b.open[key]
	}
	if ok && !b.paused(b.groups[index], f.Time) {
		return index
	}
	if ok && len(b.groups) >= 2*b.options.MaxGroups {
		return index
	}
	s.variants++
	return b.newGroup(key, note, in.host)
}

func (b *Builder) paused(g *group, t time.Time) bool {
	return !t.IsZero() && !g.last.IsZero() && t.Sub(g.last) > apart
}

func (b *Builder) newGroup(key string, note *ruleNote, host int32) int32 {
	index := int32(len(b.groups))
	b.groups = append(b.groups, &group{rule: note, host: host, parent: index, next: index, size: 1, brake: 1})
	b.open[key] = index
	return index
}

// seriesOf counts the days on which a rule found something on a host.
func (b *Builder) seriesOf(note *ruleNote, host int32, t time.Time) *series {
	key := seriesKey{note, host}
	s := b.series[key]
	if s == nil {
		s = &series{}
		b.series[key] = s
	}
	if day := t.Unix() / 86_400; !t.IsZero() && day > s.lastDay {
		if s.lastDay != 0 {
			s.days++
		}
		s.lastDay = day
	}
	return s
}

func seriesText(note *ruleNote, host int32) string {
	return note.key + "\x00" + string(binary.AppendVarint(nil, int64(host)))
}

// groupKey names what makes findings alike: the rule and the entities that
// last. Processes and sessions come and go, and are left out.
func groupKey(note *ruleNote, in *involvement) string {
	key := []byte(note.key + "\x00")
	for _, u := range in.uses {
		if u.lasting {
			key = binary.AppendVarint(key, int64(u.entity))
			key = append(key, u.role...)
			key = append(key, 0)
		}
	}
	return string(key)
}

// record adds a finding to its group.
func (b *Builder) record(index int32, number int64, f *detect.Finding, in *involvement) {
	g := b.groups[index]
	at := anchor{number, digestOf(f)}
	if root := b.groups[b.root(index)]; root.count == 0 {
		root.anchor = at
	} else {
		root.anchor = minAnchor(root.anchor, at)
	}
	g.extend(f.Time)
	if g.count == 0 || compareDeeds(&in.deed, number, &g.example) < 0 {
		g.example = in.deed
		g.example.number = number
	}
	if g.count == 0 || compareDeeds(&in.deed, number, &g.latest) > 0 {
		g.latest = in.deed
		g.latest.number = number
	}
	g.count++
	g.numbers.add(number)
	g.log = cmp.Or(g.log, in.log)
	g.brake = brakeOf(b.series[seriesKey{g.rule, in.host}])
	for i := range in.uses {
		g.use(&in.uses[i], f.Time, number)
	}
}

// brakeOf slows the joining by nearness alone of what happens every day.
func brakeOf(s *series) float64 { return 1 / (1 + float64(s.days)/7) }

func (g *group) extend(t time.Time) {
	if t.IsZero() {
		return
	}
	if g.first.IsZero() || t.Before(g.first) {
		g.first = t
	}
	if t.After(g.last) {
		g.last = t
	}
}

// maxUses bounds the entities of a group; past it, only those it has are
// counted.
const maxUses = 48

func (g *group) use(in *involved, t time.Time, number int64) {
	at, found := slices.BinarySearchFunc(g.uses, in, func(u use, in *involved) int {
		return cmp.Or(cmp.Compare(u.entity, in.entity), strings.Compare(string(u.role), string(in.role)))
	})
	if !found {
		if len(g.uses) >= maxUses {
			return
		}
		g.uses = slices.Insert(g.uses, at, use{entity: in.entity, role: in.role, example: number, first: t, last: t})
	}
	u := &g.uses[at]
	u.count++
	if number < u.example {
		u.example = number
	}
	if !t.IsZero() && (u.first.IsZero() || t.Before(u.first)) {
		u.first = t
	}
	if t.After(u.last) {
		u.last = t
	}
}

// compareGroups is the order of groups in an incident: by time, then by rule
// and number.
func compareGroups(a, b *group) int {
	return cmp.Or(a.first.Compare(b.first), strings.Compare(a.rule.key, b.rule.key), cmp.Compare(a.example.number, b.example.number))
}

// numbers are finding numbers, each as the difference to the one before.
type numbers struct {
	deltas []byte
	last   int64
}

func (n *numbers) add(number int64) {
	n.deltas = binary.AppendVarint(n.deltas, number-n.last)
	n.last = number
}

func (n *numbers) appendTo(dst []int64) []int64 {
	last := int64(0)
	for rest := n.deltas; len(rest) > 0; {
		delta, size := binary.Varint(rest)
		last += delta
		dst = append(dst, last)
		rest = rest[size:]
	}
	return dst
}
