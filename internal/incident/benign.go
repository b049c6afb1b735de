package incident

import (
	"slices"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/internal/incident/entity"
	"github.com/kulla-defence/kulla/sigma"
)

const (
	maxFalsePositives = 4
	maxMissing        = 10
)

// benign is how the findings would read if nothing were wrong: only readings
// that these findings allow; where they allow none, what was considered, and
// why it does not fit.
func (c *component) benign() []Sentence {
	readings := c.falsePositives()
	for _, reading := range []func() (Sentence, bool){c.administrator, c.workingHours, c.everyDay, c.onlyRequests, c.installation, c.alone} {
		if s, ok := reading(); ok {
			readings = append(readings, s)
		}
	}
	if len(readings) == 0 {
		return c.unfit()
	}
	return readings
}

// unfit says of each reading why it does not fit.
func (c *component) unfit() []Sentence {
	return append([]Sentence{{Message: "benign.none"}}, c.noAdministrator(), c.noWorkingHours(), c.notEveryDay(), c.noInstallation())
}

// noAdministrator: who acts is not known, or not from many machines or days.
func (c *component) noAdministrator() Sentence {
	for _, g := range c.groups {
		for i := range g.uses {
			u := &g.uses[i]
			e := &c.b.entities.all[u.entity]
			if roles[u.role] == entity.Actor && e.Kind == entity.Account && !c.b.context.IsSystemAccount(e.Key) && !c.b.context.IsMachineAccount(e.Key) {
				return Sentence{Message: "benign.not.known_account", Values: []Value{{Name: "account", Text: e.Name, Kind: entity.Account}}, Proof: []int64{u.example}}
			}
		}
	}
	return Sentence{Message: "benign.not.any_account"}
}

// noWorkingHours: something came at night, on a weekend, or without a time.
func (c *component) noWorkingHours() Sentence {
	for _, g := range c.groups {
		for _, seen := range []struct {
			at     time.Time
			number int64
		}{{g.first, g.example.number}, {g.last, g.latest}} {
			if !seen.at.IsZero() && !isWorkingHour(seen.at) {
				return Sentence{Message: "benign.not.working_hours", Proof: []int64{seen.number},
					Values: []Value{text("rule", g.rule.Title), text("time", stamp(seen.at))}}
			}
		}
	}
	return Sentence{Message: "benign.not.any_time"}
}

func (c *component) notEveryDay() Sentence { return Sentence{Message: "benign.not.every_day"} }

// noInstallation: something is too grave for it, or nothing was installed.
func (c *component) noInstallation() Sentence {
	if top, _ := c.gravest(); top.rule.Level > sigma.Medium {
		return Sentence{Message: "benign.not.installation", Proof: []int64{top.example.number},
			Values: []Value{text("rule", top.rule.Title), text("level", top.rule.Level.String())}}
	}
	return Sentence{Message: "benign.not.any_installation"}
}

// isWorkingHour reports whether a time is on a working day, by day (UTC).
func isWorkingHour(t time.Time) bool {
	t = t.UTC()
	return t.Weekday() != time.Saturday && t.Weekday() != time.Sunday && t.Hour() >= 6 && t.Hour() < 17
}

// falsePositives are what the authors of the gravest rules say also sets them off.
func (c *component) falsePositives() []Sentence {
	groups := slices.Clone(c.groups)
	slices.SortStableFunc(groups, func(a, b *group) int { return int(b.rule.Level) - int(a.rule.Level) })
	var readings []Sentence
	var seen []string
	for _, g := range groups {
		for _, reason := range g.rule.FalsePositives {
			if len(readings) == maxFalsePositives {
				return readings
			}
			if saysNothing(reason) || slices.Contains(seen, reason) {
				continue
			}
			seen = append(seen, reason)
			readings = append(readings, Sentence{Message: "benign.rule", Proof: []int64{g.example.number},
				Values: []Value{text("rule", g.rule.Title), text("reason", strings.TrimRight(reason, ". "))}})
			break
		}
	}
	return readings
}

func saysNothing(reason string) bool {
	switch strings.ToLower(strings.Trim(reason, " .")) {
	case "", "unknown", "unlikely", "likely", "legitimate activities", "none", "rare", "unlikely, but possible", "none known", "false positives are expected":
		return true
	}
	return false
}

// administrator: the account that acts is seen on many machines or days.
func (c *component) administrator() (Sentence, bool) {
	for _, g := range c.groups {
		for i := range g.uses {
			u := &g.uses[i]
			e := &c.b.entities.all[u.entity]
			if roles[u.role] == entity.Actor && e.Kind == entity.Account && e.rarity < 0.5 && !c.b.context.IsSystemAccount(e.Key) && !c.b.context.IsMachineAccount(e.Key) {
				return Sentence{Message: "benign.known_account", Values: []Value{{Name: "account", Text: e.Name, Kind: entity.Account}}, Proof: []int64{u.example}}, true
			}
		}
	}
	return Sentence{}, false
}

// workingHours: all of it happened on working days, by day (UTC).
func (c *component) workingHours() (Sentence, bool) {
	if c.first.IsZero() {
		return Sentence{}, false
	}
	var proof []int64
	for _, g := range c.groups {
		for _, t := range []time.Time{g.first, g.last} {
			if t.IsZero() || !isWorkingHour(t) {
				return Sentence{}, false
			}
		}
		proof = example(proof, g.example.number)
	}
	return Sentence{Message: "benign.working_hours", Proof: proof}, true
}

// everyDay: the same on many days.
func (c *component) everyDay() (Sentence, bool) {
	for _, g := range c.groups {
		if g.brake < 0.5 {
			return Sentence{Message: "benign.every_day", Proof: unique(g.example.number, g.latest),
				Values: []Value{text("rule", g.rule.Title), number("days", daysOf(g.brake))}}, true
		}
	}
	return Sentence{}, false
}

// onlyRequests: requests to a web server, and nothing after them.
func (c *component) onlyRequests() (Sentence, bool) {
	var proof []int64
	var from string
	for _, g := range c.groups {
		if g.example.action != actionWeb {
			return Sentence{}, false
		}
		from = g.example.from
		proof = example(proof, g.example.number)
	}
	return Sentence{Message: "benign.scanner", Proof: proof, Values: []Value{{Name: "from", Text: from, Kind: entity.Address}}}, from != ""
}

// installation: services or drivers came, and little else of weight.
func (c *component) installation() (Sentence, bool) {
	var proof []int64
	for _, g := range c.groups {
		if g.rule.Level > sigma.Medium {
			return Sentence{}, false
		}
		if a := g.example.action; a == actionService || a == actionTask || a == actionDriver || a == actionDefender {
			proof = example(proof, g.example.number)
		}
	}
	return Sentence{Message: "benign.installation", Proof: proof}, len(proof) > 0
}

// alone: one rule, once.
func (c *component) alone() (Sentence, bool) {
	if len(c.groups) > 1 || c.count > 1 {
		return Sentence{}, false
	}
	return Sentence{Message: "benign.alone", Proof: []int64{c.groups[0].example.number}, Values: []Value{text("rule", c.groups[0].rule.Title)}}, true
}
