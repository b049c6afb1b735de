package archive

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/klauspost/compress/zip"
)

// A RestError says that an archive has bytes beside its members that were not
// read: what they are is not known.
type RestError struct {
	// Size is how many there are; Where is where they stand.
	Size  int64
	Where string
}

func (e *RestError) Error() string {
	return fmt.Sprintf("%d bytes %s were not read", e.Size, e.Where)
}

// tarBlock is the unit of a tar archive.
const tarBlock = 512

// NextTar reads what follows the end of a tar archive: zeros, as which it is
// padded, then perhaps another archive, of which it returns the first block. It
// is nil at the end of the stream, with the error of the stream if it has one, or
// a *RestError if something else stands there.
func NextTar(in io.Reader) ([]byte, error) {
	block := make([]byte, tarBlock)
	for {
		n, err := io.ReadFull(in, block)
		switch {
		case bytes.Count(block[:n], []byte{0}) == n:
		case Recognise(block[:n]) == Tar && n == tarBlock:
			return block, nil
		default:
			more, broken := io.Copy(io.Discard, in)
			if broken != nil {
				return nil, broken
			}
			return nil, &RestError{int64(n) + more, "behind the end of the archive"}
		}
		switch err {
		case nil:
		case io.EOF, io.ErrUnexpectedEOF:
			return nil, failureOf(in)
		default:
			return nil, err
		}
	}
}

// failureOf tells a stream that was cut off from one that ended within a block:
// the one says so again.
func failureOf(in io.Reader) error {
	if _, err := in.Read(make([]byte, 1)); err != io.EOF {
		return err
	}
	return nil
}

// localHeader is the size of a local file header without its name: APPNOTE 4.3.7.
const localHeader = 30

// Front is how many bytes stand in front of the members of a zip archive, such as
// those of another archive that were put there.
func Front(directory *zip.Reader, packed io.ReaderAt) int64 {
	var first *zip.File
	var start int64
	for _, member := range directory.File {
		if at, err := member.DataOffset(); err == nil && (first == nil || at < start) {
			first, start = member, at
		}
	}
	if first == nil {
		return 0
	}
	// The header has a name and other fields of any length behind it.
	before := make([]byte, min(start, localHeader+1<<17))
	if _, err := packed.ReadAt(before, start-int64(len(before))); err != nil {
		return 0
	}
	for end := len(before); ; {
		at := bytes.LastIndex(before[:end], []byte("PK\x03\x04"))
		if at < 0 {
			return 0
		}
		if end = at; len(before)-at >= localHeader {
			name, extra := binary.LittleEndian.Uint16(before[at+26:]), binary.LittleEndian.Uint16(before[at+28:])
			if at+localHeader+int(name)+int(extra) == len(before) {
				return start - int64(len(before)-at)
			}
		}
	}
}
