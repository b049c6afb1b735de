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

// ReadCheckpoint finds the signed checkpoint in what was kept of it: white space
// around lines, empty ones and the line ends of other systems come from mails
// and editors, and are of no account. The signature is not verified.
func ReadCheckpoint(kept []byte) (signed []byte, err error) {
	var text, signatures strings.Builder
	for line := range strings.Lines(strings.TrimPrefix(string(kept), "\ufeff")) {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
		case strings.HasPrefix(line, "— "):
			signatures.WriteString(line + "\n")
		default:
			text.WriteString(line + "\n")
		}
	}
	if _, err := ParseCheckpoint(text.String()); err != nil {
		return nil, err
	}
	signed = []byte(text.String() + "\n" + signatures.String())
	var unverified *note.UnverifiedNoteError
	if _, err := note.Open(signed, note.VerifierList()); !errors.As(err, &unverified) {
		return nil, fmt.Errorf("%w: it has no signature", errCheckpoint)
	}
	return signed, nil
}

// CheckKey says what is wrong with a public key, as VerifyOptions takes them.
func CheckKey(public string) error {
	_, err := note.NewVerifier(public)
	return err
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
