package custody

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/note"
)

// A judged checkpoint is one that is being compared with the tree.
type judged struct {
	Checkpoint
	place  int // among all, from 1; 0 for one that was kept elsewhere
	signed bool
	// ofData and ofStored say whether the tree made of the leaves' data, and
	// the one made of their stored hashes, have its root.
	ofData, ofStored, reached bool
}

// judge checks the signature of a checkpoint and reads it. One with a bad
// signature is read, too, for what else may be told of it.
func judge(data []byte, known note.Verifiers) (*judged, error) {
	opened, err := note.Open(data, known)
	var unverified *note.UnverifiedNoteError
	if errors.As(err, &unverified) {
		opened, err = unverified.Note, errors.New("no known key signed it")
	}
	if opened == nil {
		return nil, err
	}
	read, malformed := ParseCheckpoint(opened.Text)
	if malformed != nil {
		return nil, malformed
	}
	if err == nil {
		err = canonical(opened)
	}
	return &judged{Checkpoint: read, signed: err == nil}, err
}

// canonical refuses a signature whose base 64 has bits that say nothing, so
// that a checkpoint has no other bytes than those that were signed.
func canonical(opened *note.Note) error {
	for _, signature := range opened.Sigs {
		if _, err := base64.StdEncoding.Strict().DecodeString(signature.Base64); err != nil {
			return errors.New("a signature was written anew")
		}
	}
	return nil
}

// verifiersOf reads public keys; bad are the numbers of those that are none.
func verifiersOf(keys []string) (known []note.Verifier, bad []int) {
	for i, key := range keys {
		verifier, err := note.NewVerifier(key)
		if err != nil {
			bad = append(bad, i)
			continue
		}
		known = append(known, verifier)
	}
	return known, bad
}

// readCheckpoints checks the signatures of all checkpoints, and their order.
func (v *verifier) readCheckpoints(notes [][]byte, keys []string) {
	v.Keys = keys
	v.check(CheckSignatures).Count = int64(len(notes))
	v.check(CheckKeys).Count = int64(len(keys))
	verifiers, bad := verifiersOf(keys)
	for _, i := range bad {
		v.faultf(CheckKeys, "public key %d of the case is none: %q", i+1, keys[i])
	}
	known := note.VerifierList(verifiers...)
	for i, data := range notes {
		c, err := judge(data, known)
		if err != nil {
			v.faultf(CheckSignatures, "checkpoint %d: %v", i+1, err)
		}
		if c != nil {
			c.place = i + 1
			v.follows(c)
			v.checkpoints = append(v.checkpoints, c)
		}
	}
	v.trust(notes)
	v.earlier(known)
	v.bySize = map[int64][]*judged{}
	for _, c := range v.checkpoints {
		v.bySize[c.Size] = append(v.bySize[c.Size], c)
	}
}

// follows checks a checkpoint against the one before it.
func (v *verifier) follows(c *judged) {
	if len(v.checkpoints) == 0 {
		return
	}
	last := v.checkpoints[len(v.checkpoints)-1]
	if c.Size < last.Size {
		v.faultf(CheckCheckpoints, "checkpoint %d covers %d leaves, fewer than the one before it (%d)", c.place, c.Size, last.Size)
	}
	if c.Origin != last.Origin {
		v.faultf(CheckCheckpoints, "checkpoint %d is of another ledger than the one before it: %q, %q", c.place, c.Origin, last.Origin)
	}
}

// trust demands that the last checkpoint is signed by a key that was given.
func (v *verifier) trust(notes [][]byte) {
	if len(v.options.TrustedKeys) == 0 {
		v.Remarks = append(v.Remarks, "whose keys these are was not checked: name a key that you had from its owner with --trust")
		return
	}
	verifiers, bad := verifiersOf(v.options.TrustedKeys)
	for _, i := range bad {
		v.faultf(CheckKeys, "the trusted key %q is none", v.options.TrustedKeys[i])
	}
	if len(notes) == 0 {
		v.faultf(CheckKeys, "there is no checkpoint, and so none that is signed by a trusted key")
		return
	}
	if _, err := judge(notes[len(notes)-1], note.VerifierList(verifiers...)); err != nil {
		v.faultf(CheckKeys, "the last checkpoint is not signed by a trusted key: %v", err)
	}
}

// earlier adds the checkpoint that was kept elsewhere, as if it stood in the
// case.
func (v *verifier) earlier(known note.Verifiers) {
	if v.options.Checkpoint == nil {
		return
	}
	c, err := judge(v.options.Checkpoint, known)
	if err != nil {
		v.faultf(CheckSignatures, "the checkpoint that was given: %v", err)
		return
	}
	v.checkpoints = append(v.checkpoints, c)
}

// noteRoots compares both trees with the checkpoints of their size.
func (v *verifier) noteRoots(data, stored *treeRoot) {
	for _, c := range v.bySize[data.size] {
		c.reached = true
		c.ofData, c.ofStored = c.Root == data.root(), c.Root == stored.root()
	}
}

// judgeTree says of each thing that disagrees which side was changed, as far
// as the checkpoints tell.
func (v *verifier) judgeTree(context.Context) error {
	v.judgeCheckpoints()
	if v.suspectCount > 1 && v.suspectCount == v.Leaves {
		v.faultf(CheckKeys, "no leaf agrees with the tree: the secret of the case, or every leaf, was changed")
		return nil
	}
	for _, leaf := range v.suspects {
		v.judgeLeaf(leaf)
	}
	if more := v.suspectCount - int64(len(v.suspects)); more > 0 {
		v.FaultCount += more
		v.check(CheckLeaves).Faults += more
	}
	return nil
}

func (v *verifier) judgeCheckpoints() {
	v.check(CheckCheckpoints).Count = int64(len(v.checkpoints))
	for _, c := range v.checkpoints {
		name := fmt.Sprintf("checkpoint %d", c.place)
		if c.place == 0 {
			name = "the checkpoint that was given"
		}
		switch {
		case !c.reached:
			v.faultf(CheckCheckpoints, "%s covers %d leaves, and there are %d: leaves were removed", name, c.Size, v.Leaves)
		case !c.ofData && !c.ofStored:
			v.faultf(CheckCheckpoints, "%s over %d leaves has another root than the tree", name, c.Size)
		case c.signed && c.place > 0:
			v.Signed = max(v.Signed, c.Size)
		}
	}
	if v.Signed < v.Leaves {
		v.fault(Fault{Check: CheckCheckpoints, Leaf: v.Signed, What: fmt.Sprintf("the last %d leaves are covered by no signed checkpoint", v.Leaves-v.Signed)})
	}
}

func (v *verifier) judgeLeaf(leaf suspect) {
	covers := func(agrees func(*judged) bool) bool {
		return slices.ContainsFunc(v.checkpoints, func(c *judged) bool { return c.Size > leaf.number && c.reached && agrees(c) })
	}
	fault := Fault{Check: CheckLeaves, Leaf: leaf.number, Sentences: v.content.sentencesOn(leaf.number)}
	switch {
	case covers(func(c *judged) bool { return c.ofStored }):
		fault.What = v.content.kindOf(leaf.number) + " was changed after it was signed"
	case covers(func(c *judged) bool { return c.ofData }):
		fault = Fault{Check: CheckHashes, Leaf: leaf.number, What: "the stored hash of the leaf was changed; the leaf itself is as signed"}
	default:
		fault.What = v.content.kindOf(leaf.number) + " does not agree with the tree"
	}
	if leaf.why != "" {
		fault.What += ": " + leaf.why
	}
	v.fault(fault)
}
