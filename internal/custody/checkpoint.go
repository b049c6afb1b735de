package custody

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A Checkpoint is what is signed of a ledger: the body of a note in the form of
// https://c2sp.org/tlog-checkpoint, with the time as an extension line.
type Checkpoint struct {
	// Origin names the ledger (see Ledger.Origin).
	Origin string
	// Size is the number of leaves, Root the hash of the tree over them.
	Size int64
	Root tlog.Hash
	// Time is when the signer says it was, UTC, to the second.
	Time time.Time
}

// String is the text that is signed.
func (c Checkpoint) String() string {
	return fmt.Sprintf("%s\n%d\n%s\ntime %s\n", c.Origin, c.Size, c.Root, c.Time.UTC().Format(time.RFC3339))
}

var errCheckpoint = errors.New("not a checkpoint of a case")

// ParseCheckpoint reads the text of a checkpoint. Extension lines after the time
// are passed over.
func ParseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 5 || lines[0] == "" || lines[len(lines)-1] != "" {
		return Checkpoint{}, errCheckpoint
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 1 || strconv.FormatInt(size, 10) != lines[1] {
		return Checkpoint{}, fmt.Errorf("%w: the size is %q", errCheckpoint, lines[1])
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: the root is %q", errCheckpoint, lines[2])
	}
	at, err := time.Parse("time "+time.RFC3339, lines[3])
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: the time is %q", errCheckpoint, lines[3])
	}
	return Checkpoint{Origin: lines[0], Size: size, Root: root, Time: at.UTC()}, nil
}

// OpenCheckpoint verifies a signed checkpoint with the public keys of a case,
// one of which must have signed it, and reads it.
func OpenCheckpoint(signed []byte, keys []string) (Checkpoint, error) {
	var verifiers []note.Verifier
	for _, key := range keys {
		verifier, err := note.NewVerifier(key)
		if err != nil {
			return Checkpoint{}, fmt.Errorf("the public key %q: %w", key, err)
		}
		verifiers = append(verifiers, verifier)
	}
	opened, err := note.Open(signed, note.VerifierList(verifiers...))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("the signature of a checkpoint: %w", err)
	}
	return ParseCheckpoint(opened.Text)
}
