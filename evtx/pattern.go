package evtx

import (
	"bytes"
	"encoding/binary"
)

// A pattern is the body of a template definition as it once stood in a chunk.
// Every chunk defines its templates anew, nearly always as other chunks did; a
// pattern tells that a definition says the same, without reading its tokens.
//
// It is exact: a definition that fits has the canonical form of the first one.
// The flattener goes over a definition in one direction, and what it does next
// depends only on the bytes that it has read, on the names these refer to, and
// on whether it has come to the end. So the same bytes and names up to the same
// end token make the same form. Not read are sizes and dependencies of elements;
// and a name may stand inline, as it does on its first use in a chunk, or
// elsewhere.
type pattern struct {
	// bytes are those that must stand there, and the names, in order.
	bytes []byte
	steps []step
}

// A step goes over bytes that do not matter, bytes that must be the same, others
// that do not matter, and a reference to a name of so many bytes, its length
// included. The last step has no name. That is enough, for what does not matter
// stands right before a reference to a name, or right behind it.
type step struct{ skip, same, ignored, name uint16 }

// A gap is a place in a definition of which not every byte matters: bytes that
// are not read, or a reference to a name, whose length and text stand from name
// to stop.
type gap struct{ at, size, name, stop int }

// behind is where the definition goes on.
func (g *gap) behind() int {
	switch {
	case g.stop == 0:
		return g.at + g.size
	case g.name == g.at+nameReferenceSize+nameLinkSize: // inline
		return g.stop + nameEndSize
	}
	return g.at + nameReferenceSize
}

// maxPattern bounds the bytes of a pattern. Definitions of real logs have some
// thousand; what is larger is read every time.
const maxPattern = 1 << 14

// newPattern makes a pattern of a definition: of its body, which starts at a
// place and ends with the token at another, and of the gaps in between.
func newPattern(chunk []byte, start, end int, gaps []gap) *pattern {
	p, s := new(pattern), step{}
	for i := range gaps {
		g := &gaps[i]
		s.meet(chunk[start:g.at], g.size)
		p.bytes = append(append(p.bytes, chunk[start:g.at]...), chunk[g.name:g.stop]...)
		start = g.behind()
		if g.stop > 0 {
			s.name = uint16(g.stop - g.name)
			p.steps, s = append(p.steps, s), step{}
		}
		if len(p.bytes) > maxPattern {
			return nil
		}
	}
	s.same = uint16(end + 1 - start)
	p.steps, p.bytes = append(p.steps, s), append(p.bytes, chunk[start:end+1]...)
	if len(p.bytes) > maxPattern {
		return nil
	}
	return p
}

// size is roughly the memory a pattern takes, with the template it is for.
func (p *pattern) size() int { return 256 + cap(p.bytes) + 8*cap(p.steps) }

// meet adds bytes that must be the same, and some that do not matter.
func (s *step) meet(same []byte, ignored int) {
	if s.same += uint16(len(same)); s.same == 0 {
		s.skip += uint16(ignored)
	} else {
		s.ignored += uint16(ignored)
	}
}

// fits reports whether the definition whose body stands in a window of a chunk
// says what that of the pattern said.
func (p *pattern) fits(chunk []byte, at, end int) bool {
	expected := p.bytes
	for i := range p.steps {
		s := &p.steps[i]
		from := at + int(s.skip)
		to := from + int(s.same)
		if to > end || string(chunk[from:to]) != string(expected[:s.same]) {
			return false
		}
		if s.name == 0 {
			return true
		}
		name := expected[s.same:][:s.name]
		if at = reference(chunk, to+int(s.ignored), end, name); at < 0 {
			return false
		}
		expected = expected[int(s.same)+int(s.name):]
	}
	return false
}

// reference goes over a reference to a name in a definition, and the name where it
// stands inline. It gives -1 when the name is another.
func reference(chunk []byte, at, end int, name []byte) int {
	behind := at + nameReferenceSize
	if behind > end {
		return -1
	}
	offset := binary.LittleEndian.Uint32(chunk[at:])
	if int64(offset)+nameLinkSize > int64(len(chunk)) || !bytes.HasPrefix(chunk[offset+nameLinkSize:], name) {
		return -1
	}
	if int(offset) == behind {
		behind += nameLinkSize + len(name) + nameEndSize
	}
	return behind
}
