package evtx

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// An instance is one use of a template in a record: the record's own, or that of
// nested BinXML.
type instance struct {
	template *template
	// first and count are its values.
	first, count int32
	// parent is the instance one of whose values this one is, and slot the
	// number of that value. The record's own has no parent: -1.
	parent int32
	slot   int32
}

// A value is the window of one value in the chunk.
type value struct {
	offset uint32
	size   uint16
	kind   ValueType
	// nested is the number of the instance that a BinXML value holds; 0 is
	// none, since instance 0 is never nested.
	nested int32
}

// An instanceLayout is where the parts of a template instance stand.
type instanceLayout struct {
	definition uint32
	// descriptors is where the value descriptors start, four bytes each, and
	// data where the values themselves do.
	descriptors, data int
	count             int
}

// layoutInstance finds the parts of the template instance whose token is at
// start:
//
//	0x0c | unknown u8 | template id u32 | definition offset u32 |
//	[definition, at its first use] | count u32 | descriptors | values
func layoutInstance(chunk []byte, start, end int) (instanceLayout, error) {
	var l instanceLayout
	at := start + 10
	if at+4 > end {
		return l, fmt.Errorf("%w: template instance at chunk offset %d", ErrTruncated, start)
	}
	l.definition = binary.LittleEndian.Uint32(chunk[start+6:])
	if int(l.definition) == at {
		if at+definitionHeaderSize > end {
			return l, fmt.Errorf("%w: template definition at chunk offset %d", ErrTruncated, at)
		}
		size := binary.LittleEndian.Uint32(chunk[at+20:])
		if int64(size) > int64(end-at-definitionHeaderSize-4) {
			return l, fmt.Errorf("%w: definition of %d bytes at chunk offset %d", ErrTemplate, size, at)
		}
		at += definitionHeaderSize + int(size)
	}
	count := binary.LittleEndian.Uint32(chunk[at:])
	l.descriptors = at + 4
	if int64(count)*4 > int64(end-l.descriptors) {
		return l, fmt.Errorf("%w: %d values at chunk offset %d", ErrBinXML, count, at)
	}
	l.count = int(count)
	l.data = l.descriptors + 4*l.count
	return l, nil
}

// stop is where the values end according to their descriptors.
func (l *instanceLayout) stop(chunk []byte) int {
	stop := l.data
	for at := l.descriptors; at < l.data; at += 4 {
		stop += int(binary.LittleEndian.Uint16(chunk[at:]))
	}
	return stop
}

func valuesTruncated(start int) error {
	return fmt.Errorf("%w: values of the template instance at chunk offset %d", ErrTruncated, start)
}

// parts holds what a decoder takes apart: the instances and values of a record.
type parts struct {
	chunk     []byte
	instances []instance
	values    []value
	// arrays is set when a value is an array, which may repeat columns.
	arrays bool
	// narrow is set when a value may be text with a byte a character.
	narrow bool
	// cursor remembers where the last element was found of an array whose
	// elements vary in size, so that to read them in turn is no search each.
	cursor struct{ offset, number, at uint32 }
}

// reset makes room for another record.
func (p *parts) reset() {
	p.instances, p.values, p.arrays, p.narrow = p.instances[:0], p.values[:0], false, false
	p.cursor.offset = 0
}

// elementOf gives an element of an array by number, and whether there is one.
func (p *parts) elementOf(v value, number int) ([]byte, bool) {
	b := p.window(v)
	if size := elementSize(v.kind); size > 0 {
		if number*size >= len(b) {
			return nil, false
		}
		return b[number*size : min((number+1)*size, len(b))], true
	}
	c := &p.cursor
	if c.offset != v.offset || uint32(number) < c.number {
		c.offset, c.number, c.at = v.offset, 0, 0
	}
	for int(c.at) < len(b) {
		element, rest := cutElement(v.kind, b[c.at:])
		if c.number == uint32(number) {
			return element, true
		}
		c.number, c.at = c.number+1, uint32(len(b)-len(rest))
	}
	return nil, false
}

