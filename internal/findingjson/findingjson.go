package findingjson

import (
	"crypto/sha256"

	"github.com/kulla-defence/kulla/internal/event"
)

// Digests gives the SHA-256 of a source, and false where it is not known: a
// source that was not read to its end.
type Digests func(*event.Source) ([sha256.Size]byte, bool)
