package evtx_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"unicode/utf16"

	"github.com/kulla-defence/kulla/evtx"
)

// A chunkBuilder makes chunks for tests, byte by byte, right or wrong.
type chunkBuilder struct {
	b      []byte
	lastID uint64
}

func newChunk() *chunkBuilder {
	return &chunkBuilder{b: make([]byte, evtx.ChunkHeaderSize)}
}

func le16(v int) []byte { return binary.LittleEndian.AppendUint16(nil, uint16(v)) }
func le32(v int) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(v)) }
func le64(v int) []byte { return binary.LittleEndian.AppendUint64(nil, uint64(v)) }

func wide(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// A fragment is BinXML that knows where in the chunk it will stand, since names
// are offsets; here all of them stand inline.
type fragment func(at int) []byte

func sequence(parts ...fragment) fragment {
	return func(at int) []byte {
		var b []byte
		for _, p := range parts {
			b = append(b, p(at+len(b))...)
		}
		return b
	}
}

func raw(parts ...[]byte) fragment { return func(int) []byte { return join(parts...) } }

func name(s string) fragment {
	return func(at int) []byte { return join(le32(at+4), le32(0), le16(0), le16(len(wide(s))/2), wide(s), le16(0)) }
}

// head opens a fragment.
var head = raw([]byte{0x0f, 1, 1, 0})

// element is one with a dependency identifier, as in templates.
func element(s string, attributes fragment, content ...fragment) fragment {
	return anyElement(le16(0xffff), s, attributes, content...)
}

// plainElement is one without.
func plainElement(s string, attributes fragment, content ...fragment) fragment {
	return anyElement(nil, s, attributes, content...)
}

func anyElement(dependency []byte, s string, attributes fragment, content ...fragment) fragment {
	open := sequence(raw([]byte{0x01}, dependency, le32(8)), name(s))
	if attributes != nil {
		open = sequence(raw([]byte{0x41}, dependency, le32(8)), name(s), raw(le32(8)), attributes)
	}
	if content == nil {
		return sequence(open, raw([]byte{0x03}))
	}
	return sequence(open, raw([]byte{0x02}), sequence(content...), raw([]byte{0x04}))
}

func attribute(s string, value ...fragment) fragment {
	return sequence(raw([]byte{0x06}), name(s), sequence(value...))
}

func text(s string) fragment { return raw([]byte{0x05, 1}, le16(len(wide(s))/2), wide(s)) }

func slot(number int) fragment         { return raw([]byte{0x0d}, le16(number), []byte{0}) }
func optionalSlot(number int) fragment { return raw([]byte{0x0e}, le16(number), []byte{0}) }

// A val is a value of a template instance.
type val struct {
	kind  byte
	bytes fragment
}

func bytesOf(kind evtx.ValueType, parts ...[]byte) val { return val{byte(kind), raw(parts...)} }

// template is an instance with its definition inline.
func template(body fragment, values ...val) fragment {
	return func(at int) []byte {
		b := join([]byte{0x0c, 1}, le32(7), le32(at+10))
		definition := sequence(head, body, raw([]byte{0}))(at + len(b) + 24)
		b = join(b, le32(0), make([]byte, 16), le32(len(definition)), definition)
		return append(b, valueList(values)(at+len(b))...)
	}
}

// again is another instance of a definition that stands at an offset.
func again(definition int, values ...val) fragment {
	return sequence(raw([]byte{0x0c, 1}, le32(7), le32(definition)), valueList(values))
}

func valueList(values []val) fragment {
	return func(at int) []byte {
		data, descriptors := []byte(nil), le32(len(values))
		for _, v := range values {
			b := v.bytes(at + 4 + 4*len(values) + len(data))
			descriptors = join(descriptors, le16(len(b)), []byte{v.kind, 0})
			data = append(data, b...)
		}
		return append(descriptors, data...)
	}
}

// add writes a record and gives its place.
func (c *chunkBuilder) add(content fragment) int {
	at := len(c.b)
	c.lastID++
	c.b = append(c.b, join(le32(0x2a2a), le32(0), le64(int(c.lastID)), le64(133_000_000_000_000_000))...)
	c.b = append(c.b, sequence(head, content, raw([]byte{0}))(len(c.b)+0)...)
	for (len(c.b)+4)%8 != 0 {
		c.b = append(c.b, 0)
	}
	c.b = append(c.b, le32(len(c.b)+4-at)...)
	copy(c.b[at+4:], le32(len(c.b)-at))
	return at
}

// bytes finishes the chunk.
func (c *chunkBuilder) bytes() []byte {
	b := make([]byte, evtx.ChunkSize)
	end := copy(b, c.b)
	copy(b, "ElfChnk\x00")
	copy(b[8:], join(le64(1), le64(int(c.lastID)), le64(1), le64(int(c.lastID)), le32(128), le32(0), le32(end)))
	copy(b[52:], le32(int(crc32.ChecksumIEEE(b[evtx.ChunkHeaderSize:end]))))
	copy(b[124:], le32(int(crc32.Update(crc32.ChecksumIEEE(b[:120]), crc32.IEEETable, b[128:512]))))
	return b
}

// file puts chunks behind a file header.
func file(chunks ...[]byte) []byte {
	b := make([]byte, evtx.FileHeaderSize)
	copy(b, "ElfFile\x00")
	copy(b[32:], join(le32(128), le16(1), le16(3), le16(4096), le16(len(chunks))))
	copy(b[124:], le32(int(crc32.ChecksumIEEE(b[:120]))))
	return append(b, join(chunks...)...)
}

// event is a small record of one template with one nested in it.
func event(image string) fragment {
	system := element("System", nil,
		element("Provider", attribute("Name", text("Maker"))),
		element("EventID", attribute("Qualifiers", optionalSlot(0)), slot(1)),
		element("TimeCreated", attribute("SystemTime", slot(2))),
		element("Channel", nil, text("Test/Operational")),
		element("Computer", nil, slot(3)))
	data := element("EventData", nil,
		element("Data", attribute("Name", text("Image")), slot(0)),
		element("Data", attribute("Name", text("Gone")), optionalSlot(1)),
		element("Data", attribute("Name", text("Empty")), slot(1)))
	return template(element("Event", attribute("xmlns", text("urn:x")), system, slot(4)),
		bytesOf(evtx.TypeNull), bytesOf(evtx.TypeUInt16, le16(4242)), bytesOf(evtx.TypeFileTime, le64(133_000_000_000_000_001)),
		bytesOf(evtx.TypeString, wide("HOST")),
		val{byte(evtx.TypeBinXML), sequence(head, template(data, bytesOf(evtx.TypeString, wide(image)), bytesOf(evtx.TypeNull)), raw([]byte{0}))})
}
