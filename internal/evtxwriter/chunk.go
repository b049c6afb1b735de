package evtxwriter

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"slices"
)

const (
	chunkSize       = 64 << 10
	chunkHeaderSize = 512
	// Places in the chunk header.
	firstNumberAt    = 0x08
	lastNumberAt     = 0x10
	firstIDAt        = 0x18
	lastIDAt         = 0x20
	headerSizeAt     = 0x28
	lastRecordAt     = 0x2c
	freeSpaceAt      = 0x30
	dataChecksumAt   = 0x34
	headerChecksumAt = 0x7c
	nameTableAt      = 0x80
	templateTableAt  = 0x180
)

// A chunk is 64 KiB of records, with the names and templates they share. All
// offsets in it count from its beginning.
type chunk struct {
	data []byte
	// names and templates say where each one stands. A chunk without names
	// spells every name where it is used: the result then depends on nothing
	// but the element, and serves to compare templates.
	names         map[string]uint32
	templates     map[string]uint32
	nameHeads     [64]uint32
	templateHeads [32]uint32

	firstNumber, lastNumber uint64
	firstID, lastID         uint64
	lastRecord              uint32
	records                 int
	err                     error
}

func newChunk() *chunk {
	return &chunk{data: make([]byte, chunkHeaderSize, chunkSize), names: map[string]uint32{}, templates: map[string]uint32{}}
}

// mark is a state of a chunk to go back to.
type mark struct {
	size          int
	nameHeads     [64]uint32
	templateHeads [32]uint32
}

func (c *chunk) mark() mark { return mark{len(c.data), c.nameHeads, c.templateHeads} }

// rewind forgets what was appended since the mark. The maps keep names that
// are gone: a rewound chunk takes no further records.
func (c *chunk) rewind(m mark) {
	c.data, c.nameHeads, c.templateHeads = c.data[:m.size], m.nameHeads, m.templateHeads
}

func (c *chunk) byte(b byte)     { c.data = append(c.data, b) }
func (c *chunk) bytes(b []byte)  { c.data = append(c.data, b...) }
func (c *chunk) uint16(n uint16) { c.data = binary.LittleEndian.AppendUint16(c.data, n) }
func (c *chunk) uint32(n uint32) { c.data = binary.LittleEndian.AppendUint32(c.data, n) }
func (c *chunk) uint64(n uint64) { c.data = binary.LittleEndian.AppendUint64(c.data, n) }

// offset is where the next byte will stand.
func (c *chunk) offset() uint32 { return uint32(len(c.data)) }

// reserveSize leaves room for the size of what follows; fillSize fills it in.
func (c *chunk) reserveSize() int {
	c.uint32(0)
	return len(c.data)
}

func (c *chunk) fillSize(begin int) {
	binary.LittleEndian.PutUint32(c.data[begin-4:], uint32(len(c.data)-begin))
}

func (c *chunk) countedString(s string) {
	text := encodeUTF16(s)
	c.checkCount("text", len(text)/2)
	c.uint16(uint16(len(text) / 2))
	c.bytes(text)
}

func (c *chunk) checkCount(what string, n int) {
	if n > math.MaxUint16 && c.err == nil {
		c.err = fmt.Errorf("%s of %d units is too long for its 16-bit count", what, n)
	}
}

// name refers to a name, and spells it where the chunk first uses it: a link
// to the previous name in the same bucket, hash, count, text, zero.
func (c *chunk) name(name string) {
	if at, ok := c.names[name]; ok {
		c.uint32(at)
		return
	}
	at := c.offset() + 4
	c.uint32(at)
	hash := nameHash(name)
	bucket := hash % uint16(len(c.nameHeads))
	if c.names == nil {
		c.data = c.data[:len(c.data)-4]
		c.uint32(0)
	} else {
		c.uint32(c.nameHeads[bucket])
		c.names[name], c.nameHeads[bucket] = at, at
	}
	c.uint16(hash)
	c.countedString(name)
	c.uint16(0)
}

// nameHash is the hash of [MS-EVEN6] 2.2.12: multiply by 65599, add, keep 16 bits.
func nameHash(name string) uint16 {
	var hash uint32
	text := encodeUTF16(name)
	for i := 0; i < len(text); i += 2 {
		hash = hash*65599 + uint32(binary.LittleEndian.Uint16(text[i:]))
	}
	return uint16(hash)
}

