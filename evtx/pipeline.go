package evtx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
)

// A pipeline reads and decodes chunks ahead of the one that wants them. The
// number of chunks in memory is fixed: two for each worker.
type pipeline struct {
	file    *File
	options Options
	ctx     context.Context
	cancel  context.CancelFunc
	workers sync.WaitGroup
	// Chunk number n is decoded by worker n modulo the number of workers, and
	// comes through that worker's channel; so the order is that of the file.
	full  []chan *decodedChunk
	empty []chan *decodedChunk
}

// A decodedChunk is the records of one chunk, and what was wrong with it.
type decodedChunk struct {
	index     int
	bytes     []byte // and what the next chunk starts with
	extra     []byte // for a chunk that starts inside this one
	records   []Record
	errors    []*CorruptError
	err       error
	instances []instance
	values    []value
}

func newPipeline(ctx context.Context, f *File, options Options) *pipeline {
	n := min(max(options.Workers, 1), max(f.Chunks(), 1))
	p := &pipeline{file: f, options: options, full: make([]chan *decodedChunk, n), empty: make([]chan *decodedChunk, n)}
	p.ctx, p.cancel = context.WithCancel(ctx)
	for i := range n {
		p.full[i], p.empty[i] = make(chan *decodedChunk, 2), make(chan *decodedChunk, 2)
		for range 2 {
			p.empty[i] <- &decodedChunk{bytes: make([]byte, ChunkSize+len(chunkSignature))}
		}
		p.workers.Go(func() { p.work(i, n) })
	}
	return p
}

// work decodes every nth chunk from the first on.
func (p *pipeline) work(first, n int) {
	d := NewDecoder(p.file.Cache)
	d.Verify, d.Carve = p.options.Verify, p.options.Carve
	for index := first; index < p.file.Chunks(); index += n {
		select {
		case <-p.ctx.Done():
			return
		case c := <-p.empty[first]:
			c.index = index
			c.decode(d, p.file)
			p.full[first] <- c
		}
	}
}

// take waits for a chunk.
func (p *pipeline) take(index int) *decodedChunk {
	select {
	case c := <-p.full[index%len(p.full)]:
		if err := p.ctx.Err(); err != nil {
			return &decodedChunk{index: index, err: fmt.Errorf("evtx: chunk %d: %w", index, err)}
		}
		return c
	case <-p.ctx.Done():
		return &decodedChunk{index: index, err: fmt.Errorf("evtx: chunk %d: %w", index, p.ctx.Err())}
	}
}

// give hands a chunk back for another use.
func (p *pipeline) give(c *decodedChunk) { p.empty[c.index%len(p.empty)] <- c }

func (p *pipeline) stop() {
	p.cancel()
	p.workers.Wait()
}

// decode reads a chunk of the file and keeps all its records.
func (c *decodedChunk) decode(d *Decoder, f *File) {
	c.clear()
	c.err = nil
	offset := f.first + int64(c.index)*ChunkSize
	window := c.read(f, c.bytes, offset)
	if c.err != nil {
		return
	}
	c.around(d, f, window[:min(len(window), ChunkSize)], offset, misplaced(window))
}

// around decodes the bytes of a chunk up to the misplaced one in it, if there is
// one, and that. What belongs to a misplaced one before is left out.
func (c *decodedChunk) around(d *Decoder, f *File, own []byte, offset int64, shift int) {
	if shift > 0 {
		own = own[:shift]
	}
	covered := 0
	if !bytes.HasPrefix(own, []byte(chunkSignature)) && !unused(own) {
		covered = c.covered(f, offset)
	}
	if covered < len(own) {
		c.add(d, own[covered:], offset+int64(covered))
	}
	if shift > 0 {
		c.shifted(d, f, offset+int64(shift))
	}
}

func (c *decodedChunk) clear() {
	c.records, c.instances, c.values, c.errors = c.records[:0], c.instances[:0], c.values[:0], c.errors[:0]
}

// shifted decodes a chunk that starts inside this one.
func (c *decodedChunk) shifted(d *Decoder, f *File, offset int64) {
	if c.extra == nil {
		c.extra = make([]byte, ChunkSize)
	}
	if b := c.read(f, c.extra, offset); c.err == nil {
		err := fmt.Errorf("%w: it is not where a chunk should start", ErrChunkHeader)
		c.errors = append(c.errors, &CorruptError{Chunk: c.index, Offset: offset, Err: err})
		c.add(d, b, offset)
	}
}

// covered gives how many bytes of this chunk belong to one that started inside
// the chunk before.
func (c *decodedChunk) covered(f *File, offset int64) int {
	if offset < f.first+ChunkSize {
		return 0
	}
	return misplaced(c.read(f, make([]byte, ChunkSize+len(chunkSignature)), offset-ChunkSize))
}

// read fills a buffer from a place in the file, as far as the file goes.
func (c *decodedChunk) read(f *File, buffer []byte, offset int64) []byte {
	n, err := f.r.ReadAt(buffer[:min(int64(len(buffer)), f.size-offset)], offset)
	if err != nil && !errors.Is(err, io.EOF) {
		c.err = fmt.Errorf("evtx: chunk %d: %w", c.index, err)
	}
	return buffer[:n]
}

// add decodes one chunk and keeps its records and errors.
func (c *decodedChunk) add(d *Decoder, b []byte, offset int64) {
	d.Reset(b, c.index, offset)
	for d.Next() {
		c.keep(d.Record())
	}
	c.errors = append(c.errors, d.Errors()...)
}

// keep copies a record with its instances and values. These may move while the
// chunk is being decoded, so a record's views of them are set when it is yielded.
func (c *decodedChunk) keep(r *Record) {
	kept := *r
	c.instances = append(c.instances, r.instances...)
	c.values = append(c.values, r.values...)
	c.records = append(c.records, kept)
}

// yield gives the records and errors in the order of their offsets. It reports
// whether to go on.
func (c *decodedChunk) yield(yield func(*Record, error) bool) bool {
	if c.err != nil {
		yield(nil, c.err)
		return false
	}
	errs, instances, values := c.errors, c.instances, c.values
	for i := range c.records {
		r := &c.records[i]
		for len(errs) > 0 && errs[0].Offset <= r.Offset {
			if !yield(nil, errs[0]) {
				return false
			}
			errs = errs[1:]
		}
		n, m := len(r.instances), len(r.values)
		r.instances, instances = instances[:n:n], instances[n:]
		r.values, values = values[:m:m], values[m:]
		if !yield(r, nil) {
			return false
		}
	}
	for _, err := range errs {
		if !yield(nil, err) {
			return false
		}
	}
	return true
}
