package custody

import (
	"context"
	"fmt"
	"io"
	"iter"
)

// A Verification is what a check of a case or an export came to.
type Verification struct {
	// Kind is "case" or "export".
	Kind string `json:"kind"`
	// Leaves is the number of leaves there are, Root the root of the tree over
	// them as the last checkpoint has it, in base64.
	Leaves int64  `json:"leaves"`
	Root   string `json:"root"`
	// Signed is how many leaves a checkpoint with a good signature covers.
	Signed int64 `json:"signed"`
	// Keys are the public keys that signed.
	Keys []string `json:"keys"`
	// Unsigned is an export whose manifest nobody signed: nothing ties the
	// report in it to its maker.
	Unsigned bool `json:"unsigned,omitempty"`
	// Files is the number of files of the evidence that the ledger, or the
	// export, has, Missing of those that are not in the evidence given; both are
	// 0 where none was.
	Files   int64 `json:"files"`
	Missing int64 `json:"missing"`
	// Checks say what was checked, in that order.
	Checks []Check `json:"checks"`
	// Faults are all that sentences rest on and the first of the others;
	// FaultCount counts them all.
	Faults     []Fault `json:"faults"`
	FaultCount int64   `json:"fault_count"`
	// Unchecked is what could not be checked, and why.
	Unchecked []Unchecked `json:"unchecked"`
	// Remarks are what a reader should know and what is no fault.
	Remarks []string `json:"remarks"`
}

// Holds reports whether all that was checked agrees.
func (v *Verification) Holds() bool { return v.FaultCount == 0 }

// A Check counts what was looked at in one way.
type Check struct {
	Name   string `json:"name"`
	Count  int64  `json:"count"`
	Faults int64  `json:"faults"`
}

// Names of checks. They are the kinds of faults, too.
const (
	CheckLeaves      = "leaves"      // the data of leaves against the tree
	CheckHashes      = "hashes"      // the stored hashes of the tree against one another
	CheckCheckpoints = "checkpoints" // size and root of checkpoints against the tree
	CheckSignatures  = "signatures"  // of checkpoints, and of an export's manifest
	CheckKeys        = "keys"        // public keys, and the secret
	CheckRows        = "rows"        // what the store keeps beside the leaves
	CheckReferences  = "references"  // leaves that other leaves speak of
	CheckMembers     = "members"     // the files of an export against its manifest
	CheckFiles       = "files"       // evidence against its leaves
	CheckRecords     = "records"     // records against what findings say of them
)

// A Fault is something that does not hold.
type Fault struct {
	Check string `json:"check"`
	// Leaf is the number of the leaf concerned, -1 where there is none.
	Leaf int64 `json:"leaf"`
	// Source, Offset and Size say where in the evidence, or which member of an
	// export; Source is empty for faults of the ledger.
	Source string `json:"source,omitempty"`
	Offset int64  `json:"offset,omitempty"`
	Size   int64  `json:"size,omitempty"`
	What   string `json:"what"`
	// Sentences rest on what differs: "story sentence 3 of I-7F3KQ".
	Sentences []string `json:"sentences,omitempty"`
}

// Unchecked is what could not be checked, and why.
type Unchecked struct {
	What  string `json:"what"`
	Why   string `json:"why"`
	Count int64  `json:"count"`
}

// Evidence passes on all bytes of the evidence that is there now: it calls
// writerOf for each file, writes the file to the writer in order, and returns
// what it read. writerOf may be called from several goroutines.
type Evidence func(ctx context.Context, writerOf func(name string) io.Writer) ([]EvidenceFile, error)

// An EvidenceFile is a file of the evidence as it is now.
type EvidenceFile struct {
	Name   string
	Size   int64
	SHA256 [32]byte
	// Problem is why not all of it could be read; empty when it was.
	Problem string
}

// VerifyOptions say what to check beyond the ledger itself.
type VerifyOptions struct {
	// Evidence is nil where there is none to check against.
	Evidence Evidence
	// TrustedKeys are public keys, as note.NewVerifier takes them. When there
	// are any, the last checkpoint must be signed by one of them.
	TrustedKeys []string
	// Checkpoint is one that was seen before and kept elsewhere: the ledger
	// must be that one or an extension of it. Nil when there is none.
	Checkpoint []byte
}

// A LeafReader is a Storage that reads leaves in order faster than one by one.
type LeafReader interface {
	// Leaves yields all leaves by number. An error ends it.
	Leaves() iter.Seq2[Leaf, error]
}

// A RowChecker is a Storage that keeps rows beside the leaves, for searching.
type RowChecker interface {
	// CheckRows compares every row with its leaf and tells differ which row
	// says something else, in words. It returns the number of rows.
	CheckRows(ctx context.Context, differ func(leaf int64, what string)) (int64, error)
}

// maxFaults bounds the faults kept that no sentence rests on.
const maxFaults = 1000

func (v *Verification) fault(f Fault) {
	v.FaultCount++
	v.check(f.Check).Faults++
	if v.FaultCount <= maxFaults || len(f.Sentences) > 0 {
		v.Faults = append(v.Faults, f)
	}
}

// faultf enters what does not hold and is of no leaf.
func (v *Verification) faultf(check, format string, arguments ...any) {
	v.fault(Fault{Check: check, Leaf: -1, What: fmt.Sprintf(format, arguments...)})
}

// check is the entry of that name, made at its first use.
func (v *Verification) check(name string) *Check {
	for i := range v.Checks {
		if v.Checks[i].Name == name {
			return &v.Checks[i]
		}
	}
	v.Checks = append(v.Checks, Check{Name: name})
	return &v.Checks[len(v.Checks)-1]
}

func (v *Verification) unchecked(what, why string, count int64) {
	v.Unchecked = append(v.Unchecked, Unchecked{What: what, Why: why, Count: count})
}
