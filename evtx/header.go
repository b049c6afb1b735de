package evtx

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// Sizes of the format's fixed parts, in bytes.
const (
	FileHeaderSize  = 4096
	ChunkSize       = 65536
	ChunkHeaderSize = 512

	recordHeaderSize = 24
	// A record is at least its header and the copy of its size.
	minRecordSize = recordHeaderSize + 4
)

const (
	fileSignature   = "ElfFile\x00"
	chunkSignature  = "ElfChnk\x00"
	recordSignature = 0x00002a2a
)

// A FileHeader is the first 128 bytes of a file. Windows writes its counts when
// the log is closed, so that those of a live file lag behind; this package
// reports them and relies on the file's size instead.
type FileHeader struct {
	FirstChunk, LastChunk uint64
	NextRecordID          uint64
	MinorVersion          uint16
	MajorVersion          uint16
	// BlockSize is where the first chunk starts: 4096.
	BlockSize  uint16
	ChunkCount uint16
	// Dirty says that the log was not closed, Full that it had reached its
	// greatest size.
	Dirty, Full bool
	// ChecksumOK says whether the stored CRC-32 is that of the bytes. Windows
	// does not keep it up to date while the log is dirty.
	ChecksumOK bool
}

// ParseFileHeader reads the header from the first bytes of a file, at least 128
// of them. Only a missing signature or too few bytes are errors; everything
// else is reported in the header. Source: [MS-EVEN6] and the layout drawn in
// docs/formats/evtx.md.
func ParseFileHeader(b []byte) (FileHeader, error) {
	if len(b) < 128 {
		return FileHeader{}, headerError(fmt.Errorf("%w: %d of 128 bytes", ErrTruncated, len(b)))
	}
	if string(b[:8]) != fileSignature {
		return FileHeader{}, headerError(ErrFileHeader)
	}
	flags := binary.LittleEndian.Uint32(b[120:])
	return FileHeader{
		FirstChunk:   binary.LittleEndian.Uint64(b[8:]),
		LastChunk:    binary.LittleEndian.Uint64(b[16:]),
		NextRecordID: binary.LittleEndian.Uint64(b[24:]),
		MinorVersion: binary.LittleEndian.Uint16(b[36:]),
		MajorVersion: binary.LittleEndian.Uint16(b[38:]),
		BlockSize:    binary.LittleEndian.Uint16(b[40:]),
		ChunkCount:   binary.LittleEndian.Uint16(b[42:]),
		Dirty:        flags&1 != 0,
		Full:         flags&2 != 0,
		ChecksumOK:   binary.LittleEndian.Uint32(b[124:]) == crc32.ChecksumIEEE(b[:120]),
	}, nil
}

func headerError(err error) error { return &CorruptError{Chunk: -1, Err: err} }

// A ChunkHeader is the first 128 bytes of a chunk.
type ChunkHeader struct {
	FirstRecordNumber, LastRecordNumber uint64
	FirstRecordID, LastRecordID         uint64
	// LastRecord is where the last record starts and FreeSpace where it ends,
	// both from the start of the chunk.
	LastRecord, FreeSpace uint32
	// DataChecksum is the CRC-32 of the records, HeaderChecksum that of the
	// header and its two tables.
	DataChecksum, HeaderChecksum uint32
}

func parseChunkHeader(chunk []byte) (ChunkHeader, bool) {
	if len(chunk) < ChunkHeaderSize || string(chunk[:8]) != chunkSignature {
		return ChunkHeader{}, false
	}
	return ChunkHeader{
		FirstRecordNumber: binary.LittleEndian.Uint64(chunk[8:]),
		LastRecordNumber:  binary.LittleEndian.Uint64(chunk[16:]),
		FirstRecordID:     binary.LittleEndian.Uint64(chunk[24:]),
		LastRecordID:      binary.LittleEndian.Uint64(chunk[32:]),
		LastRecord:        binary.LittleEndian.Uint32(chunk[44:]),
		FreeSpace:         binary.LittleEndian.Uint32(chunk[48:]),
		DataChecksum:      binary.LittleEndian.Uint32(chunk[52:]),
		HeaderChecksum:    binary.LittleEndian.Uint32(chunk[124:]),
	}, true
}

// verify compares the two checksums of a chunk with its bytes.
func (h ChunkHeader) verify(chunk []byte) error {
	sum := crc32.Update(crc32.ChecksumIEEE(chunk[:120]), crc32.IEEETable, chunk[128:ChunkHeaderSize])
	if sum != h.HeaderChecksum {
		return fmt.Errorf("header %w", ErrChecksum)
	}
	end := h.recordsEnd(len(chunk))
	if crc32.ChecksumIEEE(chunk[ChunkHeaderSize:end]) != h.DataChecksum {
		return fmt.Errorf("data %w", ErrChecksum)
	}
	return nil
}

// recordsEnd is where the records end according to the header, or the end of
// the chunk when the header says something impossible.
func (h ChunkHeader) recordsEnd(size int) int {
	if h.FreeSpace < ChunkHeaderSize || int64(h.FreeSpace) > int64(size) {
		return size
	}
	return int(h.FreeSpace)
}
