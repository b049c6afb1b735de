package entity

import (
	"encoding/binary"
	"errors"
	"maps"
	"net/netip"
	"slices"
)

// The encoding of a Context is the version, all texts in order with their
// lengths in front, the days, then each table in the order of facts: its shift,
// the number of its entries, and these in order of their bytes. Numbers are
// varints; a text stands there as its number.
const encodingVersion = 1

var (
	// ErrEncoding is what UnmarshalBinary returns for bytes that MarshalBinary
	// did not make.
	ErrEncoding = errors.New("entity context is damaged")
	// ErrVersion is what it returns for those of another version.
	ErrVersion = errors.New("entity context has another version")
)

// An encoder appends values. Until it numbers the texts it collects them.
type encoder struct {
	out       []byte
	texts     map[string]uint64
	collected bool
}

func newEncoder() *encoder { return &encoder{texts: map[string]uint64{}} }

func (e *encoder) number(n uint64) { e.out = binary.AppendUvarint(e.out, n) }
func (e *encoder) time(n int64)    { e.out = binary.AppendVarint(e.out, n) }
func (e *encoder) bytes(b []byte)  { e.out = append(e.out, b...) }

func (e *encoder) text(s string) {
	if !e.collected {
		e.texts[s] = 0
		return
	}
	e.number(e.texts[s])
}

// numberTexts ends the collecting, and writes the texts.
func (e *encoder) numberTexts() {
	e.out, e.collected = e.out[:0], true
	e.number(encodingVersion)
	e.number(uint64(len(e.texts)))
	for i, text := range slices.Sorted(maps.Keys(e.texts)) {
		e.texts[text] = uint64(i)
		e.number(uint64(len(text)))
		e.out = append(e.out, text...)
	}
}

func (e *encoder) flag(set bool) {
	if set {
		e.out = append(e.out, 1)
	} else {
		e.out = append(e.out, 0)
	}
}

func (e *encoder) account(a accountName) { e.text(a.domain); e.text(a.name); e.text(a.sid) }

func (e *encoder) address(a netip.Addr) { e.text(string(a.AsSlice())) }

// encodeTable writes entries in order of their encoding.
func encodeTable[K comparable, V any](e *encoder, t *table[K, V]) {
	e.number(uint64(t.shift))
	e.number(uint64(len(t.entries)))
	entries := encoder{texts: e.texts, collected: e.collected}
	ends := make([]int, 0, len(t.entries))
	for key, value := range t.entries {
		t.kind.encode(&entries, &key, value)
		ends = append(ends, len(entries.out))
	}
	if !e.collected {
		return
	}
	parts := make([]string, len(ends))
	all, start := string(entries.out), 0
	for i, end := range ends {
		parts[i], start = all[start:end], end
	}
	slices.Sort(parts)
	for _, part := range parts {
		e.out = append(e.out, part...)
	}
}

// A decoder reads values; after the first that is not there, zero values.
type decoder struct {
	in    []byte
	texts []string
	bad   bool
}

func (d *decoder) fail() { d.in, d.bad = nil, true }

func (d *decoder) number() uint64 {
	n, size := binary.Uvarint(d.in)
	if size <= 0 {
		d.fail()
		return 0
	}
	d.in = d.in[size:]
	return n
}

func (d *decoder) number32() uint32 {
	n := d.number()
	if n >= 1<<32 {
		d.fail()
	}
	return uint32(n)
}

func (d *decoder) time() int64 {
	n, size := binary.Varint(d.in)
	if size <= 0 {
		d.fail()
		return 0
	}
	d.in = d.in[size:]
	return n
}

func (d *decoder) bytes(into []byte) {
	if len(d.in) < len(into) {
		d.fail()
		return
	}
	d.in = d.in[copy(into, d.in):]
}

func (d *decoder) text() string {
	n := d.number()
	if n >= uint64(len(d.texts)) {
		d.fail()
		return ""
	}
	return d.texts[n]
}

// readTexts reads the texts, which are in order, each there once.
func (d *decoder) readTexts() {
	for count := d.number(); count > 0 && !d.bad; count-- {
		size := d.number()
		if size > uint64(len(d.in)) {
			d.fail()
			return
		}
		text := string(d.in[:size])
		d.in = d.in[size:]
		if n := len(d.texts); n > 0 && d.texts[n-1] >= text {
			d.fail()
			return
		}
		d.texts = append(d.texts, text)
	}
}

func (d *decoder) flag() bool {
	var b [1]byte
	d.bytes(b[:])
	if b[0] > 1 {
		d.fail()
	}
	return b[0] == 1
}

func (d *decoder) account() accountName { return accountName{d.text(), d.text(), d.text()} }

func (d *decoder) address() netip.Addr {
	text := d.text()
	address, ok := netip.AddrFromSlice([]byte(text))
	if !ok && text != "" {
		d.fail()
	}
	return address
}

// decodeTable reads what encodeTable wrote.
func decodeTable[K comparable, V any](d *decoder, t *table[K, V]) {
	shift, count := d.number(), d.number()
	if shift > 64 || count > uint64(t.kind.limit) {
		d.fail()
		return
	}
	t.shift = int(shift)
	for range count {
		var key K
		var value V
		t.kind.decode(d, &key, &value)
		if d.bad || !t.wants(&key) {
			d.fail()
			return
		}
		t.entries[key] = &value
	}
	if uint64(len(t.entries)) != count {
		d.fail()
	}
}

func (f *facts) encode(e *encoder) {
	e.number(f.days)
	encodeTable(e, &f.hosts)
	encodeTable(e, &f.spans)
	encodeTable(e, &f.renames)
	encodeTable(e, &f.starts)
	encodeTable(e, &f.logons)
	encodeTable(e, &f.bindings)
	encodeTable(e, &f.addresses)
	encodeTable(e, &f.uses)
	encodeTable(e, &f.sightings)
	encodeTable(e, &f.settings)
}

func (f *facts) decode(d *decoder) {
	f.days = d.number()
	decodeTable(d, &f.hosts)
	decodeTable(d, &f.spans)
	decodeTable(d, &f.renames)
	decodeTable(d, &f.starts)
	decodeTable(d, &f.logons)
	decodeTable(d, &f.bindings)
	decodeTable(d, &f.addresses)
	decodeTable(d, &f.uses)
	decodeTable(d, &f.sightings)
	decodeTable(d, &f.settings)
}
