package syslog

import (
	"bytes"
	"fmt"

	"github.com/kulla-defence/kulla/internal/source/format"
	"github.com/kulla-defence/kulla/internal/source/line"
)

// A splitter cuts messages apart as the beginning of the stream shows: by line
// feeds, or by the counts in front of them (RFC 6587 section 3.4.1).
type splitter struct {
	options format.Options
	chosen  format.Splitter
}

func newSplitter(options format.Options) format.Splitter { return &splitter{options: options} }

// Split implements format.Splitter.
func (s *splitter) Split(data []byte, final bool) format.Cut {
	if s.chosen == nil {
		if len(data) < maxCount+2 && !final {
			return format.Cut{}
		}
		s.choose(data)
	}
	return s.chosen.Split(data, final)
}

func (s *splitter) choose(data []byte) {
	clock := newClock(s.options)
	if _, _, ok := octets(data); ok {
		s.chosen = &framer{limit: s.options.Record, clock: clock}
		return
	}
	s.chosen = line.NewSplitter(s.options, func(block []byte) any {
		before := clock
		for l := range bytes.Lines(block) {
			if clock.year == 0 {
				break
			}
			clock.observe(l)
		}
		return before
	})
}

// maxCount is the number of digits of a count: more than any message has.
const maxCount = 9

// octets reads the count in front of a message, of which size is the length
// with the count.
func octets(data []byte) (size int, message []byte, ok bool) {
	count, rest := digits(data, maxCount)
	if count < 3 || data[0] == '0' || len(rest) < 2 || rest[0] != ' ' || rest[1] != '<' {
		return 0, nil, false
	}
	begin := len(data) - len(rest) + 1
	size = begin + count
	return size, data[begin:min(size, len(data))], true
}

// A framer cuts a stream of counted messages, among which there may be lines.
type framer struct {
	limit int
	clock clock
	// losing is how much is to come of a message that is too long.
	losing int
}

// framed is the state of a block of counted messages.
type framed struct{ clock clock }

// Split implements format.Splitter.
func (f *framer) Split(data []byte, final bool) format.Cut {
	if f.losing > 0 {
		size := min(f.losing, len(data))
		f.losing -= size
		return f.lose(data[:size])
	}
	cut := format.Cut{State: framed{f.clock}}
	for cut.Size < len(data) {
		size, message := nextFrame(data[cut.Size:])
		if size > f.limit || size == 0 && len(data)-cut.Size > f.limit {
			if cut.Size > 0 {
				break
			}
			return f.tooLong(data, size)
		}
		if size == 0 || size > len(data)-cut.Size {
			if final { // the parser says what is missing
				cut.Size = len(data)
			}
			break
		}
		f.clock.observe(message)
		cut.Size += size
	}
	cut.Lines = int64(bytes.Count(data[:cut.Size], []byte{'\n'}))
	return cut
}

func (f *framer) tooLong(data []byte, size int) format.Cut {
	if size == 0 {
		size = len(data)
	}
	f.losing = size - min(size, len(data))
	return f.lose(data[:min(size, len(data))])
}

func (f *framer) lose(data []byte) format.Cut {
	return format.Cut{Size: len(data), Lost: true, Lines: int64(bytes.Count(data, []byte{'\n'})), Problem: &format.Problem{
		Reason: fmt.Sprintf("message is longer than %d bytes", f.limit),
		Limit:  "record",
		Lost:   int64(len(data)),
	}}
}

// nextFrame returns the message at the beginning of data: one with a count,
// or else the line that is there. Size is 0 when a line has no end yet.
func nextFrame(data []byte) (size int, message []byte) {
	if size, message, ok := octets(data); ok {
		return size, message
	}
	feed := bytes.IndexByte(data, '\n')
	if feed < 0 {
		return 0, data
	}
	return feed + 1, data[:feed]
}

// eachFrame calls visit with every message of a block.
func eachFrame(block *format.Block, out format.Output, visit func(line.Line) error) error {
	at := line.Line{Offset: block.Offset, Number: block.Line}
	for data := block.Data; len(data) > 0; {
		size, message := nextFrame(data)
		if size > len(data) {
			out.Problem(format.Problem{Offset: at.Offset, Line: at.Number, Reason: "message ends before its count of bytes"})
		}
		if size == 0 || size > len(data) {
			size = len(data)
		}
		at.Text = bytes.TrimRight(message, "\r\n\x00")
		at.Size = int64(size)
		if len(at.Text) > 0 {
			if err := visit(at); err != nil {
				return err
			}
		}
		at.Offset += int64(size)
		at.Number += int64(bytes.Count(data[:size], []byte{'\n'}))
		data = data[size:]
	}
	return nil
}