// instance appends an instance of the template that the element makes, and
// defines the template when the chunk does not have it.
func (c *chunk) instance(e *Element) {
	shape := &fragment{chunk: &chunk{}, template: true}
	shape.definitionBody(e)
	if c.err == nil {
		c.err = shape.err
	}
	key := sha256.Sum256(shape.data)
	id := key[:16]
	c.byte(templateInstanceToken)
	c.byte(1)
	c.bytes(id[:4])
	if at, ok := c.templates[string(id)]; ok {
		c.uint32(at)
	} else {
		c.define(e, id)
	}
	c.appendValues(shape.values)
}

// define appends where the definition stands, which is here, and the
// definition: link, GUID, size, body. Readers follow the links from any
// bucket; how Windows chooses it is not known, so the identifier decides.
func (c *chunk) define(e *Element, id []byte) {
	at := c.offset() + 4
	bucket := binary.LittleEndian.Uint32(id) % uint32(len(c.templateHeads))
	c.uint32(at)
	c.uint32(c.templateHeads[bucket])
	c.bytes(id)
	c.templates[string(id)], c.templateHeads[bucket] = at, at
	size := c.reserveSize()
	body := &fragment{chunk: c, template: true}
	body.definitionBody(e)
	c.fillSize(size)
}

func (f *fragment) definitionBody(e *Element) {
	f.header()
	e.encode(f, false)
	f.byte(endOfFragmentToken)
}

// appendValues appends count, descriptors (size, type, zero), and the values.
func (c *chunk) appendValues(values []Value) {
	c.uint32(uint32(len(values)))
	descriptors := len(c.data)
	c.bytes(make([]byte, 4*len(values)))
	for i, value := range values {
		begin := len(c.data)
		c.appendValue(value)
		size := len(c.data) - begin
		c.checkCount("value", size)
		binary.LittleEndian.PutUint16(c.data[descriptors+4*i:], uint16(size))
		c.data[descriptors+4*i+2] = value.kind
	}
}

func (c *chunk) appendValue(v Value) {
	switch {
	case v.kind == malformedType && c.err == nil:
		c.err = fmt.Errorf("%s", v.text)
	case v.nested != nil:
		c.instance(v.nested)
		c.byte(endOfFragmentToken)
	default:
		c.bytes(v.data)
	}
}

// record appends a record: mark, size, identifier, time, BinXML, size again,
// together a multiple of eight bytes.
func (c *chunk) record(id, time uint64, plain bool, root *Element) {
	begin := c.offset()
	c.uint32(0x00002a2a)
	c.uint32(0)
	c.uint64(id)
	c.uint64(time)
	f := &fragment{chunk: c}
	f.header()
	if plain {
		root.encode(f, false)
	} else {
		c.instance(root)
	}
	c.byte(endOfFragmentToken)
	for (len(c.data)+4)%8 != 0 {
		c.byte(0)
	}
	size := c.offset() - begin + 4
	c.uint32(size)
	binary.LittleEndian.PutUint32(c.data[begin+4:], size)
	c.lastRecord = begin
}

// finish fills in the header and returns the 64 KiB.
func (c *chunk) finish(checksums bool) []byte {
	used := len(c.data)
	data := slices.Concat(c.data, make([]byte, chunkSize-used))
	copy(data, "ElfChnk\x00")
	little := binary.LittleEndian
	little.PutUint64(data[firstNumberAt:], c.firstNumber)
	little.PutUint64(data[lastNumberAt:], c.lastNumber)
	little.PutUint64(data[firstIDAt:], c.firstID)
	little.PutUint64(data[lastIDAt:], c.lastID)
	little.PutUint32(data[headerSizeAt:], 128)
	little.PutUint32(data[lastRecordAt:], c.lastRecord)
	little.PutUint32(data[freeSpaceAt:], uint32(used))
	for i, at := range c.nameHeads {
		little.PutUint32(data[nameTableAt+4*i:], at)
	}
	for i, at := range c.templateHeads {
		little.PutUint32(data[templateTableAt+4*i:], at)
	}
	if checksums {
		little.PutUint32(data[dataChecksumAt:], crc32.ChecksumIEEE(data[chunkHeaderSize:used]))
		little.PutUint32(data[headerChecksumAt:], headerChecksum(data))
	}
	return data
}

// headerChecksum leaves out the checksum itself and the flags before it.
func headerChecksum(data []byte) uint32 {
	return crc32.Update(crc32.ChecksumIEEE(data[:120]), crc32.IEEETable, data[nameTableAt:chunkHeaderSize])
}
