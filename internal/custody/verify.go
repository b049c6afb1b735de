package custody

import (
	"context"
	"errors"
	"iter"
	"math/bits"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/mod/sumdb/tlog"
)

// Verify checks a case: every leaf against the tree, the tree against every
// checkpoint, signatures, what leaves say of one another, and, where there is
// evidence, the evidence against the leaves. The error is that of the storage,
// of reading the evidence, or of the context; what does not hold is in the
// verification.
func Verify(ctx context.Context, storage Storage, options VerifyOptions) (*Verification, error) {
	v := &verifier{Verification: Verification{Kind: "case"}, storage: storage, options: options, content: newContent()}
	for _, step := range []func(context.Context) error{v.prepare, v.walkTree, v.judgeTree, v.finished, v.rows, v.references, v.evidence} {
		if err := step(ctx); err != nil {
			return &v.Verification, err
		}
	}
	return &v.Verification, nil
}

// A verifier is one call of Verify.
type verifier struct {
	Verification
	storage Storage
	options VerifyOptions
	secret  []byte

	checkpoints []*judged
	bySize      map[int64][]*judged
	// suspects are the first leaves that disagree with the tree.
	suspects     []suspect
	suspectCount int64
	content      *content
}

// A suspect is a leaf that disagrees with the tree.
type suspect struct {
	number int64
	why    string
}

// A treeRoot is the root of a growing tree. The hashes are those of the perfect
// trees that it is made of, the largest first.
type treeRoot struct {
	hashes []tlog.Hash
	size   int64
}

// push adds a leaf and returns the hashes that it completes, from the leaf up,
// valid until the next call.
func (t *treeRoot) push(leaf tlog.Hash, completed []tlog.Hash) []tlog.Hash {
	completed = append(completed[:0], leaf)
	for range bits.TrailingZeros64(^uint64(t.size)) {
		last := len(t.hashes) - 1
		leaf = tlog.NodeHash(t.hashes[last], leaf)
		t.hashes = t.hashes[:last]
		completed = append(completed, leaf)
	}
	t.hashes = append(t.hashes, leaf)
	t.size++
	return completed
}

func (t *treeRoot) root() tlog.Hash {
	if t.size == 0 {
		empty, _ := tlog.TreeHash(0, nil)
		return empty
	}
	last := len(t.hashes) - 1
	root := t.hashes[last]
	for i := last - 1; i >= 0; i-- {
		root = tlog.NodeHash(t.hashes[i], root)
	}
	return root
}

// prepare reads all but leaves and hashes.
func (v *verifier) prepare(context.Context) error {
	var err error
	if v.Leaves, err = v.storage.Size(); err != nil {
		return err
	}
	if v.secret, err = v.storage.Secret(); err != nil {
		return err
	}
	keys, err := v.storage.Keys()
	if err != nil {
		return err
	}
	notes, err := v.storage.Checkpoints()
	if err != nil {
		return err
	}
	v.readCheckpoints(notes, keys)
	return nil
}

// walkTree goes through all leaves once, builds the tree from their data and,
// beside it, from the hashes that are stored for them, and compares.
func (v *verifier) walkTree(ctx context.Context) error {
	var data, stored treeRoot
	var ofData, ofStored []tlog.Hash
	hashes := &storedHashes{storage: v.storage, count: tlog.StoredHashCount(v.Leaves)}
	v.check(CheckHashes).Count = hashes.count
	v.noteRoots(&data, &stored)
	for leaf := range v.sealedLeaves() {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		number := data.size
		hash := v.leafHash(number, leaf)
		ofData = data.push(hash, ofData)
		row := hashes.next(len(ofData))
		if row == nil { // said at the end
			row = ofData
		}
		ofStored = stored.push(row[0], ofStored)
		if row[0] != hash && hash != (tlog.Hash{}) {
			v.suspect(number, "")
		}
		for level := 1; level < len(ofStored); level++ {
			if ofStored[level] != row[level] {
				v.faultf(CheckHashes, "hash %d of level %d in the stored tree is not that of the two below it", number>>level, level)
			}
		}
		v.noteRoots(&data, &stored)
	}
	if hashes.err != nil {
		v.faultf(CheckHashes, "stored hashes cannot be read: %v", hashes.err)
	}
	v.Root = stored.root().String()
	return nil
}

// leaves yields what there should be: a leaf or an error for each number.
func (v *verifier) leaves() iter.Seq2[Leaf, error] {
	return func(yield func(Leaf, error) bool) {
		number := int64(0)
		if reader, ok := v.storage.(LeafReader); ok {
			for leaf, err := range reader.Leaves() {
				if err != nil || number == v.Leaves {
					break // the rest is asked for one by one
				}
				number++
				if !yield(leaf, nil) {
					return
				}
			}
		}
		for ; number < v.Leaves; number++ {
			if !yield(v.storage.Leaf(number)) {
				return
			}
		}
	}
}

// A sealedLeaf is a leaf that was sealed anew, or why it was not.
type sealedLeaf struct {
	Leaf
	unread, unsealed error
}

