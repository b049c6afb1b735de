package attribution

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/kulla-defence/kulla/internal/incident"
	"github.com/kulla-defence/kulla/internal/incident/entity"
)

// What speaks for and against another actor between two phases, in nats.
const (
	handOffPrior  = -.85 // 30 %
	longPause     = 30 * 24 * time.Hour
	longerPause   = 3 * longPause
	pauseNats     = .5
	longPauseNats = 1.0
	profileNats   = 1.5
	sharedNats    = .5
	keyNats       = 1.0
	toolNats      = .3
	rareEntity    = .3 // weight below which an entity is everybody's
)

// A tie is one reason to think that actors differ, or with a negative weight
// that they do not.
type tie struct {
	nats   float64
	reason incident.Sentence
}

// handOffs judges each step from one phase to the next in time.
func (m *model) handOffs(phases []Phase, options Options) []HandOff {
	ordered := inTime(phases)
	edges := []HandOff{}
	for n := 1; n < len(ordered); n++ {
		edges = append(edges, m.handOff(ordered, n-1, n, options))
	}
	return edges
}

// inTime are the phases with a time, the earliest first.
func inTime(phases []Phase) []Phase {
	ordered := slices.DeleteFunc(slices.Clone(phases), func(p Phase) bool { return p.First.IsZero() })
	slices.SortStableFunc(ordered, func(a, b Phase) int { return a.First.Compare(b.First) })
	return ordered
}

// handOff judges whether actors differ between two of the ordered phases.
func (m *model) handOff(ordered []Phase, before, after int, options Options) HandOff {
	from, to := &ordered[before], &ordered[after]
	ties := []tie{m.pause(from, to, ordered[:after], options), profile(from, to), m.sharedKey(from, to), m.leakTie(to)}
	ties = append(ties, sharedEntities(from, to, options)...)
	return m.edge(from, to, ties)
}

// handOver is where actors likeliest differ: at a step, or between the theft
// and the destruction, which are what an intrusion is for.
func (m *model) handOver(phases []Phase, edges []HandOff, options Options) incident.Sentence {
	ordered := inTime(phases)
	theft := slices.IndexFunc(ordered, func(p Phase) bool { return p.Name == "mail" })
	ruin := slices.IndexFunc(ordered, func(p Phase) bool { return p.Name == "destruction" })
	if theft >= 0 && ruin > theft+1 {
		edges = append(slices.Clone(edges), m.handOff(ordered, theft, ruin, options))
	}
	return handOver(edges)
}

// edge sums ties; the reason is the strongest that agrees with the sum.
func (m *model) edge(from, to *Phase, ties []tie) HandOff {
	sum := handOffPrior
	for _, t := range ties {
		sum += t.nats
	}
	slices.SortStableFunc(ties, func(a, b tie) int { return cmp.Compare(math.Abs(b.nats), math.Abs(a.nats)) })
	reason := sentence("hand_off.nothing")
	for _, t := range ties {
		if t.nats != 0 && t.nats > 0 == (sum > handOffPrior) {
			reason = t.reason
			break
		}
	}
	reason.Values = append(slices.Clone(reason.Values), message("from", "phase."+from.Name), message("to", "phase."+to.Name))
	reason.Proof = m.firstProofs(from, to)
	return HandOff{From: from.Name, To: to.Name, Probability: fromOdds(sum), Reason: reason}
}

// firstProofs are the earliest proofs of both phases.
func (m *model) firstProofs(phases ...*Phase) []int64 {
	var proof []int64
	for _, phase := range phases {
		var first *Item
		for i := range m.items {
			item := m.items[i].Item
			if item.Phase == phase.Name && len(item.Claim.Proof) > 0 && (first == nil || item.ObservedAt.Before(first.ObservedAt)) {
				first = item
			}
		}
		if first != nil && !slices.Contains(proof, first.Claim.Proof[0]) {
			proof = append(proof, first.Claim.Proof[0])
		}
	}
	return proof
}

// pause is how long nothing was seen before a phase began.
func (m *model) pause(from, to *Phase, earlier []Phase, options Options) tie {
	var last time.Time
	see := func(at time.Time) {
		if at.Before(to.First) && at.After(last) {
			last = at
		}
	}
	if !from.First.Before(to.First) {
		return tie{}
	}
	for i := range earlier {
		see(earlier[i].First)
		see(earlier[i].Last)
	}
	for _, i := range options.Incidents {
		for _, use := range i.Techniques {
			see(use.First)
			see(use.Last)
		}
	}
	for i := range m.items {
		if m.items[i].here() {
			see(m.items[i].ObservedAt)
		}
	}
	gap := to.First.Sub(last)
	if last.IsZero() || gap < longPause {
		return tie{}
	}
	t := tie{pauseNats, sentence("hand_off.pause", number("days", int64(gap.Hours()/24)))}
	if gap >= longerPause {
		t.nats = longPauseNats
	}
	return t
}

