package casereport

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/sigma"
)

// A density counts findings by host and time in bounded memory: it begins with
// a minute, and takes twice the width whenever there are too many cells.
type density struct {
	width time.Duration
	cells map[cellKey]cell
	hosts map[string]int64
	// timeless counts findings without a time, total all.
	timeless, total int64
}

type cellKey struct {
	host string
	bin  int64 // time since 1970, in widths
}

type cell struct {
	count int64
	level sigma.Level // the highest
}

const (
	maxCells  = 8000
	maxHosts  = 200
	elsewhere = "\x00others" // no host has such a name
)

func newDensity() *density {
	return &density{width: time.Minute, cells: map[cellKey]cell{}, hosts: map[string]int64{}}
}

func (d *density) add(host string, t time.Time, level sigma.Level) {
	d.total++
	if t.IsZero() {
		d.timeless++
		return
	}
	if _, known := d.hosts[host]; !known && len(d.hosts) >= maxHosts {
		host = elsewhere
	}
	d.hosts[host]++
	key := cellKey{host, floorDivide(t.Unix(), int64(d.width/time.Second))}
	d.put(d.cells, key, cell{1, level})
	for len(d.cells) > maxCells {
		d.widen()
	}
}

func (*density) put(cells map[cellKey]cell, key cellKey, more cell) {
	c := cells[key]
	cells[key] = cell{c.count + more.count, max(c.level, more.level)}
}

func (d *density) widen() {
	d.width *= 2
	wider := make(map[cellKey]cell, len(d.cells)/2)
	for key, c := range d.cells {
		d.put(wider, cellKey{key.host, floorDivide(key.bin, 2)}, c)
	}
	d.cells = wider
}

func floorDivide(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// rename gives the hosts other names: those under which entities are known.
func (d *density) rename(names func(string) string) {
	cells, hosts := make(map[cellKey]cell, len(d.cells)), map[string]int64{}
	for key, c := range d.cells {
		d.put(cells, cellKey{names(key.host), key.bin}, c)
	}
	for host, count := range d.hosts {
		hosts[names(host)] += count
	}
	d.cells, d.hosts = cells, hosts
}

// merge puts all but the hosts with the most findings into one.
func (d *density) merge(most int) {
	keep := d.lanes()
	if len(keep) <= most {
		return
	}
	kept := map[string]bool{}
	for _, host := range keep[:most-1] {
		kept[host] = true
	}
	d.rename(func(host string) string {
		if kept[host] {
			return host
		}
		return elsewhere
	})
}

// lanes are the hosts, those with the most findings first, the others last.
func (d *density) lanes() []string {
	hosts := slices.Collect(maps.Keys(d.hosts))
	slices.SortFunc(hosts, func(a, b string) int {
		return cmp.Or(cmp.Compare(d.hosts[b], d.hosts[a]), strings.Compare(a, b))
	})
	if at := slices.Index(hosts, elsewhere); at >= 0 {
		hosts = append(slices.Delete(hosts, at, at+1), elsewhere)
	}
	return hosts
}

// bins are the numbers of all bins that hold a finding, in order.
func (d *density) bins() []int64 {
	seen := map[int64]bool{}
	for key := range d.cells {
		seen[key.bin] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

func (d *density) start(bin int64) time.Time {
	return time.Unix(bin*int64(d.width/time.Second), 0).UTC()
}
