package archive

import (
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/therootcompany/xz"
)

// An xzReader turns the errors of the xz package into those of this one.
type xzReader struct {
	stream *xz.Reader
	packed *wholeReads
	memory int64
}

// newXZ opens a sequence of xz streams. Their blocks share one dictionary
// buffer, which never becomes larger than memory.
func newXZ(packed io.Reader, memory int64) (io.Reader, error) {
	x := &xzReader{packed: &wholeReads{in: packed}, memory: memory}
	var err error
	if x.stream, err = xz.NewReader(x.packed, uint32(min(max(memory, 1), math.MaxUint32))); err != nil {
		return nil, x.explained(err)
	}
	return x, nil
}

func (x *xzReader) Read(p []byte) (int, error) {
	n, err := x.stream.Read(p)
	return n, x.explained(err)
}

func (x *xzReader) explained(err error) error {
	switch {
	case errors.Is(err, xz.ErrMemlimit):
		return DictionaryTooLarge(x.memory)
	case errors.Is(err, xz.ErrBuf) && x.packed.err == io.EOF:
		return io.ErrUnexpectedEOF
	}
	return err
}

// DictionaryTooLarge is the error of a stream that cannot be unpacked within
// memory, a number of bytes.
func DictionaryTooLarge(memory int64) error {
	return &LimitError{"memory", fmt.Sprintf("unpacking needs a dictionary larger than the limit of %d bytes of memory", memory)}
}

// wholeReads fills what it is given, unless the stream ends. It tells of the
// end by itself, not with the last bytes: the xz package would take these for
// the last stream and pass over those that follow.
type wholeReads struct {
	in  io.Reader
	err error
}

func (w *wholeReads) Read(p []byte) (n int, err error) {
	for n < len(p) && w.err == nil {
		var m int
		m, w.err = w.in.Read(p[n:])
		n += m
	}
	if n > 0 {
		return n, nil
	}
	return 0, w.err
}
