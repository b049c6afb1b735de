package evtx

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// A Decoder reads the records of one chunk after the other. It allocates nothing
// for a record of a layout it has seen. It is for one goroutine; decoders that
// share a Cache share templates and layouts.
type Decoder struct {
	// Verify compares the checksums of each chunk with its bytes and reports
	// those that differ; the records are read all the same.
	Verify bool
	// Carve also looks for records behind the end of a chunk's records, and in
	// chunks without a header.
	Carve bool

	cache *Cache
	parts
	record Record
	errors []*CorruptError

	index  int
	offset int64
	header ChunkHeader
	// at is where the next record starts, end where the records end.
	at, end int
	carving bool
	lastID  uint64

	definitions
	// nodes is what the chunk's records expand to so far, defined the bytes
	// of the template definitions read so far.
	nodes, defined int
	// latest is the last template of the current record; nil when it has none.
	latest *knownTemplate
	// Scratch space.
	form, text, key []byte
}

// NewDecoder makes a decoder. A nil cache stands for a new one.
func NewDecoder(cache *Cache) *Decoder {
	if cache == nil {
		cache = new(Cache)
	}
	return &Decoder{cache: cache, definitions: newDefinitions()}
}

// Reset starts a chunk: its bytes, usually 65536, which must not change while
// its records are in use, its number and its position in the file.
func (d *Decoder) Reset(chunk []byte, index int, offset int64) {
	d.index, d.offset = index, offset
	d.chunk, d.errors = chunk[:min(len(chunk), ChunkSize)], d.errors[:0]
	d.carving, d.lastID = false, 0
	d.nodes, d.defined = 0, 0
	d.begin(d.cache)
	d.open()
}

// open finds where the records of the chunk start and end.
func (d *Decoder) open() {
	var ok bool
	if d.header, ok = parseChunkHeader(d.chunk); !ok {
		d.at, d.end = len(d.chunk), len(d.chunk)
		if unused(d.chunk) {
			return
		}
		d.report(0, 0, len(d.chunk), d.headerFault())
		if d.Carve {
			d.at, d.carving = 0, true
		}
		return
	}
	d.at, d.end = ChunkHeaderSize, d.header.recordsEnd(len(d.chunk))
	if d.Verify {
		if err := d.header.verify(d.chunk); err != nil {
			d.report(0, 0, 0, err)
		}
	}
}

// Errors gives what was wrong with the chunk so far, in the order of the bytes.
// It is valid until the next Reset.
func (d *Decoder) Errors() []*CorruptError { return d.errors }

// Header gives the chunk's header as it stands.
func (d *Decoder) Header() ChunkHeader { return d.header }

// Record gives the record that Next found.
func (d *Decoder) Record() *Record { return &d.record }

// Next reads the next record and reports whether there is one.
func (d *Decoder) Next() bool {
	for {
		if d.carving {
			return d.carve()
		}
		if d.at >= d.end && !d.stale() {
			if !d.Carve {
				return false
			}
			d.carving = true
			continue
		}
		size, err := d.recordSize(d.at)
		if err != nil {
			d.skip(err)
			continue
		}
		if d.read(size) {
			return true
		}
	}
}

// recordSize checks the header of the record at a place and gives its size.
func (d *Decoder) recordSize(at int) (int, error) {
	left := len(d.chunk) - at
	if left < minRecordSize {
		return 0, fmt.Errorf("%w: %d bytes", ErrTruncated, left)
	}
	if binary.LittleEndian.Uint32(d.chunk[at:]) != recordSignature {
		return 0, ErrSignature
	}
	size := binary.LittleEndian.Uint32(d.chunk[at+4:])
	if size < minRecordSize || int64(size) > int64(left) {
		err := ErrRecordSize
		if size <= ChunkSize && int64(size) > int64(left) && len(d.chunk) < ChunkSize {
			err = ErrTruncated
		}
		return 0, fmt.Errorf("%w: %d bytes, %d left in the chunk", err, size, left)
	}
	return int(size), nil
}

// sizeAgrees reports whether the copy of a record's size behind it is the same.
func (d *Decoder) sizeAgrees(at, size int) bool {
	return binary.LittleEndian.Uint32(d.chunk[at+size-4:]) == uint32(size)
}

// read decodes the record at the current place and goes behind it. It reports
// whether the record could be read.
func (d *Decoder) read(size int) bool {
	if !d.sizeAgrees(d.at, size) {
		return d.readDoubtful(size)
	}
	at := d.at
	d.at = at + size
	d.lastID = d.idAt(at)
	if err := d.parse(at, size); err != nil {
		d.report(d.lastID, at, size, err)
		return false
	}
	return true
}

