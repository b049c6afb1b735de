package source_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kulla-defence/kulla/evtx"
	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/evtxwriter"
	"github.com/kulla-defence/kulla/internal/source"
	"github.com/kulla-defence/kulla/internal/source/archive/sevenzip/sevenziptest"
	"github.com/kulla-defence/kulla/internal/source/format"
)

// The same case gives the same register and the same events, however it is
// packed.
func TestPackingChangesNothing(t *testing.T) {
	t.Parallel()
	small := smallCase(t)
	folder := small.folder(t)
	register, events := read(t, source.Options{}, folder)
	want := describe(register.Files, folder+"/")
	wantEvents := strings.ReplaceAll(strings.Join(events, "\n"), folder+"/", "")
	if len(events) != 100+21+50+20 || len(register.Files) != len(small) {
		t.Fatalf("%d events in %d files:\n%s", len(events), len(register.Files), want)
	}
	spool := t.TempDir()
	for name, content := range map[string][]byte{
		"case.zip":     small.zip(t),
		"case.tar":     small.tar(t),
		"case.tgz":     gzipped(t, small.tar(t)),
		"case.tar.zst": zstandard(t, small.tar(t)),
		"case.txz":     xzipped(t, small.tar(t)),
		"case.7z":      small.sevenZip(sevenziptest.LZMA(1 << 12)),
		"case.zip.gz":  gzipped(t, small.zip(t)),
		"case.7z.gz":   gzipped(t, small.sevenZip(sevenziptest.LZMA(1<<12), sevenziptest.Delta(1))),
		"outer.zip":    evidence{"a.tar.gz": gzipped(t, evidence{"b.zip": evidence{"c.7z": small.sevenZip(sevenziptest.Copy())}.zip(t)}.tar(t))}.zip(t),
	} {
		path := file(t, name, content)
		prefix := path + "!"
		switch name {
		case "case.zip.gz":
			prefix += "case.zip!"
		case "case.7z.gz":
			prefix += "case.7z!"
		case "outer.zip":
			prefix += "a.tar.gz!b.zip!c.7z!"
		}
		register, events := read(t, source.Options{Limits: source.Limits{Memory: 4 << 10}, TempDir: spool}, path)
		if got := describe(register.Files, prefix); got != want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want)
		}
		if got := strings.ReplaceAll(strings.Join(events, "\n"), prefix, ""); got != wantEvents {
			t.Errorf("%s: other events than those of the folder", name)
		}
		for _, archive := range register.Archives {
			if archive.Size == 0 || archive.SHA256 == [32]byte{} || archive.ProblemCount > 0 {
				t.Errorf("%s: archive %v", name, archive)
			}
		}
	}
	emptyFolder(t, spool)
}

func TestBzip2(t *testing.T) {
	t.Parallel()
	folder := evidence{"web01/events.ndjson": lines(50), "notes.txt": []byte("nothing to parse")}.folder(t)
	want, _ := read(t, source.Options{}, folder)
	path := file(t, "case.tar.bz2", packedFile(t, "case.tar.bz2"))
	got, events := read(t, source.Options{}, path)
	if describe(got.Files, path+"!") != describe(want.Files, folder+"/") || len(events) != 50 {
		t.Errorf("%d events:\n got %s\nwant %s", len(events), describe(got.Files, path+"!"), describe(want.Files, folder+"/"))
	}
}

func TestWorkersAndBlocksChangeNothing(t *testing.T) {
	t.Parallel()
	small := smallCase(t)
	small["case.zip"] = smallCase(t).zip(t)
	small["damaged.evtx"] = damage(eventLog(t, evtxwriter.Options{RecordsPerChunk: 10}, ids(1, 300)...))
	folder := small.folder(t)
	var want string
	var wantEvents []string
	for _, workers := range []int{1, 2, 8} {
		for _, size := range []int{1, 70_000, 1 << 20} {
			paths := []string{folder}
			if workers == 8 { // each file by itself, in the wrong order, and again
				paths = []string{filepath.Join(folder, "web01"), folder, filepath.Join(folder, "dc01")}
			}
			register, events := read(t, source.Options{Workers: workers, BlockSize: size}, paths...)
			got := describe(register.Files, "") + describe(register.Archives, "")
			if want == "" {
				want, wantEvents = got, events
			}
			if got != want {
				t.Errorf("%d workers, blocks of %d:\n got %s\nwant %s", workers, size, got, want)
			}
			if strings.Join(events, "\n") != strings.Join(wantEvents, "\n") {
				t.Errorf("%d workers, blocks of %d: other events", workers, size)
			}
		}
	}
}

// damage flips a bit in every 999th byte after the file header.
func damage(file []byte) []byte {
	for i := 5000; i < len(file); i += 999 {
		file[i] ^= 0x10
	}
	return file
}

