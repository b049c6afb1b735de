package evtx

import (
	"errors"
	"fmt"
)

// Reasons that a CorruptError wraps. Test for them with errors.Is.
var (
	ErrFileHeader  = errors.New("not an event log file header")
	ErrChunkHeader = errors.New("not a chunk header")
	ErrChecksum    = errors.New("checksum differs")
	ErrTruncated   = errors.New("truncated")
	ErrRecordSize  = errors.New("impossible record size")
	ErrSignature   = errors.New("no record where one should be")
	ErrTemplate    = errors.New("unreadable template definition")
	ErrBinXML      = errors.New("malformed binary xml")
	ErrNesting     = errors.New("nested too deeply")
)

// A CorruptError is one place of a file that could not be read as it should.
// Reading goes on behind it.
type CorruptError struct {
	// Chunk counts from 0; -1 is the file header.
	Chunk int
	// Record is the number of the record concerned, as far as it is known; 0
	// when the problem is not of one record.
	Record uint64
	// Offset is the position in the file at which the trouble starts, and
	// Size the number of bytes from there that gave no record. A Size of 0
	// means that nothing was lost: the records were read all the same.
	Offset int64
	Size   int64
	// Err says what is wrong; it wraps one of the reasons above.
	Err error
}

// Lost reports whether bytes that should have held records gave none.
func (e *CorruptError) Lost() bool { return e.Size > 0 }

func (e *CorruptError) Unwrap() error { return e.Err }

func (e *CorruptError) Error() string {
	switch {
	case e.Chunk < 0:
		return fmt.Sprintf("evtx: file header: %v", e.Err)
	case e.Record != 0:
		return fmt.Sprintf("evtx: chunk %d: record %d at offset %d: %v", e.Chunk, e.Record, e.Offset, e.Err)
	}
	return fmt.Sprintf("evtx: chunk %d: offset %d: %v", e.Chunk, e.Offset, e.Err)
}
