package cli

import "runtime/debug"

// LimitMemory lets garbage lie while there is room, and is strict when there is
// not: see docs/performance.md. Both bounds are far below what an analyst's
// machine has. What a program was before can be brought back with restore.
func LimitMemory() (restore func()) {
	percent, limit := debug.SetGCPercent(400), debug.SetMemoryLimit(224<<20)
	return func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	}
}
