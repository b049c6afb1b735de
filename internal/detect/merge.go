package detect

import (
	"container/heap"
	"iter"
)

// merge yields what ordered streams hold as one ordered stream. It ends at the
// first error.
func merge(streams []iter.Seq2[*Finding, error]) iter.Seq2[*Finding, error] {
	return func(yield func(*Finding, error) bool) {
		var heads heads
		for _, stream := range streams {
			next, stop := iter.Pull2(stream)
			defer stop()
			head := &head{next: next}
			if !head.advance() {
				continue
			}
			heads = append(heads, head)
		}
		heap.Init(&heads)
		for len(heads) > 0 {
			first := heads[0]
			if !yield(first.finding, first.err) || first.err != nil {
				return
			}
			if first.advance() {
				heap.Fix(&heads, 0)
			} else {
				heap.Pop(&heads)
			}
		}
	}
}

// A head is the next finding of one stream.
type head struct {
	next    func() (*Finding, error, bool)
	finding *Finding
	err     error
}

func (h *head) advance() bool {
	finding, err, ok := h.next()
	h.finding, h.err = finding, err
	return ok
}

// heads is a heap; a stream that failed comes first.
type heads []*head

func (h heads) Len() int { return len(h) }
func (h heads) Less(i, j int) bool {
	if h[i].err != nil || h[j].err != nil {
		return h[j].err == nil
	}
	return compareFindings(h[i].finding, h[j].finding) < 0
}
func (h heads) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *heads) Push(x any)   { *h = append(*h, x.(*head)) }
func (h *heads) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}
