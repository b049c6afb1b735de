package sigma

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"sync"
)

// A gramTable makes candidates hot by the literals of a gramIndex.
type gramTable struct {
	*gramIndex
	candidates [][]int32 // by the number of the literal
}

// A gramIndex finds many literals in a text in one pass: for each of them a
// few bytes that it holds are in a table, and a bitmap that fits in the
// first-level cache says of nearly every place in a text that none is there.
// Buckets that look for the same literals share one.
type gramIndex struct {
	texts []string // the literals by their numbers
	// few are all the literals, where they are so short and so few that it is
	// quicker to search a text for one after the other.
	few    [][]byte
	bitmap []uint64
	// all is the bitmap where every place of a text is looked at and it has
	// its largest size; else nil.
	all   *[1 << (maxBitmap - 6)]uint64
	thin  uint   // how far a hash is shifted to be a place in the bitmap
	width int    // bytes in a gram: edge, or less for shorter literals
	mask  uint32 // of that many bytes
	// stride is how many bytes of text may be stepped over: each literal has
	// its grams at that many places in a row in the table, so one of them
	// begins where a step ends.
	stride int
	shift  uint
	slots  []gramSlot // a hash table with linear probing; its size is a power of two
}

type gramSlot struct {
	gram  uint32
	found []gramLiteral // nil in a free slot
}

// A gramLiteral is a literal that has the gram of its slot at an offset.
type gramLiteral struct {
	text   []byte
	number int // among the literals of the index
	offset int
}

// A bitmap has so many bits, as powers of two: at least and at most, and for
// each gram.
const (
	minBitmap   = 10
	maxBitmap   = 16
	bitsForGram = 6
	gramPrime   = 0x9e3779b1
)

// find appends the candidates whose literals stand in a text.
func (t *gramTable) find(dst [][]int32, text []byte) [][]int32 {
	for number, literal := range t.few {
		if bytes.Contains(text, literal) {
			dst = append(dst, t.candidates[number])
		}
	}
	if t.few != nil {
		return dst
	}
	at := t.next(text, 0)
	for ; at+edge <= len(text); at = t.next(text, at+t.stride) {
		dst = t.findAt(dst, text, at, binary.LittleEndian.Uint32(text[at:])&t.mask)
	}
	for ; at+t.width <= len(text); at += t.stride { // grams after which there are not four bytes
		var last [edge]byte
		copy(last[:], text[at:])
		dst = t.findAt(dst, text, at, binary.LittleEndian.Uint32(last[:])&t.mask)
	}
	return dst
}

// next returns the first place from at on, a stride after the other, whose gram
// the bitmap knows; or the first behind which there are not four bytes. It is
// not inlined so that all it needs stays in registers.
//
//go:noinline
func (g *gramIndex) next(text []byte, at int) int {
	if g.all != nil {
		at = nextOfAll(g.all, text, at)
	}
	mask, bitmap, thin, stride := g.mask, g.bitmap, g.thin&31, g.stride
	for ; at+edge <= len(text); at += stride {
		place := binary.LittleEndian.Uint32(text[at:]) & mask * gramPrime >> thin
		if bitmap[place>>6]&(1<<(place&63)) != 0 {
			break
		}
	}
	return at
}

// nextOfAll is next for a stride of one and the largest bitmap: four grams of
// each eight bytes. It stops at some place before the end.
func nextOfAll(bitmap *[1 << (maxBitmap - 6)]uint64, text []byte, at int) int {
	for ; at+2*edge <= len(text); at += edge {
		word := binary.LittleEndian.Uint64(text[at:])
		a := uint16(uint32(word) * gramPrime >> (32 - maxBitmap))
		b := uint16(uint32(word>>8) * gramPrime >> (32 - maxBitmap))
		c := uint16(uint32(word>>16) * gramPrime >> (32 - maxBitmap))
		d := uint16(uint32(word>>24) * gramPrime >> (32 - maxBitmap))
		if (bitmap[a>>6]>>(a&63)|bitmap[b>>6]>>(b&63)|bitmap[c>>6]>>(c&63)|bitmap[d>>6]>>(d&63))&1 != 0 {
			break
		}
	}
	return at
}

