package teddy

import "golang.org/x/sys/cpu"

// scan looks at n places of a text, which are a multiple of 32 and not 0, and
// reads two steps beyond them. It returns where the first 32 places begin
// among which a gram may stand, and which of them these are; 0 without one.
//
//go:noescape
func scan(text *byte, n, step int, tables *tables) (block int, candidates uint32)

func canScan() bool { return cpu.X86.HasAVX2 }
