package evtx

import (
	"encoding/binary"
	"fmt"
)

const (
	// definitionHeaderSize is that of next offset (4), GUID (16) and size (4).
	definitionHeaderSize = guidStart + guidSize + 4
	guidStart            = 4
	guidSize             = 16
)

// maxDefined bounds the template definitions that are read of one chunk.
const maxDefined = 8 * ChunkSize

// maxRemembered bounds the memory of a decoder's patterns. All that was ever seen
// in real logs takes a quarter of it.
const maxRemembered = 1 << 22

// maxAlike bounds how many templates of one GUID are remembered.
const maxAlike = 4

// templateSlots is the size of the direct-mapped table of a chunk's templates by
// their offset. Chunks of real logs hold some ten templates.
const templateSlots = 256

// definitions are the templates of the current chunk, and those of chunks before,
// which are likely to be met again.
type definitions struct {
	known [templateSlots]struct {
		offset   uint32
		template *knownTemplate
	}
	// others are those that find their slot taken, and those that are corrupt.
	others map[uint32]definition
	// learnt holds the first definitions that were read of each GUID.
	learnt map[[guidSize]byte]*knownTemplate
	// size is that of all that was learnt, and emptied how often the cache was
	// emptied before.
	size    int
	emptied uint32
	gaps    []gap // scratch space
}

// A knownTemplate is a template, the definition by which it can be told, if any,
// and the layout of the last record that had it nested in its own template.
type knownTemplate struct {
	template *template
	pattern  *pattern
	outer    *template
	slot     int32
	layout   *Layout
	// next is another one of the same GUID, of which there are alike so many.
	next  *knownTemplate
	alike int
}

// A definition is a template of the chunk, or why there is none.
type definition struct {
	template *knownTemplate
	err      error
}

func newDefinitions() definitions {
	return definitions{others: map[uint32]definition{}, learnt: map[[guidSize]byte]*knownTemplate{}}
}

// begin starts a chunk. What was learnt is forgotten when it is too much, and
// when the cache was emptied, for it would keep what that no longer counts.
func (d *definitions) begin(cache *Cache) {
	clear(d.known[:])
	clear(d.others)
	if emptied := cache.emptied.Load(); emptied != d.emptied || d.size > maxRemembered {
		clear(d.learnt)
		d.size, d.emptied = 0, emptied
	}
}

// templateAt gives the template whose definition stands at an offset.
func (d *Decoder) templateAt(offset uint32) (*knownTemplate, error) {
	slot := &d.known[templateSlot(offset)]
	if slot.template != nil && slot.offset == offset {
		return slot.template, nil
	}
	if found, ok := d.others[offset]; ok {
		return found.template, found.err
	}
	t, err := d.define(offset)
	if err == nil && slot.template == nil {
		slot.offset, slot.template = offset, t
	} else {
		d.others[offset] = definition{t, err}
	}
	return t, err
}

func templateSlot(offset uint32) uint32 { return offset * 0x9e3779b1 >> 24 % templateSlots }

// define reads the template definition at an offset of the chunk:
//
//	next definition in the bucket u32 | GUID 16 | size u32 | fragment
//
// The links between definitions are not followed, so that a loop of them does
// no harm.
func (d *Decoder) define(offset uint32) (*knownTemplate, error) {
	if int64(offset)+definitionHeaderSize > int64(len(d.chunk)) || offset < ChunkHeaderSize {
		return nil, fmt.Errorf("%w: at chunk offset %d", ErrTemplate, offset)
	}
	start := int(offset) + definitionHeaderSize
	end := len(d.chunk)
	if size := binary.LittleEndian.Uint32(d.chunk[start-4:]); int64(size) < int64(end-start) {
		end = start + int(size)
	}
	// Definitions do not overlap. Where they do, they were made to be read over
	// and over.
	if d.defined += end - start; d.defined > maxDefined {
		return nil, fmt.Errorf("%w: more than %d bytes of definitions in the chunk", ErrTemplate, maxDefined)
	}
	guid := [guidSize]byte(d.chunk[offset+guidStart:])
	for known := d.learnt[guid]; known != nil; known = known.next {
		if known.pattern.fits(d.chunk, start, end) {
			return known, nil
		}
	}
	return d.learn(guid, start, end)
}

// learn reads a definition token by token, and remembers it.
func (d *Decoder) learn(guid [guidSize]byte, start, end int) (*knownTemplate, error) {
	f := flattener{chunk: d.chunk, at: start, end: end, out: append(d.form[:0], guid[:]...), text: d.text, gaps: d.gaps[:0]}
	err := f.fragment()
	d.form, d.text, d.gaps = f.out, f.text, f.gaps
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTemplate, err)
	}
	if len(f.out) == guidSize {
		return nil, fmt.Errorf("%w: nothing in it, at chunk offset %d", ErrTemplate, start-definitionHeaderSize)
	}
	known := &knownTemplate{template: d.cache.template(d.form)}
	if f.at < end { // else it has no end token, and is none that another may be like
		d.remember(guid, known, start, f.at)
	}
	return known, nil
}

// remember keeps a template with the pattern of its definition. Windows makes
// GUIDs of what is in a template, so that those of one GUID are few: one.
func (d *Decoder) remember(guid [guidSize]byte, known *knownTemplate, start, end int) {
	next := d.learnt[guid]
	if next != nil {
		known.alike = next.alike + 1
	}
	if known.alike == maxAlike || d.size > maxRemembered {
		return
	}
	if known.pattern = newPattern(d.chunk, start, end, d.gaps); known.pattern == nil {
		return
	}
	known.next = next
	d.learnt[guid] = known
	d.size += known.pattern.size()
}
