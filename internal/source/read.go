package source

import (
	"context"
	"errors"
)

// Read reads all the evidence under paths and returns the register of what was
// read. It asks newSink for one sink per worker. The error is that of a sink,
// or that of the context; the register is valid in either case.
func Read(ctx context.Context, paths []string, newSink func(worker int) Sink, options Options) (*Register, error) {
	return nil, errors.New("source: not yet")
}
