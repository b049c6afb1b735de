package custody

import "golang.org/x/mod/sumdb/tlog"

// Kinds of leaves.
const (
	KindEvidence   = "evidence"   // one file of the evidence: name, size, SHA-256, what was read
	KindRules      = "rules"      // the rule set: count, SHA-256 over all rules
	KindKnowledge  = "knowledge"  // the knowledge: SHA-256, sources
	KindFinding    = "finding"    // as docs/formats/finding.md, with record_sha256
	KindIncident   = "incident"   // incident.Incident and its members
	KindAssessment = "assessment" // attribution.Assessment
	KindArtefact   = "artefact"   // what an analyst or a partner gave
	KindNote       = "note"
	KindDecision   = "decision"
)

// A Leaf is one entry of the ledger. Its hash is that of RFC 6962 over Bytes.
type Leaf struct {
	Kind string
	// Data is one JSON object without white space around it.
	Data []byte
	// Seal is set where the data was redacted: the commitment that stands in
	// its place (see Redact).
	Seal []byte
}

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
	// Key returns the case's signer key, private and public, as
	// note.GenerateKey makes them; empty before SetKey.
	Key() (private, public string, err error)
	SetKey(private, public string) error
	Commit() error
}
