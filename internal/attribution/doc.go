// Package attribution says who probably did it, how sure that is and why, and
// what would change it.
//
// Observe turns an incident into Items: each a fact of one kind, with its
// reliability, what it would cost to fake, and the findings it rests on.
// Assess weighs them against the hypotheses, from state to service to group,
// always with an unknown actor and a false flag among them, for each phase of
// the intrusion and for the whole, and publishes a name only past the gates;
// else the answer is an activity cluster. The sub-package ranking compares
// techniques and software with profiles; evaluate measures all of it on cases
// with a known answer.
//
// The package reads no files. Begin with Assess.
package attribution
