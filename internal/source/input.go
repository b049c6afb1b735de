package source

import (
	"context"
	"hash"
	"io"
)

// counted counts what is read from disk. A stream may have nothing to say for
// a long time; reading from it is given up when the context is done.
func (r *reading) counted(in io.Reader, isStream bool) io.Reader {
	if isStream {
		in = newPatientReader(r.ctx, in)
	}
	return &countingReader{in, r.options.Progress}
}

type countingReader struct {
	in       io.Reader
	progress *Progress
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.progress.BytesRead.Add(int64(n))
	return n, err
}

// A patientReader reads ahead in a goroutine of its own, so that a read that
// blocks does not outlive the context. The goroutine ends with the stream.
type patientReader struct {
	ctx     context.Context
	full    chan piece
	empty   chan []byte
	current piece
	unread  []byte
}

type piece struct {
	data []byte
	size int
	err  error
}

const pieceSize = 64 << 10

func newPatientReader(ctx context.Context, in io.Reader) *patientReader {
	p := &patientReader{ctx: ctx, full: make(chan piece), empty: make(chan []byte, 2)}
	p.empty <- make([]byte, pieceSize)
	p.empty <- make([]byte, pieceSize)
	go p.pump(in)
	return p
}

func (p *patientReader) pump(in io.Reader) {
	for {
		select {
		case data := <-p.empty:
			n, err := in.Read(data)
			select {
			case p.full <- piece{data, n, err}:
			case <-p.ctx.Done():
				return
			}
			if err != nil {
				return
			}
		case <-p.ctx.Done():
			return
		}
	}
}

func (p *patientReader) Read(dst []byte) (int, error) {
	for len(p.unread) == 0 {
		if p.current.err != nil {
			return 0, p.current.err
		}
		if p.current.data != nil {
			p.empty <- p.current.data
		}
		select {
		case p.current = <-p.full:
			p.unread = p.current.data[:p.current.size]
		case <-p.ctx.Done():
			p.current = piece{err: context.Cause(p.ctx)}
		}
	}
	n := copy(dst, p.unread)
	p.unread = p.unread[n:]
	return n, nil
}

// A hashingReader hashes an archive while its members are read.
type hashingReader struct {
	in   io.Reader
	hash hash.Hash
	size int64
}

func (h *hashingReader) Read(p []byte) (int, error) {
	n, err := h.in.Read(p)
	h.hash.Write(p[:n])
	h.size += int64(n)
	return n, err
}

// finishArchive reads what is left of an archive, for its size and hash.
func (r *reading) finishArchive(entry *file, packed *hashingReader) {
	piece := make([]byte, pieceSize)
	for {
		if r.ctx.Err() != nil {
			entry.Interrupted = true
			break
		}
		if _, err := packed.Read(piece); err == io.EOF {
			break
		} else if err != nil {
			r.problem(entry, problemOf(err, packed.size))
			break
		}
	}
	entry.Size = packed.size
	packed.hash.Sum(entry.SHA256[:0])
	r.options.Progress.FilesDone.Add(1)
}
