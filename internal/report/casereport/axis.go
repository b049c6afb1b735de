package casereport

import (
	"math"
	"time"
)

// An axis lays episodes of activity side by side and folds the quiet times
// between them, since an intrusion of a year happens on a few days.
type axis struct{ episodes []episode }

// An episode is a time without long quiet; Left and Right are its place on the
// axis, in per cent.
type episode struct {
	First, Last time.Time
	Left, Right float64
	// Quiet is how many days went by since the episode before.
	Quiet int64
}

const (
	maxEpisodes = 12
	foldWidth   = 1.4 // per cent of the axis for a fold
)

// newAxis makes an axis of the starts of bins, in order, and their width.
func newAxis(starts []time.Time, width time.Duration) *axis {
	a := &axis{}
	for quiet := 12 * time.Hour; ; quiet *= 2 {
		a.episodes = cutEpisodes(starts, width, quiet)
		if len(a.episodes) <= maxEpisodes || quiet > math.MaxInt64/2 {
			break
		}
	}
	a.place()
	return a
}

func cutEpisodes(starts []time.Time, width, quiet time.Duration) []episode {
	var all []episode
	for _, start := range starts {
		if n := len(all); n > 0 && start.Sub(all[n-1].Last) <= quiet {
			all[n-1].Last = start.Add(width)
			continue
		}
		e := episode{First: start, Last: start.Add(width)}
		if n := len(all); n > 0 {
			e.Quiet = int64(start.Sub(all[n-1].Last).Hours()/24 + .5)
		}
		all = append(all, e)
	}
	return all
}

// place gives each episode a width that grows with the square root of how long
// it was.
func (a *axis) place() {
	sum := 0.0
	for _, e := range a.episodes {
		sum += weightOfSpan(e)
	}
	at, room := 0.0, 100-foldWidth*float64(max(len(a.episodes)-1, 0))
	for i := range a.episodes {
		e := &a.episodes[i]
		e.Left = at
		e.Right = at + room*weightOfSpan(*e)/sum
		at = e.Right + foldWidth
	}
}

func weightOfSpan(e episode) float64 {
	return math.Sqrt(e.Last.Sub(e.First).Hours() + 6)
}

// at is the place of a time on the axis, in per cent; a time in a fold is at
// the beginning of what follows.
func (a *axis) at(t time.Time) float64 {
	for _, e := range a.episodes {
		if t.Before(e.First) {
			return e.Left
		}
		if t.Before(e.Last) {
			share := float64(t.Sub(e.First)) / float64(e.Last.Sub(e.First))
			return e.Left + share*(e.Right-e.Left)
		}
	}
	if n := len(a.episodes); n > 0 {
		return a.episodes[n-1].Right
	}
	return 0
}
