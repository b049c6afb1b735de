package exchange

import (
	"bytes"

	"github.com/kulla-defence/kulla/internal/source/format"
	"github.com/kulla-defence/kulla/internal/source/line"
)

// A splitter cuts before a line that begins a record or is a directive, since
// values in quotes may have line breaks.
type splitter struct{ lines *line.Splitter }

// enough is how much is looked at for such a line. Without one it cuts behind
// any line.
const enough = 64 << 10

// Split implements format.Splitter.
func (s *splitter) Split(data []byte, final bool) format.Cut {
	if final {
		return s.lines.Split(data, true)
	}
	if last := lastRecord(data); last > 0 {
		return s.lines.Split(data[:last], false)
	}
	if len(data) < enough {
		return format.Cut{}
	}
	return s.lines.Split(data, false)
}

// lastRecord is where the last line begins that begins a record; 0 when that is
// the first one.
func lastRecord(data []byte) int {
	for end := len(data); ; {
		feed := bytes.LastIndexByte(data[:end], '\n')
		if feed < 0 {
			return 0
		}
		if beginsRecord(data[feed+1:]) {
			return feed + 1
		}
		end = feed
	}
}
