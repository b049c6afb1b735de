package digest

import (
	"runtime"
	"testing"
)

// Where the processor can, two streams are hashed in lock step: that it falls
// back would be seen in no digest.
func TestLockstepIsUnderstood(t *testing.T) {
	t.Parallel()
	if !canLockstep() {
		t.Skipf("no instructions for SHA-256 that are used here, on %s", runtime.GOARCH)
	}
	if !understood() {
		t.Error("crypto/sha256 is marshalled in another way than this package expects: everything is hashed alone")
	}
}

// A processor without the instructions gives the same digests, at once.
func TestAlone(t *testing.T) {
	t.Parallel()
	desk := NewDesk()
	desk.paired = false
	s := desk.Stream()
	hashed := false
	s.Add([]byte("abc"), func() { hashed = true })
	var sum [32]byte
	s.Close(func(of [32]byte) { sum = of })
	// FIPS 180-4, the example of SHA-256 for one block.
	want := [32]byte{0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
		0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad}
	if !hashed || sum != want {
		t.Errorf("hashed %v, digest %x, want %x", hashed, sum, want)
	}
}
