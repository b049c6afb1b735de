// Package evaluate measures attribution on cases whose answer is known: how
// often the right actor and the right state are named, how well the stated
// probabilities hold, what an actor who is not in the knowledge or who plants
// another's traces does to the answer, and each figure's interval.
//
// A case is a report on an actor, or a campaign. What ranks it must not have
// seen the reports that tell of it: they are held out of all profiles, and
// Run fails with ErrLeak where they are not. The method is described in
// docs/attribution-evaluation.md. Begin with Run.
package evaluate
