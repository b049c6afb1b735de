package source

import (
	"slices"
	"time"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/source/format"
)

// Lists in the register are cut short; the counts beside them are not.
const (
	maxProblems = 1000
	maxGaps     = 1000
	maxNotes    = 20
	maxRuns     = 1 << 16
)

// A tally is what one block, or a whole file, came to. It is the parser's
// Output, which passes events on to the worker's sink.
type tally struct {
	sink     Sink
	numbered bool
	given    *given
	// block is what is being parsed, nil in the total of a file.
	block *format.Block
	// completed is the event that is passed on where given adds to it.
	completed event.Event
	// zoned and named say that some event was given a zone, or a log source.
	zoned, named bool

	records     int64
	first, last time.Time
	withoutTime int64
	withoutYear int64
	withoutZone int64
	Losses
	carved int64
	notes  []string
	// runs are the record ids in the order of the file, as stretches without
	// a gap.
	runs        []run
	runsDropped int64
	interrupted bool
}

// A run is a stretch of record ids, each one more than the one before.
type run struct {
	first, last         uint64
	firstTime, lastTime time.Time
}

func (t *tally) Event(e *event.Event) error {
	e.Raw = rawOf(t.block, &e.Provenance)
	e = t.given.complete(e, t)
	t.records++
	t.span(e.Time, e.Time)
	t.countUnstated(e)
	if e.Provenance.Carved {
		t.carved++
	} else if t.numbered {
		t.addRun(run{e.Provenance.RecordID, e.Provenance.RecordID, e.Time, e.Time})
	}
	return t.sink.Event(e)
}

// rawOf returns the bytes of a record, nil where they are not in the block.
func rawOf(block *format.Block, place *event.Provenance) []byte {
	start := place.Offset - block.Offset
	if start < 0 || place.Size <= 0 || start > int64(len(block.Data)) || place.Size > int64(len(block.Data))-start {
		return nil
	}
	return block.Data[start : start+place.Size]
}

// countUnstated counts what an event does not say of its time.
func (t *tally) countUnstated(e *event.Event) {
	switch {
	case e.Time.IsZero():
		t.withoutTime++
		if e.TimeText != "" {
			t.withoutYear++
		}
	case e.TimeText != "":
		t.withoutZone++
	}
}

func (t *tally) Note(text string) {
	if len(t.notes) < maxNotes && !slices.Contains(t.notes, text) {
		t.notes = append(t.notes, text)
	}
}

func (t *tally) span(first, last time.Time) {
	if !first.IsZero() && (t.first.IsZero() || first.Before(t.first)) {
		t.first = first
	}
	if last.After(t.last) {
		t.last = last
	}
}

func (t *tally) addRun(next run) {
	if n := len(t.runs); n > 0 && next.first == t.runs[n-1].last+1 {
		t.runs[n-1].last, t.runs[n-1].lastTime = next.last, next.lastTime
		return
	}
	if len(t.runs) == maxRuns {
		t.runsDropped++
		return
	}
	t.runs = append(t.runs, next)
}

// append adds the block that follows.
func (t *tally) append(next *tally) {
	t.records += next.records
	t.span(next.first, next.last)
	t.withoutTime += next.withoutTime
	t.withoutYear += next.withoutYear
	t.withoutZone += next.withoutZone
	t.Losses.append(&next.Losses)
	t.carved += next.carved
	t.zoned, t.named = t.zoned || next.zoned, t.named || next.named
	for _, text := range next.notes {
		t.Note(text)
	}
	for _, run := range next.runs {
		t.addRun(run)
	}
	t.runsDropped += next.runsDropped
	t.interrupted = t.interrupted || next.interrupted
}