// profile compares the likeliest groups of two phases.
func profile(from, to *Phase) tie {
	a, b := likeliestGroup(from), likeliestGroup(to)
	if a == nil || b == nil {
		return tie{}
	}
	nats := profileNats * min(a.Posterior, b.Posterior)
	if a.ID == b.ID {
		return tie{-nats, sentence("hand_off.same_profile", text("group", a.Name))}
	}
	return tie{nats, sentence(otherProfile, text("group", a.Name), text("other", b.Name))}
}

func likeliestGroup(p *Phase) *Hypothesis { return p.group }

// worthSaying is how likely a hand-over must be to be told in the summary:
// likelier than not, and because both sides look like different actors. A pause
// alone hands nothing over.
const (
	worthSaying  = .5
	otherProfile = "hand_off.other_profile"
)

// handOver says where actors likeliest differ, in one sentence; it names
// nobody.
func handOver(edges []HandOff) incident.Sentence {
	if len(edges) == 0 {
		return incident.Sentence{}
	}
	likeliest := slices.MaxFunc(edges, func(a, b HandOff) int { return cmp.Compare(a.Probability, b.Probability) })
	if likeliest.Probability < worthSaying || likeliest.Reason.Message != otherProfile {
		return incident.Sentence{}
	}
	s := sentence("hand_over", message("word", "word."+Word(likeliest.Probability)), text("percent", percent(likeliest.Probability)),
		message("from", "hand_over.from."+likeliest.From), message("to", "hand_over.to."+likeliest.To))
	s.Proof = likeliest.Reason.Proof
	return s
}

// sharedKey is a secret seen in both phases.
func (m *model) sharedKey(from, to *Phase) tie {
	for i := range m.items {
		for j := range m.items[:i] {
			a, b := m.items[i].Item, m.items[j].Item
			if a.Kind == Secret && b.Kind == Secret && a.Value == b.Value &&
				(a.Phase == from.Name && b.Phase == to.Name || a.Phase == to.Name && b.Phase == from.Name) {
				return tie{-keyNats, sentence("hand_off.shared_key", text("value", a.Value))}
			}
		}
	}
	return tie{}
}

// leakTie is what binds a leak to the intrusion.
func (m *model) leakTie(to *Phase) tie {
	if to.Name != "leak" {
		return tie{}
	}
	best := 0.0
	for i := range m.items {
		if m.items[i].Kind == Leak {
			best = max(best, linkBound*trusted(m.items[i].Item))
		}
	}
	if best == 0 {
		return tie{}
	}
	return tie{-best, sentence("hand_off.leak_canary")}
}

// sharedEntities are what was used before and after a step: credentials, and
// files such as a web shell. That no tool was is a small reason too.
func sharedEntities(from, to *Phase, options Options) []tie {
	var ties []tie
	files, sharedFile := false, false
	done := map[entity.Kind]bool{}
	for _, i := range options.Incidents {
		for n := range i.Entities {
			use := &i.Entities[n]
			files = files || use.Kind == entity.File
			if !spans(use, from, to) || done[use.Kind] {
				continue
			}
			switch use.Kind {
			case entity.Account:
				ties = append(ties, tie{-sharedNats, sentence("hand_off.same_credentials", incident.Value{Name: "account", Text: use.Name, Kind: entity.Account})})
			case entity.File:
				sharedFile = true
				ties = append(ties, tie{-sharedNats, sentence("hand_off.same_file", incident.Value{Name: "file", Text: use.Name, Kind: entity.File})})
			case entity.Address:
				ties = append(ties, tie{-sharedNats, sentence("hand_off.same_address", incident.Value{Name: "address", Text: use.Name, Kind: entity.Address})})
			}
			done[use.Kind] = true
		}
	}
	if files && !sharedFile {
		ties = append(ties, tie{toolNats, sentence("hand_off.other_tools")})
	}
	return ties
}

// spans is whether a rare entity was seen in one phase and in the next.
func spans(use *incident.EntityUse, from, to *Phase) bool {
	return use.Weight >= rareEntity && !use.First.IsZero() && !use.First.After(from.Last) && use.First.Before(to.First) && !use.Last.Before(to.First)
}

// fromOdds is the probability of log odds.
func fromOdds(odds float64) float64 {
	return math.Round(float64(certain)/(1+math.Exp(-odds))) / float64(certain)
}