func TestGaps(t *testing.T) {
	t.Parallel()
	numbers := append(ids(1001, 1100), ids(1, 50)...) // the oldest were overwritten
	numbers = append(append(numbers, ids(60, 80)...), 80, 81)
	log := eventLog(t, evtxwriter.Options{RecordsPerChunk: 9}, numbers...)
	register, _ := read(t, source.Options{BlockSize: 70_000}, file(t, "x", log))
	f := register.Files[0]
	if f.GapCount != 2 || f.Missing != 9+919 || f.Duplicates != 1 || f.Backwards != 2 {
		t.Fatalf("%+v", f)
	}
	want := source.Gap{After: 50, Before: 60, AfterTime: time.Unix(1_700_000_050, 0).UTC(), BeforeTime: time.Unix(1_700_000_060, 0).UTC(), Missing: 9}
	if f.Gaps[0] != want {
		t.Errorf("got %v, want %v", f.Gaps[0], want)
	}
	if f.Records != int64(len(numbers)) || !f.First.Equal(time.Unix(1_700_000_001, 0)) || !f.Last.Equal(time.Unix(1_700_001_100, 0)) {
		t.Errorf("%d records from %v to %v", f.Records, f.First, f.Last)
	}
}

// Whatever is cut off or flipped, the rest is read, and the loss is accounted for.
func TestDamagedEventLogs(t *testing.T) {
	t.Parallel()
	whole := eventLog(t, evtxwriter.Options{RecordsPerChunk: 20}, ids(1, 60)...)
	for size := 1; size < len(whole); size += 6007 {
		register, events := read(t, source.Options{}, file(t, "cut.evtx", whole[:size]))
		f := register.Files[0]
		if f.Size != int64(size) || f.Records != int64(len(events)) || f.Records > 60 {
			t.Fatalf("%d bytes: %+v", size, f)
		}
		// A cut at the end of a chunk cannot be seen.
		if f.Records < 60 && f.ProblemCount == 0 && (size-4096)%65536 != 0 {
			t.Errorf("%d bytes: %d records and no problem", size, f.Records)
		}
	}
	for at := 4096; at < len(whole); at += 1511 {
		flipped := append([]byte(nil), whole...)
		flipped[at] ^= 0x40
		register, _ := read(t, source.Options{}, file(t, "flipped.evtx", flipped))
		if f := register.Files[0]; f.Records < 60 && f.ProblemCount == 0 {
			t.Errorf("byte %d: %d records and no problem", at, f.Records)
		}
	}
}

func TestUnreadable(t *testing.T) {
	t.Parallel()
	folder := evidence{"real.json": lines(3)}.folder(t)
	must(t, os.Symlink(folder, filepath.Join(folder, "loop")))
	must(t, os.Mkdir(filepath.Join(folder, "closed"), 0))
	register, events := read(t, source.Options{}, folder, filepath.Join(folder, "missing"))
	if len(events) != 3 {
		t.Errorf("%d events", len(events))
	}
	reasons := map[string]string{}
	for _, f := range register.Files {
		if f.ProblemCount > 0 {
			reasons[filepath.Base(f.Source.Name)] = f.Problems[0].Reason
		}
	}
	if reasons["loop"] != "symbolic link, not followed" {
		t.Errorf("link: %q", reasons["loop"])
	}
	if !strings.Contains(reasons["missing"], "no such file") {
		t.Errorf("missing: %q", reasons["missing"])
	}
	if os.Geteuid() != 0 && !strings.Contains(reasons["closed"], "permission denied") {
		t.Errorf("closed: %q", reasons["closed"])
	}
}

func TestStandardInput(t *testing.T) {
	t.Parallel()
	for name, content := range map[string][]byte{
		"-":                     lines(5),
		"-!a.json":              evidence{"a.json": lines(5)}.zip(t),
		"-!b.json":              gzipped(t, evidence{"b.json": lines(5)}.tar(t)),
		"-!content!c/inner.xml": zstandard(t, evidence{"c/inner.xml": lines(5)}.zip(t)),
	} {
		register, events := read(t, source.Options{Stdin: bytes.NewReader(content)}, "-")
		if len(register.Files) != 1 || register.Files[0].Source.Name != name || len(events) != 5 {
			t.Errorf("%s: %d events, %v", name, len(events), describe(register.Files, ""))
		}
	}
}

// A stream that says nothing does not hold up the end.
func TestCancelWhileStandardInputBlocks(t *testing.T) {
	t.Parallel()
	in, out := io.Pipe()
	defer out.Close()
	ctx, cancel := context.WithCancel(context.Background())
	seen, once := make(chan struct{}), new(sync.Once)
	go func() {
		out.Write(bytes.Repeat(lines(100), 20))
		<-seen
		cancel()
	}()
	register, err := source.Read(ctx, []string{"-"}, func(int) source.Sink { return sinkFunc(func() error { once.Do(func() { close(seen) }); return nil }) },
		source.Options{Stdin: in, BlockSize: 4096, Limits: source.Limits{Record: 4096}})
	if !errors.Is(err, context.Canceled) || !register.Interrupted {
		t.Fatalf("error %v, register %+v", err, register)
	}
	if len(register.Files) != 1 || !register.Files[0].Interrupted || register.Files[0].Records == 0 {
		t.Errorf("files %v", describe(register.Files, ""))
	}
}

