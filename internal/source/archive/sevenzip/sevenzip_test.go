package sevenzip_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/kulla-defence/kulla/internal/source/archive"
	"github.com/kulla-defence/kulla/internal/source/archive/sevenzip"
	"github.com/kulla-defence/kulla/internal/source/archive/sevenzip/sevenziptest"
)

const memory = 1 << 20

// unpack reads all members: name and content, or name and error.
func unpack(packed []byte) (map[string]string, error) {
	return unpackThrough(packed, func(r io.Reader) io.Reader { return r })
}

func unpackThrough(packed []byte, through func(io.Reader) io.Reader) (map[string]string, error) {
	a, err := sevenzip.Open(bytes.NewReader(packed), int64(len(packed)), memory)
	if err != nil {
		return nil, err
	}
	members := map[string]string{}
	for i := range a.Folders {
		f := &a.Folders[i]
		content, err := a.OpenFolder(f)
		if err != nil {
			content = iotest.ErrReader(err)
		}
		stream := sevenzip.NewStream(content)
		for _, member := range f.Members {
			stream.Next(member)
			text, err := io.ReadAll(io.LimitReader(through(stream), 1<<20))
			if err != nil {
				text = fmt.Appendf(nil, "error after %d bytes: %v", len(text), err)
			}
			members[member.Name] = string(text)
		}
	}
	return members, nil
}

// sample are members of a solid archive.
func sample() []sevenziptest.Member {
	return []sevenziptest.Member{
		{Name: "logs/auth.log", Content: []byte(strings.Repeat("Failed password for root\n", 2000))},
		{Name: "logs/\u017eurn\u00e1l \U0001f4d3.log", Content: []byte("short")},
		{Name: "noise", Content: noise(70_000)},
	}
}

func noise(n int) []byte {
	b, state := make([]byte, n), uint32(1)
	for i := range b {
		state = state*1664525 + 1013904223
		b[i] = byte(state >> 24)
	}
	return b
}

