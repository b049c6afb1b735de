package store

import (
	"bytes"
	"errors"
	"fmt"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// A block holds leaves of one kind that follow each other.
type block struct {
	first  int64
	kind   string
	size   int64 // of the leaves, in bytes
	leaves [][]byte
}

// split takes the leaves of a block apart.
func (b *block) split(data []byte, count int64) error {
	b.size = int64(len(data))
	for line := range bytes.Lines(data) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			return errors.New("the last is cut off")
		}
		if int64(len(b.leaves)) == count {
			return fmt.Errorf("more instead of %d", count)
		}
		b.leaves = append(b.leaves, line[:len(line)-1])
	}
	if int64(len(b.leaves)) != count {
		return fmt.Errorf("%d instead of %d", len(b.leaves), count)
	}
	return nil
}

// A blockCache keeps the blocks used last.
type blockCache struct {
	load func(number int64) (*block, error)
	last []*block // the latest first
}

// cachedBlocks is enough to read a few runs of the program by turns;
// cachedBytes bounds them where leaves are large.
const (
	cachedBlocks = 16
	cachedBytes  = 64 << 20
)

// holding returns the block of a leaf.
func (c *blockCache) holding(number int64) (*block, error) {
	for i, b := range c.last {
		if number >= b.first && number < b.first+int64(len(b.leaves)) {
			copy(c.last[1:i+1], c.last[:i])
			c.last[0] = b
			return b, nil
		}
	}
	b, err := c.load(number)
	if err != nil {
		return nil, err
	}
	if len(c.last) < cachedBlocks {
		c.last = append(c.last, nil)
	}
	copy(c.last[1:], c.last)
	c.last[0] = b
	c.trim()
	return b, nil
}

// trim drops the blocks that were used the longest ago, but never the last.
func (c *blockCache) trim() {
	kept, size := 0, int64(0)
	for _, b := range c.last {
		if size += b.size; kept > 0 && size > cachedBytes {
			break
		}
		kept++
	}
	clear(c.last[kept:])
	c.last = c.last[:kept]
}

// A packer compresses and unpacks. It may be used by several goroutines.
type packer struct {
	once   sync.Once
	writer *zstd.Encoder
	reader *zstd.Decoder
	err    error
}

// maxUnpacked bounds what a block of a hostile file can become.
const maxUnpacked = 512 << 20

func (p *packer) prepare() error {
	p.once.Do(func() {
		var writing, reading error
		p.writer, writing = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithLowerEncoderMem(true))
		p.reader, reading = zstd.NewReader(nil, zstd.WithDecoderMaxMemory(maxUnpacked), zstd.WithDecoderConcurrency(1))
		p.err = errors.Join(writing, reading)
	})
	return p.err
}

func (p *packer) pack(data []byte) ([]byte, error) {
	if err := p.prepare(); err != nil {
		return nil, err
	}
	return p.writer.EncodeAll(data, make([]byte, 0, len(data)/4)), nil
}

func (p *packer) unpack(packed []byte, size int64) ([]byte, error) {
	if err := p.prepare(); err != nil {
		return nil, err
	}
	if size < 0 || size > maxUnpacked {
		return nil, fmt.Errorf("a size of %d bytes", size)
	}
	data, err := p.reader.DecodeAll(packed, nil)
	if err == nil && int64(len(data)) != size {
		err = fmt.Errorf("%d bytes instead of %d", len(data), size)
	}
	return data, err
}

// unpackAny is unpack where the size is not known.
func (p *packer) unpackAny(packed []byte) ([]byte, error) {
	if err := p.prepare(); err != nil {
		return nil, err
	}
	return p.reader.DecodeAll(packed, nil)
}
