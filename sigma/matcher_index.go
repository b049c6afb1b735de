package sigma

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
)

// A fieldIndex finds the candidates that an atom on one field makes hot.
type fieldIndex struct {
	field    int32
	exact    map[string][]int32
	basename map[string][]int32
	suffix   edgeIndex
	prefix   edgeIndex
	grams    []*gramIndex // contained texts, by the length of their grams
	// anywhere is set for keywords that a screen can look for in a whole event.
	anywhere bool
	// verbatim is set when all contained texts stand in JSON as they are.
	verbatim bool
}

// An indexedText makes candidates hot where it stands in a text.
type indexedText struct {
	text       []byte
	candidates []int32
}

// An edgeIndex finds literals at one end of a text by their outermost bytes.
type edgeIndex struct {
	byEdge map[uint32][]indexedText
	short  []indexedText // less than four bytes
}

// lookUp fills hot with the candidates whose witness holds for the event.
func (s *bucketState) lookUp(session *Session) {
	s.hot = s.hot[:0]
	for i := range s.bucket.indexes {
		index := &s.bucket.indexes[i]
		if index.anywhere && session.impossible(index) {
			continue
		}
		values := session.fieldTexts(index.field)
		for j := range values {
			if values[j].state == Present {
				s.lookUpText(index, values[j].folded, session.epoch)
			}
		}
	}
}

func (s *bucketState) lookUpText(index *fieldIndex, text []byte, epoch uint32) {
	if index.exact != nil {
		s.heat(index.exact[string(text)], epoch)
	}
	if index.basename != nil {
		if name, ok := basename(text); ok {
			s.heat(index.basename[string(name)], epoch)
		}
	}
	if len(text) >= edge {
		for _, l := range index.suffix.byEdge[binary.LittleEndian.Uint32(text[len(text)-edge:])] {
			if bytes.HasSuffix(text, l.text) {
				s.heat(l.candidates, epoch)
			}
		}
		for _, l := range index.prefix.byEdge[binary.LittleEndian.Uint32(text)] {
			if bytes.HasPrefix(text, l.text) {
				s.heat(l.candidates, epoch)
			}
		}
	}
	s.lookUpShort(index, text, epoch)
	for _, grams := range index.grams {
		s.lookUpGrams(grams, text, epoch)
	}
}

func (s *bucketState) lookUpShort(index *fieldIndex, text []byte, epoch uint32) {
	for _, l := range index.suffix.short {
		if bytes.HasSuffix(text, l.text) {
			s.heat(l.candidates, epoch)
		}
	}
	for _, l := range index.prefix.short {
		if bytes.HasPrefix(text, l.text) {
			s.heat(l.candidates, epoch)
		}
	}
}

// edge is how many bytes at its end an edgeIndex finds a literal by, and the
// length of most grams.
const edge = 4

