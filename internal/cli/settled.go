package cli

import (
	"encoding/hex"
	"slices"

	"github.com/kulla-defence/kulla/evtx"
	"github.com/kulla-defence/kulla/internal/source"
	"github.com/kulla-defence/kulla/internal/store"
)

// An event log that grows is written anew in its header and in the chunk that
// is not full yet. All full chunks before that stay as they are, byte by byte.

// headOfLog is how much of the header of an event log is written anew.
const headOfLog = 128

// maxSettled bounds how many earlier contents one event log is compared with:
// each with another header costs a digest of its own.
const maxSettled = 8

// settledOf says up to where a log that begins like this stays as it is when it
// grows, by its header: one that lags behind, as in a log in use, says less.
func settledOf(head []byte) (source.Mark, bool) {
	header, err := evtx.ParseFileHeader(head)
	if err != nil || header.BlockSize != evtx.FileHeaderSize || header.FirstChunk != 0 || header.LastChunk == 0 || header.LastChunk >= uint64(header.ChunkCount) {
		return source.Mark{}, false
	}
	return source.Mark{Size: evtx.FileHeaderSize + int64(header.LastChunk)*evtx.ChunkSize, Head: string(head[:headOfLog])}, true
}

// settledBefore adds what is known to have been settled of evidence.
func (k *knownEvidence) settledBefore(file *store.Evidence) {
	if file.Settled == nil {
		return
	}
	mark := source.Mark{Size: file.Settled.Size, Head: string(file.Settled.Head)}
	for _, name := range file.Names() {
		if marks := k.settled[name]; len(marks) < maxSettled && !slices.Contains(marks, mark) {
			k.settled[name] = append(marks, mark)
		}
	}
}

// marks are the beginnings of a source that are compared with what is known, and
// the one to be known by the next time.
func (k *knownEvidence) marks(name string, head []byte) []source.Mark {
	var marks []source.Mark
	sizes := k.sizes[store.LogName(name)]
	for _, size := range sizes[:min(len(sizes), maxMarks)] {
		marks = append(marks, source.Mark{Size: size})
	}
	if settled, ok := settledOf(head); ok {
		marks = append(append(marks, settled), k.settled[name]...)
	}
	return marks
}

// settledIn is what of an event log stays as it is, by its own head.
func settledIn(file *source.File) *store.Settled {
	if file.Source.Format != "evtx" {
		return nil
	}
	for _, beginning := range file.Beginnings {
		if beginning.Head != "" && !beginning.Replaced {
			return &store.Settled{Size: beginning.Size, Head: []byte(beginning.Head), SHA256: hex.EncodeToString(beginning.SHA256[:])}
		}
	}
	return nil
}

// settles reports whether all that was settled of an earlier content is in a
// file as it was.
func settles(file *source.File, earlier *store.Evidence) bool {
	return earlier.Settled == nil || slices.ContainsFunc(file.Beginnings, func(b source.Beginning) bool {
		return b.Size == earlier.Settled.Size && b.Head == string(earlier.Settled.Head) && hex.EncodeToString(b.SHA256[:]) == earlier.Settled.SHA256
	})
}
