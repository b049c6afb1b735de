package sigma

import "cmp"

// A pendingHit waits until no older hit can come.
type pendingHit struct {
	time int64
	hit  Hit
}

// before orders hits by time; those of equal time by Ref, then by rule, so that
// the order does not depend on that of their arrival.
func (p *pendingHit) before(other *pendingHit) bool {
	return cmp.Or(
		cmp.Compare(p.time, other.time),
		cmp.Compare(p.hit.Ref, other.hit.Ref),
		comparePlaces(p.hit.Rule.At, other.hit.Rule.At),
		cmp.Compare(p.hit.Rule.ID, other.hit.Rule.ID),
	) < 0
}

// A reorderBuffer gives back the oldest of its hits first. It is a binary heap
// (the parent of i is at (i-1)/2) of our own, as that of the standard library
// allocates for each element.
type reorderBuffer struct{ heap []pendingHit }

func (b *reorderBuffer) len() int { return len(b.heap) }

// first returns the oldest hit of a buffer that is not empty.
func (b *reorderBuffer) first() *pendingHit { return &b.heap[0] }

func (b *reorderBuffer) push(hit pendingHit) {
	b.heap = append(b.heap, hit)
	for i := len(b.heap) - 1; i > 0; {
		parent := (i - 1) / 2
		if !b.heap[i].before(&b.heap[parent]) {
			return
		}
		b.heap[i], b.heap[parent] = b.heap[parent], b.heap[i]
		i = parent
	}
}

// pop removes the oldest hit of a buffer that is not empty.
func (b *reorderBuffer) pop() pendingHit {
	oldest := b.heap[0]
	last := len(b.heap) - 1
	b.heap[0] = b.heap[last]
	b.heap[last] = pendingHit{} // let go of its values
	b.heap = b.heap[:last]
	for i := 0; ; {
		smallest := i
		for child := 2*i + 1; child <= 2*i+2 && child < last; child++ {
			if b.heap[child].before(&b.heap[smallest]) {
				smallest = child
			}
		}
		if smallest == i {
			return oldest
		}
		b.heap[i], b.heap[smallest] = b.heap[smallest], b.heap[i]
		i = smallest
	}
}
