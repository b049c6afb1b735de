package store

import (
	"fmt"
	"iter"
	"runtime"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/kulla-defence/kulla/internal/custody"
	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/findingjson"
)

// Findings are written in batches, each a block of the ledger. Several are made
// ready at once; they are written in order.

// batchSize is chosen by measurement: larger blocks are smaller compressed, but
// take longer to open for one finding. Of findings with long values fewer fill
// a batch: batchBytes is far from what a block may unpack to.
const (
	batchSize  = 128
	batchBytes = 8 << 20
)

// usualSize of a finding's JSON, in bytes.
const usualSize = 1 << 10

// A batch is findings on their way into the case.
type batch struct {
	first    int64
	findings []*detect.Finding
	keys     []findingjson.Key
	weight   int           // of the findings' values, in bytes
	ready    chan struct{} // closed when what follows is there
	hashes   []tlog.Hash   // of the leaves
	size     int
	packed   []byte
	err      error
}

// A putting is one call of PutFindings.
type putting struct {
	c       *Case
	digests findingjson.Digests
	next    *batch
	pending []*batch
	hours   map[hourKey]int64
}

// An hourKey is what findings are counted by.
type hourKey struct {
	start int64 // seconds since 1970
	timed bool
	level int64
}

func hourOf(f *detect.Finding) hourKey {
	key := hourKey{level: int64(f.Rule.Level)}
	if findingjson.Timed(f.Time) {
		const hour = 3600
		seconds := f.Time.Unix()
		key.start, key.timed = seconds-(seconds%hour+hour)%hour, true
	}
	return key
}

// PutFindings adds the findings that the case does not have yet, by id; each
// becomes a leaf. It keeps the findings for a short while, and may call digests
// from several goroutines.
func (c *Case) PutFindings(findings iter.Seq2[*detect.Finding, error], digests findingjson.Digests) (added int64, err error) {
	return c.PutFindingsNamed(findings, digests, digests)
}

// PutFindingsNamed is PutFindings for sources that continue others: findings
// are known by what names says of their source, which may be the digest of its
// first content.
func (c *Case) PutFindingsNamed(findings iter.Seq2[*detect.Finding, error], digests, names findingjson.Digests) (added int64, err error) {
	known, err := c.knownFindings()
	if err != nil {
		return 0, fmt.Errorf("put findings: %w", err)
	}
	first := c.size
	p := &putting{c: c, digests: digests, hours: map[hourKey]int64{}}
	p.open()
	for finding, err := range findings {
		if err != nil {
			return 0, p.fail(err)
		}
		key := findingjson.KeyOf(finding, names)
		if _, ok := known[key]; ok {
			continue
		}
		known[key] = struct{}{}
		if err := p.add(finding, key); err != nil {
			return 0, p.fail(fmt.Errorf("put findings: %w", err))
		}
	}
	if err := p.finish(); err != nil {
		return 0, p.fail(fmt.Errorf("put findings: %w", err))
	}
	return c.size - first, nil
}

// open begins the next batch, behind those that are pending.
func (p *putting) open() {
	first := p.c.size
	for _, b := range p.pending {
		first += int64(len(b.findings))
	}
	p.next = &batch{first: first, ready: make(chan struct{}),
		findings: make([]*detect.Finding, 0, batchSize), keys: make([]findingjson.Key, 0, batchSize)}
}

func (p *putting) add(f *detect.Finding, key findingjson.Key) error {
	p.next.findings = append(p.next.findings, f)
	p.next.keys = append(p.next.keys, key)
	p.next.weight += weightOf(f)
	if len(p.next.findings) < batchSize && p.next.weight < batchBytes {
		return nil
	}
	return p.dispatch()
}

// weightOf is roughly how much a finding takes.
func weightOf(f *detect.Finding) int {
	weight := fieldsWeight(f.Fields)
	if f.Correlation != nil {
		weight += fieldsWeight(f.Correlation.Group)
		for i := range f.Correlation.Events {
			weight += fieldsWeight(f.Correlation.Events[i].Fields)
		}
	}
	return weight
}

func fieldsWeight(fields []detect.Field) (weight int) {
	for i := range fields {
		weight += len(fields[i].Name) + len(fields[i].Value)
	}
	return weight
}

