package source

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"hash"
	"slices"
)

// mark notes which beginnings of a source are wanted, without doublets.
func (s *stream) mark(name string, head []byte) {
	if s.options.Marks == nil {
		return
	}
	marks := slices.Clone(s.options.Marks(name, head))
	slices.SortFunc(marks, func(a, b Mark) int { return cmp.Or(cmp.Compare(a.Size, b.Size), cmp.Compare(a.Head, b.Head)) })
	for _, mark := range slices.Compact(marks) {
		switch {
		case mark.Size <= int64(len(mark.Head)):
		case bytes.HasPrefix(head, []byte(mark.Head)):
			s.marks = append(s.marks, mark)
		default:
			s.heads = append(s.heads, newOtherHead(mark))
		}
	}
}

// An otherHead is a beginning that has another head than the file: it is
// digested beside the file.
type otherHead struct {
	mark  Mark
	hash  hash.Hash
	taken int64 // of the bytes of the file, those of the head among them
}

func newOtherHead(mark Mark) *otherHead {
	h := &otherHead{mark: mark, hash: sha256.New()}
	h.hash.Write([]byte(mark.Head))
	return h
}

// add digests the next bytes of the file, and enters the digest when all are there.
func (h *otherHead) add(data []byte, f *file) {
	head, size := int64(len(h.mark.Head)), int64(len(data))
	from, to := min(max(head-h.taken, 0), size), min(max(h.mark.Size-h.taken, 0), size)
	h.hash.Write(data[min(from, to):to])
	before := h.taken
	h.taken += size
	if before < h.mark.Size && h.taken >= h.mark.Size {
		f.Beginnings = append(f.Beginnings, Beginning{h.mark, [sha256.Size]byte(h.hash.Sum(nil)), true})
	}
}
