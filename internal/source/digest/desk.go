package digest

import (
	"crypto/sha256"
	"runtime"
	"slices"
	"sync"
)

// A Desk brings together the streams of one reading. Its methods, and those of
// its streams, may be called from several goroutines, those of one stream from
// one at a time.
type Desk struct {
	paired bool // streams can be hashed in lock step

	mutex   sync.Mutex
	settled sync.Cond // a stream is no longer busy
	// idle is a stream with pieces that nobody hashes. There is one at most: a
	// second is hashed together with it at once.
	idle *Stream
}

// NewDesk returns a desk.
func NewDesk() *Desk {
	d := &Desk{paired: understood()}
	d.settled.L = &d.mutex
	return d
}

// A Stream is one file on its way to its digest.
type Stream struct {
	desk  *Desk
	chain chain

	// The rest is the desk's, under its mutex. While the stream is busy, its
	// chain and its first piece are with whoever hashes it.
	pieces []piece
	busy   bool
	done   func(sum [sha256.Size]byte) // set by Close
}

// A piece is a part of a file that is not hashed yet.
type piece struct {
	data   []byte
	hashed func()
}

// MaxWaiting is how many pieces of a stream are kept before the next Add waits
// or hashes them alone; pieces being hashed are among them. More would find a
// partner more often, and hold more memory.
const MaxWaiting = 2

// Stream begins a digest.
func (d *Desk) Stream() *Stream { return &Stream{desk: d, chain: newChain()} }

// Add gives the stream its next bytes. They must not change until hashed is
// called, which may be before Add returns, from any goroutine; hashed must not
// call the desk.
func (s *Stream) Add(data []byte, hashed func()) {
	d := s.desk
	if !d.paired {
		s.chain.write(data)
		hashed()
		return
	}
	d.mutex.Lock()
	defer d.mutex.Unlock()
	s.leave(MaxWaiting - 1)
	s.pieces = append(s.pieces, piece{data, hashed})
	d.offer(s)
}

// Close ends the stream. Its digest is passed to done, before Close returns or
// later, from any goroutine, and at the latest by Flush. Done must not call
// the desk.
func (s *Stream) Close(done func(sum [sha256.Size]byte)) {
	s.desk.mutex.Lock()
	defer s.desk.mutex.Unlock()
	s.done = done
	s.finish()
}

// Wait returns when all that was added is hashed.
func (s *Stream) Wait() {
	s.desk.mutex.Lock()
	defer s.desk.mutex.Unlock()
	s.leave(0)
}

// Sum is the digest of all that was added so far, which it waits for. The
// stream may go on.
func (s *Stream) Sum() [sha256.Size]byte {
	s.Wait()
	return s.chain.sum()
}

// Flush hashes what still waits. All streams are closed.
func (d *Desk) Flush() {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	for d.idle != nil {
		d.idle.leave(0)
	}
}

// leave returns when no more than n pieces of the stream wait, having hashed
// them alone where nobody else does. First whoever else can run has a turn: it
// may well bring a partner.
func (s *Stream) leave(n int) {
	for yielded := false; len(s.pieces) > n; {
		switch {
		case s.busy:
			s.desk.settled.Wait()
		case !yielded:
			yielded = true
			s.desk.mutex.Unlock()
			runtime.Gosched()
			s.desk.mutex.Lock()
		default:
			s.desk.idle = nil // it was s
			s.hashAlone()
		}
	}
}

// offer has the pieces of a stream hashed together with those of another, or
// leaves them for the next that comes.
func (d *Desk) offer(s *Stream) {
	for s != nil && !s.busy {
		other := d.idle
		if other == nil || other == s {
			d.idle = s
			return
		}
		d.idle = nil
		s = d.hashBoth(s, other)
	}
}

// hashBoth hashes two streams until one has no more pieces. It returns the one
// that has, if any.
func (d *Desk) hashBoth(s, other *Stream) *Stream {
	s.busy, other.busy = true, true
	for len(s.pieces) > 0 && len(other.pieces) > 0 {
		p, q := s.pieces[0].data, other.pieces[0].data
		d.mutex.Unlock()
		p, q = lockstep(&s.chain, &other.chain, p, q)
		p, q = s.chain.writeEnd(p), other.chain.writeEnd(q)
		d.mutex.Lock()
		s.hashed(p)
		other.hashed(q)
	}
	s.settle()
	other.settle()
	for _, left := range [...]*Stream{s, other} {
		if len(left.pieces) > 0 {
			return left
		}
	}
	return nil
}

func (s *Stream) hashAlone() {
	s.busy = true
	data := s.pieces[0].data
	s.desk.mutex.Unlock()
	s.chain.write(data)
	s.desk.mutex.Lock()
	s.hashed(nil)
	s.settle()
}

// hashed notes what is left of the first piece.
func (s *Stream) hashed(rest []byte) {
	if len(rest) > 0 {
		s.pieces[0].data = rest
		return
	}
	s.pieces[0].hashed()
	s.pieces = slices.Delete(s.pieces, 0, 1)
	s.desk.settled.Broadcast()
}

// settle ends the time that a stream is busy.
func (s *Stream) settle() {
	s.busy = false
	s.desk.settled.Broadcast()
	s.finish()
}

// finish passes the digest on when the stream has ended.
func (s *Stream) finish() {
	if s.done != nil && !s.busy && len(s.pieces) == 0 {
		s.done(s.chain.sum())
		s.done = nil
	}
}
