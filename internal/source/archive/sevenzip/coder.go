package sevenzip

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"errors"
	"io"

	"github.com/klauspost/compress/flate"
	"github.com/ulikunitz/xz/lzma"

	"github.com/kulla-defence/kulla/internal/source/archive"
)

// A coder is one step of unpacking.
type coder struct {
	method     uint64
	properties []byte
	unpacked   uint64 // the size of what comes out
}

// The methods: Methods.txt.
const (
	methodCopy    = 0x00
	methodDelta   = 0x03
	methodX86     = 0x04
	methodLZMA2   = 0x21
	methodLZMA    = 0x030101
	methodX86Old  = 0x03030103
	methodDeflate = 0x040108
	methodBZip2   = 0x040202
)

// encrypts says whether a method is one of the group 06, "Crypto".
func encrypts(method uint64) bool {
	for method > 0xff {
		method >>= 8
	}
	return method == 0x06
}

// Why folders are refused.
const (
	refusedEncrypted = "encrypted"
	refusedMethod    = "unsupported compression method"
)

// refuse says why coders cannot be run. No more than one of them may compress:
// an archive has no use for a second, and behind it what is unpacked on the way
// would escape all limits.
func refuse(coders []coder) string {
	compressors, reason := 0, ""
	for _, c := range coders {
		switch c.method {
		case methodCopy, methodDelta, methodX86, methodX86Old:
		case methodLZMA, methodLZMA2, methodDeflate, methodBZip2:
			compressors++
		default:
			reason = refusedMethod
		}
	}
	if compressors > 1 {
		return refusedMethod
	}
	return reason
}

// A graph says how the coders of a folder hang together. Streams that come out
// of a coder have numbers, and those that go in have others.
type graph struct {
	coders []coder
	outs   int         // all streams that come out
	bonds  map[int]int // which stream that comes out goes in where
	first  int         // the stream that goes in from the archive
	packed int         // how many there are of them
	plain  bool        // each coder has one stream in and one out
}

// maxCoders bounds the coders of a folder, and the streams of a coder.
const maxCoders = 32

// graph reads a Folder.
func (p *parser) graph() graph {
	n := p.count(coderCost)
	if n == 0 || n > maxCoders {
		p.fail(errCorrupt)
		return graph{}
	}
	g := graph{coders: make([]coder, n), plain: true, bonds: map[int]int{}}
	ins := 0
	for i := range g.coders {
		in, out := p.coder(&g.coders[i])
		ins, g.outs = ins+in, g.outs+out
		g.plain = g.plain && in == 1 && out == 1
	}
	g.packed = ins - (g.outs - 1)
	if g.outs < 1 || g.packed < 1 {
		p.fail(errCorrupt)
		return graph{}
	}
	p.bonds(&g)
	return g
}

// The bits of the byte before each coder.
const (
	coderIDSize        = 0x0f
	coderIsComplex     = 0x10
	coderHasProperties = 0x20
	coderReserved      = 0xc0
)

// coder reads one coder, and how many streams go in and come out.
func (p *parser) coder(c *coder) (in, out int) {
	flags := p.byte()
	size := flags & coderIDSize
	if flags&coderReserved != 0 || size > 8 {
		p.fail(errCorrupt)
	}
	for _, b := range p.bytes(uint64(size)) {
		c.method = c.method<<8 | uint64(b)
	}
	in, out = 1, 1
	if flags&coderIsComplex != 0 {
		in, out = p.count(0), p.count(0)
	}
	if flags&coderHasProperties != 0 {
		c.properties = p.bytes(p.number())
	}
	if in > maxCoders || out > maxCoders {
		p.fail(errCorrupt)
		return 0, 0
	}
	return in, out
}

// bonds reads which streams go from coder to coder, and which come from the
// archive.
func (p *parser) bonds(g *graph) {
	bound := map[int]bool{}
	for range g.outs - 1 {
		in, out := p.count(0), p.count(0)
		g.bonds[out], bound[in] = in, true
	}
	if g.packed == 1 {
		for bound[g.first] {
			g.first++
		}
		return
	}
	for range g.packed {
		p.number()
	}
}

