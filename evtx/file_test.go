package evtx_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/evtx"
)

// transcript reads a file and writes one line for each record or problem.
func transcript(t testing.TB, r io.ReaderAt, size int64, options evtx.Options) []string {
	t.Helper()
	f, err := evtx.Open(r, size)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for r, err := range f.Records(context.Background(), options) {
		if err != nil {
			lines = append(lines, err.Error())
			continue
		}
		lines = append(lines, fmt.Sprintf("%d at %d %s", r.ID, r.Offset, r.AppendJSON(nil)))
	}
	return lines
}

func transcriptOf(t testing.TB, b []byte, options evtx.Options) []string {
	t.Helper()
	return transcript(t, bytes.NewReader(b), int64(len(b)), options)
}

// events makes a chunk of so many records.
func events(n int) []byte {
	c := newChunk()
	for i := range n {
		c.add(event(fmt.Sprint("image ", i)))
	}
	return c.bytes()
}

// spoiled gives a copy with other bytes at a place.
func spoiled(b []byte, at int, with ...byte) []byte {
	b = bytes.Clone(b)
	copy(b[at:], with)
	return b
}

func TestWorkersAgree(t *testing.T) {
	t.Parallel()
	b := file(events(3), spoiled(events(5), 512, 0), events(1), make([]byte, evtx.ChunkSize), events(40), events(2))
	want := transcriptOf(t, b, evtx.Options{})
	if len(want) != 51 {
		t.Errorf("%d lines", len(want))
	}
	for _, workers := range []int{2, 3, 8} {
		if got := transcriptOf(t, b, evtx.Options{Workers: workers}); !slices.Equal(got, want) {
			t.Errorf("%d workers give something else", workers)
		}
	}
}

func TestFileHeader(t *testing.T) {
	t.Parallel()
	b := file(events(1))
	h, err := evtx.ParseFileHeader(b)
	if err != nil || !h.ChecksumOK || h.MajorVersion != 3 || h.ChunkCount != 1 || h.Dirty || h.Full || h.BlockSize != 4096 {
		t.Errorf("%+v, %v", h, err)
	}
	h, err = evtx.ParseFileHeader(spoiled(b, 120, 3))
	if err != nil || !h.Dirty || !h.Full {
		t.Errorf("%+v, %v", h, err)
	}
	h, err = evtx.ParseFileHeader(spoiled(b, 8, 9))
	if err != nil || h.ChecksumOK || h.FirstChunk != 9 {
		t.Errorf("%+v, %v", h, err)
	}
	if _, err = evtx.ParseFileHeader(b[:127]); !errors.Is(err, evtx.ErrTruncated) {
		t.Error(err)
	}
	if _, err = evtx.Open(strings.NewReader("ElfFile"), 7); !errors.Is(err, evtx.ErrTruncated) {
		t.Error(err)
	}
	if _, err = evtx.ParseFileHeader(spoiled(b, 0, 'e')); !errors.Is(err, evtx.ErrFileHeader) {
		t.Error(err)
	}
}

