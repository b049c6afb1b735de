package auditd

import (
	"bytes"
	"fmt"

	"github.com/kulla-defence/kulla/internal/source/format"
	"github.com/kulla-defence/kulla/internal/source/line"
)

// A splitter cuts where no event has records on both sides.
type splitter struct {
	limit  int
	joiner joiner
	// scanned is how much of the data was looked at, lines how many lines that
	// is; both count from the last cut.
	scanned int
	lines   int64
	// gaps are the places between events, as far as is known, in their order.
	gaps   []gap
	losing bool
}

// A gap is the beginning of a line.
type gap struct {
	offset int
	line   int64
}

func newSplitter(options format.Options) *splitter { return &splitter{limit: options.Record} }

// Split implements format.Splitter.
func (s *splitter) Split(data []byte, final bool) format.Cut {
	if s.losing {
		return s.loseRest(data)
	}
	s.scan(data)
	if final && (s.scanned > 0 || len(data) <= s.limit) {
		return s.cut(len(data), int64(bytes.Count(data[s.scanned:], []byte{'\n'}))+s.lines)
	}
	for i := len(s.gaps) - 1; i >= 0; i-- {
		if g := s.gaps[i]; g.offset > 0 && s.lines-g.line > maxDistance {
			return s.cut(g.offset, g.line)
		}
	}
	switch {
	case len(data) <= s.limit:
		return format.Cut{}
	case s.scanned > 0: // events lie across one another for long: cut them
		return s.cut(s.scanned, s.lines)
	}
	s.losing = true
	return s.lose(len(data), 0)
}

// scan goes over the lines that are complete and new.
func (s *splitter) scan(data []byte) {
	for {
		feed := bytes.IndexByte(data[s.scanned:], '\n')
		if feed < 0 {
			return
		}
		text := data[s.scanned : s.scanned+feed]
		var r record
		if r.parse(text) {
			s.follow(&r, len(text))
		} else {
			s.gaps = append(s.gaps, gap{s.scanned, s.lines})
		}
		s.scanned += feed + 1
		s.lines++
	}
}

// follow takes the gaps away that a record closes.
func (s *splitter) follow(r *record, size int) {
	event, joined := s.joiner.place(r.id, s.lines, size)
	if !joined {
		s.gaps = append(s.gaps, gap{s.scanned, s.lines})
		return
	}
	for len(s.gaps) > 0 && s.gaps[len(s.gaps)-1].line > event.first {
		s.gaps = s.gaps[:len(s.gaps)-1]
	}
}

// cut ends a block; what was scanned after it is kept.
func (s *splitter) cut(size int, lines int64) format.Cut {
	kept := s.gaps[:0]
	for _, g := range s.gaps {
		if g.offset >= size {
			kept = append(kept, gap{g.offset - size, g.line - lines})
		}
	}
	s.gaps = kept
	open := s.joiner.open[:0]
	for _, e := range s.joiner.open {
		if e.first >= lines {
			e.first -= lines
			e.last -= lines
			open = append(open, e)
		}
	}
	s.joiner.open = open
	s.scanned = max(s.scanned-size, 0)
	s.lines = max(s.lines-lines, 0)
	return format.Cut{Size: size, Lines: lines, State: line.State{}}
}

// loseRest gives up what is left of a line that is too long.
func (s *splitter) loseRest(data []byte) format.Cut {
	feed := bytes.IndexByte(data, '\n')
	if feed < 0 {
		return s.lose(len(data), 0)
	}
	s.losing = false
	return s.lose(feed+1, 1)
}

func (s *splitter) lose(size int, feeds int64) format.Cut {
	return format.Cut{Size: size, Lost: true, Lines: feeds, Problem: &format.Problem{
		Reason: fmt.Sprintf("line is longer than %d bytes", s.limit), Limit: "record", Lost: int64(size),
	}}
}