// unpackSizes reads the sizes of what comes out of each coder, and puts the
// coders in order.
func (p *parser) unpackSizes(f *Folder, g graph) {
	f.packed = g.packed
	for out := range g.outs {
		size := p.number()
		if _, bound := g.bonds[out]; !bound {
			f.unpacked = size // what is not bound comes out at the end
		}
		if g.plain {
			g.coders[out].unpacked = size
		}
	}
	for _, c := range g.coders {
		if encrypts(c.method) {
			f.refused = refusedEncrypted
			return
		}
	}
	if !g.plain {
		f.refused = refusedMethod // BCJ2, which parts code into four streams
		return
	}
	p.order(f, g)
	f.refused = refuse(f.coders)
}

// order follows the bonds from the packed stream to the end.
func (p *parser) order(f *Folder, g graph) {
	for at, more := g.first, true; more; at, more = g.bonds[at] {
		if at >= len(g.coders) || len(f.coders) == len(g.coders) {
			p.fail(errCorrupt)
			return
		}
		f.coders = append(f.coders, g.coders[at])
		if _, bound := g.bonds[at]; !bound {
			break
		}
	}
	if len(f.coders) != len(g.coders) {
		p.fail(errCorrupt)
	}
}

// OpenFolder unpacks a folder. It is an error when it is encrypted or packed
// with a method that is not supported, and an *archive.LimitError when that
// would take too much memory.
func (a *Archive) OpenFolder(f *Folder) (io.Reader, error) {
	if f.refused != "" {
		return nil, errors.New(f.refused)
	}
	var stream io.Reader = io.NewSectionReader(a.packed, f.offset, f.size)
	for _, c := range f.coders {
		next, err := c.open(stream, a.memory)
		if err != nil {
			return nil, atEnd(err)
		}
		stream = io.LimitReader(next, int64(min(c.unpacked, 1<<62)))
	}
	return archive.InPieces(stream), nil
}

func (c coder) open(packed io.Reader, memory int64) (io.Reader, error) {
	switch c.method {
	case methodDelta:
		return newDelta(packed, c.properties)
	case methodX86, methodX86Old:
		return newX86(packed), nil
	case methodLZMA:
		return c.lzma(packed, memory)
	case methodLZMA2:
		return c.lzma2(packed, memory)
	case methodDeflate:
		return flate.NewReader(bufio.NewReader(packed)), nil
	case methodBZip2:
		return bzip2.NewReader(bufio.NewReader(packed)), nil
	}
	return packed, nil
}

// lzma gives the lzma package the header of an .lzma file: the properties of
// the coder, and the size. A dictionary is never larger than what is unpacked.
func (c coder) lzma(packed io.Reader, memory int64) (io.Reader, error) {
	if len(c.properties) != 5 {
		return nil, errCorrupt
	}
	size := dictionarySize(uint64(binary.LittleEndian.Uint32(c.properties[1:])), c.unpacked)
	if size > uint64(memory) {
		return nil, archive.DictionaryTooLarge(memory)
	}
	header := binary.LittleEndian.AppendUint32([]byte{c.properties[0]}, uint32(size))
	header = binary.LittleEndian.AppendUint64(header, c.unpacked)
	return lzma.ReaderConfig{DictCap: int(size)}.NewReader(bufio.NewReader(io.MultiReader(bytes.NewReader(header), packed)))
}

func (c coder) lzma2(packed io.Reader, memory int64) (io.Reader, error) {
	if len(c.properties) != 1 || c.properties[0] > 40 {
		return nil, errCorrupt
	}
	code := c.properties[0]
	size := dictionarySize((2|uint64(code&1))<<(code/2+11), c.unpacked)
	if size > uint64(memory) {
		return nil, archive.DictionaryTooLarge(memory)
	}
	return lzma.Reader2Config{DictCap: int(size)}.NewReader2(bufio.NewReader(packed))
}

// dictionarySize is how much of a dictionary is of use.
func dictionarySize(stated, unpacked uint64) uint64 {
	return max(min(stated, unpacked, lzma.MaxDictCap), lzma.MinDictCap)
}
