package sevenzip

import (
	"encoding/binary"
	"unicode/utf16"
)

// The ids of properties: 7zFormat.txt, "Property IDs".
const (
	idEnd                   = 0x00
	idHeader                = 0x01
	idArchiveProperties     = 0x02
	idAdditionalStreamsInfo = 0x03
	idMainStreamsInfo       = 0x04
	idFilesInfo             = 0x05
	idPackInfo              = 0x06
	idUnpackInfo            = 0x07
	idSubStreamsInfo        = 0x08
	idSize                  = 0x09
	idCRC                   = 0x0a
	idFolder                = 0x0b
	idCodersUnpackSize      = 0x0c
	idNumUnpackStream       = 0x0d
	idEmptyStream           = 0x0e
	idEmptyFile             = 0x0f
	idAnti                  = 0x10
	idNames                 = 0x11
	idWinAttributes         = 0x15
	idEncodedHeader         = 0x17
)

// A parser reads a directory. After the first error it reads zeros, so that
// callers need not look at each step.
type parser struct {
	data   []byte
	memory int64 // what may still be taken for what the directory lists
	err    error
}

func (p *parser) fail(err error) {
	if p.err == nil {
		p.err = err
	}
	p.data = nil
}

// bytes takes n bytes.
func (p *parser) bytes(n uint64) []byte {
	if n > uint64(len(p.data)) {
		p.fail(errCorrupt)
		return nil
	}
	taken := p.data[:n:n]
	p.data = p.data[n:]
	return taken
}

func (p *parser) byte() byte {
	if b := p.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

func (p *parser) uint32() uint32 {
	if b := p.bytes(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// number reads a number of one to nine bytes: the leading ones of the first
// say how many follow, lowest first; its other bits are the highest.
func (p *parser) number() uint64 {
	first := p.byte()
	var value uint64
	for i, mask := 0, byte(0x80); i < 8; i, mask = i+1, mask>>1 {
		if first&mask == 0 {
			return value | uint64(first&(mask-1))<<(8*i)
		}
		value |= uint64(p.byte()) << (8 * i)
	}
	return value
}

// count reads how many things follow, each of which takes a byte or more here,
// and cost bytes of memory.
func (p *parser) count(cost int64) int {
	n := p.number()
	if n > uint64(len(p.data)) {
		p.fail(errCorrupt)
		return 0
	}
	if p.memory -= int64(n) * cost; p.memory < 0 {
		p.fail(directoryTooLarge())
		return 0
	}
	return int(n)
}

// expect reads an id that must be there.
func (p *parser) expect(id uint64) {
	if p.number() != id {
		p.fail(errCorrupt)
	}
}

// bits reads a vector of bits, the highest of each byte first.
func (p *parser) bits(n int) []bool {
	packed := p.bytes((uint64(n) + 7) / 8)
	if p.err != nil {
		return nil
	}
	vector := make([]bool, n)
	for i := range vector {
		vector[i] = packed[i/8]&(0x80>>(i%8)) != 0
	}
	return vector
}

// defined reads a vector that is left out where all bits are set.
func (p *parser) defined(n int) []bool {
	if p.byte() == 0 {
		return p.bits(n)
	}
	vector := make([]bool, n)
	for i := range vector {
		vector[i] = true
	}
	return vector
}

// checksums reads n checksums, of which some may be missing.
func (p *parser) checksums(n int) []checksum {
	sums := make([]checksum, n)
	for i, defined := range p.defined(n) {
		if defined {
			sums[i] = checksum{p.uint32(), true}
		}
	}
	return sums
}

// name reads UTF-16 up to a zero.
func (p *parser) name() string {
	var units []uint16
	for p.err == nil {
		b := p.bytes(2)
		if b == nil || b[0] == 0 && b[1] == 0 {
			break
		}
		units = append(units, binary.LittleEndian.Uint16(b))
	}
	return string(utf16.Decode(units))
}