// dispatch lets a batch be made ready, and writes the oldest when there are many.
func (p *putting) dispatch() error {
	b := p.next
	p.pending = append(p.pending, b)
	go func() {
		defer close(b.ready)
		b.err = b.prepare(p.digests, p.c.secret, &p.c.packer)
	}()
	p.open()
	if len(p.pending) <= 2*runtime.GOMAXPROCS(0) {
		return nil
	}
	return p.writeOldest()
}

func (p *putting) finish() error {
	if len(p.next.findings) > 0 {
		if err := p.dispatch(); err != nil {
			return err
		}
	}
	for len(p.pending) > 0 {
		if err := p.writeOldest(); err != nil {
			return err
		}
	}
	return p.writeHours()
}

// fail waits for what is still under way. A part of the findings cannot be kept.
func (p *putting) fail(err error) error {
	p.c.broken = err
	for _, b := range p.pending {
		<-b.ready
	}
	return err
}

// prepare does all that needs no order: JSON, seals, leaf hashes, compression.
func (b *batch) prepare(digests findingjson.Digests, secret []byte, packer *packer) (err error) {
	data := make([]byte, 0, usualSize*len(b.findings))
	sealer := custody.NewSealer(secret)
	b.hashes = make([]tlog.Hash, 0, len(b.findings))
	for i, f := range b.findings {
		begin := len(data)
		data = findingjson.AppendNamed(data, f, digests, b.keys[i])
		leaf := custody.Leaf{Kind: custody.KindFinding, Data: data[begin:]}
		if leaf.Seal, err = sealer.Seal(leaf.Data, b.first+int64(i)); err != nil {
			return err
		}
		b.hashes = append(b.hashes, leaf.Hash())
		data = append(data, '\n')
	}
	b.size = len(data)
	b.packed, err = packer.pack(data)
	return err
}

func (p *putting) writeOldest() error {
	b := p.pending[0]
	<-b.ready
	if b.err != nil {
		return b.err
	}
	if err := p.c.ctx.Err(); err != nil {
		return err
	}
	if err := p.c.storeBlock(custody.KindFinding, len(b.findings), b.size, b.packed); err != nil {
		return err
	}
	if err := p.writeRows(b); err != nil {
		return err
	}
	p.pending = p.pending[1:]
	return p.c.extend(b.hashes)
}

// extend adds leaves to the tree by their hashes.
func (c *Case) extend(hashes []tlog.Hash) error {
	for _, hash := range hashes {
		complete, err := tlog.StoredHashesForRecordHash(c.size, hash, c)
		if err != nil {
			return err
		}
		if err := c.tree.grow(c.size, complete); err != nil {
			return err
		}
		c.size++
	}
	return c.tree.trim(c.storeTile)
}

const findingColumns = 6

// insertFindings is the statement for a number of rows.
func insertFindings(rows int) string {
	return "INSERT INTO finding (leaf, id, time, level, rule, host) VALUES (?, ?, ?, ?, ?, ?)" + strings.Repeat(", (?, ?, ?, ?, ?, ?)", rows-1)
}

// writeRows writes what findings are looked up by.
func (p *putting) writeRows(b *batch) error {
	arguments := make([]any, 0, findingColumns*len(b.findings))
	for i, f := range b.findings {
		rule, err := p.c.ruleNumber(f.Rule)
		if err != nil {
			return err
		}
		host, err := p.c.hostNumber(f.Host)
		if err != nil {
			return err
		}
		var at any
		if findingjson.Timed(f.Time) {
			at = nanoseconds(f.Time)
		}
		p.hours[hourOf(f)]++
		arguments = append(arguments, b.first+int64(i), b.keys[i][:], at, int64(f.Rule.Level), rule, host)
	}
	return p.c.exec(insertFindings(len(b.findings)), arguments...)
}

func (p *putting) writeHours() error {
	for hour, count := range p.hours {
		var start any
		if hour.timed {
			start = hour.start
		}
		// Two nulls are not the same to a unique index.
		changed, err := p.c.change("UPDATE hour SET count = count + ? WHERE start IS ? AND level = ?", count, start, hour.level)
		if err != nil {
			return err
		}
		if changed > 0 {
			continue
		}
		if err := p.c.exec("INSERT INTO hour (start, level, count) VALUES (?, ?, ?)", start, hour.level, count); err != nil {
			return err
		}
	}
	return nil
}
