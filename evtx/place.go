package evtx

import (
	"bytes"
	"encoding/binary"
)

// Chunks stand 65536 bytes apart, the first behind the file header. In a file of
// which bytes are missing, or that has too many, those behind stand elsewhere;
// this file finds them by their signature.

// FirstChunk gives where the chunks of an event log start, of which head are the
// first bytes, at least FileHeaderSize + 8 of them or all: behind the file header,
// whatever is left of that, or at 0 where there is none.
func FirstChunk(head []byte) int {
	switch {
	case bytes.HasPrefix(head, []byte(chunkSignature)):
		return 0
	case bytes.HasPrefix(head[min(len(head), FileHeaderSize):], []byte(chunkSignature)):
		return FileHeaderSize
	case !bytes.HasPrefix(head, []byte(fileSignature)):
		return 0
	}
	if at := bytes.Index(head[:min(len(head), FileHeaderSize)], []byte(chunkSignature)); at > 0 {
		return at
	}
	return FileHeaderSize
}

// ChunkSpan gives how many bytes belong to the chunk with which data begins, or
// should: ChunkSize, or less where another chunk starts earlier, or the file
// ends. It is 0 when data is too short to tell; final says that nothing follows.
func ChunkSpan(data []byte, final bool) int {
	window := data[:min(len(data), ChunkSize+len(chunkSignature))]
	if len(window) < ChunkSize+len(chunkSignature) && !final {
		return 0
	}
	if shift := misplaced(window); shift > 0 {
		return shift
	}
	return min(len(window), ChunkSize)
}

// UnusedChunk reports whether data begin with a whole chunk of nothing but zeros.
// Windows makes logs longer than their records need; a Decoder finds neither
// records nor faults there.
func UnusedChunk(data []byte) bool { return len(data) >= ChunkSize && unused(data[:ChunkSize]) }

// misplaced gives the place of a chunk that starts inside the window of another
// one, as it does where bytes of the file are missing or too many; 0 is none. It
// is looked for only where this chunk or the next has no header of its own. What
// looks like a chunk and lies in a record is data.
func misplaced(window []byte) int {
	own := window[:min(len(window), ChunkSize)]
	next := window[len(own):]
	headed := bytes.HasPrefix(own, []byte(chunkSignature))
	broken := headed && len(next) > 0 && !bytes.HasPrefix([]byte(chunkSignature), next) || !headed && !unused(own)
	if !broken || len(window) == 0 {
		return 0
	}
	records := recordWalk{chunk: own}
	if headed {
		records.at = ChunkHeaderSize
	}
	for at := 1; ; at++ {
		skipped := bytes.Index(window[at:], []byte(chunkSignature))
		if at += skipped; skipped < 0 || at >= len(own) {
			return 0
		}
		if likelyChunk(window[at:]) && !records.span(at) {
			return at
		}
	}
}

// likelyChunk reports whether the fixed fields behind a chunk's signature are
// those of one, as far as they are there.
func likelyChunk(b []byte) bool {
	if len(b) < 52 {
		return true
	}
	free := binary.LittleEndian.Uint32(b[48:])
	return binary.LittleEndian.Uint32(b[40:]) == 128 && free >= ChunkHeaderSize && free <= ChunkSize
}

// A recordWalk goes over the sound records of a chunk.
type recordWalk struct {
	chunk []byte
	at    int
}

// span reports whether a sound record lies across a place. Places must ascend.
func (w *recordWalk) span(place int) bool {
	for w.at < place {
		size, ok := plausible(w.chunk, w.at)
		switch {
		case !ok:
			w.at += 8
		case w.at+size > place:
			return true
		default:
			w.at += (size + 7) &^ 7
		}
	}
	return false
}

// plausible gives the size of the whole record that seems to stand at a place of
// a chunk.
func plausible(chunk []byte, at int) (size int, ok bool) {
	left := len(chunk) - at
	if left < minRecordSize || binary.LittleEndian.Uint32(chunk[at:]) != recordSignature {
		return 0, false
	}
	stated := binary.LittleEndian.Uint32(chunk[at+4:])
	if stated < minRecordSize || int64(stated) > int64(left) {
		return 0, false
	}
	return int(stated), binary.LittleEndian.Uint32(chunk[at+int(stated)-4:]) == stated
}
