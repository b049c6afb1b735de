package detect

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/kulla-defence/kulla/internal/event"
)

// Findings are put aside as bytes: a tenth of the memory of the structures,
// nothing for the garbage collector to walk, and the same form in memory and
// in a temporary file. The form is private to one run of the program.

// tables gives the pointers in findings numbers, and back.
type tables struct {
	rules   []*Rule
	sources *sourceTable
}

var errEncoding = errors.New("a finding that was put aside cannot be read back")

const (
	flagAsked = 1 << iota
	flagNull
)

// What stands for a finding's correlation.
const (
	noCorrelation = iota
	wholeCorrelation
	incompleteCorrelation
)

// appendFinding writes a finding: first what its order depends on, as compare
// wants it.
func (t *tables) appendFinding(dst []byte, f *Finding) []byte {
	dst = appendSortedTime(dst, f.Time)
	dst = appendSorted(dst, f.Place.Offset)
	dst = appendSorted(dst, f.Place.Line)
	dst = binary.BigEndian.AppendUint64(dst, f.Place.RecordID)
	dst = binary.BigEndian.AppendUint32(dst, uint32(f.Rule.rank))
	dst = binary.BigEndian.AppendUint32(dst, uint32(t.sources.number(f.Place.Source)))
	dst = t.appendCorrelation(dst, f.Correlation)
	dst = binary.AppendVarint(dst, f.Place.Size)
	dst = appendFlag(dst, f.Place.Carved)
	dst = append(dst, f.Record[:]...)
	dst = appendText(dst, f.TimeText)
	dst = appendText(dst, f.Host)
	dst = appendFields(dst, f.inputs)
	return appendFields(dst, f.Fields)
}

// appendSorted writes a number such that bytes sort as numbers do.
func appendSorted(dst []byte, n int64) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(n)^1<<63)
}

func appendSortedTime(dst []byte, t time.Time) []byte {
	return binary.BigEndian.AppendUint32(appendSorted(dst, t.Unix()), uint32(t.Nanosecond()))
}

func (t *tables) appendCorrelation(dst []byte, c *Correlation) []byte {
	if c == nil {
		return append(dst, noCorrelation)
	}
	if c.Incomplete {
		dst = append(dst, incompleteCorrelation)
	} else {
		dst = append(dst, wholeCorrelation)
	}
	dst = appendTime(dst, c.First)
	dst = appendTime(dst, c.Last)
	dst = binary.AppendVarint(dst, c.Count)
	dst = appendFloat(dst, c.Value)
	dst = appendFields(dst, c.Group)
	dst = binary.AppendUvarint(dst, uint64(len(c.Events)))
	for _, member := range c.Events {
		dst = binary.AppendUvarint(dst, member.reference)
	}
	return dst
}

func appendFields(dst []byte, fields []Field) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(fields)))
	for i := range fields {
		dst = appendField(dst, &fields[i])
	}
	return dst
}

func appendField(dst []byte, f *Field) []byte {
	var flags byte
	if f.Asked {
		flags |= flagAsked
	}
	if f.Null {
		flags |= flagNull
	}
	dst = append(dst, flags)
	dst = appendText(dst, f.Name)
	return appendText(dst, f.Value)
}

