package evtxlog_test

import (
	"testing"
	"time"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/evtxwriter"
	"github.com/kulla-defence/kulla/internal/source/evtxlog"
	"github.com/kulla-defence/kulla/internal/source/format"
)

// seen keeps what a parser puts out.
type seen struct {
	layouts  map[*event.Layout]int
	events   []event.Event
	problems []format.Problem
	notes    []string
}

func (s *seen) Event(e *event.Event) error {
	s.layouts[e.Layout]++
	s.events = append(s.events, *e)
	return nil
}
func (s *seen) Problem(p format.Problem) { s.problems = append(s.problems, p) }
func (s *seen) Note(text string)         { s.notes = append(s.notes, text) }

func logFile(t *testing.T, options evtxwriter.Options, n int) []byte {
	t.Helper()
	events := make([]evtxwriter.Event, n)
	for i := range events {
		events[i] = evtxwriter.Event{Provider: "P", EventID: 1, Channel: "C", Computer: "host", Time: time.Unix(int64(i), 0).UTC()}
	}
	file, err := evtxwriter.Encode(options, events...)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func parse(t *testing.T, data []byte) *seen {
	t.Helper()
	s := &seen{layouts: map[*event.Layout]int{}}
	kind := evtxlog.Format()
	if !kind.Recognise(data) {
		t.Fatal("not recognised")
	}
	splitter := kind.NewSplitter(format.Options{})
	parsers := [2]format.Parser{kind.NewParser(), kind.NewParser()}
	for i, offset := 0, 0; offset < len(data); i++ {
		end := min(offset+70_000, len(data))
		cut := splitter.Split(data[offset:end], end == len(data))
		if cut.Size == 0 {
			t.Fatal("nothing was cut")
		}
		if cut.Problem != nil {
			s.Problem(*cut.Problem)
		}
		block := &format.Block{Data: data[offset : offset+cut.Size], Offset: int64(offset), First: offset == 0, State: cut.State}
		if err := parsers[i%2].Parse(block, s); err != nil {
			t.Fatal(err)
		}
		offset += cut.Size
	}
	return s
}

func TestEvents(t *testing.T) {
	t.Parallel()
	whole := logFile(t, evtxwriter.Options{RecordsPerChunk: 3, Dirty: true}, 10)
	s := parse(t, whole)
	if len(s.events) != 10 || len(s.problems) > 0 || len(s.notes) != 1 {
		t.Fatalf("%d events, %v, %v", len(s.events), s.problems, s.notes)
	}
	if len(s.layouts) != 1 {
		t.Errorf("%d layouts for one shape and two workers", len(s.layouts))
	}
	last := s.events[9]
	if last.Host != "host" || last.Layout.Product != "windows" || last.Provenance.RecordID != 10 || !last.Time.Equal(time.Unix(9, 0)) {
		t.Errorf("%+v", last)
	}
	// The record begins where its provenance says (0x2a2a0000, little endian).
	if at := whole[last.Provenance.Offset:]; string(at[:4]) != "**\x00\x00" || int64(at[4])|int64(at[5])<<8 != last.Provenance.Size {
		t.Errorf("no record of %d bytes at %d", last.Provenance.Size, last.Provenance.Offset)
	}
}

func TestChunksWithoutFileHeader(t *testing.T) {
	t.Parallel()
	s := parse(t, logFile(t, evtxwriter.Options{RecordsPerChunk: 3}, 10)[4096:])
	if len(s.events) != 10 || len(s.problems) > 0 {
		t.Errorf("%d events, %v", len(s.events), s.problems)
	}
}

func TestMissingChunks(t *testing.T) {
	t.Parallel()
	s := parse(t, logFile(t, evtxwriter.Options{RecordsPerChunk: 3}, 10)[:4096+2*65536])
	if len(s.events) != 6 || len(s.problems) != 1 || s.problems[0].Reason != "truncated: the file ends after 2 of 4 chunks" {
		t.Errorf("%d events, %v", len(s.events), s.problems)
	}
}
