package custody

import (
	"bytes"
	"crypto/sha256"
	"hash"
)

// A recordReading hashes the cited records of a file as it goes by.
type recordReading struct {
	source   *citedSource
	verdicts []verdict
	next     int   // the first record that has not begun
	at       int64 // in the file
	open     []openRecord
	// keep, when not nil, is given the bytes of the records that are the same.
	keep func(record citedRecord, data []byte)
}

type verdict byte

const (
	recordMissing verdict = iota
	recordSame
	recordDiffers
	recordUnknown
)

// An openRecord is a range that has begun. Several findings may cite it.
type openRecord struct {
	first, last int // the records of exactly this range
	left        int64
	hash        hash.Hash
	data        []byte // where records are kept
}

// maxOpen bounds how many ranges are hashed at the same place.
const maxOpen = 64

func newRecordReading(source *citedSource) *recordReading {
	return &recordReading{source: source, verdicts: make([]verdict, len(source.records))}
}

// Write takes the next bytes of the file.
func (r *recordReading) Write(data []byte) (int, error) {
	size := len(data)
	for len(data) > 0 {
		r.begin()
		n := int64(len(data))
		if r.next < len(r.source.records) {
			n = min(n, r.source.records[r.next].offset-r.at)
		}
		for i := range r.open {
			n = min(n, r.open[i].left)
		}
		r.feed(data[:n])
		data = data[n:]
	}
	return size, nil
}

// begin opens the ranges that begin here.
func (r *recordReading) begin() {
	records := r.source.records
	for r.next < len(records) && records[r.next].offset <= r.at {
		last := r.next + 1
		for last < len(records) && records[last].offset == records[r.next].offset && records[last].size == records[r.next].size {
			last++
		}
		if len(r.open) < maxOpen {
			r.open = append(r.open, openRecord{first: r.next, last: last, left: records[r.next].size, hash: sha256.New()})
		} else {
			r.settle(r.next, last, func(citedRecord) verdict { return recordUnknown })
		}
		r.next = last
	}
}

// feed passes bytes to the open ranges and closes those that are complete.
func (r *recordReading) feed(data []byte) {
	r.at += int64(len(data))
	kept := r.open[:0]
	for _, o := range r.open {
		o.hash.Write(data)
		if r.keep != nil {
			o.data = append(o.data, data...)
		}
		if o.left -= int64(len(data)); o.left > 0 {
			kept = append(kept, o)
			continue
		}
		digest := o.hash.Sum(nil)
		r.settle(o.first, o.last, func(record citedRecord) verdict {
			if !bytes.Equal(digest, record.digest[:]) {
				return recordDiffers
			}
			if r.keep != nil {
				r.keep(record, o.data)
			}
			return recordSame
		})
	}
	r.open = kept
}

func (r *recordReading) settle(first, last int, of func(citedRecord) verdict) {
	for i := first; i < last; i++ {
		r.verdicts[i] = of(r.source.records[i])
	}
}

// finish settles the ranges that the file ended within.
func (r *recordReading) finish() {
	for _, o := range r.open {
		r.settle(o.first, o.last, func(citedRecord) verdict { return recordDiffers })
	}
	r.open = nil
}

// same is the number of records that are as they should be.
func (r *recordReading) same() (count int64) {
	for _, verdict := range r.verdicts {
		if verdict == recordSame {
			count++
		}
	}
	return count
}
