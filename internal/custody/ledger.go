package custody

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// ErrChanged: the ledger is not the one that its last checkpoint signed.
var ErrChanged = errors.New("the ledger has changed since its last checkpoint")

// A Ledger is an append-only Merkle tree (RFC 6962) over a Storage.
type Ledger struct {
	storage Storage
}

// NewLedger returns the ledger that a storage keeps.
func NewLedger(storage Storage) *Ledger { return &Ledger{storage: storage} }

// Append seals a leaf, adds it and returns its number.
func (l *Ledger) Append(leaf Leaf) (int64, error) {
	number, err := l.storage.Size()
	if err != nil {
		return 0, err
	}
	secret, err := l.storage.Secret()
	if err != nil {
		return 0, err
	}
	if leaf.Seal, err = Seal(leaf.Data, secret, number); err != nil {
		return 0, err
	}
	hashes, err := tlog.StoredHashesForRecordHash(number, leaf.Hash(), l.storage)
	if err != nil {
		return 0, err
	}
	return number, l.storage.Append(leaf, hashes)
}

// Size is the number of leaves.
func (l *Ledger) Size() (int64, error) { return l.storage.Size() }

// Root is the hash of the tree over the first size leaves.
func (l *Ledger) Root(size int64) (tlog.Hash, error) { return tlog.TreeHash(size, l.storage) }

// Prove returns the proof that a leaf is in the tree over the first size leaves
// (tlog.CheckRecord verifies it).
func (l *Ledger) Prove(number, size int64) (tlog.RecordProof, error) {
	return tlog.ProveRecord(size, number, l.storage)
}

// ProveGrowth returns the proof that the tree over the first size leaves begins
// with the tree over the first old (tlog.CheckTree verifies it).
func (l *Ledger) ProveGrowth(old, size int64) (tlog.TreeProof, error) {
	return tlog.ProveTree(size, old, l.storage)
}

// Check seals a leaf anew and proves it against the tree of a size and root. An
// error says that the leaf, or the hashes beside it, are not those of the root.
func (l *Ledger) Check(number, size int64, root tlog.Hash) error {
	leaf, err := l.storage.Leaf(number)
	if err != nil {
		return err
	}
	secret, err := l.storage.Secret()
	if err != nil {
		return err
	}
	if leaf.Seal, err = Seal(leaf.Data, secret, number); err != nil {
		return fmt.Errorf("leaf %d: %w", number, err)
	}
	proof, err := l.Prove(number, size)
	if err != nil {
		return err
	}
	if err := tlog.CheckRecord(proof, size, root, number, leaf.Hash()); err != nil {
		return fmt.Errorf("leaf %d is not what was put in the ledger: %w", number, err)
	}
	return nil
}

// Origin names a ledger in its checkpoints: by its first leaf's hash.
func (l *Ledger) Origin() (string, error) {
	hashes, err := l.storage.ReadHashes([]int64{tlog.StoredHashIndex(0, 0)})
	if err != nil {
		return "", err
	}
	digest := sha256.Sum256(hashes[0][:])
	return "kulla.case/" + hex.EncodeToString(digest[:8]), nil
}

// Checkpoint signs the tree as it is, unless it is empty or the last checkpoint
// is of its size already, and reports whether it did. It signs nothing that
// does not continue the last checkpoint: the error is then ErrChanged.
func (l *Ledger) Checkpoint(signer note.Signer, public string, now time.Time) (signed bool, err error) {
	size, err := l.storage.Size()
	if err != nil {
		return false, err
	}
	last, err := l.Last()
	if err != nil {
		return false, err
	}
	if err := l.continues(last, size); err != nil || size == last.Size {
		return false, err
	}
	next := Checkpoint{Size: size, Time: now}
	if next.Origin, err = l.Origin(); err != nil {
		return false, err
	}
	if next.Root, err = l.Root(size); err != nil {
		return false, err
	}
	text, err := note.Sign(&note.Note{Text: next.String()}, signer)
	if err != nil {
		return false, fmt.Errorf("sign a checkpoint: %w", err)
	}
	if err := l.storage.AddKey(public); err != nil {
		return false, err
	}
	return true, l.storage.AppendCheckpoint(text)
}

// continues says whether a tree of a size begins with a checkpoint's.
func (l *Ledger) continues(last Checkpoint, size int64) error {
	if last.Size == 0 {
		return nil
	}
	if size < last.Size {
		return fmt.Errorf("%w: it had %d leaves, and has %d", ErrChanged, last.Size, size)
	}
	root, err := l.Root(last.Size)
	if err != nil {
		return err
	}
	if root != last.Root {
		return fmt.Errorf("%w: its root over %d leaves was %s, and is %s", ErrChanged, last.Size, last.Root, root)
	}
	return nil
}

// Last is the last checkpoint; its zero value without one. The signature is
// verified.
func (l *Ledger) Last() (Checkpoint, error) {
	notes, err := l.storage.Checkpoints()
	if err != nil || len(notes) == 0 {
		return Checkpoint{}, err
	}
	keys, err := l.storage.Keys()
	if err != nil {
		return Checkpoint{}, err
	}
	return OpenCheckpoint(notes[len(notes)-1], keys)
}
