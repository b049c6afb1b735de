//go:build !amd64

package digest

func canLockstep() bool { return false }

// compressTwo is never called here.
func compressTwo(_, _ *state, _, _ *byte, _ int) {}
