// Package digest computes the SHA-256 of several files that are read at once.
//
// A digest is a chain: each step waits for the one before, and a processor
// with instructions for SHA-256 waits most of the time. Two chains side by side
// take little longer than one. So whoever has a piece of a file to hash leaves
// it at a [Desk]; the next who comes with a piece of another file hashes both
// in lock step. Nobody waits for a partner: what finds none is hashed alone, by
// crypto/sha256, when the next piece of its file comes, or at the end. Where a
// processor lacks the instructions, everything is hashed alone and at once.
//
// Begin at [Desk]. The assembler is explained in docs/adr/0017.
package digest
