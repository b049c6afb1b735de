package cli

import "runtime/debug"

// LimitMemory lets garbage lie until the heap is near a limit that is far below
// what an analyst's machine has: see docs/performance.md. Most runs end before
// there is any need to collect. What the bounds were before can be brought back
// with restore.
func LimitMemory() (restore func()) { return limitMemory(224 << 20) }

// limitMemoryOfCase has a higher limit while a case is made: what is known of
// every process and logon stands in memory, which the limit of hunt would have
// collected over and over.
func limitMemoryOfCase() { limitMemory(560 << 20) }

// lyingGarbage is how much garbage may lie, in percent of what is in use, where
// the limit permits.
const lyingGarbage = 2500

func limitMemory(limit int64) (restore func()) {
	percent, before := debug.SetGCPercent(lyingGarbage), debug.SetMemoryLimit(limit)
	return func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(before)
	}
}
