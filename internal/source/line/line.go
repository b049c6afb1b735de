// Package line cuts logs made of lines: a Splitter for the stream, and Each for
// the lines of a block, in any of the encodings of package charset.
//
// It holds no format. A format of lines hands NewSplitter to the contract, and
// calls Each in its parser. Begin with NewSplitter.
package line

import (
	"bytes"
	"fmt"

	"github.com/kulla-defence/kulla/internal/source/charset"
	"github.com/kulla-defence/kulla/internal/source/format"
)

// A Line is one line of a source, without its end. Text is UTF-8 as far as the
// source is; it is valid until the next line.
type Line struct {
	Text []byte
	// Offset and Size are those in the source, in bytes, without the end of
	// the line.
	Offset, Size int64
	// Number counts from 1.
	Number int64
}

// Problem is one of the line, which loses nothing of it.
func (l *Line) Problem(reason string) format.Problem {
	return format.Problem{Offset: l.Offset, Line: l.Number, Reason: reason}
}

// A Splitter cuts after the last line that is complete. Each block's State is
// a State.
type Splitter struct {
	limit    int
	begun    bool
	encoding charset.Encoding
	units    []byte
	observe  func(block []byte) any
	losing   bool
}

// State is what a block of lines comes with.
type State struct {
	Encoding charset.Encoding
	// Format is what the format's own observer said before this block.
	Format any
}

// NewSplitter returns a splitter. Observe, when not nil, sees the text of every
// block in the order of the file, as UTF-8, and returns what the parser of that
// block is to know of earlier ones; it must not keep the text.
func NewSplitter(options format.Options, observe func(block []byte) any) *Splitter {
	return &Splitter{limit: options.Record, observe: observe}
}

// Before returns an observer for NewSplitter: a block's state is what after made
// of all blocks before it, beginning with first. After must not change what it
// is given, since parsers hold it.
func Before[T any](first T, after func(T, []byte) T) func(block []byte) any {
	return func(block []byte) any {
		before := first
		first = after(before, block)
		return before
	}
}

// Split implements format.Splitter.
func (s *Splitter) Split(data []byte, final bool) format.Cut {
	if !s.begun {
		s.begun, s.encoding = true, charset.Of(data)
	}
	size := s.size(data, final)
	if size == 0 && len(data) > s.limit {
		size = len(data) / 2 * 2 // too long a line: give up what there is of it, and its rest
		s.losing = true
		return s.lose(size, 0)
	}
	if size == 0 {
		return format.Cut{}
	}
	block := data[:size]
	feeds := s.feeds(block)
	if s.losing {
		s.losing = false
		end := s.firstEnd(block)
		return s.lose(end, s.feeds(block[:end]))
	}
	state := State{Encoding: s.encoding}
	if s.observe != nil {
		state.Format = s.observe(s.decoded(block))
	}
	return format.Cut{Size: size, Lines: feeds, State: state}
}

func (s *Splitter) lose(size int, feeds int64) format.Cut {
	return format.Cut{Size: size, Lost: true, Lines: feeds, Problem: &format.Problem{
		Reason: fmt.Sprintf("line is longer than %d bytes", s.limit),
		Limit:  "record",
		Lost:   int64(size),
	}}
}

// size is that of the complete lines, or of everything at the end.
func (s *Splitter) size(data []byte, final bool) int {
	if final && (s.losing || len(data) <= s.limit) {
		return len(data)
	}
	return s.lastEnd(data)
}

func (s *Splitter) lastEnd(data []byte) int {
	if s.encoding == charset.UTF8 {
		return bytes.LastIndexByte(data, '\n') + 1
	}
	s.units = s.encoding.Project(s.units[:0], data)
	return (bytes.LastIndexByte(s.units, '\n') + 1) * s.encoding.UnitSize()
}

// firstEnd is the end of the first line, or of everything.
func (s *Splitter) firstEnd(data []byte) int {
	at := bytes.IndexByte(data, '\n')
	if s.encoding != charset.UTF8 {
		s.units = s.encoding.Project(s.units[:0], data)
		at = bytes.IndexByte(s.units, '\n')
	}
	if at < 0 {
		return len(data)
	}
	return (at + 1) * s.encoding.UnitSize()
}

func (s *Splitter) feeds(data []byte) int64 {
	if s.encoding != charset.UTF8 {
		s.units = s.encoding.Project(s.units[:0], data)
		data = s.units
	}
	return int64(bytes.Count(data, []byte{'\n'}))
}

func (s *Splitter) decoded(data []byte) []byte {
	if s.encoding == charset.UTF8 {
		return data
	}
	return s.encoding.Decode(nil, data)
}

// A Walker goes over the lines of blocks. It is for one goroutine.
type Walker struct{ decoded []byte }

// Each calls visit with every line of a block that is not empty, and stops at
// its first error. The block is one of a Splitter.
func (w *Walker) Each(block *format.Block, visit func(Line) error) error {
	state := block.State.(State)
	rest := block.Data
	if state.Encoding != charset.UTF8 {
		w.decoded = state.Encoding.Decode(w.decoded[:0], rest)
		rest = w.decoded
	}
	at := Line{Offset: block.Offset, Number: block.Line}
	if block.First && bytes.HasPrefix(rest, charset.Mark) {
		rest = rest[len(charset.Mark):]
		at.Offset += state.Encoding.EncodedSize(charset.Mark)
	}
	for len(rest) > 0 {
		whole, length := rest, len(rest)
		if feed := bytes.IndexByte(rest, '\n'); feed >= 0 {
			whole, length = rest[:feed], feed+1
		}
		at.Text = bytes.TrimSuffix(whole, []byte{'\r'})
		at.Size = state.Encoding.EncodedSize(at.Text)
		if len(at.Text) > 0 {
			if err := visit(at); err != nil {
				return err
			}
		}
		at.Offset += state.Encoding.EncodedSize(rest[:length])
		at.Number++
		rest = rest[length:]
	}
	return nil
}

// Head returns the text of a file's head as UTF-8, for recognising it, without
// a byte order mark.
func Head(head []byte) []byte {
	if encoding := charset.Of(head); encoding != charset.UTF8 {
		head = encoding.Decode(nil, head)
	}
	return bytes.TrimPrefix(head, charset.Mark)
}
