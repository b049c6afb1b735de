package evtxwriter

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// Options ask for the less usual forms of a valid file. The zero value is a
// log that was closed in good order.
type Options struct {
	// Dirty marks the log as one that is being written to.
	Dirty bool
	// StaleHeader leaves the file header as it was when the log was new: no
	// chunks, next record 1. Logs copied from a running system are like that.
	StaleHeader bool
	// Full marks the log as full.
	Full bool
	// NoChecksums leaves all checksums 0 and says so in the file header.
	NoChecksums bool
	// RecordsPerChunk begins a new chunk after so many records; 0 when one is full.
	RecordsPerChunk int
}

// Flags of the file header.
const (
	dirtyFlag       = 1
	fullFlag        = 2
	noChecksumsFlag = 4
)

// A Writer writes one EVTX file. It holds the chunks until Close, since the
// header that comes first says how many there are.
type Writer struct {
	out     io.Writer
	options Options
	chunk   *chunk
	full    [][]byte // finished chunks
	number  uint64   // of the last record in this file
	lastID  uint64
}

// NewWriter returns a Writer. The file is written to out by Close.
func NewWriter(out io.Writer, options Options) *Writer {
	return &Writer{out: out, options: options, chunk: newChunk()}
}

// Write adds an event. After an error the file is as if the event had not
// been written.
func (w *Writer) Write(e *Event) error {
	id := e.RecordID
	if id == 0 {
		id = w.lastID + 1
	}
	if err := w.write(e, id); err != nil {
		return fmt.Errorf("evtxwriter: record %d: %w", id, err)
	}
	w.lastID = id
	return nil
}

var errTooLarge = errors.New("larger than a chunk")

func (w *Writer) write(e *Event, id uint64) error {
	if w.options.RecordsPerChunk > 0 && w.chunk.records >= w.options.RecordsPerChunk {
		w.endChunk()
	}
	root := e.root(id)
	err := w.chunk.add(e, root, id, w.number+1)
	if errors.Is(err, errTooLarge) {
		w.endChunk()
		err = w.chunk.add(e, root, id, w.number+1)
	}
	if err != nil {
		w.endChunk()
		return err
	}
	w.number++
	return nil
}

// add appends the event; where that fails, the chunk takes no further events.
func (c *chunk) add(e *Event, root *Element, id, number uint64) error {
	before := c.mark()
	lastRecord := c.lastRecord
	c.record(id, fileTime(e.Time), e.Plain, root)
	err := c.err
	if err == nil && len(c.data) > chunkSize {
		err = errTooLarge
	}
	if err != nil {
		c.rewind(before)
		c.lastRecord = lastRecord
		return err
	}
	if c.records == 0 {
		c.firstID, c.firstNumber = id, number
	}
	c.lastID, c.lastNumber = id, number
	c.records++
	return nil
}

// endChunk puts the chunk away, unless it is empty, and begins another.
func (w *Writer) endChunk() {
	if w.chunk.records > 0 {
		w.full = append(w.full, w.chunk.finish(!w.options.NoChecksums))
	}
	w.chunk = newChunk()
}

// Close writes the file. A log without events has no chunk, where Windows
// writes an empty one.
func (w *Writer) Close() error {
	w.endChunk()
	if _, err := w.out.Write(w.fileHeader()); err != nil {
		return fmt.Errorf("evtxwriter: %w", err)
	}
	for _, data := range w.full {
		if _, err := w.out.Write(data); err != nil {
			return fmt.Errorf("evtxwriter: %w", err)
		}
	}
	return nil
}

// fileHeader is 4 KiB of which 128 bytes are used; version 3.1.
func (w *Writer) fileHeader() []byte {
	header := make([]byte, 4096)
	copy(header, "ElfFile\x00")
	little := binary.LittleEndian
	chunks, next := len(w.full), w.number+1
	if w.options.StaleHeader {
		chunks, next = 0, 1
	}
	little.PutUint64(header[0x10:], uint64(max(chunks, 1)-1)) // last chunk
	little.PutUint64(header[0x18:], next)                     // next record
	little.PutUint32(header[0x20:], 128)
	little.PutUint16(header[0x24:], 1)
	little.PutUint16(header[0x26:], 3)
	little.PutUint16(header[0x28:], 4096)
	little.PutUint16(header[0x2a:], uint16(chunks))
	little.PutUint32(header[0x78:], w.flags())
	if !w.options.NoChecksums {
		little.PutUint32(header[0x7c:], crc32.ChecksumIEEE(header[:0x78]))
	}
	return header
}

func (w *Writer) flags() uint32 {
	var flags uint32
	for _, f := range []struct {
		set  bool
		flag uint32
	}{{w.options.Dirty, dirtyFlag}, {w.options.Full, fullFlag}, {w.options.NoChecksums, noChecksumsFlag}} {
		if f.set {
			flags |= f.flag
		}
	}
	return flags
}

// Encode returns the file that holds the events.
func Encode(options Options, events ...Event) ([]byte, error) {
	var file bytes.Buffer
	w := NewWriter(&file, options)
	for i := range events {
		if err := w.Write(&events[i]); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return file.Bytes(), nil
}
