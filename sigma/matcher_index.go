package sigma

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// A fieldIndex finds the candidates that an atom on one field makes hot.
type fieldIndex struct {
	field    int32
	exact    map[string][]int32
	basename map[string][]int32
	suffix   edgeIndex
	prefix   edgeIndex
	contains []gramTable // contained texts, by the length of their grams
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
		if screen := s.screens[i]; screen != nil && session.impossible(screen) {
			continue
		}
		known := &s.recalled[i]
		if !known.recall(session, index.field) {
			for _, value := range session.fieldTexts(index.field) {
				if value.state == Present {
					known.found = index.find(known.found, value.folded)
				}
			}
		}
		for _, candidates := range known.found {
			s.heat(candidates, session.epoch)
		}
	}
}

// A recalled remembers what an index found for the last value of its field.
type recalled struct {
	met   met
	found [][]int32
}

// recall reports whether the field has that value once more. If it has not,
// what was found is forgotten, and the value too where the field has not one:
// the next event may have the value again, and then nothing would be found.
func (r *recalled) recall(s *Session, field int32) bool {
	bound := s.last.field(s, s.event.Schema(), field)
	if bound.made != nil || len(bound.direct) != 1 {
		r.met.bound = nil
	} else if r.met.again(s, bound.direct[0]) {
		return true
	}
	r.found = r.found[:0]
	return false
}

// find appends the candidates that the text of a field makes hot.
func (index *fieldIndex) find(dst [][]int32, text []byte) [][]int32 {
	if index.exact != nil {
		dst = appendFound(dst, index.exact[string(text)])
	}
	if index.basename != nil {
		if name, ok := basename(text); ok {
			dst = appendFound(dst, index.basename[string(name)])
		}
	}
	if len(text) >= edge {
		for _, l := range index.suffix.byEdge[binary.LittleEndian.Uint32(text[len(text)-edge:])] {
			if bytes.HasSuffix(text, l.text) {
				dst = append(dst, l.candidates)
			}
		}
		for _, l := range index.prefix.byEdge[binary.LittleEndian.Uint32(text)] {
			if bytes.HasPrefix(text, l.text) {
				dst = append(dst, l.candidates)
			}
		}
	}
	dst = index.findShort(dst, text)
	for i := range index.contains {
		dst = index.contains[i].find(dst, text)
	}
	return dst
}

func appendFound(dst [][]int32, candidates []int32) [][]int32 {
	if len(candidates) == 0 {
		return dst
	}
	return append(dst, candidates)
}

func (index *fieldIndex) findShort(dst [][]int32, text []byte) [][]int32 {
	for _, l := range index.suffix.short {
		if bytes.HasSuffix(text, l.text) {
			dst = append(dst, l.candidates)
		}
	}
	for _, l := range index.prefix.short {
		if bytes.HasPrefix(text, l.text) {
			dst = append(dst, l.candidates)
		}
	}
	return dst
}

// edge is how many bytes at its end an edgeIndex finds a literal by, and the
// length of most grams.
const edge = 4

// An indexBuilder gathers the atoms on one field, by their kinds.
type indexBuilder struct {
	numbers    [atomContains + 1]map[string]int // of texts, in order
	order      [atomContains + 1][]string       // of first appearance
	candidates [atomContains + 1][][]int32      // in that order; ascending
	first      []int32                          // room for the first candidate of each text
}

func (b *indexBuilder) add(a atom, candidate int32) {
	number, ok := b.numbers[a.kind][a.text]
	if !ok {
		if b.numbers[a.kind] == nil {
			b.numbers[a.kind] = map[string]int{}
		}
		b.numbers[a.kind][a.text] = len(b.order[a.kind])
		b.order[a.kind] = append(b.order[a.kind], a.text)
		b.first = append(b.first, candidate)
		b.candidates[a.kind] = append(b.candidates[a.kind], slices.Clip(b.first[len(b.first)-1:]))
		return
	}
	if known := &b.candidates[a.kind][number]; (*known)[len(*known)-1] != candidate {
		*known = append(*known, candidate)
	}
}

// table finds candidates by whole texts; it is nil where there are none.
func (b *indexBuilder) table(kind atomKind) map[string][]int32 {
	if len(b.order[kind]) == 0 {
		return nil
	}
	table := make(map[string][]int32, len(b.order[kind]))
	for number, text := range b.order[kind] {
		table[text] = b.candidates[kind][number]
	}
	return table
}

func (b *indexBuilder) literals(kind atomKind) []indexedText {
	literals := make([]indexedText, len(b.order[kind]))
	for number, text := range b.order[kind] {
		literals[number] = indexedText{[]byte(text), b.candidates[kind][number]}
	}
	return literals
}

func (b *indexBuilder) build(field int32, keywords bool, shelf *gramShelf) fieldIndex {
	index := fieldIndex{field: field, exact: b.table(atomExact), basename: b.table(atomBasename)}
	index.anywhere = keywords && b.onlyFreeText()
	index.verbatim = !slices.ContainsFunc(b.order[atomContains], func(text string) bool { return !standsInJSON(text) })
	last := func(text []byte) []byte { return text[len(text)-edge:] }
	first := func(text []byte) []byte { return text[:edge] }
	index.suffix = newEdgeIndex(b.literals(atomSuffix), last)
	index.prefix = newEdgeIndex(b.literals(atomPrefix), first)
	index.contains = b.gramTables(shelf)
	return index
}

// gramTables spreads the contained texts over tables by the length of their grams.
func (b *indexBuilder) gramTables(shelf *gramShelf) (tables []gramTable) {
	var texts [edge + 1][]string
	var candidates [edge + 1][][]int32
	for number, text := range b.order[atomContains] {
		width := min(len(text), edge)
		texts[width] = append(texts[width], text)
		candidates[width] = append(candidates[width], b.candidates[atomContains][number])
	}
	for width := range texts {
		if len(texts[width]) > 0 {
			tables = append(tables, gramTable{shelf.index(texts[width], width), candidates[width]})
		}
	}
	return tables
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
