// Package store keeps a case in one SQLite file: the evidence register,
// findings, incidents, assessments, notes, and the ledger that proves them
// (it implements custody.Storage).
//
// One process writes at a time; others are refused. What was committed
// survives the end of the process at any moment.
//
// The package decides nothing. Begin with Open.
package store
