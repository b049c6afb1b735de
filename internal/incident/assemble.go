package incident

import (
	"cmp"
	"crypto/sha256"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/internal/incident/entity"
)

// Bounds of what an incident lists; counts are of all.
const (
	maxEntities = 200
	maxExamples = 5
	maxJoins    = 40
)

// A component is the groups of one incident while it is put together.
type component struct {
	b       *Builder
	root    *group
	groups  []*group // in order of time
	indexes map[*group]int32
	hosts   []int32 // in order of their first finding
	first   time.Time
	last    time.Time
	count   int64
}

func (b *Builder) component(root int32, members []int32) *component {
	c := &component{b: b, root: b.groups[root], indexes: map[*group]int32{}}
	for _, index := range members {
		g := b.groups[index]
		c.groups = append(c.groups, g)
		c.indexes[g] = index
		c.count += g.count
		for _, host := range g.hosts(b) {
			if !slices.Contains(c.hosts, host) {
				c.hosts = append(c.hosts, host)
			}
		}
		if !g.first.IsZero() && (c.first.IsZero() || g.first.Before(c.first)) {
			c.first = g.first
		}
		if g.last.After(c.last) {
			c.last = g.last
		}
	}
	return c
}

// hosts are those where a group's events happened.
func (g *group) hosts(b *Builder) []int32 {
	var hosts []int32
	for i := range g.uses {
		if u := &g.uses[i]; roles[u.role] == entity.At && b.entities.all[u.entity].Kind == entity.Host {
			hosts = append(hosts, u.entity)
		}
	}
	if len(hosts) == 0 && g.host != none {
		hosts = append(hosts, g.host)
	}
	return hosts
}

// assemble tells all of an incident but its name.
func (b *Builder) assemble(root int32, members []int32) *Incident {
	c := b.component(root, members)
	i := &Incident{
		First: c.first, Last: c.last, FindingCount: c.count,
		Rules: c.rules(), Stages: c.stages(), Techniques: c.techniques(), Entities: c.entities(), Links: c.links(),
		Joins: c.joins(), anchor: c.root.anchor,
	}
	i.Score = c.score(i)
	i.Level = levelOf(i.Score.Total)
	i.Title = c.title(i)
	i.Story = c.story()
	i.Benign = c.benign()
	i.Missing = c.missing()
	return i
}

func (c *component) rules() []RuleUse {
	byKey := map[string]*RuleUse{}
	for _, g := range c.groups {
		u := byKey[g.rule.key]
		if u == nil {
			u = &RuleUse{ID: g.rule.ID, Title: g.rule.Title, Level: g.rule.Level.String(), First: g.first, Last: g.last, Example: g.example.number}
			byKey[g.rule.key] = u
		}
		u.Count += g.count
		u.First, u.Last = widened(u.First, u.Last, g.first, g.last)
	}
	rules := make([]RuleUse, 0, len(byKey))
	for _, u := range byKey {
		rules = append(rules, *u)
	}
	slices.SortFunc(rules, func(a, b RuleUse) int {
		return cmp.Or(a.First.Compare(b.First), strings.Compare(a.Title, b.Title), strings.Compare(a.ID, b.ID))
	})
	return rules
}

// widened widens a span of time; zero times do not count.
func widened(first, last, otherFirst, otherLast time.Time) (time.Time, time.Time) {
	if first.IsZero() || !otherFirst.IsZero() && otherFirst.Before(first) {
		first = otherFirst
	}
	if otherLast.After(last) {
		last = otherLast
	}
	return first, last
}

// tacticOrder is the order of ATT&CK's matrix.
var tacticOrder = []string{"reconnaissance", "resource-development", "initial-access", "execution", "persistence", "privilege-escalation",
	"defense-evasion", "stealth", "defense-impairment", "credential-access", "discovery", "lateral-movement", "collection",
	"command-and-control", "exfiltration", "impact"}

func tacticRank(tactic string) int {
	if at := slices.Index(tacticOrder, tactic); at >= 0 {
		return at
	}
	return len(tacticOrder)
}

func (c *component) stages() []Stage {
	byTactic := map[string]*Stage{}
	for _, g := range c.groups {
		for _, tactic := range g.rule.Tactics {
			s := byTactic[tactic]
			if s == nil {
				s = &Stage{Tactic: tactic, First: g.first, Last: g.last, Hosts: []string{}}
				byTactic[tactic] = s
			}
			s.Count += g.count
			s.First, s.Last = widened(s.First, s.Last, g.first, g.last)
			s.Findings = example(s.Findings, g.example.number)
			for _, host := range g.hosts(c.b) {
				if name := c.b.entities.all[host].Name; !slices.Contains(s.Hosts, name) {
					s.Hosts = append(s.Hosts, name)
				}
			}
		}
	}
	stages := make([]Stage, 0, len(byTactic))
	for _, s := range byTactic {
		stages = append(stages, *s)
	}
	slices.SortFunc(stages, func(a, b Stage) int {
		return cmp.Or(a.First.Compare(b.First), cmp.Compare(tacticRank(a.Tactic), tacticRank(b.Tactic)), strings.Compare(a.Tactic, b.Tactic))
	})
	return stages
}

func example(examples []int64, number int64) []int64 {
	if len(examples) < maxExamples && !slices.Contains(examples, number) {
		return append(examples, number)
	}
	return examples
}

