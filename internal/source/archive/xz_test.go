package archive_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/ulikunitz/xz"

	"github.com/kulla-defence/kulla/internal/source/archive"
	"github.com/kulla-defence/kulla/internal/source/formattest"
)

// An xzBlock is one block with its data stored, and the dictionary size that
// its header states, as the format encodes it (1.2.0, 5.3.1).
type xzBlock struct {
	data       string
	dictionary byte
}

const (
	dictionary4KiB byte = 0
	dictionary4GiB byte = 40
)

// storedXZ is one stream without checks of its content.
func storedXZ(blocks ...xzBlock) []byte {
	flags := []byte{0, 0}
	out := append([]byte("\xfd7zXZ\x00"), flags...)
	out = withCRC(out, flags)
	index := []byte{0, byte(len(blocks))}
	for _, block := range blocks {
		header := []byte{2, 0, 0x21, 1, block.dictionary, 0, 0, 0}
		out = withCRC(append(out, header...), header)
		body := append([]byte{1, 0, byte(len(block.data) - 1)}, block.data...)
		body = append(body, 0)
		out = padded(append(out, body...))
		index = append(index, byte(len(header)+4+len(body)), byte(len(block.data)))
	}
	index = padded(index)
	out = withCRC(append(out, index...), index)
	footer := append(binary.LittleEndian.AppendUint32(nil, uint32(len(index)/4)), flags...)
	out = append(withCRC(out, footer), footer...)
	return append(out, "YZ"...)
}

func withCRC(out, of []byte) []byte {
	return binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE(of))
}

func padded(b []byte) []byte {
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

func packedXZ(tb testing.TB, content []byte) []byte {
	tb.Helper()
	var b bytes.Buffer
	w, err := xz.NewWriter(&b)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func unpacked(kind archive.Kind, packed []byte, memory int64) (string, error) {
	stream, err := archive.Decompress(kind, bytes.NewReader(packed), memory)
	if err != nil {
		return "", err
	}
	defer stream.Close()
	text, err := io.ReadAll(stream)
	return string(text), err
}

func TestXZ(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a line of a log\n", 100_000)
	two := storedXZ(xzBlock{"first ", dictionary4KiB}, xzBlock{"second ", dictionary4KiB})
	for want, packed := range map[string][]byte{
		long:                         packedXZ(t, []byte(long)),
		"first second ":              two,
		"first second first second ": append(append(bytes.Clone(two), 0, 0, 0, 0), two...), // with stream padding
	} {
		got, err := unpacked(archive.XZ, packed, 16<<20)
		if err != nil || got != want {
			t.Errorf("%d bytes in place of %d, %v", len(got), len(want), err)
		}
	}
	got, err := unpacked(archive.XZ, two[:len(two)-20], 1<<20)
	if got != "first second " || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("cut: %q, %v", got, err)
	}
}

// A dictionary that is too large is refused wherever it stands, before it is
// made.
func TestXZDictionary(t *testing.T) {
	small, large := xzBlock{"small", dictionary4KiB}, xzBlock{"large", dictionary4GiB}
	for name, test := range map[string]struct {
		packed []byte
		want   string
	}{
		"first block":   {storedXZ(large), ""},
		"second block":  {storedXZ(small, large), "small"},
		"second stream": {append(storedXZ(small), storedXZ(large)...), "small"},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got, err := unpacked(archive.XZ, test.packed, 32<<20)
		runtime.ReadMemStats(&after)
		var limit *archive.LimitError
		if got != test.want || !errors.As(err, &limit) || limit.Limit != "memory" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if taken := after.TotalAlloc - before.TotalAlloc; taken > 1<<20 {
			t.Errorf("%s: %d bytes were allocated", name, taken)
		}
	}
}

// The public sample is there packed in three ways, which hold the same.
func TestSamples(t *testing.T) {
	t.Parallel()
	texts := map[archive.Kind]string{}
	for _, name := range []string{"linux/syslog.gz", "linux/syslog.bz2", "linux/syslog.xz"} {
		for _, packed := range formattest.Samples(t, name) {
			kind := archive.Recognise(packed)
			text, err := unpacked(kind, packed, 8<<20)
			if err != nil {
				t.Fatal(name, err)
			}
			texts[kind] = text
		}
	}
	want := texts[archive.Gzip]
	if want == "" || texts[archive.Bzip2] != want || texts[archive.XZ] != want {
		t.Errorf("gzip %d bytes, bzip2 %d, xz %d", len(want), len(texts[archive.Bzip2]), len(texts[archive.XZ]))
	}
}

// Any bytes come to an end, and what is whole is not lost by the way it is read.
func FuzzDecompress(f *testing.F) {
	f.Add(storedXZ(xzBlock{"first ", dictionary4KiB}, xzBlock{"second ", dictionary4KiB}))
	f.Add(storedXZ(xzBlock{"large", dictionary4GiB}))
	f.Add(packedXZ(f, []byte(strings.Repeat("abcab", 50))))
	f.Add([]byte("BZh91AY&SYHj\xbe#\x00\x00\x05Q\x80\x00\x10@\x00;\x84\x84@ \x00!\xa4i\xb24\x84\r\x03A#O\x84H3\n)\x82\x1e\xf7~.\xe4\x8ap\xa1 \x90\xd5|F"))
	f.Fuzz(func(t *testing.T, packed []byte) {
		kind := archive.Recognise(packed)
		if kind != archive.XZ && kind != archive.Bzip2 {
			return
		}
		var texts [2][]byte
		for i, size := range []int{1 << 16, 7} {
			stream, err := archive.Decompress(kind, bytes.NewReader(packed), 1<<20)
			if err != nil {
				return
			}
			text := bytes.NewBuffer(nil)
			io.CopyBuffer(struct{ io.Writer }{text}, io.LimitReader(struct{ io.Reader }{stream}, 1<<20), make([]byte, size))
			texts[i] = text.Bytes()
		}
		if !bytes.Equal(texts[0], texts[1]) {
			t.Errorf("%d bytes, and %d read in small pieces", len(texts[0]), len(texts[1]))
		}
	})
}
