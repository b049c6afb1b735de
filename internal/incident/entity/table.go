package entity

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
)

// A table is a map that holds at most a number of entries. When there are more,
// it keeps those whose hash begins with one more zero bit, and so on. What is
// kept does not depend on the order in which entries came, nor on how they were
// spread over tables that are merged.
type table[K comparable, V any] struct {
	kind    *tableKind[K, V]
	entries map[K]*V
	shift   int // hashes have to begin with so many zero bits
	slab    []V // room for new entries
}

// A tableKind is what tables of one kind have in common.
type tableKind[K comparable, V any] struct {
	// name says in the plural what is kept.
	name  string
	limit int
	hash  func(*K) uint64
	// merge adds what another entry of the same key knows.
	merge  func(into *V, from *V)
	encode func(*encoder, *K, *V)
	decode func(*decoder, *K, *V)
}

func newTable[K comparable, V any](kind *tableKind[K, V]) table[K, V] {
	return table[K, V]{kind: kind, entries: map[K]*V{}}
}

// wants reports whether a key would be kept.
func (t *table[K, V]) wants(key *K) bool {
	return t.shift == 0 || bits.LeadingZeros64(t.kind.hash(key)) >= t.shift
}

// at returns the entry of a key, made when it is new; nil when the table does
// not want it.
func (t *table[K, V]) at(key K) *V {
	if entry := t.entries[key]; entry != nil {
		return entry
	}
	if !t.wants(&key) {
		return nil
	}
	if len(t.slab) == 0 {
		t.slab = make([]V, min(64, t.kind.limit))
	}
	entry := &t.slab[0]
	t.slab = t.slab[1:]
	t.entries[key] = entry
	if len(t.entries) > t.kind.limit {
		t.thin(t.shift + 1)
		return t.entries[key] // nil if it had to go
	}
	return entry
}

// add merges a value into the entry of a key.
func (t *table[K, V]) add(key K, value V) {
	if entry := t.at(key); entry != nil {
		t.kind.merge(entry, &value)
	}
}

// thin drops what does not have enough zero bits, until the rest fits.
func (t *table[K, V]) thin(shift int) {
	for t.shift = max(t.shift, shift); ; t.shift++ {
		for key := range t.entries {
			if !t.wants(&key) {
				delete(t.entries, key)
			}
		}
		if len(t.entries) <= t.kind.limit || t.shift == 64 {
			return
		}
	}
}

// mergeTable adds another table, which stays as it is.
func (t *table[K, V]) mergeTable(other *table[K, V]) {
	if other.shift > t.shift {
		t.thin(other.shift)
	}
	for key, value := range other.entries {
		t.add(key, *value)
	}
}

// A mixer hashes the parts of a key, eight bytes at a time. It is the same in
// every run, since the case keeps what was kept; who wants to make keys of one
// hash can, and so push other entries out, which Limits tells.
type mixer uint64

func newMixer() mixer { return 0x9e3779b97f4a7c15 }

func (m mixer) number(n uint64) mixer {
	m = (m ^ mixer(n)) * 0xff51afd7ed558ccd
	return m ^ m>>32
}

func (m mixer) text(s string) mixer { return mixText(m, s) }

func (m mixer) bytes(s []byte) mixer { return mixText(m, s) }

// mixText takes the length in, so that two texts are not one.
func mixText[T string | []byte](m mixer, s T) mixer {
	m = m.number(uint64(len(s)))
	for ; len(s) >= 8; s = s[8:] {
		m = m.number(uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
			uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56)
	}
	if len(s) > 0 {
		var last uint64
		for i := range len(s) {
			last |= uint64(s[i]) << (8 * i)
		}
		m = m.number(last)
	}
	return m
}

func (m mixer) address(a netip.Addr) mixer {
	bytes := a.As16()
	return m.number(binary.BigEndian.Uint64(bytes[:8])).number(binary.BigEndian.Uint64(bytes[8:]))
}

// sum ends with the last steps of MurmurHash3, so that the first bits are as
// good as the others.
func (m mixer) sum() uint64 {
	h := uint64(m)
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
