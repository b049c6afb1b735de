package archive_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/internal/source/archive"
)

func TestRecognise(t *testing.T) {
	t.Parallel()
	tar := append(make([]byte, 257), "ustar\x0000"...)
	for head, want := range map[string]archive.Kind{
		"PK\x03\x04rest": archive.Zip, "PK\x05\x06": archive.Zip, "PK\x01\x02": archive.None, "PK": archive.None,
		"\x1f\x8b\x08": archive.Gzip, "\x1f\x8b\x07": archive.None, "\x28\xb5\x2f\xfd": archive.Zstd, "\x5f\x2a\x4d\x18": archive.Zstd,
		"BZh91AY&SY": archive.Bzip2, "BZh0\x31AY&SY": archive.None, "BZh9 text\n": archive.None, "BZh1\x17\x72\x45\x38\x50\x90": archive.Bzip2,
		"\xfd7zXZ\x00": archive.XZ, "\xfd7zXZ": archive.None, "7z\xbc\xaf\x27\x1c": archive.SevenZip, "7z": archive.None,
		string(tar): archive.Tar, string(tar[:261]): archive.None, "": archive.None, "ElfFile\x00": archive.None,
	} {
		if got := archive.Recognise([]byte(head)); got != want {
			t.Errorf("%.12q: got %q, want %q", head, got, want)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"./a/b": "a/b", "a//b": "a/b", "a/../b": "b", "../b": "../b", "bad\xff": "bad\ufffd"} {
		if got := archive.MemberName(name); got != want {
			t.Errorf("MemberName(%q) = %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string]string{"x/a.json.gz": "a.json", "a.ZST": "a", "a.log.bz2": "a.log", "a.log.xz": "a.log", "-": "content", ".gz": "content", "c.zip!d.gz": "d", "a.evtx": "content"} {
		if got := archive.ContentName(name); got != want {
			t.Errorf("ContentName(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestBudget(t *testing.T) {
	t.Parallel()
	packed := int64(1 << 20)
	b := &archive.Budget{Bytes: 1 << 30, Members: 1, Ratio: 100, Packed: func() int64 { return packed }}
	if err := b.Unpack(64 << 20); err != nil {
		t.Error(err)
	}
	var limit *archive.LimitError
	if err := b.Unpack(40 << 20); !errors.As(err, &limit) || limit.Limit != "ratio" || !strings.Contains(limit.Reason, "100 times") {
		t.Errorf("got %v", err)
	}
	packed = 1 << 30
	if err := b.Unpack(1 << 30); !errors.As(err, &limit) || limit.Limit != "bytes" || !strings.Contains(limit.Reason, "1073741824 bytes") {
		t.Errorf("got %v", err)
	}
	if err := b.Member(); err != nil {
		t.Error(err)
	}
	if err := b.Member(); !errors.As(err, &limit) || limit.Limit != "members" || !strings.Contains(limit.Reason, "more members than the limit of 1") {
		t.Errorf("got %v", err)
	}
}

func TestSpool(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, size := range []int{0, 9, 10, 11, 100_000} {
		text := strings.Repeat("x", size)
		spool, err := archive.NewSpool(strings.NewReader(text), 10, folder)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(io.NewSectionReader(spool, 0, spool.Size))
		if err != nil || !bytes.Equal(got, []byte(text)) {
			t.Errorf("size %d: %d bytes, %v", size, len(got), err)
		}
		if err := spool.Close(); err != nil {
			t.Error(err)
		}
	}
	if left, _ := os.ReadDir(folder); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	broken := errors.New("broken")
	if _, err := archive.NewSpool(io.MultiReader(strings.NewReader("a long beginning"), failing{broken}), 10, folder); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if left, _ := os.ReadDir(folder); len(left) > 0 {
		t.Errorf("left behind after an error: %v", left)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
