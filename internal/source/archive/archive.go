// Package archive holds what is needed to read archives that may have been
// crafted: recognising them, opening their members, putting a nested one
// aside, and bounds on what all that may cost.
//
// It does not decide what is read from an archive, nor in which order; that is
// internal/source. Begin with Recognise, then Budget.
package archive

import (
	"archive/tar"
	"bytes"
	"compress/bzip2"
	"errors"
	"hash"
	"hash/crc32"
	"io"
	"math"
	"path"
	"strings"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zip"
	"github.com/klauspost/compress/zstd"
)

// A Kind is a kind of archive or compression.
type Kind string

// The kinds, and None for what is not an archive.
const (
	None  Kind = ""
	Zip   Kind = "zip"
	Tar   Kind = "tar"
	Gzip  Kind = "gzip"
	Zstd  Kind = "zstd"
	Bzip2 Kind = "bzip2"
	XZ    Kind = "xz"
	// SevenZip is read by package sevenzip.
	SevenZip Kind = "7z"
)

// Recognise looks at the first bytes of a file; 262 of them are enough.
func Recognise(head []byte) Kind {
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return Zip // a member, or the end of an empty archive: APPNOTE 4.3.7, 4.3.16
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b, 8}):
		return Gzip // RFC 1952, 2.3.1
	case isZstd(head):
		return Zstd
	case isBzip2(head):
		return Bzip2
	case bytes.HasPrefix(head, []byte("\xfd7zXZ\x00")):
		return XZ // .xz file format 1.2.0, 2.1.1.1
	case bytes.HasPrefix(head, []byte("7z\xbc\xaf\x27\x1c")):
		return SevenZip // 7zFormat.txt, SignatureHeader
	case len(head) >= 262 && string(head[257:262]) == "ustar":
		return Tar // POSIX.1-1988 and later, and GNU
	}
	return None
}

// isZstd knows a frame and a skippable frame (RFC 8878, 3.1.1 and 3.1.2).
func isZstd(head []byte) bool {
	if len(head) < 4 {
		return false
	}
	return bytes.Equal(head[:4], []byte{0x28, 0xb5, 0x2f, 0xfd}) ||
		head[0]&0xf0 == 0x50 && bytes.Equal(head[1:4], []byte{0x2a, 0x4d, 0x18})
}

// isBzip2 knows the signature with its block size, and then the first block or
// the end of an empty stream, which begin with digits of pi and of its root.
func isBzip2(head []byte) bool {
	if len(head) < 10 || string(head[:3]) != "BZh" || head[3] < '1' || head[3] > '9' {
		return false
	}
	magic := string(head[4:10])
	return magic == "\x31\x41\x59\x26\x53\x59" || magic == "\x17\x72\x45\x38\x50\x90"
}

// zstdWindow bounds the memory of one decoder: RFC 8878 recommends that
// decoders support 8 MiB; the command line tool goes to 128 MiB by default.
const zstdWindow = 128 << 20

// Decompress opens a stream of gzip, zstd, bzip2 or xz. An xz stream whose
// dictionary is larger than memory ends in a *LimitError; the others have
// bounds of their own: 128 MiB for zstd, 4 MB for bzip2.
func Decompress(kind Kind, packed io.Reader, memory int64) (io.ReadCloser, error) {
	switch kind {
	case Gzip:
		return gzip.NewReader(packed)
	case Bzip2:
		return io.NopCloser(InPieces(bzip2.NewReader(packed))), nil
	case XZ:
		stream, err := newXZ(packed, memory)
		return io.NopCloser(InPieces(stream)), err
	}
	return newZstd(packed)
}

func newZstd(packed io.Reader) (io.ReadCloser, error) {
	decoder, err := zstd.NewReader(packed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(zstdWindow))
	if err != nil {
		return nil, err
	}
	return decoder.IOReadCloser(), nil
}

// OpenZip reads the directory of a zip archive.
func OpenZip(packed io.ReaderAt, size int64) (*zip.Reader, error) {
	return zip.NewReader(packed, size)
}

// encrypted is bit 0 of the general purpose flag: APPNOTE 4.4.4.
const encrypted = 1

// Refuse says why a member of a zip archive cannot be read, before it is
// tried; empty when nothing is known against it.
func Refuse(member *zip.File) string {
	switch {
	case member.Flags&encrypted != 0:
		return "encrypted"
	case member.Method != zip.Store && member.Method != zip.Deflate && member.Method != zstd.ZipMethodWinZip:
		return "unsupported compression method"
	}
	return ""
}

// MemberName tidies the name of a member, so that an archive gives the same
// names as the folder it was made of.
func MemberName(name string) string {
	return path.Clean(strings.ToValidUTF8(name, "\ufffd"))
}

// ContentName names what a compressed file holds.
func ContentName(name string) string {
	base := path.Base(strings.ReplaceAll(name, "!", "/"))
	for _, suffix := range []string{".gz", ".zst", ".zstd", ".bz2", ".xz"} {
		if len(base) > len(suffix) && strings.EqualFold(base[len(base)-len(suffix):], suffix) {
			return base[:len(base)-len(suffix)]
		}
	}
	return "content"
}

// DeclaredSize is the unpacked size of a member as the directory states it.
func DeclaredSize(member *zip.File) int64 {
	return int64(min(member.UncompressedSize64, math.MaxInt64))
}

// OpenMember opens a member. All of its data is delivered, but never more than
// its declared size; then it is an error if there is more or less of it, or if
// its checksum differs. (The zip package withholds data before such an error,
// and how much depends on how it is read.)
func OpenMember(member *zip.File) (io.ReadCloser, error) {
	packed, err := member.OpenRaw()
	if err != nil {
		return nil, err
	}
	data := io.NopCloser(packed)
	switch member.Method {
	case zip.Deflate:
		data = flate.NewReader(packed)
	case zstd.ZipMethodWinZip:
		if data, err = newZstd(packed); err != nil {
			return nil, err
		}
	}
	return &memberReader{ReadCloser: data, left: DeclaredSize(member), sum: crc32.NewIEEE(), want: member.CRC32}, nil
}

type memberReader struct {
	io.ReadCloser
	left int64
	sum  hash.Hash32
	want uint32
}

func (m *memberReader) Read(p []byte) (int, error) {
	if m.left == 0 {
		return 0, m.end()
	}
	n, err := m.ReadCloser.Read(p[:min(int64(len(p)), m.left)])
	m.sum.Write(p[:n])
	m.left -= int64(n)
	switch {
	case m.left == 0 && (err == nil || err == io.EOF):
		return n, nil // the end is looked at next
	case err == io.EOF:
		return n, errors.New("member is shorter than the archive's directory says")
	}
	return n, err
}

// end tells how a member ends that has its declared size.
func (m *memberReader) end() error {
	var more [1]byte
	n, err := m.ReadCloser.Read(more[:])
	switch {
	case n > 0:
		return errors.New("member is longer than the archive's directory says")
	case err == io.EOF && m.want != 0 && m.want != m.sum.Sum32():
		return errors.New("checksum of the member differs")
	}
	return err
}

// Sparse says whether a tar member may be much longer than what is stored of
// it: the old GNU way, and the newer one by PAX records.
func Sparse(header *tar.Header) bool {
	if header.Typeflag == tar.TypeGNUSparse {
		return true
	}
	for key := range header.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}
