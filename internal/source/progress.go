package source

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Progress counts while Read runs. It may be read at any time.
type Progress struct {
	// FilesTotal is how many files are known so far; members of archives are
	// added when their archive is opened.
	FilesTotal, FilesDone atomic.Int64
	// BytesTotal is the size of the files on disk that are known so far, and
	// BytesRead how much of them has been read.
	BytesTotal, BytesRead atomic.Int64
	// Unpacked is how many bytes went to the parsers, from archives or not.
	Unpacked atomic.Int64
	// Records and Problems are what the parsers found.
	Records, Problems atomic.Int64

	mutex sync.Mutex
	costs map[string]*Cost
}

// A Cost is what the blocks of one format came to so far.
type Cost struct {
	Format         string
	Bytes, Records int64
	// Busy is how long workers were at it, together: parsing and what their
	// sinks did. It is zero without Options.Now.
	Busy time.Duration
}

// Costs returns the cost of each format that was met, by name.
func (p *Progress) Costs() []Cost {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	var costs []Cost
	for _, cost := range p.costs {
		costs = append(costs, *cost)
	}
	slices.SortFunc(costs, func(a, b Cost) int { return strings.Compare(a.Format, b.Format) })
	return costs
}

// spend adds the cost of one block.
func (p *Progress) spend(format string, bytes int, records int64, busy time.Duration) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.costs == nil {
		p.costs = map[string]*Cost{}
	}
	cost := p.costs[format]
	if cost == nil {
		cost = &Cost{Format: format}
		p.costs[format] = cost
	}
	cost.Bytes += int64(bytes)
	cost.Records += records
	cost.Busy += busy
}
