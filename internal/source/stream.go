package source

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"io/fs"

	"github.com/kulla-defence/kulla/internal/source/archive"
	"github.com/kulla-defence/kulla/internal/source/digest"
	"github.com/kulla-defence/kulla/internal/source/format"
	"github.com/kulla-defence/kulla/internal/source/line"
)

// A stream is one leaf of the evidence on its way to the workers: read once,
// hashed, and cut into blocks.
type stream struct {
	*reading
	file     *file
	in       io.Reader
	format   int
	splitter format.Splitter
	digest   *digest.Stream // of what is cut
	hash     hash.Hash      // of what is only drained
	marks    []Mark         // where the digest so far is wanted, ascending
	digested int64          // how much was given to the digest
	heads    []*otherHead   // what is digested with another head
	copy     io.Writer      // nil where nobody asked for a copy

	buffer   *buffer
	from, to int // what of the buffer is not yet cut
	hashed   int // what of it was given to the digest
	offset   int64
	line     int64
	sequence int
	final    bool
}

// leaf reads a source that is not an archive to its end.
func (r *reading) leaf(name string, place int, head []byte, rest io.Reader) {
	if r.writerOf != nil {
		r.copyLeaf(name, place, head, rest)
		return
	}
	given := r.given(name)
	number, f := r.formatOf(head, given.Format)
	s := &stream{reading: r, in: rest, format: number, line: 1}
	s.mark(name, head)
	if f == nil {
		s.file = r.register.begin(name, "", place)
		s.hash = sha256.New()
		s.drain(head)
		s.hash.Sum(s.file.SHA256[:0])
		if s.file.Size > 0 || s.file.ProblemCount == 0 { // else it says more than that it is empty
			s.problem(s.file, s.unrecognised(head))
		}
	} else {
		s.file = r.register.begin(name, f.Name, place)
		s.file.numbered, s.file.given, given.yearless = f.Numbered, given, f.Yearless
		s.splitter = f.NewSplitter(format.Options{Record: r.options.Limits.Record, Year: given.Year, Carve: given.Carve})
		s.digest = r.digests.Stream()
		s.run(head)
		s.digest.Close(func(sum [sha256.Size]byte) { s.file.SHA256 = sum })
	}
	r.options.Progress.FilesDone.Add(1)
}

func (s *stream) unrecognised(head []byte) Problem {
	switch {
	case len(head) == 0 && s.ctx.Err() != nil:
		return Problem{Offset: -1, Kind: format.NothingRead, Reason: "interrupted before anything was read"}
	case len(head) == 0:
		return Problem{Offset: -1, Kind: format.Empty, Reason: "empty"}
	case len(head) < format.HeadSize && isBlank(head):
		return Problem{Offset: -1, Kind: format.Empty, Reason: "empty but for blanks"}
	}
	return Problem{Offset: -1, Kind: format.Unrecognised, Reason: "format not recognised"}
}

// isBlank reports whether there is nothing but white space, perhaps behind a byte
// order mark.
func isBlank(head []byte) bool { return len(bytes.TrimSpace(line.Head(head))) == 0 }

// run reads the stream into buffers and cuts them.
func (s *stream) run(head []byte) {
	var err error
	if s.buffer, err = s.pool.get(s.ctx); err != nil {
		s.file.Interrupted = true
		return
	}
	defer func() { s.buffer.release() }()
	s.to = copy(s.buffer.data, head)
	s.took(head)
	for !s.final {
		if !s.fill() || !s.cut() {
			s.file.Interrupted = true
			return
		}
	}
}

// fill reads until the buffer is full or the stream ends.
func (s *stream) fill() bool {
	defer s.passToDigest()
	for s.to < len(s.buffer.data) && !s.final {
		if s.ctx.Err() != nil {
			return false
		}
		n, err := s.in.Read(s.buffer.data[s.to:])
		s.took(s.buffer.data[s.to : s.to+n])
		s.to += n
		if err != nil {
			s.final = true
			s.fail(err)
		}
	}
	return true
}

// passToDigest gives what was read to the digest, which keeps the buffer as
// long as it needs it.
func (s *stream) passToDigest() {
	for s.hashed < s.to {
		size := s.untilMark(s.to - s.hashed)
		s.buffer.retain()
		s.digest.Add(s.buffer.data[s.hashed:s.hashed+size], s.buffer.release)
		s.hashed += size
		s.passed(size, s.digest.Sum)
	}
}

// untilMark is how many of so many bytes are before the next mark.
func (s *stream) untilMark(size int) int {
	if len(s.marks) > 0 {
		return int(min(int64(size), s.marks[0].Size-s.digested))
	}
	return size
}

