package sigma

import (
	"bytes"
	"encoding/binary"
)

// A digest says of a text which groups of three bytes stand in it. Many
// literals are looked for in the same text, nearly all of them in vain, and
// a digest says no without looking at the text again.
type digest struct {
	// A place is marked where it has the number of the text; so it need not be
	// cleared for the next.
	marks [1 << digestBits]uint8
	text  uint8
}

const (
	digestBits  = 12
	digestWidth = 3
	// digestProbes is how many groups of a literal are looked up.
	digestProbes = 4
	// worthDigest is how many values a test must have for making digests.
	worthDigest = 5
	// maxDigests bounds the values of one field of which digests are made.
	maxDigests = 64
)

func digestPlace(a, b, c byte) uint32 {
	return (uint32(a) | uint32(b)<<8 | uint32(c)<<16) * gramPrime >> (32 - digestBits)
}

func (d *digest) fill(text []byte) {
	if d.text++; d.text == 0 {
		clear(d.marks[:])
		d.text = 1
	}
	const group = 1<<(8*digestWidth) - 1
	marks, number := &d.marks, d.text
	for ; len(text) >= 4; text = text[1:] {
		marks[binary.LittleEndian.Uint32(text)&group*gramPrime>>(32-digestBits)] = number
	}
	if len(text) == digestWidth {
		marks[digestPlace(text[0], text[1], text[2])] = number
	}
}

// digestPlaces are spread over a literal; none when it is too short.
func digestPlaces(literal []byte) []uint32 {
	groups := len(literal) - digestWidth + 1
	if groups <= 0 {
		return nil
	}
	probes := min(groups, digestProbes)
	places := make([]uint32, probes)
	for i := range places {
		at := i * groups / probes
		places[i] = digestPlace(literal[at], literal[at+1], literal[at+2])
	}
	return places
}

// mayHold is false when the text of the digest cannot hold a literal.
func (d *digest) mayHold(places []uint32) bool {
	for _, place := range places {
		if d.marks[place] != d.text {
			return false
		}
	}
	return true
}

// digests returns a digest for each of a field's values in the current event;
// none when there are too many values, or too few literals to look for.
func (s *Session) digests(t *test) []*digest {
	cached := &s.values[t.field]
	if cached.digested == s.epoch {
		return cached.digests
	}
	if len(t.values) < worthDigest {
		return nil
	}
	cached.digested = s.epoch
	if len(cached.values) > maxDigests {
		cached.digests = nil
		return nil
	}
	for len(cached.digests) < len(cached.values) {
		cached.digests = append(cached.digests, new(digest))
	}
	for i := range cached.values {
		cached.digests[i].fill(cached.values[i].folded)
	}
	return cached.digests
}

// anyContains is anyMatches for a literal that any value may contain.
func (s *Session) anyContains(t *test, v *valueTest, values []fieldText) bool {
	digests := s.digests(t)
	for i := range values {
		if values[i].state != Present || digests != nil && !digests[i].mayHold(v.places) {
			continue
		}
		if bytes.Contains(values[i].folded, v.text) {
			return true
		}
	}
	return false
}
