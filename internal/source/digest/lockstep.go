package digest

import (
	"bytes"
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"hash"
)

const blockSize = sha256.BlockSize

// A state is that of SHA-256 in the order that the instructions take it: F, E,
// B, A, H, G, D, C (FIPS 180-4 section 6.2.2).
type state [8]uint32

// stateOrder gives for each word of a state its place among A to H.
var stateOrder = [8]int{5, 4, 1, 0, 7, 6, 3, 2}

// Where crypto/sha256 puts things when it is marshalled. It does not promise
// that; see understood.
const (
	stateAt       = 4
	lengthAt      = stateAt + 32 + blockSize
	marshalledLen = lengthAt + 8
)

// A chain is a digest that can be taken out of crypto/sha256 between two
// blocks, and put back.
type chain struct {
	hash   hash.Hash
	length uint64
	memory [marshalledLen]byte
	state  state
}

func newChain() chain { return chain{hash: sha256.New()} }

func (c *chain) write(data []byte) {
	c.hash.Write(data)
	c.length += uint64(len(data))
}

// align hashes the beginning of data up to the end of a block, and returns
// the rest.
func (c *chain) align(data []byte) []byte {
	n := min(int(-c.length%blockSize), len(data))
	c.write(data[:n])
	return data[n:]
}

// writeEnd hashes what is less than a block, and returns all else.
func (c *chain) writeEnd(rest []byte) []byte {
	if len(rest) >= blockSize {
		return rest
	}
	c.write(rest)
	return nil
}

// take gets the state out of crypto/sha256. The last block must be full.
func (c *chain) take() bool {
	marshalled, err := c.hash.(encoding.BinaryAppender).AppendBinary(c.memory[:0])
	if err != nil || len(marshalled) != marshalledLen || binary.BigEndian.Uint64(marshalled[lengthAt:]) != c.length {
		return false
	}
	for i, place := range stateOrder {
		c.state[i] = binary.BigEndian.Uint32(marshalled[stateAt+4*place:])
	}
	return true
}

// put brings the state back to crypto/sha256, n bytes further. What it takes is
// what it gave, with other numbers; that it understands them as they are meant
// is what understood finds out.
func (c *chain) put(n int) {
	c.length += uint64(n)
	for i, place := range stateOrder {
		binary.BigEndian.PutUint32(c.memory[stateAt+4*place:], c.state[i])
	}
	binary.BigEndian.PutUint64(c.memory[lengthAt:], c.length)
	_ = c.hash.(encoding.BinaryUnmarshaler).UnmarshalBinary(c.memory[:])
}

// maxBlocks is how many blocks are hashed without a place at which the
// scheduler of Go could interrupt: 64 KiB of each stream, some 40 µs.
const maxBlocks = 1024

// lockstep hashes as many blocks of p into a, and of q into b, as both have,
// and returns what is left of each: of one of them less than a block.
func lockstep(a, b *chain, p, q []byte) (restP, restQ []byte) {
	p, q = a.align(p), b.align(q)
	blocks := min(len(p), len(q)) / blockSize
	if blocks == 0 {
		return p, q
	}
	if !a.take() || !b.take() {
		a.write(p)
		b.write(q)
		return nil, nil
	}
	size := blocks * blockSize
	for at := 0; at < size; {
		n := min(maxBlocks, (size-at)/blockSize)
		compressTwo(&a.state, &b.state, &p[at], &q[at], n)
		at += n * blockSize
	}
	a.put(size)
	b.put(size)
	return p[size:], q[size:]
}

// understood reports whether lockstep works here: the processor has the
// instructions, and crypto/sha256 is marshalled as it was when this was
// written. Two short digests are computed both ways.
func understood() bool {
	if !canLockstep() {
		return false
	}
	p, q := bytes.Repeat([]byte("first"), 50), bytes.Repeat([]byte("second."), 50)
	a, b := newChain(), newChain()
	restP, restQ := lockstep(&a, &b, p, q)
	a.write(restP)
	b.write(restQ)
	return a.sum() == sha256.Sum256(p) && b.sum() == sha256.Sum256(q)
}

func (c *chain) sum() (sum [sha256.Size]byte) {
	c.hash.Sum(sum[:0])
	return sum
}
