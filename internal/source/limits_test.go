package source_test

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/internal/evtxwriter"
	"github.com/kulla-defence/kulla/internal/source"
	"github.com/kulla-defence/kulla/internal/source/archive/sevenzip/sevenziptest"
)

// hits returns the limits that problems of a register name.
func hits(register *source.Register) []string {
	var names []string
	for _, f := range slices.Concat(register.Files, register.Archives) {
		for _, p := range f.Problems {
			if p.Limit != "" && !slices.Contains(names, p.Limit) {
				names = append(names, p.Limit)
			}
		}
	}
	return names
}

func TestLimits(t *testing.T) {
	t.Parallel()
	small := smallCase(t)
	zeros := make([]byte, 80<<20)
	deep := small.zip(t)
	for range 3 {
		deep = evidence{"inner.zip": deep}.zip(t)
	}
	long := slices.Concat(lines(2), []byte(`{"EventID":1,"Long":"`), bytes.Repeat([]byte("x"), 100_000), []byte("\"}\n"), lines(3))
	for name, test := range map[string]struct {
		content []byte
		limits  source.Limits
		events  int
	}{
		"bytes":   {small.zip(t), source.Limits{Bytes: int64(len(small["dc01/Security.evtx"])) + 10}, 100},
		"members": {small.zip(t), source.Limits{Members: 1}, 100},
		"depth":   {deep, source.Limits{Depth: 3}, 0},
		"ratio":   {gzipped(t, zeros), source.Limits{Ratio: 100}, 0},
		"memory":  {gzipped(t, small.zip(t)), source.Limits{Memory: 100}, 0},
		"record":  {long, source.Limits{Record: 50_000}, 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, workers := range []int{1, 4} {
				register, events := read(t, source.Options{Limits: test.limits, Workers: workers, BlockSize: 8192}, file(t, "in", test.content))
				if got := hits(register); !slices.Equal(got, []string{name}) {
					t.Errorf("limits hit: %q\n%s", got, describe(slices.Concat(register.Files, register.Archives), ""))
				}
				if len(events) != test.events {
					t.Errorf("%d events, want %d", len(events), test.events)
				}
			}
		})
	}
}

// A bomb of a few kilobytes is refused: the zip without unpacking it, the others
// before they have become large.
func TestArchiveBombs(t *testing.T) {
	t.Parallel()
	zeros := make([]byte, 80<<20)
	packedBefore := sevenziptest.Coder{Method: []byte{4, 2, 2}, Pack: func([]byte) []byte { return packedFile(t, "zeros.bz2") }}
	for name, content := range map[string][]byte{
		"zip":    evidence{"zeros": zeros}.zip(t),
		"nested": evidence{"a.zip": evidence{"b.zip": evidence{"zeros": zeros}.zip(t)}.zip(t)}.zip(t),
		"gzip":   gzipped(t, zeros),
		"twice":  gzipped(t, gzipped(t, zeros)),
		"zstd":   zstandard(t, zeros),
		"tar":    sparseTar(t),
		"bzip2":  packedFile(t, "zeros.bz2"),
		"xz":     packedFile(t, "zeros.xz"),
		"7z":     evidence{"zeros": zeros}.sevenZip(packedBefore),
	} {
		register, _ := read(t, source.Options{}, file(t, name, content))
		if got := hits(register); !slices.Equal(got, []string{"ratio"}) {
			t.Errorf("%s: limits hit: %q", name, got)
		}
		for _, f := range register.Files {
			if f.Size > 65<<20 {
				t.Errorf("%s: %d bytes were unpacked", name, f.Size)
			}
		}
	}
}

