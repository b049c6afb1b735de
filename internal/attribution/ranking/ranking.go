package ranking

import "time"

// A Ranking is the answer to one set of features.
type Ranking struct {
	// Actors are all those with a profile, the likeliest first; ties are in
	// order of id.
	Actors []Score
	// Unknown is the posterior of an actor who is not in the knowledge. With
	// the actors' posteriors it sums to 1.
	Unknown float64
	// Known are the features of the query that some profile has, Ignored the
	// others; both in order, without doubles, renamed ids as they are now.
	Known, Ignored []string

	ranker *Ranker
	at     time.Time
}

// A Score is what the features say of one actor.
type Score struct {
	Actor string // id
	State string // ISO 3166-1 alpha-2, empty when unknown
	// Nats is the log likelihood ratio of the features for this actor against
	// the background; above 0 they speak for it. It is not calibrated: features
	// depend on each other, which only Posterior takes into account.
	Nats float64
	// Posterior is the calibrated probability, among all actors and Unknown.
	Posterior float64
	// Contributions are the parts of Nats, the largest first; they sum to it.
	// A feature that the actor is not known for has a negative part, the
	// larger the better the actor is known.
	Contributions []Contribution

	number int
}

// A Contribution is the part that one feature has in an actor's Nats.
type Contribution struct {
	Feature string
	Nats    float64
}

// A State is the posterior of all actors of a state together.
type State struct {
	State     string
	Posterior float64
}