func check(t *testing.T, name string, packed []byte, want []sevenziptest.Member) {
	t.Helper()
	got, err := unpack(packed)
	if err != nil || len(got) != len(want) {
		t.Errorf("%s: %d members in place of %d, %v", name, len(got), len(want), err)
	}
	for _, member := range want {
		if got[member.Name] != string(member.Content) {
			t.Errorf("%s: %s is %.80q", name, member.Name, got[member.Name])
		}
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	lzma := sevenziptest.LZMA(1 << 16)
	for name, coders := range map[string][]sevenziptest.Coder{
		"copy": {sevenziptest.Copy()}, "lzma": {sevenziptest.LZMA(1 << 16)}, "lzma2": {sevenziptest.LZMA2(8)}, "deflate": {sevenziptest.Deflate()},
		"a dictionary of which little is used": {sevenziptest.LZMA(1<<32 - 1)}, "the same with lzma2": {sevenziptest.LZMA2(40)},
		"filter": {sevenziptest.LZMA(1 << 16), sevenziptest.Delta(4)}, "filters": {sevenziptest.Copy(), sevenziptest.LZMA2(8), sevenziptest.Delta(1), sevenziptest.Delta(255)},
	} {
		contents := sevenziptest.Contents{Folders: []sevenziptest.Folder{{Coders: coders, Members: sample()}}}
		check(t, name, sevenziptest.Write(contents), sample())
		contents.Header = &lzma
		check(t, name+", with a packed directory", sevenziptest.Write(contents), sample())
	}
}

func TestManyFolders(t *testing.T) {
	t.Parallel()
	var folders []sevenziptest.Folder
	coder := []sevenziptest.Coder{sevenziptest.Copy(), sevenziptest.LZMA2(8), sevenziptest.Deflate()}
	for i, member := range sample() {
		folders = append(folders, sevenziptest.Folder{Coders: []sevenziptest.Coder{coder[i]}, Members: []sevenziptest.Member{member}})
	}
	folders = slices.Insert(folders, 1, sevenziptest.Folder{Coders: []sevenziptest.Coder{sevenziptest.Copy()}})
	check(t, "folders", sevenziptest.Write(sevenziptest.Contents{Folders: folders}), sample())
}

// The filtered code was made with the encoder of XZ Utils.
func TestX86(t *testing.T) {
	t.Parallel()
	code, err := os.ReadFile("testdata/code")
	if err != nil {
		t.Fatal(err)
	}
	filtered, err := os.ReadFile("testdata/code.x86")
	if err != nil {
		t.Fatal(err)
	}
	for _, method := range [][]byte{{4}, {3, 3, 1, 3}} {
		x86 := sevenziptest.Coder{Method: method, Pack: func([]byte) []byte { return bytes.Clone(filtered) }}
		members := []sevenziptest.Member{{Name: "code", Content: code}}
		check(t, "x86", sevenziptest.Write(sevenziptest.Contents{Folders: []sevenziptest.Folder{{Coders: []sevenziptest.Coder{sevenziptest.LZMA2(8), x86}, Members: members}}}), members)
	}
}

func TestMembersWithoutContent(t *testing.T) {
	t.Parallel()
	link := sevenziptest.Member{Name: "link", Content: []byte("target"), Attributes: 0x8000 | 0o120777<<16}
	reparse := sevenziptest.Member{Name: "junction", Content: []byte("x"), Attributes: 0x400}
	packed := sevenziptest.Write(sevenziptest.Contents{
		Folders:    []sevenziptest.Folder{{Coders: []sevenziptest.Coder{sevenziptest.Copy()}, Members: []sevenziptest.Member{link, reparse, {Name: "file", Content: []byte("y"), Attributes: 0x8000 | 0o100644<<16}}}},
		EmptyFiles: []string{"empty"}, Directories: []string{"folder"}, Deletions: []string{"gone"},
	})
	a, err := sevenzip.Open(bytes.NewReader(packed), int64(len(packed)), memory)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]sevenzip.Kind{}
	for _, member := range append(a.Empty, a.Folders[0].Members...) {
		got[member.Name] = member.Kind
	}
	for name, want := range map[string]sevenzip.Kind{
		"link": sevenzip.SymbolicLink, "junction": sevenzip.SymbolicLink, "file": sevenzip.File,
		"empty": sevenzip.File, "folder": sevenzip.Directory, "gone": sevenzip.Deletion,
	} {
		if kind, ok := got[name]; !ok || kind != want {
			t.Errorf("%s: %d, want %d", name, kind, want)
		}
	}
	if a, err := sevenzip.Open(bytes.NewReader(sevenziptest.Wrap(nil, nil)), 32, memory); err != nil || len(a.Folders)+len(a.Empty) != 0 {
		t.Errorf("empty archive: %v, %v", a, err)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	members := []sevenziptest.Member{{Name: "a", Content: []byte("secret")}, {Name: "b", Content: []byte("too")}}
	for name, test := range map[string]struct {
		coders []sevenziptest.Coder
		want   string
	}{
		"encrypted":             {[]sevenziptest.Coder{sevenziptest.Encrypted(), sevenziptest.LZMA(1 << 16)}, "encrypted"},
		"encrypted and unknown": {[]sevenziptest.Coder{sevenziptest.Unknown(0x7f), sevenziptest.Encrypted()}, "encrypted"},
		"unknown":               {[]sevenziptest.Coder{sevenziptest.Unknown(3, 4, 1)}, "unsupported compression method"},
		"compressed twice":      {[]sevenziptest.Coder{sevenziptest.LZMA(1 << 16), sevenziptest.Deflate()}, "unsupported compression method"},
	} {
		packed := sevenziptest.Write(sevenziptest.Contents{Folders: []sevenziptest.Folder{{Coders: test.coders, Members: members}}})
		got, err := unpack(packed)
		if want := "error after 0 bytes: " + test.want; err != nil || got["a"] != want || got["b"] != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	hidden := sevenziptest.Encrypted()
	if _, err := unpack(sevenziptest.Write(sevenziptest.Contents{Folders: []sevenziptest.Folder{{Coders: []sevenziptest.Coder{sevenziptest.Encrypted()}, Members: members}}, Header: &hidden})); err == nil || !strings.Contains(err.Error(), "encrypted") {
		t.Errorf("encrypted directory: %v", err)
	}
}

// What claims to need much memory is refused before it gets any.
func TestMemory(t *testing.T) {
	sized := func(c sevenziptest.Coder) sevenziptest.Coder { c.Size = 1 << 40; return c }
	member := []sevenziptest.Member{{Name: "a", Content: []byte("small")}}
	lzma, hugeHeader := sevenziptest.LZMA(1<<16), sized(sevenziptest.LZMA2(40))
	many := sevenziptest.Number([]byte{1, 5}, 30_000)
	many = append(many, make([]byte, 40_000)...)
	for name, packed := range map[string][]byte{
		"lzma":              sevenziptest.Write(sevenziptest.Contents{Folders: []sevenziptest.Folder{{Coders: []sevenziptest.Coder{sized(sevenziptest.LZMA(1 << 30))}, Members: member}}}),
		"lzma2":             sevenziptest.Write(sevenziptest.Contents{Folders: []sevenziptest.Folder{{Coders: []sevenziptest.Coder{sized(sevenziptest.LZMA2(40))}, Members: member}}}),
		"packed directory":  sevenziptest.Write(sevenziptest.Contents{Folders: []sevenziptest.Folder{{Coders: []sevenziptest.Coder{lzma}, Members: member}}, Header: &hugeHeader}),
		"members":           sevenziptest.Wrap(nil, many),
		"size of directory": sevenziptest.Wrap(nil, make([]byte, memory+1)),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got, err := unpack(packed)
		runtime.ReadMemStats(&after)
		var limit *archive.LimitError
		if err == nil && strings.Contains(got["a"], "dictionary larger than the limit") {
			err = &archive.LimitError{Limit: "memory"} // unpack made it a text
		}
		if !errors.As(err, &limit) || limit.Limit != "memory" {
			t.Errorf("%s: %v, %v", name, got, err)
		}
		if taken := after.TotalAlloc - before.TotalAlloc; taken > 4*memory {
			t.Errorf("%s: %d bytes were allocated", name, taken)
		}
	}
}

// Whatever is damaged, nothing else comes out than what was packed, but an error.
func TestDamage(t *testing.T) {
	t.Parallel()
	want := sample()
	want[2].Content = want[2].Content[:100]
	lzma := sevenziptest.LZMA(1 << 16)
	packed := sevenziptest.Write(sevenziptest.Contents{Folders: []sevenziptest.Folder{{Coders: []sevenziptest.Coder{sevenziptest.LZMA2(8)}, Members: want}}, Header: &lzma})
	for i := range packed {
		for name, damaged := range map[string][]byte{"cut": packed[:i], "flipped": slices.Concat(packed[:i], []byte{packed[i] ^ 0x10}, packed[i+1:])} {
			got, err := unpack(damaged)
			if err != nil {
				continue
			}
			if name == "cut" {
				t.Errorf("cut at %d: went unnoticed", i)
			}
			for _, member := range want {
				if text := got[member.Name]; text != string(member.Content) && !strings.HasPrefix(text, "error") {
					t.Errorf("%s at %d: %s is %.80q", name, i, member.Name, text)
				}
			}
		}
	}
}

func TestNumber(t *testing.T) {
	t.Parallel()
	for bits := range 65 {
		n := uint64(1)<<bits - 1
		// As the offset of no packed streams: what follows is only understood
		// where the number was.
		header := append(sevenziptest.Number([]byte{1, 4, 6}, n), 0, 0, 0, 0)
		_, err := sevenzip.Open(bytes.NewReader(sevenziptest.Wrap(nil, header)), int64(32+len(header)), memory)
		if err != nil {
			t.Errorf("%d: %v", n, err)
		}
	}
}

// Any directory and any packed bytes come to an end in bounded memory; what is
// read does not depend on how.
func FuzzArchive(f *testing.F) {
	lzma := sevenziptest.LZMA(1 << 16)
	small := []sevenziptest.Member{{Name: "a", Content: []byte("text text text text")}, {Name: "b", Content: []byte("more")}}
	for _, coders := range [][]sevenziptest.Coder{{sevenziptest.Copy()}, {sevenziptest.LZMA(1 << 12)}, {sevenziptest.LZMA2(0), sevenziptest.Delta(2)}, {sevenziptest.Deflate()}, {sevenziptest.Encrypted()}, {sevenziptest.LZMA2(0), {Method: []byte{4}, Pack: bytes.Clone}}} {
		for _, header := range []*sevenziptest.Coder{nil, &lzma} {
			packed := sevenziptest.Write(sevenziptest.Contents{Folders: []sevenziptest.Folder{{Coders: coders, Members: small}}, EmptyFiles: []string{"e"}, Directories: []string{"d"}, Header: header})
			start := 32 + binary.LittleEndian.Uint64(packed[12:])
			f.Add(packed[32:start], packed[start:])
		}
	}
	f.Fuzz(func(t *testing.T, body, header []byte) {
		packed := sevenziptest.Wrap(body, header)
		first, err := unpack(packed)
		second, again := unpackThrough(packed, iotest.OneByteReader)
		if fmt.Sprint(first, err) != fmt.Sprint(second, again) {
			t.Errorf("not the same twice: %v %v, %v %v", first, err, second, again)
		}
	})
}
