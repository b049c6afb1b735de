// Package evtxlog makes events of Windows event log files (EVTX), which the
// evtx package decodes.
//
// A block is one or more whole chunks of 64 KiB, the first with the file
// header before it. Columns are named as evtx.Column says, which is as Sigma's
// taxonomy has them. Begin with Format.
package evtxlog

import (
	"bytes"

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
	}
	return format.Cut{Size: size, State: s.header}
}

// headerSize is 4096, whatever the header says: no other size is known to
// exist, and a wrong one would lose the whole file.
func headerSize(data []byte) int {
	if bytes.HasPrefix(data, fileSignature) {
		return evtx.FileHeaderSize
	}
	return 0
}
