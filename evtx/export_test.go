package evtx

import (
	"fmt"
	"slices"
)

// Forget makes a decoder read all definitions that it meets token by token.
func (d *Decoder) Forget() { clear(d.learnt) }

// PlainLayout gives the layout of the last record by its whole key.
func (d *Decoder) PlainLayout() *Layout {
	return d.cache.layout(d.layoutKey(), func() *Layout { return compileLayout(&d.parts) })
}

// Remembered tells how many templates a decoder remembers, and in how many bytes.
func (d *Decoder) Remembered() (templates, size int) {
	for _, known := range d.learnt {
		templates += known.alike + 1
	}
	return templates, d.size
}

// Empty empties a cache, as it is when it is full.
func (c *Cache) Empty() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.grow(maxCacheBytes + 1)
}

// MaxRemembered is the bound of what a decoder remembers.
const MaxRemembered = maxRemembered

// Difference tells in what two records differ of what a decoder finds in one:
// templates, nesting, values and layout.
func (r *Record) Difference(other *Record) string {
	switch {
	case !slices.Equal(r.instances, other.instances):
		return fmt.Sprint("instances ", r.instances, other.instances)
	case !slices.Equal(r.values, other.values):
		return fmt.Sprint("values ", r.values, other.values)
	case r.layout != other.layout:
		return fmt.Sprint("layouts ", r.layout.Columns, other.layout.Columns)
	case r.ID != other.ID || r.Offset != other.Offset || r.Size != other.Size:
		return fmt.Sprint("places ", r.Offset, other.Offset)
	}
	return ""
}
