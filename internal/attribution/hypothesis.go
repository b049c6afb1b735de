package attribution

import (
	"cmp"
	"slices"
	"strings"
)

// flagID is the id of a false flag.
func (k *knownBase) flagID(f falseFlag) string { return falseFlagPrefix + k.actors[f.framed].ID }

// framed is the position of the actor that a false flag frames.
func (k *knownBase) framed(id string) (int, bool) {
	group, ok := strings.CutPrefix(id, falseFlagPrefix)
	if !ok {
		return 0, false
	}
	i, ok := k.position[group]
	return i, ok
}

// belongs is whether an actor is of a group, service or state.
func (k *knownBase) belongs(h int, id string) bool {
	_, found := slices.BinarySearch(k.members[id], h)
	return found
}

// levelOf is the kind of a hypothesis, and its name.
func (k *knownBase) levelOf(id string) (kind, name string) {
	kind, name, ok := strings.Cut(id, ":")
	switch {
	case id == otherFlagID:
		return "false_flag", ""
	case !ok:
		return unknownID, ""
	case kind == "group" || kind == "false_flag":
		if i, ok := k.position[name]; ok {
			return kind, k.actors[i].Name
		}
	case kind == "service":
		_, name, _ = strings.Cut(name, "/")
	}
	return kind, name
}

// probability is that of any hypothesis.
func (j *judgement) probability(id string) perMillion {
	switch id {
	case unknownID:
		return j.posterior.unknown
	case otherFlagID:
		return j.posterior.otherFlag
	}
	if group, ok := strings.CutPrefix(id, "group:"); ok {
		if i, ok := j.known.position[group]; ok {
			return j.posterior.actors[i]
		}
	}
	if framed, ok := j.known.framed(id); ok {
		for _, f := range j.posterior.flags {
			if f.framed == framed {
				return f.posterior
			}
		}
	}
	return j.posterior.upper[id]
}

// ranked are the ids of one kind (state, service, group), the likeliest first.
func (j *judgement) ranked(kind string) []string {
	ids := slices.Clone(j.known.ids[kind])
	slices.SortStableFunc(ids, func(a, b string) int { return cmp.Compare(j.probability(b), j.probability(a)) })
	return ids
}

// leading is the likeliest of a kind, or empty.
func (j *judgement) leading(kind string) string {
	best, most := "", perMillion(-1)
	for _, id := range j.known.ids[kind] {
		if p := j.probability(id); p > most {
			best, most = id, p
		}
	}
	return best
}

// likelierFlag is the place of the likeliest false flag, if it is the likeliest
// reading of all; else -1.
func (j *judgement) likelierFlag() int {
	best, most := -1, j.posterior.unknown
	for _, p := range j.posterior.actors {
		most = max(most, p)
	}
	for i, f := range j.posterior.flags {
		if f.posterior > most {
			best, most = i, f.posterior
		}
	}
	return best
}

// hypotheses lists all, the likeliest of each kind first.
func (j *judgement) hypotheses() []Hypothesis {
	var list []Hypothesis
	for _, kind := range []string{"state", "service", "group"} {
		for _, id := range j.ranked(kind) {
			list = append(list, j.hypothesis(id))
		}
	}
	list = append(list, j.hypothesis(unknownID))
	flags := slices.Clone(j.posterior.flags)
	slices.SortStableFunc(flags, func(a, b falseFlag) int { return cmp.Compare(b.posterior, a.posterior) })
	for _, f := range flags {
		list = append(list, j.hypothesis(j.known.flagID(f)))
	}
	list = append(list, j.hypothesis(otherFlagID))
	j.bracket(list)
	return list
}

// hypothesis tells all of one but its interval.
func (j *judgement) hypothesis(id string) Hypothesis {
	kind, name := j.known.levelOf(id)
	p := j.probability(id).probability()
	made := Hypothesis{ID: id, Kind: kind, Name: name, Posterior: p, Low: p, High: p, Word: Word(p)}
	switch kind {
	case unknownID:
		made.Prior = j.posterior.unknownPrior
		return made
	case "false_flag":
		if id == otherFlagID {
			made.Prior = j.posterior.otherFlagPrior
		}
		for _, f := range j.posterior.flags {
			if j.known.flagID(f) == id {
				made.Prior, made.Nats, made.Parent = f.prior, toMicronats(f.nats).nats(), "group:"+j.known.actors[f.framed].ID
			}
		}
		return made
	}
	for _, h := range j.known.members[id] {
		a := &j.known.actors[h]
		made.Prior += a.prior
		made.Parent = map[string]string{"group": a.parent(), "service": a.state}[kind]
	}
	made.Nats = j.mean(id, func(h int) micronats { return j.posterior.total[h] }).nats()
	return made
}

// bracket gives hypotheses their intervals: the jackknife over dependency
// groups, as the least and the most that is left of a hypothesis when any one
// group is. Evidence is not a sample of equals, so no error of a mean is made
// of it. With fewer than two groups the interval reaches from the prior to the
// posterior.
func (j *judgement) bracket(list []Hypothesis) {
	rests := 0
	for _, group := range j.groups {
		if !slices.ContainsFunc(group, func(i int) bool { return j.sums.by[i] != nil }) {
			continue
		}
		rests++
		rest := j.judge(j.chosen.without(group...), j.lean)
		for n := range list {
			left := rest.probability(list[n].ID).probability()
			list[n].Low, list[n].High = min(list[n].Low, left), max(list[n].High, left)
		}
	}
	for n := range list {
		if h := &list[n]; rests < 2 {
			h.Low, h.High = min(h.Prior, h.Posterior), max(h.Prior, h.Posterior)
		}
	}
}

// Word is the word that ICD 203 has for a probability.
func Word(p float64) string {
	for _, step := range []struct {
		below float64
		word  string
	}{
		{.05, "almost_no_chance"}, {.20, "very_unlikely"}, {.45, "unlikely"}, {.55, "roughly_even"}, {.80, "likely"}, {.95, "very_likely"},
	} {
		if p < step.below {
			return step.word
		}
	}
	return "almost_certain"
}
