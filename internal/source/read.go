package source

import (
	"context"
	"io"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kulla-defence/kulla/internal/source/digest"
	"github.com/kulla-defence/kulla/internal/source/format"
)

// Read reads all the evidence under paths and returns the register of what was
// read. It asks newSink for one sink per worker. The error is that of a sink,
// or that of the context; the register is valid in either case.
func Read(ctx context.Context, paths []string, newSink func(worker int) Sink, options Options) (*Register, error) {
	options = options.withDefaults()
	outer := ctx
	ctx, cancel := context.WithCancelCause(outer)
	defer cancel(nil)
	r := newReading(ctx, cancel, options)

	var workers sync.WaitGroup
	for i := range options.Workers {
		sink := newSink(i)
		workers.Go(func() { r.work(sink) })
	}
	list, skipped := walk(ctx, paths, &options)
	r.openAll(list)
	close(r.queue)
	workers.Wait()
	r.digests.Flush()

	err := context.Cause(ctx)
	if err == nil { // who waits for outer can be here before ctx knows that it is done
		err = context.Cause(outer)
	}
	register := r.register.finish(err != nil)
	register.Skipped = skipped
	return register, err
}

// openAll reads all files, several at once.
func (r *reading) openAll(list []foundFile) {
	for _, found := range list {
		r.readers.Go(func() error {
			r.open(found)
			return nil
		})
	}
	r.readers.Wait() // a reader reports to the register, never an error
}

// A reading is one call of Read, or of Copy.
type reading struct {
	ctx      context.Context
	cancel   context.CancelCauseFunc
	options  Options
	formats  []*format.Format
	pool     *pool
	queue    chan job
	readers  errgroup.Group
	register *ledger
	digests  *digest.Desk
	layouts  namedLayouts
	// writerOf is set where leaves are copied, not read (see Copy).
	writerOf func(name string) io.Writer
}

func newReading(ctx context.Context, cancel context.CancelCauseFunc, options Options) *reading {
	r := &reading{
		ctx:     ctx,
		cancel:  cancel,
		options: options,
		formats: formats(),
		// Each reader fills one buffer; two more per worker keep it busy. Those
		// that wait for their digest come on top.
		pool:     newPool(3*options.Workers+2+digest.MaxWaiting, options.BlockSize),
		digests:  digest.NewDesk(),
		queue:    make(chan job, options.Workers),
		register: new(ledger),
	}
	r.readers.SetLimit(options.readers())
	return r
}

// readers is how many files are read at once: one more than there are workers, so
// that a piece that is to be hashed finds that of another file (see digest.Desk).
func (o *Options) readers() int {
	if o.InOrder {
		return 1
	}
	return o.Workers + 1
}

func (o Options) withDefaults() Options {
	if o.InOrder {
		o.Workers = 1
	}
	setDefault(&o.Workers, runtime.GOMAXPROCS(0))
	setDefault(&o.BlockSize, 1<<20)
	setDefault(&o.Limits.Bytes, 1<<40)
	setDefault(&o.Limits.Members, 1_000_000)
	setDefault(&o.Limits.Depth, 8)
	setDefault(&o.Limits.Ratio, 1000)
	setDefault(&o.Limits.Memory, 64<<20) // the dictionary of xz -9
	setDefault(&o.Limits.Record, 8<<20)
	if o.Progress == nil {
		o.Progress = new(Progress)
	}
	if o.Now == nil {
		o.Now = func() time.Time { return time.Time{} }
	}
	if o.Stdin == nil {
		o.Stdin = eof{}
	}
	o.BlockSize = max(o.BlockSize, format.HeadSize)
	return o
}

func setDefault[T int | int64](value *T, otherwise T) {
	if *value <= 0 {
		*value = otherwise
	}
}

type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }

// A job is one block on its way from a reader to a worker.
type job struct {
	file     *file
	sequence int
	format   int
	block    format.Block
	buffer   *buffer
	problem  *Problem
}

// work parses blocks until there are no more. After an error blocks are only
// taken off the queue, so that no reader waits forever.
func (r *reading) work(sink Sink) {
	parsers := make([]format.Parser, len(r.formats))
	for j := range r.queue {
		if parsers[j.format] == nil {
			parsers[j.format] = r.formats[j.format].NewParser()
		}
		r.parse(j, parsers[j.format], sink)
	}
}

func (r *reading) parse(j job, parser format.Parser, sink Sink) {
	out := &tally{sink: sink, numbered: r.formats[j.format].Numbered, given: j.file.given, block: &j.block}
	if j.problem != nil {
		out.Problem(*j.problem)
	}
	out.interrupted = r.ctx.Err() != nil
	started := r.options.Now()
	if !out.interrupted {
		if err := parser.Parse(&j.block, out); err != nil {
			out.interrupted = true
			r.cancel(err)
		}
	}
	size := len(j.block.Data)
	j.buffer.release()
	r.options.Progress.spend(r.formats[j.format].Name, size, out.records, r.options.Now().Sub(started))
	r.options.Progress.Records.Add(out.records)
	r.options.Progress.Problems.Add(out.ProblemCount)
	j.file.add(j.sequence, out)
}
