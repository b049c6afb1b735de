//go:build !windows

package spool

// namelessFiles is whether an open file can be removed and read on.
const namelessFiles = true