func appendFlag(dst []byte, flag bool) []byte {
	if flag {
		return append(dst, 1)
	}
	return append(dst, 0)
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// appendTime keeps any time a log can claim, also those that do not fit in
// nanoseconds since 1970.
func appendTime(dst []byte, t time.Time) []byte {
	return binary.AppendUvarint(binary.AppendVarint(dst, t.Unix()), uint64(t.Nanosecond()))
}

func appendFloat(dst []byte, value float64) []byte {
	return binary.LittleEndian.AppendUint64(dst, math.Float64bits(value))
}

// A decoder reads back what was appended. After the first failure it returns
// zero values, and failed is set.
type decoder struct {
	tables *tables
	rest   []byte
	failed bool
}

// finding reads a whole finding.
func (d *decoder) finding() (*Finding, error) {
	f, err := d.brief()
	if err != nil {
		return nil, err
	}
	if f.Fields = d.fields(); d.failed {
		return nil, errEncoding
	}
	return f, nil
}

// brief reads a finding but for its Fields, which come last.
func (d *decoder) brief() (*Finding, error) {
	f := &Finding{Time: time.Unix(d.sorted(), int64(d.uint32())).UTC()}
	f.Place = event.Provenance{Offset: d.sorted(), Line: d.sorted(), RecordID: d.uint64()}
	rank := d.uint32()
	if rank >= uint32(len(d.tables.rules)) {
		return nil, fmt.Errorf("%w: rule number %d", errEncoding, rank)
	}
	f.Rule = d.tables.rules[rank]
	f.Place.Source = d.tables.sources.at(uint64(d.uint32()))
	f.Correlation = d.correlation()
	f.Place.Size = d.varint()
	f.Place.Carved = d.byte() != 0
	copy(f.Record[:], d.take(sha256.Size))
	f.TimeText = d.text()
	f.Host = d.text()
	f.inputs = d.fields()
	if d.failed {
		return nil, errEncoding
	}
	return f, nil
}

func (d *decoder) correlation() *Correlation {
	kind := d.byte()
	if kind == noCorrelation {
		return nil
	}
	c := &Correlation{First: d.time(), Last: d.time(), Count: d.varint(), Value: d.float(), Incomplete: kind == incompleteCorrelation}
	c.Group = d.fields()
	for range d.count() {
		c.Events = append(c.Events, Member{reference: d.uvarint()})
	}
	return c
}

func (d *decoder) fields() []Field {
	n := d.count()
	if n == 0 {
		return nil
	}
	fields := make([]Field, n)
	for i := range fields {
		flags := d.byte()
		fields[i] = Field{Name: d.text(), Value: d.text(), Asked: flags&flagAsked != 0, Null: flags&flagNull != 0}
	}
	return fields
}

func (d *decoder) time() time.Time {
	seconds, nanoseconds := d.varint(), d.uvarint()
	return time.Unix(seconds, int64(nanoseconds)).UTC()
}

func (d *decoder) float() float64 {
	if b := d.take(8); len(b) == 8 {
		return math.Float64frombits(binary.LittleEndian.Uint64(b))
	}
	return 0
}

func (d *decoder) sorted() int64 { return int64(d.uint64() ^ 1<<63) }

func (d *decoder) uint64() uint64 {
	if b := d.take(8); len(b) == 8 {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

func (d *decoder) uint32() uint32 {
	if b := d.take(4); len(b) == 4 {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (d *decoder) text() string { return string(d.take(d.uvarint())) }

func (d *decoder) byte() byte {
	if b := d.take(1); len(b) == 1 {
		return b[0]
	}
	return 0
}

// count reads a number of things that take at least a byte each, so that a
// damaged number cannot ask for more memory than there are bytes.
func (d *decoder) count() int {
	n := d.uvarint()
	if n > uint64(len(d.rest)) {
		d.failed = true
		return 0
	}
	return int(n)
}

func (d *decoder) take(n uint64) []byte {
	if n > uint64(len(d.rest)) {
		d.failed, d.rest = true, nil
		return nil
	}
	taken := d.rest[:n]
	d.rest = d.rest[n:]
	return taken
}

func (d *decoder) uvarint() uint64 {
	value, n := binary.Uvarint(d.rest)
	if n <= 0 {
		d.failed, d.rest = true, nil
		return 0
	}
	d.rest = d.rest[n:]
	return value
}

func (d *decoder) varint() int64 {
	value, n := binary.Varint(d.rest)
	if n <= 0 {
		d.failed, d.rest = true, nil
		return 0
	}
	d.rest = d.rest[n:]
	return value
}
