package entity

import "math/bits"

// A table is a map that holds at most a number of entries. When there are more,
// it keeps those whose hash begins with one more zero bit, and so on. What is
// kept does not depend on the order in which entries came, nor on how they were
// spread over tables that are merged.
type table[K comparable, V any] struct {
	kind    *tableKind[K, V]
	entries map[K]*V
	shift   int // hashes have to begin with so many zero bits
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
	entry := new(V)
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

// A mixer hashes the parts of a key: FNV-1a, and the last steps of MurmurHash3
// so that the first bits are as good as the others. It is the same in every
// run, since the case keeps what was kept.
type mixer uint64

func newMixer() mixer { return 14695981039346656037 }

func (m mixer) text(s string) mixer {
	for i := range len(s) {
		m = (m ^ mixer(s[i])) * 1099511628211
	}
	return (m ^ 0xff) * 1099511628211
}

func (m mixer) bytes(s []byte) mixer {
	for _, c := range s {
		m = (m ^ mixer(c)) * 1099511628211
	}
	return (m ^ 0xff) * 1099511628211
}

func (m mixer) number(n uint64) mixer {
	for range 8 {
		m = (m ^ mixer(n&0xff)) * 1099511628211
		n >>= 8
	}
	return m
}

func (m mixer) sum() uint64 {
	h := uint64(m)
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
