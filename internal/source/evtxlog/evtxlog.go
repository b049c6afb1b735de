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
	c := chunks(data, header, final)
	if c.size <= header && !final {
		return format.Cut{}
	}
	return s.cut(data, c, final)
}

// A run is the chunks that are cut together.
type run struct {
	// size is where the last ends, and unused how many before that hold nothing.
	size, unused int
	// displaced says that the next begins too early. Such a run is one piece.
	displaced bool
}

// chunks gives the chunks that begin at start or behind it.
func chunks(data []byte, start int, final bool) run {
	r := run{size: start}
	for r.size < len(data) && !r.displaced {
		rest := data[r.size:]
		// What is cut must not be the last unless that is known.
		if (final || len(rest) > evtx.ChunkSize) && evtx.UnusedChunk(rest) {
			r.size, r.unused = r.size+evtx.ChunkSize, r.unused+1
			continue
		}
		span := evtx.ChunkSpan(rest, final)
		displaced := span < evtx.ChunkSize && span < len(rest)
		if span == 0 || displaced && r.size > start {
			break
		}
		r = run{r.size + span, 0, displaced}
	}
	return r
}

// cut hands over the first bytes of the data, with what their parser must know.
func (s *splitter) cut(data []byte, r run, final bool) format.Cut {
	if !s.begun {
		s.begun, s.state.header = true, int64(evtx.FirstChunk(data))
		s.expected = expectedChunks(data)
	}
	var problems []format.Problem
	if s.displaced && bytes.HasPrefix(data, chunkSignature) {
		problems = append(problems, format.Problem{Offset: s.offset, Kind: format.ReadAnyway, Reason: "a chunk is not where it should start: bytes before it are missing, or too many"})
	}
	s.offset, s.displaced = s.offset+int64(r.size), r.displaced
	if seen := (s.offset - s.state.header + evtx.ChunkSize - 1) / evtx.ChunkSize; final && r.size == len(data) && seen < s.expected {
		problems = append(problems, format.Problem{Offset: -1, Kind: format.Truncated, Reason: fmt.Sprintf("truncated: the file ends after %d of %d chunks", seen, s.expected)})
	}
	cut := format.Cut{Size: r.size, State: s.state}
	if problems != nil || r.unused > 0 {
		cut.State = &state{header: s.state.header, carve: s.state.carve, problems: problems, unused: r.unused}
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
