// Package store keeps a case in one SQLite file (docs/formats/case.md): the
// evidence register, findings, incidents, assessments, notes, and the ledger
// that proves them. A Case is a custody.Storage.
//
// All that is put is a leaf of the ledger. Leaves lie in compressed blocks
// (block.go), their hashes in tiles (tree.go); beside them are rows to find them
// by (current.go, finding.go), which follow from the leaves and are checked
// against them (check.go).
//
// One process writes at a time; others are refused, but may read. What was
// committed survives the end of the process at any moment. Putting what is
// there already writes nothing.
//
// The package decides nothing. Begin with Open.
package store
