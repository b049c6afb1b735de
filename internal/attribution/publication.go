package attribution

import (
	"github.com/kulla-defence/kulla/internal/incident"
	"slices"
	"strings"
)

// What the gates ask for. docs/attribution.md says why.
const (
	publishLimit   = 800_000 // per million
	falseFlagLimit = 100_000
	countsForKind  = nat / 5 // below that, an item makes no kind of evidence
)

// clusterLevel is the level on which nobody is named.
const clusterLevel = "cluster"

// A level is what must hold before an answer on it is published.
type level struct {
	name string
	// kinds and costly are the numbers of kinds of evidence, and of kinds that
	// are costly to fake.
	kinds, costly int
	// fragile is how many of the strongest items the answer must do without.
	fragile int
	noFlag  bool
	signers int
}

// levels, the most particular first.
var levels = []level{
	{name: "group", costly: 2, fragile: 3, noFlag: true, signers: 1},
	{name: "service", kinds: 3, costly: 1, fragile: 2, noFlag: true, signers: 1},
	{name: "state", kinds: 3, signers: 2},
}

// answer is the most particular that passes the gates, or the cluster.
func (j *judgement) answer(options Options) Answer {
	answer := Answer{Level: clusterLevel}
	for _, level := range levels {
		id := j.leading(level.name)
		gates := j.gates(level, id, options)
		answer.Gates = append(answer.Gates, gates...)
		open := !slices.ContainsFunc(gates, func(g Gate) bool { return !g.Passed && !g.Human })
		if open && answer.Level == clusterLevel {
			answer.Level, answer.Hypothesis = level.name, id
		}
	}
	answer.FalseFlag = j.likelierFlag() >= 0
	answer.Sentence = j.answerSentence(answer, options)
	return answer
}

// gates of one level for its likeliest hypothesis.
func (j *judgement) gates(level level, id string, options Options) []Gate {
	kinds, costly := j.kindsFor(id)
	gates := []Gate{j.gate(level.name, "gate.posterior", j.probability(id) >= publishLimit, number("percent", publishLimit/10_000))}
	if level.kinds > 0 {
		gates = append(gates, j.gate(level.name, "gate.kinds", len(kinds) >= level.kinds, number("count", int64(level.kinds))))
	}
	if level.costly > 0 {
		gates = append(gates, j.gate(level.name, "gate.costly", len(costly) >= level.costly, number("count", int64(level.costly))))
	}
	if level.fragile > 0 {
		gates = append(gates, j.gate(level.name, "gate.fragile", id != "" && j.survives(id, level.fragile), number("count", int64(level.fragile))))
	}
	if level.noFlag {
		gates = append(gates, j.gate(level.name, "gate.false_flag", j.falseFlags() < falseFlagLimit, number("percent", falseFlagLimit/10_000)))
	}
	signed := j.gate(level.name, "gate.signed", signers(options) >= level.signers, number("count", int64(level.signers)))
	signed.Human = true
	return append(gates, signed)
}

func (j *judgement) gate(level, key string, passed bool, value ...incident.Value) Gate {
	return Gate{Level: level, Name: sentence(key, value...), Passed: passed}
}

// signers counts those who signed; a name twice is one.
func signers(options Options) int {
	names := map[string]bool{}
	for _, name := range options.SignedBy {
		if name = strings.ToLower(strings.TrimSpace(name)); name != "" {
			names[name] = true
		}
	}
	return len(names)
}

// falseFlags is the probability of all false flags together.
func (j *judgement) falseFlags() perMillion {
	sum := j.posterior.otherFlag
	for _, f := range j.posterior.flags {
		sum += f.posterior
	}
	return sum
}

// kindsFor are the kinds of evidence that speak for a hypothesis, and those of
// them that are costly to fake.
func (j *judgement) kindsFor(id string) (found, costly []Kind) {
	for _, kind := range kinds {
		var sum micronats
		var hard bool
		for i := range j.items {
			if weight := j.weight(i, id); j.items[i].Kind == kind && weight != 0 {
				sum += weight
				hard = hard || weight >= countsForKind && j.items[i].Spoof >= costlySpoof
			}
		}
		if sum >= countsForKind {
			found = append(found, kind)
			if hard {
				costly = append(costly, kind)
			}
		}
	}
	return found, costly
}

// survives is whether a hypothesis still leads, before others of its level,
// the unknown actor and false flags, without its strongest items.
func (j *judgement) survives(id string, count int) bool {
	strongest := j.strongest(id)
	if len(strongest) <= count {
		return false
	}
	level, _ := j.known.levelOf(id)
	rest := j.judge(j.chosen.without(strongest[:count]...), j.lean)
	return rest.leader(level) == id
}
