package source

import (
	"context"
	"sync/atomic"
)

// A pool hands out a fixed number of buffers, so that memory stays bounded
// however fast files are read.
type pool struct {
	free chan *buffer
	size int
}

// A buffer is shared by the blocks that were cut from it, and goes back when
// the last of them is parsed.
type buffer struct {
	data []byte
	refs atomic.Int32
	pool *pool
}

func newPool(buffers, size int) *pool {
	p := &pool{free: make(chan *buffer, buffers), size: size}
	for range buffers {
		p.free <- &buffer{pool: p}
	}
	return p
}

// get waits for a free buffer. The caller holds its only reference.
func (p *pool) get(ctx context.Context) (*buffer, error) {
	select {
	case b := <-p.free:
		if b.data == nil {
			b.data = make([]byte, p.size)
		}
		b.refs.Store(1)
		return b, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// grow returns a larger buffer with the same beginning, and releases b. Large
// buffers are rare, and not kept.
func (b *buffer) grow(used []byte) *buffer {
	larger := &buffer{data: make([]byte, 2*len(b.data))}
	larger.refs.Store(1)
	copy(larger.data, used)
	b.release()
	return larger
}

func (b *buffer) retain() { b.refs.Add(1) }

func (b *buffer) release() {
	if b.refs.Add(-1) == 0 && b.pool != nil {
		b.pool.free <- b
	}
}
