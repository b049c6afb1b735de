package report

import (
	"bufio"
	"io"
	"iter"
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/findingjson"
	"github.com/kulla-defence/kulla/sigma"
)

// Digests gives the SHA-256 of a source, and false where it is not known.
type Digests = findingjson.Digests

// findingsAtOnce is how many findings one goroutine puts into JSON.
const findingsAtOnce = 64

// largestSpare is the size of the largest buffer that is used again.
const largestSpare = 1 << 20

// WriteFindings writes findings as JSON, one object a line, as
// docs/formats/finding.md describes them. They are put into JSON side by side,
// so digests is called from several goroutines; they are written in order. What
// came before an error is written.
func WriteFindings(w io.Writer, findings iter.Seq2[*detect.Finding, error], digests Digests) error {
	var writing errgroup.Group
	var failed atomic.Bool
	ahead := 2 * runtime.GOMAXPROCS(0)
	inOrder, spare := make(chan chan []byte, ahead), make(chan []byte, ahead+1)
	writing.Go(func() error { return writeInOrder(w, inOrder, spare, &failed) })
	err := inBatches(findings, func(batch []*detect.Finding) bool {
		lines := make(chan []byte, 1)
		inOrder <- lines // waits while so many are ahead
		go func() { lines <- appendLines(bufferOf(spare), batch, digests) }()
		return !failed.Load()
	})
	close(inOrder)
	if failure := writing.Wait(); failure != nil {
		return failure
	}
	return err
}

// inBatches passes findings on in batches, until take returns false or there is
// an error.
func inBatches(findings iter.Seq2[*detect.Finding, error], take func([]*detect.Finding) bool) error {
	batch := make([]*detect.Finding, 0, findingsAtOnce)
	for f, err := range findings {
		if err != nil {
			take(batch)
			return err
		}
		if batch = append(batch, f); len(batch) < findingsAtOnce {
			continue
		}
		if !take(batch) {
			return nil
		}
		batch = make([]*detect.Finding, 0, findingsAtOnce)
	}
	take(batch)
	return nil
}

func appendLines(dst []byte, batch []*detect.Finding, digests Digests) []byte {
	for _, f := range batch {
		dst = append(findingjson.Append(dst, f, digests), '\n')
	}
	return dst
}

// bufferOf returns a buffer that was written, if there is one.
func bufferOf(spare <-chan []byte) []byte {
	select {
	case buffer := <-spare:
		return buffer[:0]
	default:
		return nil
	}
}

// writeInOrder writes what comes, in order. After an error it only takes it, so
// that nobody waits.
func writeInOrder(w io.Writer, inOrder <-chan chan []byte, spare chan<- []byte, failed *atomic.Bool) error {
	out := bufio.NewWriterSize(w, 64<<10)
	for lines := range inOrder {
		text := <-lines
		if _, err := out.Write(text); err != nil { // which stays, for Flush to return
			failed.Store(true)
		}
		if cap(text) > largestSpare {
			continue
		}
		select {
		case spare <- text:
		default:
		}
	}
	return out.Flush()
}

// FindingID names a finding by what it rests on.
func FindingID(f *detect.Finding, digests Digests) string { return findingjson.ID(f, digests) }

// An object is a JSON object that is being written, with the members that the
// formats of this package share.
type object struct{ findingjson.Object }

func begin(dst []byte) object { return object{findingjson.Begin(dst)} }

func levelName(level sigma.Level) string { return findingjson.LevelName(level) }
