//go:build !amd64

package teddy

func canScan() bool { return false }

// scan is never called here.
func scan(_ *byte, _, _ int, _ *tables) (block int, candidates uint32) { return 0, 0 }
