package evtx

import (
	"context"
	"fmt"
	"io"
	"iter"
)

// A File is an event log that can be read at any place.
type File struct {
	// Header is what the file says of itself.
	Header FileHeader
	// Cache holds the templates of the file; files may share one.
	Cache *Cache

	r     io.ReaderAt
	size  int64
	first int64
}

// Open reads the header of an event log of size bytes.
func Open(r io.ReaderAt, size int64) (*File, error) {
	var b [FileHeaderSize + len(chunkSignature)]byte
	n, err := r.ReadAt(b[:max(min(size, int64(len(b))), 0)], 0)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("evtx: file header: %w", err)
	}
	header, err := ParseFileHeader(b[:n])
	if err != nil {
		return nil, err
	}
	f := &File{Header: header, Cache: new(Cache), r: r, size: size, first: int64(FirstChunk(b[:n]))}
	return f, nil
}

// Chunks is the number of chunks that the file has room for, the last one
// possibly cut short. The header's own count is not relied on.
func (f *File) Chunks() int {
	return int((max(f.size-f.first, 0) + ChunkSize - 1) / ChunkSize)
}

// Options say how to read a file. The zero value reads every record that the
// log counts, with one worker.
type Options struct {
	// Workers is the number of chunks that are decoded at the same time.
	Workers int
	// Verify compares checksums, and reports those that differ.
	Verify bool
	// Carve also recovers records from the unused parts of chunks.
	Carve bool
}

// Records gives all records in the order of the file, whatever the number of
// workers. What could not be read comes in its place as a *CorruptError and a
// nil record; the reading goes on behind it. An error of another type, that of
// the reader or of the context, is the last one.
func (f *File) Records(ctx context.Context, options Options) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		if options.Verify && !f.Header.ChecksumOK && !yield(nil, headerError(ErrChecksum)) {
			return
		}
		p := newPipeline(ctx, f, options)
		defer p.stop()
		for index := range f.Chunks() {
			chunk := p.take(index)
			if !chunk.yield(yield) {
				return
			}
			p.give(chunk)
		}
	}
}
