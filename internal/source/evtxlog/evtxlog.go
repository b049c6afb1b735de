// Package evtxlog makes events of Windows event log files (EVTX), which the
// evtx package decodes.
//
// A block is one or more whole chunks of 64 KiB, the first with the file
// header before it; or the piece before a chunk that is not where it should be. Columns are named as evtx.Column says, which is as Sigma's
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
		NewSplitter: func(options format.Options) format.Splitter { return &splitter{state: &state{carve: options.Carve}} },
		NewParser:   func() format.Parser { return newParser(cache, shared) },
		Numbered:    true,
	}
}

// recognise knows a file by its header, and by its first chunk where the file
// header is lost.
func recognise(head []byte) bool {
	return bytes.HasPrefix(head, fileSignature) || bytes.HasPrefix(head[evtx.FirstChunk(head):], chunkSignature)
}

// A state is what a block's parser must know of the file before it.
type state struct {
	// header is the length of the file header; 0 without one.
	header int64
	carve  bool
	// problems are what the splitter found.
	problems []format.Problem
	// unused is how many chunks at the end of the block hold nothing.
	unused int
}

// A splitter cuts at the ends of chunks, wherever these are.
type splitter struct {
	begun bool
	// state is that of all blocks without problems and unused chunks.
	state *state
	// expected is the number of chunks that the file header counts, 0 when it
	// cannot be relied on.
	expected int64
	// offset is how much was cut.
	offset int64
	// displaced says that what was cut last ended where no chunk should.
	displaced bool
}

func (s *splitter) Split(data []byte, final bool) format.Cut {
	header := 0
	if !s.begun {
		if len(data) < evtx.FileHeaderSize+len(chunkSignature) && !final {
			return format.Cut{}
		}
		header = min(evtx.FirstChunk(data), len(data))
	}
	size, unused, displaced := chunks(data, header, final)
	if size <= header && !final {
		return format.Cut{}
	}
	return s.cut(data, size, unused, displaced, final)
}

// chunks gives where the last chunk ends that begins at size or behind it, and how
// many before that end are unused. Displaced says that it ends where the next
// begins too early: such a piece is cut by itself.
func chunks(data []byte, size int, final bool) (end, unused int, displaced bool) {
	for start := size; size < len(data); {
		if rest := data[size:]; len(rest) >= evtx.ChunkSize && evtx.Unused(rest[:evtx.ChunkSize]) {
			size, unused = size+evtx.ChunkSize, unused+1
			continue
		}
		span := evtx.ChunkSpan(data[size:], final)
		displaced = span < evtx.ChunkSize && size+span < len(data)
		if span == 0 || displaced && size > start {
			return size, unused, false
		}
		size, unused = size+span, 0
		if displaced {
			break
		}
	}
	return size, unused, displaced
}

// cut hands over the first bytes of the data, with what their parser must know.
func (s *splitter) cut(data []byte, size, unused int, displaced, final bool) format.Cut {
	if !s.begun {
		s.begun, s.state.header = true, int64(evtx.FirstChunk(data))
		s.expected = expectedChunks(data)
	}
	var problems []format.Problem
	if s.displaced && bytes.HasPrefix(data, chunkSignature) {
		problems = append(problems, format.Problem{Offset: s.offset, Kind: format.ReadAnyway, Reason: "a chunk is not where it should start: bytes before it are missing, or too many"})
	}
	s.offset, s.displaced = s.offset+int64(size), displaced
	if seen := (s.offset - s.state.header + evtx.ChunkSize - 1) / evtx.ChunkSize; final && size == len(data) && seen < s.expected {
		problems = append(problems, format.Problem{Offset: -1, Kind: format.Truncated, Reason: fmt.Sprintf("truncated: the file ends after %d of %d chunks", seen, s.expected)})
	}
	cut := format.Cut{Size: size, State: s.state}
	if problems != nil || unused > 0 {
		cut.State = &state{s.state.header, s.state.carve, problems, unused}
	}
	return cut
}

// expectedChunks is the number of chunks of a log that was closed in good
// order. While a log is in use the header lags behind.
func expectedChunks(data []byte) int64 {
	header, err := evtx.ParseFileHeader(data)
	if err != nil || header.Dirty || !header.ChecksumOK {
		return 0
	}
	return int64(header.ChunkCount)
}
