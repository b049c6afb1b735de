package sevenzip

import (
	"encoding/binary"
	"io"
)

// A delta adds to each byte the one that came some bytes before it.
type delta struct {
	in      io.Reader
	history [256]byte
	at      byte
	back    byte
}

// newDelta takes the distance less one as its property.
func newDelta(in io.Reader, properties []byte) (io.Reader, error) {
	if len(properties) != 1 {
		return nil, errCorrupt
	}
	return &delta{in: in, back: properties[0] + 1}, nil
}

func (d *delta) Read(p []byte) (int, error) {
	n, err := d.in.Read(p)
	for i := range p[:n] {
		p[i] += d.history[d.at-d.back] // both wrap at 256
		d.history[d.at] = p[i]
		d.at++
	}
	return n, err
}

// An x86 turns the absolute targets of calls and jumps back into relative ones.
type x86 struct {
	in       io.Reader
	buffer   [4 << 10]byte
	from     int // what is turned and not yet read is buffer[from:turned]
	turned   int
	to       int // what is not yet turned is buffer[turned:to]
	err      error
	position uint32 // of buffer[turned]
	// mask has a bit for each of the last three bytes that looked like an
	// opcode and was none.
	mask uint32
}

func newX86(in io.Reader) io.Reader { return &x86{in: in} }

func (x *x86) Read(p []byte) (int, error) {
	for x.from == x.turned {
		if x.err != nil {
			return 0, x.err
		}
		x.fill()
	}
	n := copy(p, x.buffer[x.from:x.turned])
	x.from += n
	return n, nil
}

// fill reads more, and turns what can be; at the end the last four bytes stay
// as they are, for no address fits in them.
func (x *x86) fill() {
	x.to = copy(x.buffer[:], x.buffer[x.turned:x.to])
	x.from, x.turned = 0, 0
	for x.to < 5 && x.err == nil {
		var n int
		n, x.err = x.in.Read(x.buffer[x.to:])
		x.to += n
	}
	x.turn()
	if x.err != nil {
		x.turned = x.to
	}
}

// An opcode is E8 (call) or E9 (jump); the bytes of an address that is worth
// turning end in 00 or FF.
func isOpcode(b byte) bool   { return b&0xfe == 0xe8 }
func isSignByte(b byte) bool { return b == 0 || b == 0xff }

// turn goes through the bytes. After an opcode that was not turned, those close
// behind it are turned only when they cannot be part of its address: that is
// what the encoder did.
func (x *x86) turn() {
	i := 0
	for ; i+5 <= x.to; i++ {
		b := x.buffer[i]
		if !isOpcode(b) {
			x.mask = x.mask << 1 & 7
			continue
		}
		address := x.buffer[i+1 : i+5]
		if !isSignByte(address[3]) || !x.allowed(address) {
			x.mask = (x.mask<<1 | 1) & 7
			continue
		}
		x.turnAddress(address, x.position+uint32(i)+5)
		x.mask = 0
		i += 4
	}
	x.turned = i
	x.position += uint32(i)
}

// allowed looks at the opcodes shortly before.
func (x *x86) allowed(address []byte) bool {
	switch x.mask {
	case 0:
		return true
	case 1, 2, 4:
		return !isSignByte(address[x.before()])
	}
	return false
}

// before is which byte of the address would be the highest of an earlier one.
func (x *x86) before() int {
	return [...]int{1: 2, 2: 1, 4: 0}[x.mask]
}

func (x *x86) turnAddress(address []byte, next uint32) {
	value := binary.LittleEndian.Uint32(address)
	for {
		value -= next
		if x.mask == 0 {
			break
		}
		shift := 8 * uint(x.before())
		if !isSignByte(byte(value >> shift)) {
			break
		}
		value ^= 1<<(shift+8) - 1
	}
	value &= 0x1ffffff
	if value&0x1000000 != 0 {
		value |= 0xff000000
	}
	binary.LittleEndian.PutUint32(address, value)
}