// A gramIndex finds many literals in a text in one pass: for each of them a
// few bytes that it holds are in a table, and a bitmap that fits in the
// first-level cache says of nearly every place in a text that none is there.
type gramIndex struct {
	bitmap [1 << (gramBits - 6)]uint64
	width  int    // bytes in a gram: edge, or less for shorter literals
	mask   uint32 // of that many bytes
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

// A gramLiteral is an indexedText that has the gram of its slot at an offset.
type gramLiteral struct {
	indexedText
	offset int
}

const (
	gramBits  = 16
	gramPrime = 0x9e3779b1
)

func (s *bucketState) lookUpGrams(g *gramIndex, text []byte, epoch uint32) {
	mask := g.mask
	at := 0
	for ; at+edge <= len(text); at += g.stride {
		gram := binary.LittleEndian.Uint32(text[at:]) & mask
		hash := gram * gramPrime
		place := hash >> (32 - gramBits)
		if g.bitmap[place>>6]&(1<<(place&63)) != 0 {
			s.heatAt(g, text, at, gram, epoch)
		}
	}
	for ; at+g.width <= len(text); at += g.stride { // grams after which there are not four bytes
		var last [edge]byte
		copy(last[:], text[at:])
		s.heatAt(g, text, at, binary.LittleEndian.Uint32(last[:])&mask, epoch)
	}
}

// heatAt makes the candidates hot whose literals have a gram where the text
// has it.
func (s *bucketState) heatAt(g *gramIndex, text []byte, at int, gram, epoch uint32) {
	for _, l := range g.at(gram, gram*gramPrime) {
		if start := at - l.offset; start >= 0 && bytes.HasPrefix(text[start:], l.text) {
			s.heat(l.candidates, epoch)
		}
	}
}

func (g *gramIndex) at(gram, hash uint32) []gramLiteral {
	for slot := hash >> g.shift; ; slot++ {
		s := &g.slots[slot&uint32(len(g.slots)-1)]
		if s.found == nil || s.gram == gram {
			return s.found
		}
	}
}

// An indexBuilder gathers the atoms on one field.
type indexBuilder struct {
	texts [atomContains + 1]map[string][]int32
	order [atomContains + 1][]string // of first appearance
}

func (b *indexBuilder) add(a atom, candidate int32) {
	if b.texts[a.kind] == nil {
		b.texts[a.kind] = map[string][]int32{}
	}
	known, ok := b.texts[a.kind][a.text]
	if !ok {
		b.order[a.kind] = append(b.order[a.kind], a.text)
	}
	if len(known) == 0 || known[len(known)-1] != candidate {
		b.texts[a.kind][a.text] = append(known, candidate)
	}
}

func (b *indexBuilder) literals(kind atomKind) []indexedText {
	literals := make([]indexedText, 0, len(b.order[kind]))
	for _, text := range b.order[kind] {
		literals = append(literals, indexedText{[]byte(text), b.texts[kind][text]})
	}
	return literals
}

func (b *indexBuilder) build(field int32, keywords bool) fieldIndex {
	index := fieldIndex{field: field, exact: b.texts[atomExact], basename: b.texts[atomBasename]}
	index.anywhere = keywords && b.onlyFreeText()
	index.verbatim = !slices.ContainsFunc(b.order[atomContains], func(text string) bool { return !standsInJSON(text) })
	last := func(text []byte) []byte { return text[len(text)-edge:] }
	first := func(text []byte) []byte { return text[:edge] }
	index.suffix = newEdgeIndex(b.literals(atomSuffix), last)
	index.prefix = newEdgeIndex(b.literals(atomPrefix), first)
	var byWidth [edge + 1][]indexedText
	for _, l := range b.literals(atomContains) {
		width := min(len(l.text), edge)
		byWidth[width] = append(byWidth[width], l)
	}
	for width, literals := range byWidth {
		if len(literals) > 0 {
			index.grams = append(index.grams, newGramIndex(literals, width))
		}
	}
	return index
}

func newEdgeIndex(literals []indexedText, end func([]byte) []byte) edgeIndex {
	var index edgeIndex
	for _, l := range literals {
		if len(l.text) < edge {
			index.short = append(index.short, l)
			continue
		}
		if index.byEdge == nil {
			index.byEdge = map[uint32][]indexedText{}
		}
		key := binary.LittleEndian.Uint32(end(l.text))
		index.byEdge[key] = append(index.byEdge[key], l)
	}
	return index
}

// Bounds of a stride: further steps gain little, and more grams in the table
// make it answer wrongly more often.
const (
	maxStride = 8
	maxGrams  = 2048
)

func newGramIndex(literals []indexedText, width int) *gramIndex {
	shortest := len(literals[0].text)
	for _, l := range literals {
		shortest = min(shortest, len(l.text))
	}
	stride := max(1, min(shortest-width+1, maxStride, maxGrams/len(literals)))
	size := 1 << bits.Len(uint(2*len(literals)*stride))
	g := &gramIndex{
		width:  width,
		mask:   uint32(1<<(8*width) - 1),
		stride: stride,
		shift:  uint(32 - bits.Len(uint(size-1))),
		slots:  make([]gramSlot, size),
	}
	for _, l := range literals {
		first := rarestGrams(l.text, width, stride)
		for offset := first; offset < first+stride; offset++ {
			var gram [edge]byte
			copy(gram[:], l.text[offset:offset+width])
			g.add(binary.LittleEndian.Uint32(gram[:]), gramLiteral{l, offset})
		}
	}
	return g
}

func (g *gramIndex) add(gram uint32, l gramLiteral) {
	hash := gram * gramPrime
	place := hash >> (32 - gramBits)
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
func rarestGrams(text []byte, width, count int) int {
	costs := make([]int, len(text)-width+1)
	for i := range costs {
		costs[i] = literalCost(string(text[i : i+width]))
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