// passed counts bytes that were given to the digest, and keeps it at a mark.
func (s *stream) passed(size int, sum func() [sha256.Size]byte) {
	s.digested += int64(size)
	for ; len(s.marks) > 0 && s.marks[0].Size == s.digested; s.marks = s.marks[1:] {
		s.file.Beginnings = append(s.file.Beginnings, Beginning{Mark: s.marks[0], SHA256: sum()})
	}
}

// drained hashes what is drained.
func (s *stream) drained(data []byte) {
	for len(data) > 0 {
		size := s.untilMark(len(data))
		s.hash.Write(data[:size])
		s.passed(size, func() (sum [sha256.Size]byte) { s.hash.Sum(sum[:0]); return sum })
		data = data[size:]
	}
}

// took counts what was read, and hashes what is drained.
func (s *stream) took(data []byte) {
	if s.hash != nil {
		s.drained(data)
	}
	if s.copy != nil {
		s.passOn(data)
	}
	for _, head := range s.heads {
		head.add(data, s.file)
	}
	s.file.Size += int64(len(data))
	s.options.Progress.Unpacked.Add(int64(len(data)))
}

func (s *stream) fail(err error) {
	if err == io.EOF {
		return
	}
	p := problemOf(err, s.file.Size)
	if s.file.Size == 0 {
		p.Kind = format.NothingRead
	}
	s.problem(s.file, p)
}

// cut sends all that can be cut from the buffer, and makes room for more.
func (s *stream) cut() bool {
	sent := false
	for s.from < s.to {
		cut := s.splitter.Split(s.buffer.data[s.from:s.to], s.final)
		if cut.Size <= 0 {
			break
		}
		if !s.send(cut) {
			return false
		}
		sent = sent || !cut.Lost
		s.from += cut.Size
	}
	return s.makeRoom(sent)
}

// makeRoom moves what was not cut to the beginning of a buffer with room.
func (s *stream) makeRoom(sent bool) bool {
	rest := s.buffer.data[s.from:s.to]
	switch {
	case sent:
		next, err := s.pool.get(s.ctx)
		if err != nil {
			return false
		}
		if len(next.data) <= len(rest) {
			next = next.grow(nil)
			for len(next.data) <= len(rest) {
				next = next.grow(nil)
			}
		}
		copy(next.data, rest)
		s.buffer.release()
		s.buffer = next
	case s.from > 0:
		s.digest.Wait() // what is moved must be hashed
		copy(s.buffer.data, rest)
	case s.to == len(s.buffer.data):
		s.buffer = s.buffer.grow(rest)
	}
	s.from, s.to, s.hashed = 0, len(rest), len(rest)
	return true
}

// send passes a block to the workers, or enters it as lost.
func (s *stream) send(cut format.Cut) bool {
	block := format.Block{
		Source: s.file.Source,
		Data:   s.buffer.data[s.from : s.from+cut.Size],
		Offset: s.offset,
		Line:   s.line,
		First:  s.offset == 0,
		Last:   s.final && s.from+cut.Size == s.to,
		State:  cut.State,
	}
	s.offset += int64(cut.Size)
	s.line += cut.Lines
	sequence := s.sequence
	s.sequence++
	if cut.Lost {
		lost := &tally{}
		if cut.Problem != nil {
			cut.Problem.Offset, cut.Problem.Line = block.Offset, block.Line
			lost.Problem(*cut.Problem)
			s.options.Progress.Problems.Add(1)
		}
		s.file.add(sequence, lost)
		return true
	}
	s.buffer.retain()
	select {
	case s.queue <- job{file: s.file, sequence: sequence, format: s.format, block: block, buffer: s.buffer, problem: cut.Problem}:
		return true
	case <-s.ctx.Done():
		s.buffer.release()
		return false
	}
}

// drain hashes a stream that nothing is read from.
func (s *stream) drain(head []byte) {
	s.took(head)
	buffer, err := s.pool.get(s.ctx)
	if err != nil {
		s.file.Interrupted = true
		return
	}
	defer buffer.release()
	for {
		if s.ctx.Err() != nil {
			s.file.Interrupted = true
			return
		}
		n, err := s.in.Read(buffer.data)
		s.took(buffer.data[:n])
		if err != nil {
			s.fail(err)
			return
		}
	}
}

// problemOf puts an error of reading into a problem.
func problemOf(err error, offset int64) Problem {
	p := Problem{Offset: offset, Reason: reasonOf(err)}
	var limit *archive.LimitError
	var rest *archive.RestError
	switch {
	case errors.As(err, &rest):
		p.Lost = rest.Size
	case errors.As(err, &limit):
		p.Limit = limit.Limit
	case errors.Is(err, io.ErrUnexpectedEOF):
		p.Kind = format.Truncated
	}
	return p
}

// reasonOf leaves out the path, which stands beside it.
func reasonOf(err error) string {
	var path *fs.PathError
	switch {
	case errors.As(err, &path):
		return path.Op + ": " + path.Err.Error()
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "truncated: it ends too early"
	}
	return err.Error()
}
