package custody

import (
	"encoding/hex"

	"golang.org/x/mod/sumdb/tlog"
)

// Kinds of leaves.
const (
	KindEvidence   = "evidence"   // one file of the evidence: name, size, SHA-256, what was read
	KindRules      = "rules"      // the rule set: count, SHA-256 over all rules
	KindKnowledge  = "knowledge"  // the knowledge: SHA-256, sources
	KindFinding    = "finding"    // as docs/formats/finding.md, with record_sha256
	KindSuperseded = "superseded" // findings that no longer hold, and why
	KindMatches    = "matches"    // the digest of what later correlations need
	KindIncident   = "incident"   // incident.Incident and its members
	KindAssessment = "assessment" // attribution.Assessment
	KindRun        = "run"        // the end of an investigation: time, digests of what the store keeps beside
	KindArtefact   = "artefact"   // what an analyst or a partner gave
	KindNote       = "note"
	KindDecision   = "decision"
)

// A Leaf is one entry of the ledger. Its hash is that of RFC 6962 over Bytes.
type Leaf struct {
	Kind string
	// Data is one JSON object without white space around it.
	Data []byte
	// Seal is the commitment to Data that the leaf's hash covers (see Seal).
	// Ledger.Append makes it; a Storage need not keep it.
	Seal []byte
}

// Bytes is what a leaf's hash covers: its kind and its seal in lower-case
// hexadecimal, a line each. A leaf and what is left of it after redaction have
// the same bytes.
func (l Leaf) Bytes() []byte {
	dst := make([]byte, 0, len(l.Kind)+2*len(l.Seal)+2)
	dst = append(append(dst, l.Kind...), '\n')
	dst = hex.AppendEncode(dst, l.Seal)
	return append(dst, '\n')
}

// Hash is the leaf's hash in the tree: SHA-256(0x00 ‖ Bytes).
func (l Leaf) Hash() tlog.Hash { return tlog.RecordHash(l.Bytes()) }

// Storage keeps a ledger's leaves, hashes and checkpoints. Leaves are numbered
// from 0. Everything appended between two calls of Commit is kept together or
// not at all.
type Storage interface {
	// Size is the number of leaves.
	Size() (int64, error)
	// Leaf returns a leaf; an error when there is none.
	Leaf(number int64) (Leaf, error)
	// ReadHashes is tlog.HashReader.
	ReadHashes(indexes []int64) ([]tlog.Hash, error)
	// Append adds leaf number Size with the stored hashes that it completes.
	Append(leaf Leaf, hashes []tlog.Hash) error
	// Checkpoints are the signed notes (x/mod/sumdb/note), oldest first.
	Checkpoints() ([][]byte, error)
	AppendCheckpoint(note []byte) error
	// Keys are the public keys (note.NewVerifier reads them) of all who signed
	// a checkpoint, in the order of their first. The private ones never travel
	// with a case: each signer's stays in its own file (see OpenSigner).
	Keys() ([]string, error)
	// AddKey adds a public key; a known one changes nothing.
	AddKey(public string) error
	// Secret is what the leaves' seals are salted with: SecretSize random
	// bytes, made with the case and kept in it, never in an export.
	Secret() ([]byte, error)
	Commit() error
}
