// Package ranking compares what was seen, techniques and software, with what
// actors are known for, and says how far each actor explains it better than
// the background does, and how likely it is that none of them did it.
//
// It holds the comparison and its calibration only: artefacts, victims, phases
// and what may be published are internal/attribution's, and the measure of how
// good it is is internal/attribution/evaluate's. Everything is a pure
// function of the knowledge and the features. Begin with New and Ranker.Rank.
package ranking