// TestCorruptFiles: what is spoiled, how many records are read, and what is
// reported.
func TestCorruptFiles(t *testing.T) {
	t.Parallel()
	chunk := events(4)
	first := 512
	size := int(chunk[first+4]) | int(chunk[first+5])<<8
	second := first + size
	f := func(name string, b []byte, options evtx.Options, wantRecords int, want ...string) {
		t.Helper()
		records := 0
		var problems []string
		for _, line := range transcriptOf(t, b, options) {
			if problem, ok := strings.CutPrefix(line, "evtx: "); ok {
				problems = append(problems, problem)
			} else {
				records++
			}
		}
		if records != wantRecords || !slices.Equal(problems, want) {
			t.Errorf("%s: %d records, want %d; problems:\n%s", name, records, wantRecords, strings.Join(problems, "\n"))
		}
	}
	plain, verify := evtx.Options{}, evtx.Options{Verify: true}
	f("sound", file(chunk), verify, 4)
	f("header says another number of chunks", spoiled(file(chunk), 42, 9), plain, 4)
	f("no chunks", file(), plain, 0)
	f("file header checksum", spoiled(file(chunk), 124, 1, 2), verify, 4, "file header: checksum differs")
	f("chunk header checksum", file(spoiled(chunk, 124, 1, 2)), verify, 4, "chunk 0: offset 4096: header checksum differs")
	f("data checksum", file(spoiled(chunk, len(chunk)/2, 0), spoiled(chunk, second-8, 9)), verify, 8, "chunk 1: offset 69632: data checksum differs")
	f("unused chunks", file(make([]byte, evtx.ChunkSize), chunk), plain, 4)
	f("chunk magic", file(spoiled(chunk, 3, 'X'), chunk), plain, 4, "chunk 0: offset 4096: not a chunk header")
	f("chunk magic, carved", file(spoiled(chunk, 3, 'X'), chunk), evtx.Options{Carve: true}, 8, "chunk 0: offset 4096: not a chunk header")
	f("record magic", file(spoiled(chunk, first, 0)), plain, 3, "chunk 0: offset 4608: no record where one should be")
	f("size 0", file(spoiled(chunk, second+4, 0, 0)), plain, 3,
		fmt.Sprintf("chunk 0: record 2 at offset %d: impossible record size: 0 bytes, %d left in the chunk", 4096+second, 65536-second))
	f("size too big", file(spoiled(chunk, second+4, 0xff, 0xff, 0xff, 0x7f)), plain, 3,
		fmt.Sprintf("chunk 0: record 2 at offset %d: impossible record size: 2147483647 bytes, %d left in the chunk", 4096+second, 65536-second))
	f("size of two records", file(spoiled(chunk, first+4, le16(2*size)...)), plain, 4,
		"chunk 0: record 1 at offset 4608: impossible record size: its two sizes differ")
	f("size copy", file(spoiled(chunk, second-4, 1)), plain, 4,
		"chunk 0: record 1 at offset 4608: impossible record size: its two sizes differ")
	f("free space too low", file(spoiled(chunk, 48, le32(second)...)), plain, 4,
		fmt.Sprintf("chunk 0: offset %d: not a chunk header: records behind the end that it gives", 4096+second),
		fmt.Sprintf("chunk 0: offset %d: not a chunk header: records behind the end that it gives", 4096+second+size),
		fmt.Sprintf("chunk 0: offset %d: not a chunk header: records behind the end that it gives", 4096+second+2*size))
	f("free space too high", file(spoiled(chunk, 48, 0xff, 0xff, 0xff, 0xff)), plain, 4)
	f("free space too high by some", file(spoiled(chunk, 49, 0xff)), plain, 4)
	cut := file(chunk)
	f("cut within a record", cut[:4096+second+100], plain, 1,
		fmt.Sprintf("chunk 0: record 2 at offset %d: truncated: %d bytes, 100 left in the chunk", 4096+second, size))
	f("cut within a chunk header", file(chunk, chunk)[:4096+65536+100], plain, 4, "chunk 1: offset 69632: truncated: 100 bytes of a chunk")
	missing := append(file(chunk)[:4096+40000], file(chunk, chunk)[4096:]...)
	f("bytes missing", missing, plain, 12,
		"chunk 0: offset 44096: not a chunk header: it is not where a chunk should start",
		"chunk 1: offset 109632: not a chunk header: it is not where a chunk should start")
	few := append(file(chunk)[:4096+40000], file(chunk, chunk)[4096+40003:]...)
	f("three bytes missing", few, plain, 8,
		"chunk 0: offset 69629: not a chunk header: it is not where a chunk should start")
	f("short file header", append(file()[:128], file(chunk, chunk)[4096:]...), plain, 8)
	tooMany := append(append(file(chunk), bytes.Repeat([]byte("junk"), 50)...), file(chunk, chunk)[4096:]...)
	f("bytes too many", tooMany, plain, 12,
		"chunk 1: offset 69632: truncated: 200 bytes of a chunk",
		"chunk 1: offset 69832: not a chunk header: it is not where a chunk should start",
		"chunk 2: offset 135368: not a chunk header: it is not where a chunk should start")
}

// TestChunkInData: a value may hold what looks like a chunk; the records behind
// it are not hidden by that.
func TestChunkInData(t *testing.T) {
	t.Parallel()
	c := newChunk()
	c.add(event("before"))
	c.add(template(element("X", nil, slot(0)), bytesOf(evtx.TypeBinary, events(2)[:2000])))
	c.add(event("after"))
	for _, b := range [][]byte{file(c.bytes()), file(c.bytes(), make([]byte, evtx.ChunkSize)), file(c.bytes(), events(1))} {
		got := transcriptOf(t, b, evtx.Options{})
		if len(got) < 3 || !strings.Contains(got[2], "after") || strings.Contains(strings.Join(got, ""), "evtx:") {
			t.Errorf("%q", got)
		}
	}
}

