// Package sevenzip reads 7z archives that may have been crafted. It keeps to
// 7zFormat.txt and Methods.txt, which come with the LZMA SDK.
//
// An archive holds folders: packed streams, each of which unpacks to several
// members one after another. The package reads the directory, opens folders and
// parts them into members. It reads what is copied, or packed with LZMA, LZMA2,
// Deflate or BZip2, also behind the filters Delta and BCJ for x86; it does not
// decrypt, and it does not unpack to a disk. Begin with Open, then
// Archive.OpenFolder and NewStream.
package sevenzip

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"

	"github.com/kulla-defence/kulla/internal/source/archive"
)

// An Archive is the directory of a 7z archive.
type Archive struct {
	// Folders are in the order of the archive.
	Folders []Folder
	// Empty are the members without data: empty files, folders of files, and
	// marks of deleted files.
	Empty []Member

	packed io.ReaderAt
	memory int64
}

// A Folder is what is unpacked in one go.
type Folder struct {
	Members []Member

	refused      string  // why it cannot be unpacked; empty when nothing is known against it
	coders       []coder // from the packed bytes to the members
	offset, size int64   // of the packed bytes in the archive
	packed       int     // the number of its packed streams
	unpacked     uint64
	sum          checksum
}

// A Member is a file in an archive.
type Member struct {
	Name string
	// Place is its number in the directory.
	Place int
	// Size is that of its data, in bytes.
	Size uint64
	Kind Kind

	sum checksum
}

// A Kind says what a member is.
type Kind uint8

// The kinds of members.
const (
	File Kind = iota
	Directory
	SymbolicLink
	// Deletion marks a file that unpacking would delete: an "anti-item".
	Deletion
)

// A checksum is a CRC-32, where the archive has one.
type checksum struct {
	crc   uint32
	known bool
}

// errCorrupt is the error of a directory that contradicts itself.
var errCorrupt = errors.New("directory of the 7z archive is corrupt")

// errEncrypted is the error of an archive that does not tell its names.
var errEncrypted = errors.New("encrypted, with the names of its members")

const signatureHeaderSize = 32

// Open reads the directory of an archive. What would take more than memory, in
// bytes, is an *archive.LimitError, here and when a folder is opened.
func Open(packed io.ReaderAt, size, memory int64) (*Archive, error) {
	start, err := readStart(packed, size)
	if err != nil || start.size == 0 {
		return &Archive{}, err
	}
	if start.size > memory {
		return nil, directoryTooLarge()
	}
	header := make([]byte, start.size)
	if _, err := packed.ReadAt(header, start.offset); err != nil {
		return nil, atEnd(err)
	}
	if crc32.ChecksumIEEE(header) != start.crc {
		return nil, errors.New("checksum of the directory differs")
	}
	a := &Archive{packed: packed, memory: memory}
	if header[0] == idEncodedHeader {
		if header, err = a.unpackHeader(header[1:], size); err != nil {
			return nil, err
		}
	}
	return a, a.parse(header, size)
}

type startHeader struct {
	offset, size int64
	crc          uint32
}

// readStart reads where the directory is.
func readStart(packed io.ReaderAt, size int64) (startHeader, error) {
	var b [signatureHeaderSize]byte
	if _, err := packed.ReadAt(b[:], 0); err != nil {
		return startHeader{}, atEnd(err)
	}
	if crc32.ChecksumIEEE(b[12:]) != binary.LittleEndian.Uint32(b[8:]) {
		return startHeader{}, errors.New("checksum of the start of the 7z archive differs")
	}
	offset, length := binary.LittleEndian.Uint64(b[12:]), binary.LittleEndian.Uint64(b[20:])
	room := uint64(max(size-signatureHeaderSize, 0))
	if offset > room || length > room-offset {
		return startHeader{}, io.ErrUnexpectedEOF // cut, or the first of several volumes
	}
	return startHeader{signatureHeaderSize + int64(offset), int64(length), binary.LittleEndian.Uint32(b[28:])}, nil
}

// unpackHeader unpacks a directory that is packed itself. It is packed once:
// what comes out must not be packed again.
func (a *Archive) unpackHeader(header []byte, size int64) ([]byte, error) {
	p := &parser{data: header, memory: a.memory}
	folders := p.streams(size)
	if p.err != nil {
		return nil, p.err
	}
	if len(folders) != 1 {
		return nil, errCorrupt
	}
	folder := folders[0].Folder
	switch {
	case folder.refused == refusedEncrypted:
		return nil, errEncrypted
	case folder.unpacked > uint64(a.memory):
		return nil, directoryTooLarge()
	}
	stream, err := a.OpenFolder(&folder)
	if err != nil {
		return nil, err
	}
	var unpacked bytes.Buffer // grows with what is there, not with what is claimed
	if _, err := unpacked.ReadFrom(stream); err != nil {
		return nil, err
	}
	if uint64(unpacked.Len()) != folder.unpacked {
		return nil, io.ErrUnexpectedEOF
	}
	if folder.sum.known && crc32.ChecksumIEEE(unpacked.Bytes()) != folder.sum.crc {
		return nil, errors.New("checksum of the directory differs")
	}
	return unpacked.Bytes(), nil
}

func directoryTooLarge() error {
	return &archive.LimitError{Limit: "memory", Reason: "directory of the 7z archive needs more memory than the limit allows"}
}

// atEnd is an end of the archive where it must not be.
func atEnd(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