// readDoubtful is read for a record whose two sizes differ. One of them is
// wrong, so the next record is looked for within the record, too.
func (d *Decoder) readDoubtful(size int) bool {
	at, behind := d.at, d.at+size
	limit := behind
	if behind < d.end && d.idAt(behind) == 0 {
		limit = d.end
	}
	d.at = d.resync(at+minRecordSize, limit)
	d.lastID = d.idAt(at)
	differ := fmt.Errorf("%w: its two sizes differ", ErrRecordSize)
	if err := d.parse(at, size); err != nil {
		d.report(d.lastID, at, d.at-at, fmt.Errorf("%w: %w", differ, err))
		return false
	}
	d.report(d.lastID, at, 0, differ)
	if d.at > behind && !unused(d.chunk[behind:d.at]) {
		d.report(0, behind, d.at-behind, ErrSignature)
	}
	return true
}

// parse takes a record apart.
func (d *Decoder) parse(at, size int) error {
	d.reset()
	d.latest = nil
	if err := d.content(at+recordHeaderSize, at+size-4, -1, 0, 0); err != nil {
		return err
	}
	layout := d.layoutOf()
	if d.nodes += layout.nodes; d.nodes > maxChunkNodes {
		return fmt.Errorf("%w: more than %d nodes in the chunk", ErrNesting, maxChunkNodes)
	}
	if layout.err != nil {
		return layout.err
	}
	r := &d.record
	r.ID = binary.LittleEndian.Uint64(d.chunk[at+8:])
	r.FileTime = binary.LittleEndian.Uint64(d.chunk[at+16:])
	r.Chunk, r.Offset, r.Size, r.Carved = d.index, d.offset+int64(at), size, d.carving
	r.parts, r.start = d.parts, at
	r.layout = layout
	return nil
}

// skip reports the bytes from the current place to the next record.
func (d *Decoder) skip(err error) {
	at := d.at
	d.at = d.resync(at+1, max(d.end, at+1))
	if d.at >= d.end && unused(d.chunk[at:d.end]) {
		return // padding
	}
	d.report(d.idAt(at), at, d.at-at, err)
}

// idAt gives the number of a record whose signature is in order.
func (d *Decoder) idAt(at int) uint64 {
	if len(d.chunk)-at < recordHeaderSize || binary.LittleEndian.Uint32(d.chunk[at:]) != recordSignature {
		return 0
	}
	return binary.LittleEndian.Uint64(d.chunk[at+8:])
}

// resync gives the first place from at on where a whole record seems to stand;
// limit when there is none before it. Records are aligned to 8 bytes.
func (d *Decoder) resync(at, limit int) int {
	for at = (at + 7) &^ 7; at < limit; at += 8 {
		if _, ok := plausible(d.chunk, at); ok {
			return at
		}
	}
	return limit
}

// stale reports whether the records go on behind the end that the header gives,
// as they do in a log that was copied while it was in use. What is left of
// older records there has other numbers.
func (d *Decoder) stale() bool {
	expected := d.lastID + 1
	if d.lastID == 0 {
		expected = d.header.FirstRecordID
	}
	if d.at >= len(d.chunk) {
		return false
	}
	size, ok := plausible(d.chunk, d.at)
	if !ok || d.idAt(d.at) != expected {
		return false
	}
	d.report(0, d.at, 0, fmt.Errorf("%w: records behind the end that it gives", ErrChunkHeader))
	d.end = d.at + size
	return true
}

// carve finds the next whole record anywhere from the current place on. What
// does not decode there is no loss, since the log does not count it.
func (d *Decoder) carve() bool {
	for {
		d.at = d.resync(d.at, len(d.chunk))
		if d.at >= len(d.chunk) {
			return false
		}
		at := d.at
		size, _ := d.recordSize(at)
		if d.parse(at, size) == nil {
			d.at = at + size
			return true
		}
		d.at = at + 8
	}
}

func (d *Decoder) report(record uint64, at, size int, err error) {
	d.errors = append(d.errors, &CorruptError{
		Chunk: d.index, Record: record, Offset: d.offset + int64(at), Size: int64(size), Err: err,
	})
}

func (d *Decoder) headerFault() error {
	if len(d.chunk) < ChunkHeaderSize {
		return fmt.Errorf("%w: %d bytes of a chunk", ErrTruncated, len(d.chunk))
	}
	return ErrChunkHeader
}

// zeros is a page of nothing, which stays near the processor.
var zeros [4096]byte

// unused reports whether there is nothing but zeros.
func unused(b []byte) bool {
	for len(b) > len(zeros) {
		if !bytes.Equal(b[:len(zeros)], zeros[:]) {
			return false
		}
		b = b[len(zeros):]
	}
	return bytes.Equal(b, zeros[:len(b)])
}