// TestSlack: records that an older, longer content of the chunk left behind.
func TestSlack(t *testing.T) {
	t.Parallel()
	old := events(9)
	c := newChunk()
	c.lastID = 100
	c.add(event("new"))
	b := old
	fresh := c.bytes()
	copy(b, fresh[:len(c.b)])
	f := func(options evtx.Options, want int) {
		t.Helper()
		if records, lost := count(t, file(b), options); records != want || lost != 0 {
			t.Errorf("%+v: %d records, %d lost, want %d", options, records, lost, want)
		}
	}
	f(evtx.Options{}, 1)
	f(evtx.Options{Carve: true}, 9)
}

// sparse is a huge file of which only some pieces can be read, so that the test
// does not look through gigabytes of zeros.
type sparse map[int64][]byte

func (s sparse) ReadAt(b []byte, at int64) (int, error) {
	for start, piece := range s {
		if at >= start && at < start+int64(len(piece)) {
			return copy(b, piece[at-start:]), io.EOF
		}
	}
	return 0, io.EOF
}

func TestOver4GiB(t *testing.T) {
	t.Parallel()
	f := file()
	const chunks = 70_000 // 4.6 GB
	r := sparse{0: f, 4096 + (chunks-1)*evtx.ChunkSize: events(1)}
	got := transcript(t, r, 4096+chunks*evtx.ChunkSize, evtx.Options{Workers: 2})
	if want := fmt.Sprintf("1 at %d ", 4096+(chunks-1)*evtx.ChunkSize+512); len(got) != 1 || !strings.HasPrefix(got[0], want) {
		t.Errorf("%v, want %s", got, want)
	}
}

// failing fails to read from an offset on.
type failing struct {
	io.ReaderAt
	from int64
}

var errDisk = errors.New("disk on fire")

func (f failing) ReadAt(b []byte, at int64) (int, error) {
	if at+int64(len(b)) > f.from+16 {
		return 0, errDisk
	}
	return f.ReaderAt.ReadAt(b, at)
}

func TestReadError(t *testing.T) {
	t.Parallel()
	b := file(events(2), events(2), events(2), events(2))
	f, err := evtx.Open(failing{bytes.NewReader(b), 4096 + 2*evtx.ChunkSize}, int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	records := 0
	var last error
	for _, err := range f.Records(context.Background(), evtx.Options{Workers: 3}) {
		if last != nil {
			t.Error("it goes on behind the error")
		}
		if last = err; err == nil {
			records++
		}
	}
	if records != 4 || !errors.Is(last, errDisk) {
		t.Errorf("%d records, %v", records, last)
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	b := file(events(2), events(2), events(2))
	f, err := evtx.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	records := 0
	var last error
	for _, err := range f.Records(ctx, evtx.Options{Workers: 2}) {
		cancel()
		if last = err; err == nil {
			records++
		}
	}
	if records != 2 || !errors.Is(last, context.Canceled) {
		t.Errorf("%d records, %v", records, last)
	}
	for range f.Records(context.Background(), evtx.Options{Workers: 2}) {
		break // the workers end, or the race detector and the next test tell
	}
}

func TestLayoutsAreShared(t *testing.T) {
	t.Parallel()
	layouts := map[*evtx.Layout]int{}
	cache := new(evtx.Cache)
	for range 3 {
		d := evtx.NewDecoder(cache)
		for _, chunk := range [][]byte{events(3), spoiled(events(4), 0, 'E')} {
			d.Reset(chunk, 0, 0)
			for d.Next() {
				layouts[d.Record().Layout()]++
			}
		}
	}
	if len(layouts) != 1 {
		t.Errorf("%d layouts", len(layouts))
	}
}

func TestNoAllocations(t *testing.T) {
	chunk := events(50)
	d := evtx.NewDecoder(nil)
	text := make([]byte, 0, 1024)
	read := func() {
		d.Reset(chunk, 0, 0)
		for d.Next() {
			r := d.Record()
			if id, _ := r.EventID(); id != 4242 {
				t.Fatal(id)
			}
			for column := range r.Layout().Columns {
				text, _ = r.AppendValue(text[:0], column)
			}
		}
	}
	read()
	if n := testing.AllocsPerRun(10, read); n > 0 {
		t.Errorf("%v allocations a chunk", n)
	}
}

func TestClone(t *testing.T) {
	t.Parallel()
	d := evtx.NewDecoder(nil)
	d.Reset(events(2), 0, 0)
	d.Next()
	kept := d.Record().Clone()
	want := string(kept.AppendJSON(nil))
	d.Next()
	d.Reset(make([]byte, evtx.ChunkSize), 0, 0)
	if got := string(kept.AppendJSON(nil)); got != want || kept.ID != 1 {
		t.Errorf("%s, want %s", got, want)
	}
}
