// Package custody keeps the ledger of a case: an append-only Merkle tree in
// which every piece of evidence, rule set, finding, incident, assessment, note
// and decision is a leaf, with signed checkpoints; and it verifies them.
//
// A Ledger works on a Storage, which internal/store implements on the case's
// file. Export and redaction keep the proofs; Verify re-checks a case, or an
// exported one, with nothing but the bytes.
//
// The package knows nothing of rules or incidents: a leaf is a kind and JSON.
// Begin with Ledger.
package custody
