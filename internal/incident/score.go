package incident

import (
	"math"
	"slices"
	"strings"

	"github.com/kulla-defence/kulla/internal/incident/entity"
	"github.com/kulla-defence/kulla/sigma"
)

// score sums the reasons for which an incident matters. Each has a bound, so
// that no amount of one thing stands for all.
func (c *component) score(i *Incident) Score {
	var s Score
	add := func(points int, message string, proof []int64, values ...Value) {
		if points != 0 {
			s.Parts = append(s.Parts, ScorePart{Sentence{Message: message, Values: values, Proof: proof}, points})
			s.Total += points
		}
	}
	top, graves := c.gravest()
	add(levelPoints[top.rule.Level], "score.level", []int64{top.example.number}, text("level", top.rule.Level.String()), text("rule", top.rule.Title))
	add(bounded(8*(len(graves)-1), 24), "score.grave_rules", graves, number("rules", len(graves)))
	stages := min(len(i.Stages), len(i.Rules)) // one rule is no intrusion, however many its tags
	add(bounded(3*(stages-1), 15), "score.stages", firstOfStages(i), number("stages", stages))
	add(bounded(4*(len(c.hosts)-1), 12), "score.hosts", c.firstOnHosts(), number("hosts", len(c.hosts)))
	steps, proof := c.progression()
	add(bounded(2*(steps-1), 8), "score.progression", proof, number("steps", steps))
	logs, proof := c.logs()
	add(bounded(3*(len(logs)-1), 9), "score.logs", proof, number("logs", len(logs)))
	if rare := c.rarest(i); rare != nil {
		add(4, "score.rare", []int64{rare.Example}, Value{Name: "entity", Text: rare.Name, Kind: rare.Kind})
	}
	habit, days := c.habit()
	add(-habit, "score.habit", unique(c.groups[0].example.number, c.groups[0].latest), number("days", days))
	// What the bounds take or give is a part, too, so that the parts sum to
	// the score.
	add(min(0, mostPoints-s.Total), scoreMost, []int64{top.example.number}, number("points", mostPoints))
	add(max(0, -s.Total), scoreLeast, []int64{top.example.number})
	return s
}

// A score is 0 to mostPoints. Two parts are none of its reasons: what is above
// and what is below.
const (
	mostPoints = 100
	scoreMost  = "score.most"
	scoreLeast = "score.least"
)

func bounded(points, most int) int { return min(max(points, 0), most) }

var levelPoints = [...]int{sigma.NoLevel: 5, sigma.Informational: 2, sigma.Low: 6, sigma.Medium: 15, sigma.High: 40, sigma.Critical: 55}

// gravest returns of the groups of the highest level the first of those that say
// most of what the incident came to, and an example of each rule of level high
// or critical.
func (c *component) gravest() (*group, []int64) {
	top := c.groups[0]
	var seen []string
	var graves []int64
	for _, g := range c.groups {
		if g.rule.Level > top.rule.Level || g.rule.Level == top.rule.Level && outcomeOf(g.rule) < outcomeOf(top.rule) {
			top = g
		}
		if g.rule.Level >= sigma.High && !slices.Contains(seen, g.rule.key) {
			seen = append(seen, g.rule.key)
			graves = append(graves, g.example.number)
		}
	}
	return top, graves
}

func firstOfStages(i *Incident) []int64 {
	var proof []int64
	for _, s := range i.Stages {
		proof = append(proof, s.Findings[0])
	}
	return proof
}

func (c *component) firstOnHosts() []int64 {
	var proof []int64
	seen := map[int32]bool{}
	for _, g := range c.groups {
		for _, host := range g.hosts(c.b) {
			if !seen[host] {
				seen[host] = true
				proof = append(proof, g.example.number)
			}
		}
	}
	return proof
}

// progression is the longest way through the matrix of tactics in order of
// time: each step later than the one before, and in a later tactic.
func (c *component) progression() (int, []int64) {
	best := make([]int, len(tacticOrder)+1) // longest way that ends in a tactic
	ways := make([][]int64, len(tacticOrder)+1)
	longest := 0
	for _, g := range c.groups {
		if g.rule.Level < sigma.Low || len(g.rule.Tactics) == 0 || g.first.IsZero() {
			continue
		}
		rank := tacticRank(g.rule.Tactics[0])
		from := -1
		for earlier := range rank {
			if best[earlier] > 0 && (from < 0 || best[earlier] > best[from]) {
				from = earlier
			}
		}
		length, way := 1, []int64(nil)
		if from >= 0 {
			length, way = best[from]+1, ways[from]
		}
		if length > best[rank] {
			best[rank], ways[rank] = length, append(slices.Clone(way), g.example.number)
		}
		if best[rank] > best[longest] {
			longest = rank
		}
	}
	return best[longest], ways[longest]
}

// logs are the logs that independently of one another speak of the incident.
func (c *component) logs() ([]string, []int64) {
	var logs []string
	var proof []int64
	for _, g := range c.groups {
		if g.log != "" && !slices.Contains(logs, g.log) {
			logs = append(logs, g.log)
			proof = append(proof, g.example.number)
		}
	}
	return logs, proof
}

// rarest returns an address from outside, or a file, that is seen hardly
// anywhere else.
func (c *component) rarest(i *Incident) *EntityUse {
	for at := range i.Entities {
		e := &i.Entities[at]
		outside := e.Kind == entity.Address && !isInside(e.Name)
		if e.Weight >= 0.8 && (outside || e.Kind == entity.Domain && !c.isHost(e.Name) || e.Kind == entity.File && !isOrdinaryPath(e.Name)) {
			return e
		}
	}
	return nil
}

// isHost reports whether a domain is the name of a host of the evidence.
func (c *component) isHost(domain string) bool {
	_, ok := c.b.entities.byKey[entity.Key("host:"+strings.ToLower(domain))]
	return ok
}

// habit takes points off where all of it happens on many days.
func (c *component) habit() (points, days int) {
	least := c.groups[0].brake
	for _, g := range c.groups {
		least = max(least, g.brake)
	}
	if least > 0.6 {
		return 0, 0
	}
	return int(math.Round(30 * (1 - least))), daysOf(least)
}

// daysOf is the number of days before that a brake stands for.
func daysOf(brake float64) int { return int(math.Round(7/brake)) - 7 }

func text(name, value string) Value       { return Value{Name: name, Text: value} }
func number(name string, value int) Value { return Value{Name: name, Number: int64(value)} }
