package sevenzip

import (
	"errors"
	"hash"
	"hash/crc32"
	"io"
)

// A Stream parts an unpacked folder into members. After an error of the folder
// all further members have that error.
type Stream struct {
	folder io.Reader
	err    error // of the folder

	member Member
	left   uint64
	sum    hash.Hash32
}

// NewStream takes what OpenFolder gave.
func NewStream(folder io.Reader) *Stream {
	return &Stream{folder: folder, sum: crc32.NewIEEE()}
}

// Next goes to a member of the folder: the first one, then the one behind.
// What was not read of the one before is passed over.
func (s *Stream) Next(member Member) {
	for s.left > 0 && s.err == nil {
		_, s.err = io.CopyN(io.Discard, s.folder, int64(min(s.left, 1<<30)))
		s.left -= min(s.left, 1<<30)
	}
	s.err = atEnd(s.err)
	s.member, s.left = member, member.Size
	s.sum.Reset()
}

// Read reads the member. It is an error when there is less of it than the
// directory says, or when its checksum differs.
func (s *Stream) Read(p []byte) (int, error) {
	if s.left == 0 {
		return 0, s.end()
	}
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.folder.Read(p[:min(uint64(len(p)), s.left)])
	s.err = atEnd(err)
	s.sum.Write(p[:n])
	if s.left -= uint64(n); s.left > 0 {
		return n, s.err
	}
	return n, nil // the end is looked at next
}

// end tells how a member ends that has its size.
func (s *Stream) end() error {
	if s.member.sum.known && s.sum.Sum32() != s.member.sum.crc {
		return errors.New("checksum of the member differs")
	}
	return io.EOF
}