// findAt appends the candidates whose literals have a gram where the text has
// it.
func (t *gramTable) findAt(dst [][]int32, text []byte, at int, gram uint32) [][]int32 {
	for _, l := range t.at(gram, gram*gramPrime) {
		if start := at - l.offset; start >= 0 && bytes.HasPrefix(text[start:], l.text) {
			dst = append(dst, t.candidates[l.number])
		}
	}
	return dst
}

func (g *gramIndex) at(gram, hash uint32) []gramLiteral {
	for slot := hash >> g.shift; ; slot++ {
		s := &g.slots[slot&uint32(len(g.slots)-1)]
		if s.found == nil || s.gram == gram {
			return s.found
		}
	}
}

// A gramShelf keeps the indexes of a matcher, for buckets to share.
type gramShelf struct {
	mutex sync.Mutex
	known map[string]*gramIndex
}

// index returns the index of texts that are as long as the grams, or longer.
func (s *gramShelf) index(texts []string, width int) *gramIndex {
	var key []byte
	for _, text := range texts {
		key = append(binary.AppendUvarint(key, uint64(len(text))), text...)
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	known, ok := s.known[string(key)]
	if !ok {
		known = newGramIndex(texts, width)
		s.known[string(key)] = known
	}
	return known
}

// Bounds of a stride: further steps gain little, and more grams in the table
// make it answer wrongly more often.
const (
	maxStride = 8
	maxGrams  = 2048
)

// maxFew bounds the literals that are searched for one after the other.
const maxFew = 10

func newGramIndex(literals []string, width int) *gramIndex {
	shortest := len(literals[0])
	for _, l := range literals {
		shortest = min(shortest, len(l))
	}
	stride := max(1, min(shortest-width+1, maxStride, maxGrams/len(literals)))
	grams := bits.Len(uint(len(literals) * stride))
	bitmap := min(max(grams+bitsForGram, minBitmap), maxBitmap)
	g := &gramIndex{
		texts:  literals,
		bitmap: make([]uint64, 1<<(bitmap-6)),
		thin:   uint(32 - bitmap),
		width:  width,
		mask:   uint32(1<<(8*width) - 1),
		stride: stride,
		shift:  uint(32 - grams - 1),
		slots:  make([]gramSlot, 1<<(grams+1)),
	}
	if bitmap == maxBitmap && stride == 1 && width == edge {
		g.all = (*[1 << (maxBitmap - 6)]uint64)(g.bitmap)
	}
	for number, l := range literals {
		if width < edge && len(literals) <= maxFew {
			g.few = append(g.few, []byte(l))
		}
		first := rarestGrams(l, width, stride)
		for offset := first; offset < first+stride; offset++ {
			var gram [edge]byte
			copy(gram[:], l[offset:offset+width])
			g.add(binary.LittleEndian.Uint32(gram[:]), gramLiteral{[]byte(l), number, offset})
		}
	}
	return g
}

func (g *gramIndex) add(gram uint32, l gramLiteral) {
	hash := gram * gramPrime
	place := hash >> g.thin
	g.bitmap[place>>6] |= 1 << (place & 63)
	for slot := hash >> g.shift; ; slot++ {
		s := &g.slots[slot&uint32(len(g.slots)-1)]
		if s.found == nil || s.gram == gram {
			s.gram = gram
			s.found = append(s.found, l)
			return
		}
	}
}

// rarestGrams returns where in a literal so many grams in a row begin that
// other texts are least likely to have.
func rarestGrams(text string, width, count int) int {
	costs := make([]int, len(text)-width+1)
	for i := range costs {
		costs[i] = literalCost(text[i : i+width])
	}
	best, bestCost := 0, -1
	for i := 0; i+count <= len(costs); i++ {
		sum := 0
		for _, cost := range costs[i : i+count] {
			sum += cost
		}
		if bestCost < 0 || sum < bestCost {
			best, bestCost = i, sum
		}
	}
	return best
}
