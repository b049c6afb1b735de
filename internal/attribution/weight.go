package attribution

import (
	"math"
	"slices"
	"time"
)

// micronats are nats in millionths: sums of them do not depend on the order.
type micronats int64

const nat micronats = 1_000_000

func toMicronats(nats float64) micronats {
	if math.IsNaN(nats) {
		return 0
	}
	return micronats(math.Round(min(max(nats, -100), 100) * float64(nat)))
}

func (m micronats) nats() float64 { return float64(m) / float64(nat) }

// A bound is how much evidence of one kind may weigh: each item, and all of
// the kind together. Sums of a shared bound are scaled by one factor for all
// actors, which keeps their order.
type bound struct {
	each, all micronats
	shared    bool
}

// bounds hold what can be faked at no cost below what must be owned or broken
// to be faked. A claim weighs nothing; a leak says something of the intrusion,
// nothing of the intruder.
var bounds = map[Kind]bound{
	Technique:      {each: 3 * nat / 10, all: 3 * nat / 2, shared: true},
	Procedure:      {each: nat, all: 3 * nat},
	Tool:           {each: 3 * nat / 10, all: 9 * nat / 10},
	Malware:        {each: 2 * nat, all: 4 * nat},
	Secret:         {each: 3 * nat, all: 6 * nat},
	Infrastructure: {each: 3 * nat / 2, all: 3 * nat},
	Victimology:    {each: 3 * nat / 2, all: 3 * nat},
	Habit:          {each: nat / 2, all: nat / 2},
	Leak:           {},
	Claim:          {},
}

// linkBound is what a leak may add to the bond between it and the intrusion.
const linkBound = 1.5

// ownVictimBound is what the victim's own country or sector may weigh: a base
// that was made for a victim knows most of those who attacked it.
const ownVictimBound = nat / 2

// kinds is the order in which kinds are listed.
var kinds = []Kind{Secret, Malware, Victimology, Infrastructure, Procedure, Technique, Tool, Habit, Leak, Claim}

// Costs of faking evidence, as Item.Spoof: what is cheap can be planted by
// anybody who reads reports, what is costly needs what only the actor has.
const (
	cheapSpoof  = 1
	knownSpoof  = 2 // faked by those who knew before the public did
	costlySpoof = 3
)

// typicalSpoof is the cost of faking evidence of a kind where nothing says
// more.
var typicalSpoof = map[Kind]int{
	Technique: 0, Procedure: 1, Tool: 0, Malware: 2, Secret: 3, Infrastructure: 1, Victimology: 2, Habit: 1, Leak: 3, Claim: 0,
}

const reliabilities = "ABCDEF"

// trust is the weight of a reliability (A to F) or a credibility (1 to 6): the
// sixth says that it cannot be judged, which is better than known to be bad.
var trust = [...]float64{1, .8, .6, .3, .1, .2}

func reliabilityWeight(letter string) float64 {
	if len(letter) == 1 {
		if i := slices.Index([]byte(reliabilities), letter[0]); i >= 0 {
			return trust[i]
		}
	}
	return trust[5]
}

func credibilityWeight(digit int) float64 {
	if digit >= 1 && digit <= 6 {
		return trust[digit-1]
	}
	return trust[5]
}

// worse returns the grade that is trusted less.
func worse(a, b string) string {
	if reliabilityWeight(b) < reliabilityWeight(a) {
		return b
	}
	return a
}

func lessCredible(a, b int) int {
	if credibilityWeight(b) < credibilityWeight(a) {
		return b
	}
	return a
}

// halfLife is how long infrastructure takes to lose half of its weight.
const halfLife = 90 * 24 * time.Hour

// decay is the share of weight that is left at a time, for something that was
// seen in use from first to last. Without times nothing is known to be left of
// it but half.
func decay(at, first, last time.Time) float64 {
	if first.IsZero() {
		first = last
	}
	if last.IsZero() {
		last = first
	}
	if at.IsZero() || last.IsZero() {
		return .5
	}
	age := max(at.Sub(last), first.Sub(at), 0)
	return math.Exp2(-age.Hours() / halfLife.Hours())
}