// sparseTar holds 100 GiB of holes (GNU tar, "Old GNU Format").
func sparseTar(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	must(t, w.WriteHeader(&tar.Header{Name: "holes", Mode: 0o644, Size: 0, Format: tar.FormatGNU}))
	must(t, w.Close())
	head := b.Bytes()
	head[156] = 'S'
	const size = 100 << 30
	octal := func(at int, n int64) {
		for i := 10; i >= 0; i, n = i-1, n/8 {
			head[at+i] = byte('0' + n%8)
		}
	}
	// One piece without bytes at the end; the real size; then the checksum.
	head[386+11], head[398+11], head[483+11] = 0, 0, 0
	big := func(at int, n int64) {
		binary.BigEndian.PutUint64(head[at+4:], uint64(n))
		head[at], head[at+1], head[at+2], head[at+3] = 0x80, 0, 0, 0
	}
	big(386, size)
	octal(398, 0)
	big(483, size)
	copy(head[148:156], "        ")
	sum := 0
	for _, c := range head[:512] {
		sum += int(c)
	}
	for i := 5; i >= 0; i, sum = i-1, sum/8 {
		head[148+i] = byte('0' + sum%8)
	}
	head[154] = 0
	return head
}

func TestMembersThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(directory, local []byte)
		reason string
	}{
		"encrypted":   {func(directory, local []byte) { directory[8] |= 1; local[6] |= 1 }, "encrypted"},
		"method":      {func(directory, local []byte) { directory[10], local[8] = 14, 14 }, "unsupported compression method"},
		"longer":      {func(directory, _ []byte) { binary.LittleEndian.PutUint32(directory[24:], 5) }, "longer"},
		"shorter":     {func(directory, _ []byte) { binary.LittleEndian.PutUint32(directory[24:], 50_000) }, "shorter"},
		"checksum":    {func(directory, _ []byte) { directory[16] ^= 1 }, "checksum"},
		"wrong place": {func(directory, _ []byte) { directory[42] = 7 }, "not a valid zip file"},
	} {
		content := evidence{"a.json": lines(9), "b.json": lines(9)}.zip(t)
		test.change(content[bytes.Index(content, []byte("PK\x01\x02")):], content)
		register, events := read(t, source.Options{}, file(t, "x.zip", content))
		if len(register.Files) != 2 || len(events) < 9 || len(events) > 18 {
			t.Errorf("%s: %d events, %s", name, len(events), describe(register.Files, ""))
			continue
		}
		if f := register.Files[0]; f.ProblemCount == 0 || !strings.Contains(f.Problems[len(f.Problems)-1].Reason, test.reason) {
			t.Errorf("%s: problems %v", name, f.Problems)
		}
	}
}

// Any bytes are read to an end within the limits, and what they are is the same
// the second time.
func FuzzWalkArchive(f *testing.F) {
	small := evidence{"a/b.json": lines(2), "c.evtx": eventLog(f, evtxwriter.Options{}, 1, 2, 4)}
	f.Add(small.zip(f))
	f.Add(small.tar(f))
	f.Add(gzipped(f, small.tar(f)))
	f.Add(zstandard(f, small.zip(f)))
	f.Add(evidence{"x.zip": small.zip(f), "y.gz": gzipped(f, lines(2))}.zip(f))
	f.Add(xzipped(f, small.tar(f)))
	f.Add(small.sevenZip(sevenziptest.LZMA(1<<12), sevenziptest.Delta(1)))
	f.Add(packedFile(f, "case.tar.bz2"))
	f.Add([]byte("PK\x05\x06"))
	f.Add([]byte{0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4})
	limits := source.Limits{Bytes: 4 << 20, Members: 100, Depth: 3, Memory: 1 << 20, Record: 1 << 16}
	f.Fuzz(func(t *testing.T, content []byte) {
		var texts [2]string
		for i, workers := range []int{1, 3} {
			register, err := source.Read(context.Background(), []string{"-"}, func(int) source.Sink { return new(sink) },
				source.Options{Stdin: bytes.NewReader(content), Limits: limits, Workers: workers, BlockSize: 4096 << i})
			must(t, err)
			for _, file := range register.Files {
				if file.Size > limits.Bytes && strings.Contains(file.Source.Name, "!") {
					t.Errorf("%d bytes were unpacked", file.Size)
				}
			}
			if len(register.Files) > limits.Members || len(register.Files)+len(register.Archives) == 0 {
				t.Errorf("%d files", len(register.Files))
			}
			texts[i] = describe(register.Files, "") + describe(register.Archives, "")
		}
		if texts[0] != texts[1] {
			t.Errorf("not the same twice:\n%s\n%s", texts[0], texts[1])
		}
	})
}