func (c *component) techniques() []TechniqueUse {
	byID := map[string]*TechniqueUse{}
	for _, g := range c.groups {
		for _, id := range g.rule.Techniques {
			u := byID[id]
			if u == nil {
				u = &TechniqueUse{ID: id, First: g.first, Last: g.last, Tactics: []string{}}
				byID[id] = u
			}
			u.Count += g.count
			u.First, u.Last = widened(u.First, u.Last, g.first, g.last)
			u.Findings = example(u.Findings, g.example.number)
			for _, tactic := range g.rule.Tactics {
				if !slices.Contains(u.Tactics, tactic) {
					u.Tactics = append(u.Tactics, tactic)
				}
			}
		}
	}
	uses := make([]TechniqueUse, 0, len(byID))
	for _, u := range byID {
		slices.Sort(u.Tactics)
		uses = append(uses, *u)
	}
	slices.SortFunc(uses, func(a, b TechniqueUse) int { return strings.Compare(a.ID, b.ID) })
	return uses
}

func (c *component) entities() []EntityUse {
	byEntity := map[int32]*EntityUse{}
	for _, g := range c.groups {
		for i := range g.uses {
			c.addUse(byEntity, &g.uses[i])
		}
	}
	uses := make([]EntityUse, 0, len(byEntity))
	for _, u := range byEntity {
		slices.Sort(u.Roles)
		uses = append(uses, *u)
	}
	slices.SortFunc(uses, func(a, b EntityUse) int {
		return cmp.Or(cmp.Compare(prominence(&b), prominence(&a)), strings.Compare(string(a.Key), string(b.Key)))
	})
	return uses[:min(len(uses), maxEntities)]
}

func (c *component) addUse(byEntity map[int32]*EntityUse, u *use) {
	e := byEntity[u.entity]
	if e == nil {
		known := &c.b.entities.all[u.entity]
		e = &EntityUse{Entity: known.Entity, Weight: known.rarity, First: u.first.time(), Last: u.last.time(), Example: u.example}
		byEntity[u.entity] = e
	}
	e.Count += u.count
	e.First, e.Last = widened(e.First, e.Last, u.first.time(), u.last.time())
	if !slices.Contains(e.Roles, roles[u.role]) {
		e.Roles = append(e.Roles, roles[u.role])
	}
}

// prominence orders entities: those that a reader asks for first, then the
// rare and involved.
func prominence(u *EntityUse) float64 {
	return kindProminence[u.Kind] * (0.2 + u.Weight) * (1 + math.Log1p(float64(u.Count)))
}

var kindProminence = map[entity.Kind]float64{entity.Host: 3, entity.Address: 2, entity.Account: 2, entity.Mailbox: 1.5, entity.Domain: 1.5, entity.Service: 1,
	entity.File: 1, entity.URL: 0.8, entity.Process: 0.3, entity.Session: 0.2}

// strongest are the joins, the strongest first.
func (c *component) strongest() []join {
	all := slices.Clone(c.root.joins)
	slices.SortFunc(all, func(x, y join) int {
		return cmp.Or(cmp.Compare(y.score, x.score), cmp.Compare(x.findings[0], y.findings[0]), cmp.Compare(x.findings[1], y.findings[1]))
	})
	return all
}

// joins explains why the findings belong together; of joins by the same thing
// between the same rules the strongest.
func (c *component) joins() []Join {
	type way struct {
		feature    int32
		one, other *ruleNote
	}
	seen := map[way]bool{}
	joins := []Join{}
	for _, why := range c.strongest() {
		by := way{why.feature, c.b.groups[why.one].rule, c.b.groups[why.other].rule}
		if !seen[by] && len(joins) < maxJoins {
			seen[by] = true
			joins = append(joins, c.explain(&why))
		}
	}
	return joins
}

func (c *component) explain(why *join) Join {
	j := Join{Score: round(why.score), Weight: round(why.weight), Findings: why.findings}
	if why.feature != none {
		f := &c.b.features.all[why.feature]
		j.Kind = strengths[f.kind].name
		if f.entity != none {
			j.Entity = c.b.entities.all[f.entity].Key
		}
	}
	return j
}

func round(x float64) float64 { return math.Round(x*100) / 100 }

func levelOf(score int) string {
	switch {
	case score >= 80:
		return "critical"
	case score >= 50:
		return "high"
	case score >= 30:
		return "medium"
	case score >= 12:
		return "low"
	}
	return "informational"
}

// Compare orders incidents, the most important first.
func Compare(a, b *Incident) int {
	return cmp.Or(cmp.Compare(b.Score.Total, a.Score.Total), cmp.Compare(b.Score.sum(), a.Score.sum()), cmp.Compare(b.FindingCount, a.FindingCount), a.First.Compare(b.First),
		strings.Compare(a.ID, b.ID))
}

// sum is what the total would be without its bounds.
func (s *Score) sum() int {
	sum := 0
	for i := range s.Parts {
		if part := &s.Parts[i]; part.Reason.Message != scoreMost && part.Reason.Message != scoreLeast {
			sum += part.Points
		}
	}
	return sum
}

// name gives incidents their names: as few letters as keep them apart, and
// never fewer than five. The older one keeps the short name.
func (b *Builder) name(incidents []*Incident) {
	byAge := slices.Clone(incidents)
	slices.SortFunc(byAge, func(x, y *Incident) int { return cmp.Compare(x.anchor.number, y.anchor.number) })
	taken := map[string]bool{}
	for _, i := range byAge {
		letters := speakable(i.anchor.digest)
		length := 5
		for taken[letters[:length]] && length < len(letters) {
			length++
		}
		i.ID = "I-" + letters[:length]
		if taken[letters[:length]] { // of one record, or of none
			i.ID += "-" + strconv.FormatInt(i.anchor.number, 10)
		}
		taken[letters[:length]] = true
	}
}

// speakable writes a digest in Crockford's base 32, which has no letters that
// are mistaken for one another.
func speakable(digest [32]byte) string {
	const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	digest = sha256.Sum256(digest[:])
	var letters [16]byte
	for i := range letters {
		letters[i] = alphabet[digest[i]&31]
	}
	return string(letters[:])
}
