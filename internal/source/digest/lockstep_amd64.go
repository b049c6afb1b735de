package digest

// compressTwo adds n blocks of 64 bytes at p to state a, and n at q to state b.
// n is not 0.
//
//go:noescape
func compressTwo(a, b *state, p, q *byte, n int)

func cpuid(leaf, subleaf uint32) (eax, ebx, ecx, edx uint32)

// canLockstep reports whether the processor has the instructions that
// compressTwo uses: SSSE3 and the SHA extensions (Intel Software Developer's
// Manual volume 2, CPUID). They use no state that the system has to allow.
func canLockstep() bool {
	const (
		ssse3 = 1 << 9  // leaf 1, ECX
		sha   = 1 << 29 // leaf 7, EBX
	)
	if highest, _, _, _ := cpuid(0, 0); highest < 7 {
		return false
	}
	_, _, features, _ := cpuid(1, 0)
	_, extended, _, _ := cpuid(7, 0)
	return features&ssse3 != 0 && extended&sha != 0
}