type eventFunc func(*event.Event) error

func (f eventFunc) Event(e *event.Event) error { return f(e) }

type sinkFunc func() error

func (f sinkFunc) Event(*event.Event) error { return f() }

func TestErrorOfSinkEndsReading(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk full")
	small := smallCase(t)
	small["case.zip"] = smallCase(t).zip(t)
	register, err := source.Read(context.Background(), []string{small.folder(t)}, func(int) source.Sink {
		return sinkFunc(func() error { return broken })
	}, source.Options{})
	if !errors.Is(err, broken) || !register.Interrupted {
		t.Errorf("error %v, interrupted %v", err, register.Interrupted)
	}
}

func TestProgressAddsUp(t *testing.T) {
	t.Parallel()
	small := smallCase(t)
	small["case.zip"] = smallCase(t).zip(t)
	small["case.tgz"] = gzipped(t, smallCase(t).tar(t))
	var progress source.Progress
	register, events := read(t, source.Options{Progress: &progress}, small.folder(t))
	if done, total := progress.FilesDone.Load(), progress.FilesTotal.Load(); done != total || int(total) != len(register.Files)+len(register.Archives) {
		t.Errorf("%d of %d files done, %d in the register", done, total, len(register.Files)+len(register.Archives))
	}
	if progress.Records.Load() != int64(len(events)) {
		t.Errorf("%d records, %d events", progress.Records.Load(), len(events))
	}
	var problems, unpacked int64
	for _, f := range register.Files {
		problems += f.ProblemCount
		unpacked += f.Size
	}
	if progress.Problems.Load() != problems || progress.Unpacked.Load() != unpacked {
		t.Errorf("%d problems of %d, %d bytes of %d", progress.Problems.Load(), problems, progress.Unpacked.Load(), unpacked)
	}
}

// Files come one after the other, by name, where they are asked for in order.
func TestInOrder(t *testing.T) {
	t.Parallel()
	logs := evidence{"a/x.json": lines(20_000), "a.json": lines(20_000), "b.json": lines(20_000)}
	for _, form := range []evidence{logs, {"all.zip": logs.zip(t)}} {
		folder := form.folder(t)
		var order []string
		_, err := source.Read(t.Context(), []string{folder}, func(int) source.Sink {
			return eventFunc(func(e *event.Event) error {
				name := strings.TrimPrefix(strings.TrimPrefix(e.Provenance.Source.Name, folder+"/"), "all.zip!")
				if len(order) == 0 || order[len(order)-1] != name {
					order = append(order, name)
				}
				return nil
			})
		}, source.Options{InOrder: true, Workers: 4, BlockSize: 64 << 10})
		if want := []string{"a.json", "a/x.json", "b.json"}; err != nil || !slices.Equal(order, want) {
			t.Errorf("order %q, %v; want %q", order, err, want)
		}
	}
}

// That chunks are missing at the end of a log is told wherever it was cut, and
// whatever is in its last chunk.
func TestTruncatedBehindUnusedChunk(t *testing.T) {
	t.Parallel()
	whole := eventLog(t, evtxwriter.Options{RecordsPerChunk: 1}, ids(1, 9)...)
	for chunks := 1; chunks < 9; chunks++ { // a block ends with each second
		data := slices.Clone(whole[:evtx.FileHeaderSize+chunks*evtx.ChunkSize])
		clear(data[len(data)-evtx.ChunkSize:])
		register, events := read(t, source.Options{BlockSize: 2 * evtx.ChunkSize}, evidence{"x.evtx": data}.folder(t))
		if problems := register.Files[0].Problems; len(events) != chunks-1 || len(problems) != 1 || !strings.Contains(problems[0].Reason, fmt.Sprintf("%d of 9 chunks", chunks)) {
			t.Errorf("%d chunks: %d events, problems %v", chunks, len(events), problems)
		}
	}
}

// A file without anything but blanks is empty, whatever it may have been, and no
// loss; one with a word in it is not.
func TestBlankFilesAreEmpty(t *testing.T) {
	t.Parallel()
	for content, empty := range map[string]bool{
		"": true, "\n": true, " \t\r\n\n": true, "\xef\xbb\xbf": true, "\xef\xbb\xbf \n": true, "\xff\xfe\r\x00\n\x00": true,
		"\n x": false, "\x00": false, strings.Repeat("\n", format.HeadSize+1): false,
	} {
		register, events := read(t, source.Options{}, file(t, "blank.log", []byte(content)))
		got := register.Files[0].OfKind[format.Empty] == 1 && !register.Files[0].Unread()
		if got != empty || len(events) != 0 {
			t.Errorf("%.20q: %d events, empty %v, problems %v", content, len(events), got, register.Files[0].Problems)
		}
	}
}
