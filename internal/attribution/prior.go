package attribution

import (
	"cmp"
	"math"
	"slices"

	"github.com/kulla-defence/kulla/internal/knowledge"
)

// Prior probabilities that do not depend on the base. The rest is the actors'.
const (
	unknownPrior   = .40
	falseFlagPrior = .10
)

// Names of the hypotheses that are no actor's.
const (
	unknownID       = "unknown"
	falseFlagPrefix = "false_flag:"
	// otherFlagID is the false flag of any actor that has no false flag of its
	// own here: it keeps what of the prior is left.
	otherFlagID = "false_flag"
)

// An actor is a group as a hypothesis.
type actor struct {
	*knowledge.Actor
	prior float64
	// state and service are ids of hypotheses; empty when no source says.
	state, service string
}

// actorsOf gives each actor of the base its prior. A state weighs as the
// square root of the number of its groups: that many groups are known of one
// says as much of who was watched, and what the base was made for, as of what
// it does. Within a state all are equal. Actors of no known state are one more
// state here.
func actorsOf(base *knowledge.Base) []actor {
	var actors []actor
	perState := map[string]float64{}
	for _, known := range base.Actors {
		a := actor{Actor: known}
		if known.State != "" {
			a.state = "state:" + known.State
			if known.Service != "" {
				a.service = "service:" + known.State + "/" + known.Service
			}
		}
		perState[a.state]++
		actors = append(actors, a)
	}
	slices.SortStableFunc(actors, func(a, b actor) int { return cmp.Compare(a.ID, b.ID) })
	actors = slices.CompactFunc(actors, func(a, b actor) bool { return a.ID == b.ID })
	var all float64
	for i := range actors {
		actors[i].prior = 1 / math.Sqrt(perState[actors[i].state])
		all += actors[i].prior
	}
	for i := range actors {
		actors[i].prior *= (1 - unknownPrior - falseFlagPrior) / all
	}
	return actors
}

// parent is the hypothesis next above the group.
func (a *actor) parent() string { return cmp.Or(a.service, a.state) }
