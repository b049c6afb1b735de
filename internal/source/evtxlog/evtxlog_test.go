package evtxlog_test

import (
	"bytes"
	"fmt"
	"slices"
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

func parse(t *testing.T, data []byte) *seen { return parseWith(t, data, format.Options{}) }

func parseWith(t *testing.T, data []byte, options format.Options) *seen {
	return parseIn(t, 70_000, data, options)
}

// parseIn parses data of which the splitter sees so many bytes at a time.
func parseIn(t *testing.T, window int, data []byte, options format.Options) *seen {
	t.Helper()
	s := &seen{layouts: map[*event.Layout]int{}}
	kind := evtxlog.Format()
	if !kind.Recognise(data) {
		t.Fatal("not recognised")
	}
	splitter := kind.NewSplitter(options)
	parsers := [2]format.Parser{kind.NewParser(), kind.NewParser()}
	for i, offset := 0, 0; offset < len(data); i++ {
		end := min(offset+window, len(data))
		cut := splitter.Split(data[offset:end], end == len(data))
		if cut.Size == 0 {
			t.Fatal("nothing was cut")
		}
		if cut.Problem != nil {
			s.Problem(*cut.Problem)
		}
		block := &format.Block{Data: data[offset : offset+cut.Size], Offset: int64(offset), First: offset == 0, Last: offset+cut.Size == len(data), State: cut.State}
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

// Where bytes are missing or too many, chunks are found where they are.
func TestDisplacedChunks(t *testing.T) {
	t.Parallel()
	whole := logFile(t, evtxwriter.Options{RecordsPerChunk: 3}, 30)
	second := 4096 + 65536
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	const moved = "a chunk is not where it should start: bytes before it are missing, or too many"
	for name, test := range map[string]struct {
		data    []byte
		records int
		reasons []string
	}{
		"missing":      {join(whole[:second+40000], whole[second+40512:]), 30, []string{moved}},
		"a few":        {join(whole[:second+40000], whole[second+40003:]), 30, []string{moved}},
		"too many":     {join(whole[:second+40000], make([]byte, 512), whole[second+40000:]), 30, []string{moved}},
		"junk before":  {join(whole[:second], bytes.Repeat([]byte("junk"), 100), whole[second:]), 30, []string{"truncated: 400 bytes of a chunk", moved}},
		"short header": {join(whole[:128], whole[4096:]), 30, []string{"the file header has 128 bytes in place of 4096"}},
		"lost header":  {join(make([]byte, 4096), whole[4096:]), 30, []string{"the file header is lost; the chunks behind it were read"}},
		"in header":    {whole[:1000], 0, []string{"truncated: the file ends in its header", "truncated: the file ends after 0 of 10 chunks"}},
	} {
		s := parse(t, test.data)
		var reasons []string
		for _, p := range s.problems {
			reasons = append(reasons, p.Reason)
		}
		slices.Sort(reasons)
		slices.Sort(test.reasons)
		if len(s.events) != test.records || !slices.Equal(reasons, test.reasons) {
			t.Errorf("%s: %d records, %q", name, len(s.events), reasons)
		}
	}
}

// What the file begins with may be encrypted: with --as it is looked through for
// chunks.
func TestBeginningLost(t *testing.T) {
	t.Parallel()
	whole := logFile(t, evtxwriter.Options{RecordsPerChunk: 3}, 30)
	for i := range whole[:100_000] {
		whole[i] = byte(i*i>>3) | 1
	}
	splitter := evtxlog.Format().NewSplitter(format.Options{})
	var sizes []int
	for rest := whole; len(rest) > 0; {
		cut := splitter.Split(rest, true)
		sizes, rest = append(sizes, cut.Size), rest[cut.Size:]
	}
	// Two chunks' worth of noise, the rest before the third chunk, and all
	// chunks from there.
	if want := []int{2 * 65536, 4096, 8 * 65536}; !slices.Equal(sizes, want) {
		t.Errorf("%v, want %v", sizes, want)
	}
}

func TestCarve(t *testing.T) {
	t.Parallel()
	whole := logFile(t, evtxwriter.Options{RecordsPerChunk: 3}, 9)
	copy(whole[4096:], make([]byte, 512)) // the first chunk has no header
	plain, carved := parse(t, whole), parseWith(t, whole, format.Options{Carve: true})
	if len(plain.events) != 6 || len(carved.events) != 9 {
		t.Fatalf("%d events, and %d carved", len(plain.events), len(carved.events))
	}
	for i, e := range carved.events {
		if e.Provenance.Carved != (i < 3) {
			t.Errorf("event %d: %+v", i, e.Provenance)
		}
	}
}

func TestMissingChunks(t *testing.T) {
	t.Parallel()
	s := parse(t, logFile(t, evtxwriter.Options{RecordsPerChunk: 3}, 10)[:4096+2*65536])
	if len(s.events) != 6 || len(s.problems) != 1 || s.problems[0].Reason != "truncated: the file ends after 2 of 4 chunks" {
		t.Errorf("%d events, %v", len(s.events), s.problems)
	}
}

// However the stream is cut into windows, the same comes out.
func FuzzWindows(f *testing.F) {
	events := make([]evtxwriter.Event, 9)
	for i := range events {
		events[i] = evtxwriter.Event{Provider: "P", EventID: 1, Channel: "C", Computer: "host", Time: time.Unix(int64(i), 0).UTC()}
	}
	whole, err := evtxwriter.Encode(evtxwriter.Options{RecordsPerChunk: 3}, events...)
	if err != nil {
		f.Fatal(err)
	}
	for _, at := range []uint32{0, 100, 4096, 5000, 70_000, 135_160} {
		f.Add(at, uint16(512), []byte(nil), at%3 == 0)
		f.Add(at, uint16(3), []byte("ElfChnk\x00"), at%3 == 0)
	}
	f.Fuzz(func(t *testing.T, at uint32, removed uint16, added []byte, carve bool) {
		from := min(int(at), len(whole))
		data := slices.Concat(whole[:from], added, whole[min(from+int(removed), len(whole)):])
		if !evtxlog.Format().Recognise(data) {
			t.Skip()
		}
		options := format.Options{Carve: carve}
		narrow, wide := parseIn(t, 69_640, data, options), parseIn(t, 1<<20, data, options)
		places := func(s *seen) string {
			var text []string
			for _, e := range s.events {
				text = append(text, fmt.Sprintf("%d+%d %d %v", e.Provenance.Offset, e.Provenance.Size, e.Provenance.RecordID, e.Provenance.Carved))
			}
			return fmt.Sprint(text, s.problems, s.notes)
		}
		if a, b := places(narrow), places(wide); a != b {
			t.Errorf("in narrow windows\n%s\nin wide ones\n%s", a, b)
		}
	})
}
