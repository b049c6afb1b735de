package incident

import (
	"cmp"
	"crypto/sha256"
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
	fleeting    int   // how many of them are processes and sessions
	links       []int32
	example     deed  // the earliest finding
	latest      int64 // the number of the latest
	log         string
	brake       float64
	sequence    int64 // of the latest finding
	looked      int64 // the sequence of the last finding that looked at it

	// Union of groups into incidents.
	parent, next int32
	size         int32
	anchor       anchor
	joins        []join
}

// A use is an entity's part in a group.
type use struct {
	entity      int32
	role        uint8 // index in roles
	count       int64
	first, last moment
	example     int64
}

// roles are the roles of entities.
var roles = []entity.Role{entity.At, entity.Actor, entity.Parent, entity.Target, entity.Source, entity.Named}

// A moment is a time in nanoseconds since 1970; zero is none.
type moment int64

func momentOf(t time.Time) moment {
	switch {
	case t.IsZero():
		return 0
	case t.Year() < firstYear:
		t = time.Date(firstYear, 1, 1, 0, 0, 0, 0, time.UTC)
	case t.Year() > lastYear:
		t = time.Date(lastYear, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return moment(t.UnixNano())
}

// Times outside these years, which only broken clocks and crafted records
// have, are as if at their ends, so that no difference of two overflows.
const firstYear, lastYear = 1950, 2200

func (m moment) time() time.Time {
	if m == 0 {
		return time.Time{}
	}
	return time.Unix(0, int64(m)).UTC()
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
	host entity.Key
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
// none. Past the bounds the finding counts with all others of its rule and
// host, and past those, of its rule.
func (b *Builder) groupOf(note *ruleNote, s *series, in *involvement, t time.Time) int32 {
	key := groupKey(note, in)
	index, ok := b.open[key]
	full := len(b.groups) >= b.options.MaxGroups
	if !ok && (full || s.variants >= b.options.MaxVariants) {
		key = wholeKey(note, in.host)
		if index, ok = b.open[key]; !ok && len(b.groups) >= b.options.MaxGroups*3/2 {
			key = wholeKey(note, "")
			index, ok = b.open[key]
		}
	}
	if ok && (full || !b.groups[index].paused(t)) {
		return index
	}
	s.variants++
	return b.newGroup(key, note, in)
}

func (g *group) paused(t time.Time) bool {
	return !t.IsZero() && !g.last.IsZero() && t.Sub(g.last) > apart
}

func (b *Builder) newGroup(key digest, note *ruleNote, in *involvement) int32 {
	index := int32(len(b.groups))
	host := none
	for i := range in.cast {
		if e := in.cast[i].entity; e.Key == in.host && in.host != "" {
			host = b.entities.add(e)
			break
		}
	}
	b.groups = append(b.groups, &group{rule: note, host: host, parent: index, next: index, size: 1, brake: 1})
	b.open[key] = index
	return index
}

// seriesOf counts the days on which a rule found something on a host. Past the
// bound, hosts are not told apart.
func (b *Builder) seriesOf(note *ruleNote, host entity.Key, t time.Time) *series {
	key := seriesKey{note, host}
	s := b.series[key]
	if s == nil && len(b.series) >= 2*b.options.MaxGroups {
		key.host = ""
		s = b.series[key]
	}
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

// A digest stands for what makes findings alike.
type digest [16]byte

func digestText(text []byte) digest {
	sum := sha256.Sum256(text)
	return digest(sum[:16])
}

func wholeKey(note *ruleNote, host entity.Key) digest {
	return digestText([]byte("all\x00" + note.key + "\x00" + string(host)))
}

// groupKey names what makes findings alike: the rule and the entities that
// last. Processes and sessions come and go, and are left out.
func groupKey(note *ruleNote, in *involvement) digest {
	var lasting []string
	for i := range in.cast {
		if m := &in.cast[i]; !isFleeting(m.entity.Kind) {
			lasting = append(lasting, string(m.role)+"\x00"+string(m.entity.Key))
		}
	}
	slices.Sort(lasting)
	return digestText([]byte("one\x00" + note.key + "\x00" + strings.Join(lasting, "\x00")))
}

func isFleeting(kind entity.Kind) bool { return kind == entity.Process || kind == entity.Session }

// record adds a finding to its group.
func (b *Builder) record(index int32, brake float64, number int64, f *detect.Finding, in *involvement) {
	g := b.groups[index]
	at := anchor{number, digestOf(f)}
	if root := b.groups[b.root(index)]; root.count == 0 {
		root.anchor = at
	} else {
		root.anchor = minAnchor(root.anchor, at)
	}
	if in.deed.number = number; g.count == 0 || compareDeeds(&in.deed, &g.example) < 0 {
		g.example = in.deed
	}
	if g.count == 0 || !f.Time.Before(g.last) {
		g.latest = number
	}
	g.first, g.last = widened(g.first, g.last, f.Time, f.Time)
	g.count++
	g.numbers.add(number)
	g.log = cmp.Or(g.log, in.log)
	g.brake = brake
	for i := range in.cast {
		b.use(g, &in.cast[i], momentOf(f.Time), number)
	}
}

// brakeOf slows the joining by nearness alone of what happens every day, on
// this host or on any.
func brakeOf(here, anywhere *series) float64 {
	return 1 / (1 + max(float64(here.days)/7, float64(anywhere.days)/14))
}

// maxUses bounds the entities of a group, and maxFleeting the processes and
// sessions among them; past that, only those it has are counted.
const (
	maxUses     = 40
	maxFleeting = 12
)

func (b *Builder) use(g *group, m *member, t moment, number int64) {
	entity, known := b.entities.byKey[m.entity.Key]
	role := uint8(max(slices.Index(roles, m.role), 0))
	at := len(g.uses)
	found := false
	if known {
		at, found = slices.BinarySearchFunc(g.uses, use{entity: entity, role: role}, compareUses)
	}
	if !found {
		fleeting := isFleeting(m.entity.Kind)
		if len(g.uses) >= maxUses || fleeting && g.fleeting >= maxFleeting || !known && len(b.entities.all) >= entitiesPerGroup*b.options.MaxGroups {
			return
		}
		if fleeting {
			g.fleeting++
		}
		u := use{entity: b.entities.add(m.entity), role: role, example: number, first: t, last: t}
		at, _ = slices.BinarySearchFunc(g.uses, u, compareUses)
		g.uses = slices.Insert(g.uses, at, u)
	}
	u := &g.uses[at]
	u.count++
	u.example = min(u.example, number)
	u.first, u.last = widenedMoments(u.first, u.last, t)
}

func compareUses(a, b use) int {
	return cmp.Or(cmp.Compare(a.entity, b.entity), cmp.Compare(a.role, b.role))
}

func widenedMoments(first, last, t moment) (moment, moment) {
	if t == 0 {
		return first, last
	}
	if first == 0 || t < first {
		first = t
	}
	return first, max(last, t)
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
