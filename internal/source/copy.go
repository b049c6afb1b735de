package source

import (
	"context"
	"crypto/sha256"
	"io"
)

// Copy goes through all the evidence under paths as Read does: the same files
// and archive members under the same names, within the same limits. It parses
// nothing; the unpacked bytes of each are written, in order, to what writerOf
// returns for its name. The register holds names, sizes, SHA-256 and what could
// not be read.
//
// Several files are copied at once: writerOf is called from several goroutines,
// the writer it returns from one at a time. It may return nil where the bytes
// are not wanted. Bytes are valid during Write only. The error is a writer's,
// which ends the copying, or that of the context.
func Copy(ctx context.Context, paths []string, writerOf func(name string) io.Writer, options Options) (*Register, error) {
	options = options.withDefaults()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := newReading(ctx, cancel, options)
	r.writerOf = writerOf
	list, skipped := walk(ctx, paths, &options)
	r.openAll(list)
	err := context.Cause(ctx)
	register := r.register.finish(err != nil)
	register.Skipped = skipped
	return register, err
}

// copyLeaf copies a source that is not an archive.
func (r *reading) copyLeaf(name string, place int, head []byte, rest io.Reader) {
	s := &stream{reading: r, in: rest, hash: sha256.New(), copy: r.writerOf(name)}
	s.file = r.register.begin(name, "", place)
	s.drain(head)
	s.hash.Sum(s.file.SHA256[:0])
	r.options.Progress.FilesDone.Add(1)
}

// passOn writes to the copy. What it refuses ends the whole reading.
func (s *stream) passOn(data []byte) {
	if _, err := s.copy.Write(data); err != nil {
		s.cancel(err)
		s.copy = nil
	}
}
