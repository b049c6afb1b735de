package archive

import (
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/therootcompany/xz"
)

// xzReader turns the errors of the xz package into those of this one.
type xzReader struct {
	*xz.Reader
	packed *endNoted
	memory int64
}

// newXZ opens a sequence of xz streams. Their blocks share one dictionary
// buffer, which never becomes larger than memory.
func newXZ(packed io.Reader, memory int64) (io.ReadCloser, error) {
	noted := &endNoted{in: packed}
	reader, err := xz.NewReader(noted, uint32(min(max(memory, 1), math.MaxUint32)))
	x := &xzReader{reader, noted, memory}
	if err != nil {
		return nil, x.explained(err)
	}
	return io.NopCloser(x), nil
}

func (x *xzReader) Read(p []byte) (int, error) {
	n, err := x.Reader.Read(p)
	return n, x.explained(err)
}

func (x *xzReader) explained(err error) error {
	switch {
	case errors.Is(err, xz.ErrMemlimit):
		return DictionaryTooLarge(x.memory)
	case errors.Is(err, xz.ErrBuf) && x.packed.ended:
		return io.ErrUnexpectedEOF
	}
	return err
}

// DictionaryTooLarge is the error of a stream that cannot be unpacked within
// memory.
func DictionaryTooLarge(memory int64) error {
	return &LimitError{"memory", fmt.Sprintf("unpacking needs a dictionary larger than the limit of %d bytes of memory", memory)}
}

// endNoted notes that its stream has ended.
type endNoted struct {
	in    io.Reader
	ended bool
}

func (e *endNoted) Read(p []byte) (int, error) {
	n, err := e.in.Read(p)
	e.ended = e.ended || err == io.EOF
	return n, err
}