// leavesAtOnce are sealed by all processors, which is most of the work; of
// large leaves fewer, so that bytesAtOnce are in memory.
const (
	leavesAtOnce = 1024
	bytesAtOnce  = 32 << 20
)

// sealedLeaves yields what leaves does, sealed anew from the data.
func (v *verifier) sealedLeaves() iter.Seq[*sealedLeaf] {
	return func(yield func(*sealedLeaf) bool) {
		first := int64(0)
		batch, size := make([]sealedLeaf, 0, leavesAtOnce), 0
		flush := func() bool {
			v.seal(batch, first)
			for i := range batch {
				if !yield(&batch[i]) {
					return false
				}
			}
			first += int64(len(batch))
			clear(batch)
			batch, size = batch[:0], 0
			return true
		}
		for leaf, err := range v.leaves() {
			batch = append(batch, sealedLeaf{Leaf: leaf, unread: err})
			size += len(leaf.Data)
			if (len(batch) == leavesAtOnce || size >= bytesAtOnce) && !flush() {
				return
			}
		}
		flush()
	}
}

// seal seals a batch, each processor a part of it.
func (v *verifier) seal(batch []sealedLeaf, first int64) {
	workers := runtime.GOMAXPROCS(0)
	var wait sync.WaitGroup
	for worker := range workers {
		wait.Go(func() {
			for i := worker; i < len(batch); i += workers {
				if leaf := &batch[i]; leaf.unread == nil {
					leaf.Seal, leaf.unsealed = Seal(leaf.Data, v.secret, first+int64(i))
				}
			}
		})
	}
	wait.Wait()
}

// leafHash is the hash of a leaf as its data has it, zero for one without.
func (v *verifier) leafHash(number int64, leaf *sealedLeaf) tlog.Hash {
	v.check(CheckLeaves).Count++
	if leaf.unread != nil {
		v.suspect(number, "it cannot be read: "+leaf.unread.Error())
		return tlog.Hash{}
	}
	v.content.add(number, leaf.Kind, fieldsOf(leaf.Data))
	if leaf.unsealed != nil {
		v.suspect(number, "it is not as leaves are written: "+leaf.unsealed.Error())
		return tlog.Hash{}
	}
	return leaf.Hash()
}

// suspect notes a leaf that disagrees with the tree, and why where that is
// known already.
func (v *verifier) suspect(number int64, why string) {
	v.suspectCount++
	if len(v.suspects) < maxFaults {
		v.suspects = append(v.suspects, suspect{number, why})
	}
}

// storedHashes reads the stored hashes in order, many at a time.
type storedHashes struct {
	storage Storage
	at      int64
	count   int64
	chunk   []tlog.Hash
	err     error
}

const hashesAtOnce = 4096

// next returns the next n hashes, nil when they cannot be read.
func (s *storedHashes) next(n int) []tlog.Hash {
	if len(s.chunk) < n && s.err == nil {
		s.fill()
	}
	if len(s.chunk) < n {
		return nil
	}
	row := s.chunk[:n]
	s.chunk = s.chunk[n:]
	return row
}

func (s *storedHashes) fill() {
	var indexes []int64
	for range min(hashesAtOnce, s.count-s.at) {
		indexes = append(indexes, s.at)
		s.at++
	}
	more, err := s.storage.ReadHashes(indexes)
	switch {
	case err != nil:
		s.err = err
	case len(more) != len(indexes):
		s.err = errors.New("some are missing")
	default:
		s.chunk = append(append([]tlog.Hash(nil), s.chunk...), more...)
	}
}

// NotInvestigated is what is said of a case in which no run came to its end.
const NotInvestigated = "nothing has been investigated: the run did not finish"

// finished demands a run that came to its end: each writes which rules it used.
// An empty ledger agrees with itself, and proves nothing.
func (v *verifier) finished(context.Context) error {
	switch {
	case v.Leaves == 0:
		v.faultf(CheckLeaves, "the ledger is empty: %s, or all was removed", NotInvestigated)
	case !slices.Contains(v.content.names, KindRules):
		v.faultf(CheckLeaves, "%s", NotInvestigated)
	}
	return nil
}

// rows asks the storage whether what it keeps beside the leaves agrees.
func (v *verifier) rows(ctx context.Context) error {
	checker, ok := v.storage.(RowChecker)
	if !ok {
		return nil
	}
	count, err := checker.CheckRows(ctx, func(leaf int64, what string) {
		v.fault(Fault{Check: CheckRows, Leaf: leaf, What: what, Sentences: v.content.sentencesOn(leaf)})
	})
	v.check(CheckRows).Count = count
	return err
}

// references checks that leaves speak of leaves that there are.
func (v *verifier) references(context.Context) error {
	v.check(CheckReferences).Count = v.content.references
	for _, wrong := range v.content.wrong {
		v.fault(Fault{Check: CheckReferences, Leaf: wrong.leaf, What: wrong.what})
	}
	return nil
}
