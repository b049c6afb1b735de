package entity

import "time"

// A Skew is how far the clock of a source seems to be from the others'.
type Skew struct {
	// Source is the name of the source, or of the host where all its logs
	// agree.
	Source string `json:"source"`
	// Offset is what to add to its times.
	Offset time.Duration `json:"offset"`
	// Pairs is how many pairs of events it rests on, Spread how far they lie
	// apart (median absolute deviation).
	Pairs  int           `json:"pairs"`
	Spread time.Duration `json:"spread"`
	// Against is what it was compared with.
	Against string `json:"against"`
}
