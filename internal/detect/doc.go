// Package detect turns events into findings.
//
// An Engine holds a compiled rule set. Each reading goroutine takes a Sink of
// its own and gives it every event; a match becomes a Finding, which is put
// aside in bounded memory. Engine.Finish orders the findings by time, runs the
// correlation rules over them, and returns a Result: the findings to be
// reported, what was counted on the way, and what could not have fired.
//
// Order is total: the same evidence gives the same findings in the same
// order, whatever the number of sinks and whichever sink saw which event.
//
// The package reads no files and prints nothing; internal/source and
// internal/report do. Begin with Engine.
package detect
