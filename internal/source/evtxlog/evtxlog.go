// Package evtxlog makes events of Windows event log files (EVTX), which the
// evtx package decodes.
//
// A block is one or more whole chunks of 64 KiB, the first with the file
// header before it. Columns are named as evtx.Column says, which is as Sigma's
// taxonomy has them. Begin with Format.
package evtxlog

import (
	"bytes"
	"fmt"

	"github.com/kulla-defence/kulla/evtx"
	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/source/format"
)

var (
	fileSignature  = []byte("ElfFile\x00")
	chunkSignature = []byte("ElfChnk\x00")
)

// Format returns the format. Its parsers share what they learn.
func Format() *format.Format {
	shared := &layouts{known: map[*evtx.Layout]*event.Layout{}}
	cache := new(evtx.Cache)
	return &format.Format{
		Name:        "evtx",
		Recognise:   recognise,
		NewSplitter: func(format.Options) format.Splitter { return new(splitter) },
		NewParser:   func() format.Parser { return newParser(cache, shared) },
		Numbered:    true,
	}
}

// recognise knows a file by its header, and chunks whose file header is lost.
func recognise(head []byte) bool {
	return bytes.HasPrefix(head, fileSignature) || bytes.HasPrefix(head, chunkSignature)
}

// A splitter cuts at the ends of chunks.
type splitter struct {
	begun bool
	// header is the length of the file header; 0 without one.
	header int64
	// expected is the number of chunks that the file header counts, 0 when it
	// cannot be relied on; seen is how many there are.
	expected, seen int
}

func (s *splitter) Split(data []byte, final bool) format.Cut {
	header := 0
	if !s.begun {
		header = headerSize(data)
	}
	size := header + (len(data)-header)/evtx.ChunkSize*evtx.ChunkSize
	if final {
		size = len(data)
	}
	if size <= header && !final {
		return format.Cut{}
	}
	if !s.begun {
		s.begun, s.header = true, int64(header)
		s.expected = expectedChunks(data)
	}
	s.seen += (max(size-header, 0) + evtx.ChunkSize - 1) / evtx.ChunkSize
	cut := format.Cut{Size: size, State: s.header}
	if final && s.seen < s.expected {
		cut.Problem = &format.Problem{Offset: -1, Kind: format.Truncated, Reason: fmt.Sprintf("truncated: the file ends after %d of %d chunks", s.seen, s.expected)}
	}
	return cut
}

// expectedChunks is the number of chunks of a log that was closed in good
// order. While a log is in use the header lags behind.
func expectedChunks(data []byte) int {
	header, err := evtx.ParseFileHeader(data)
	if err != nil || header.Dirty || !header.ChecksumOK {
		return 0
	}
	return int(header.ChunkCount)
}

// headerSize is 4096, whatever the header says: no other size is known to
// exist, and a wrong one would lose the whole file.
func headerSize(data []byte) int {
	if bytes.HasPrefix(data, fileSignature) {
		return evtx.FileHeaderSize
	}
	return 0
}