// content parses the BinXML of a window into instances and values.
func (d *Decoder) content(start, end int, parent, slot int32, depth int) error {
	if depth > maxNesting {
		return fmt.Errorf("%w: more than %d fragments", ErrNesting, maxNesting)
	}
	at := start
	if end-at >= 4 && d.chunk[at] == tokenFragment {
		at += 4
	}
	if at >= end || d.chunk[at]&^tokenMore != tokenTemplate {
		return d.plain(start, end, parent, slot, depth)
	}
	l, err := layoutInstance(d.chunk, at, end)
	if err != nil {
		return err
	}
	first := len(d.values)
	values := d.take(&l)
	if values.stop > end {
		return valuesTruncated(at)
	}
	// A second instance or element behind the first makes it a plain fragment
	// with instances in it.
	if values.stop < end && continues(d.chunk[values.stop:end]) {
		d.values = d.values[:first]
		return d.plain(start, end, parent, slot, depth)
	}
	known, err := d.templateAt(l.definition)
	if err != nil {
		return err
	}
	d.latest = known
	d.arrays, d.narrow = d.arrays || values.arrays, d.narrow || values.narrow
	number := len(d.instances)
	d.instances = append(d.instances, instance{template: known.template, first: int32(first), count: int32(l.count), parent: parent, slot: slot})
	return d.nested(number, values.nested, l.count, depth)
}

// continues reports whether the tokens behind a template instance go on with
// content. Behind an end-of-stream token nothing counts: writers leave stale
// bytes there, which may well look like another fragment.
func continues(b []byte) bool {
	if b[0] == tokenFragment && len(b) > 4 {
		return startsContent(b[4])
	}
	return startsContent(b[0])
}

func startsContent(token byte) bool {
	token &^= tokenMore
	return token == tokenOpenElement || token == tokenTemplate
}

// taken is what the descriptors of an instance's values say together: where the
// values end, the first that may hold BinXML, whether one is an array, and
// whether one may be text with a byte a character.
type taken struct {
	stop, nested   int
	arrays, narrow bool
}

// take adds the values of an instance.
func (d *Decoder) take(l *instanceLayout) taken {
	first := len(d.values)
	d.values = extend(d.values, l.count)
	values, descriptors := d.values[first:], d.chunk[l.descriptors:l.data]
	offset, nested := uint32(l.data), l.count
	flags, kinds := ValueType(0), uint64(0) // kinds has a bit for each
	for i := range values {
		descriptor := binary.LittleEndian.Uint32(descriptors[4*i:])
		kind := ValueType(descriptor >> 16)
		values[i] = value{offset: offset, size: uint16(descriptor), kind: kind}
		offset += descriptor & 0xffff
		flags |= kind
		kinds |= 1 << (kind & 63)
		if kind == TypeBinXML && nested > i {
			nested = i
		}
	}
	return taken{stop: int(offset), nested: nested, arrays: flags&TypeArray != 0, narrow: kinds&(1<<TypeANSIString) != 0}
}

// extend lengthens values by n, whose contents are to be written.
func extend(values []value, n int) []value {
	if need := len(values) + n; need <= cap(values) {
		return values[:need]
	}
	return append(values, make([]value, n)...)
}

// nested parses the BinXML that is among the values of an instance, from one of
// them on.
func (d *Decoder) nested(number, from, count, depth int) error {
	first := int(d.instances[number].first)
	for i := from; i < count; i++ {
		v := d.values[first+i]
		if v.kind != TypeBinXML || v.size == 0 {
			continue
		}
		d.values[first+i].nested = int32(len(d.instances))
		start := int(v.offset)
		if err := d.content(start, start+int(v.size), int32(number), int32(i), depth+1); err != nil {
			return err
		}
	}
	return nil
}

// plain parses a fragment that is not one template instance.
func (d *Decoder) plain(start, end int, parent, slot int32, depth int) error {
	number, first := len(d.instances), len(d.values)
	d.instances = append(d.instances, instance{first: int32(first), parent: parent, slot: slot})
	f := flattener{chunk: d.chunk, at: start, end: end, plain: true, values: d.values, first: first}
	f.out = append(d.form[:0], make([]byte, guidSize)...)
	f.text = d.text
	err := f.fragment()
	d.form, d.text, d.values = f.out, f.text, f.values
	if err != nil {
		return err
	}
	d.instances[number].template = d.cache.template(d.form)
	d.instances[number].count = int32(len(d.values) - first)
	d.narrow = d.narrow || slices.ContainsFunc(d.values[first:], func(v value) bool { return v.kind == TypeANSIString })
	return d.nested(number, 0, len(d.values)-first, depth)
}
