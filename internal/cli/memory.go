package cli

import "runtime/debug"

// LimitMemory lets garbage lie while there is room, and is strict when there is
// not: see docs/performance.md. Both bounds are far below what an analyst's
// machine has. What they were before can be brought back with restore.
func LimitMemory() (restore func()) { return limitMemory(2500, 224<<20) }

// limitMemoryOfCase has a higher limit while a case is made: what is known of
// every process and logon stands in memory, which the limit of hunt would have
// collected over and over. And it lets garbage lie until the heap is many times
// what is in use, or near the limit: most cases are made before there is any
// need to collect.
func limitMemoryOfCase() { limitMemory(2500, 560<<20) }

func limitMemory(percent int, bytes int64) (restore func()) {
	percent, bytes = debug.SetGCPercent(percent), debug.SetMemoryLimit(bytes)
	return func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(bytes)
	}
}
