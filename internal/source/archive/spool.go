package archive

import (
	"bytes"
	"io"
	"os"

	"github.com/kulla-defence/kulla/internal/spool"
)

// A Spool is a stream that was put aside, so that it can be read at any place.
type Spool struct {
	io.ReaderAt
	Size int64
	file *os.File
}

// NewSpool reads a stream to its end: into memory up to a size, and past that
// into a temporary file in dir. Without dir, a stream that is larger is a
// *LimitError. The Spool must be closed.
func NewSpool(stream io.Reader, memory int64, dir string) (*Spool, error) {
	var head bytes.Buffer
	size, err := io.CopyN(&head, stream, memory)
	if err == io.EOF {
		return &Spool{ReaderAt: bytes.NewReader(head.Bytes()), Size: size}, nil
	}
	if err != nil {
		return nil, err
	}
	return spoolFile(&head, stream, dir)
}

func spoolFile(head, rest io.Reader, dir string) (*Spool, error) {
	if dir == "" {
		return nil, &LimitError{"memory", "nested archive is larger than what is kept in memory, and no folder for temporary files is set"}
	}
	file, err := spool.Temporary(dir)
	if err != nil {
		return nil, err
	}
	s := &Spool{ReaderAt: file, file: file}
	if s.Size, err = io.Copy(file, io.MultiReader(head, rest)); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Close removes what was put aside.
func (s *Spool) Close() error {
	if s.file == nil {
		return nil
	}
	return spool.Discard(s.file)
}
