package source

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// numbers finds what the record ids of a file say: which are missing, which
// stand twice, and how often they go backwards.
func (f *File) numbers(runs []run) {
	for i := 1; i < len(runs); i++ {
		if runs[i].first <= runs[i-1].last {
			f.Backwards++
		}
	}
	// A log that overwrites its oldest records begins in the middle, so order
	// is restored before gaps are looked for.
	slices.SortStableFunc(runs, func(a, b run) int {
		return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.last, b.last))
	})
	var end uint64
	var endTime time.Time
	for i, run := range runs {
		switch {
		case i > 0 && run.first <= end:
			f.Duplicates += int64(min(run.last, end) - run.first + 1)
		case i > 0 && run.first-end > 1:
			f.addGap(Gap{After: end, Before: run.first, AfterTime: endTime, BeforeTime: run.firstTime, Missing: run.first - end - 1})
		}
		if i == 0 || run.last >= end {
			end, endTime = run.last, run.lastTime
		}
	}
}

func (f *File) addGap(gap Gap) {
	f.GapCount++
	f.Missing += min(gap.Missing, math.MaxUint64-f.Missing)
	if len(f.Gaps) < maxGaps {
		f.Gaps = append(f.Gaps, gap)
	}
}
