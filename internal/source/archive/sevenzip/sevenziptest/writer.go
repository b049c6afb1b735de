// Package sevenziptest writes small 7z archives, good ones and hostile ones, for
// the tests of what reads them. It is used by tests only. Begin with Write.
package sevenziptest

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
	"io"
	"unicode/utf16"

	"github.com/ulikunitz/xz/lzma"
)

// A Folder is packed in one go, by Coders in the order of unpacking.
type Folder struct {
	Coders  []Coder
	Members []Member
}

// A Coder says how it packs, and what the directory says of it. Its size is
// stated truthfully where Size is 0.
type Coder struct {
	Method, Properties []byte
	Pack               func([]byte) []byte
	Size               uint64
}

// A Member is a file. Those without a Folder have no content.
type Member struct {
	Name       string
	Content    []byte
	Attributes uint32
}

// Contents are what an archive is made of.
type Contents struct {
	Folders []Folder
	// EmptyFiles, Directories and Deletions have no content.
	EmptyFiles, Directories, Deletions []string
	// Header packs the directory; without it, it is not packed.
	Header *Coder
}

// Copy stores.
func Copy() Coder { return Coder{Method: []byte{0}, Pack: bytes.Clone} }

// Unknown stores under any method.
func Unknown(method ...byte) Coder { return Coder{Method: method, Pack: bytes.Clone} }

// Encrypted stores what claims to be encrypted with AES.
func Encrypted() Coder { return Unknown(0x06, 0xf1, 0x07, 0x01) }

// LZMA packs with LZMA and a dictionary of 4 KiB, and states one of that size.
func LZMA(dictionary uint32) Coder {
	return Coder{
		Method:     []byte{3, 1, 1},
		Properties: binary.LittleEndian.AppendUint32([]byte{0x5d}, dictionary),
		Pack: func(text []byte) []byte {
			var b bytes.Buffer
			w, err := lzma.WriterConfig{DictCap: lzma.MinDictCap, Size: int64(len(text)), SizeInHeader: true}.NewWriter(&b)
			return packed(&b, w, err, text)[lzma.HeaderLen:]
		},
	}
}

// LZMA2 packs with LZMA2 and a dictionary of 64 KiB, and states one by its code.
func LZMA2(code byte) Coder {
	return Coder{
		Method:     []byte{0x21},
		Properties: []byte{code},
		Pack: func(text []byte) []byte {
			var b bytes.Buffer
			w, err := lzma.Writer2Config{DictCap: 1 << 16}.NewWriter2(&b)
			return packed(&b, w, err, text)
		},
	}
}

// Deflate packs with Deflate.
func Deflate() Coder {
	return Coder{Method: []byte{4, 1, 8}, Pack: func(text []byte) []byte {
		var b bytes.Buffer
		w, err := flate.NewWriter(&b, flate.DefaultCompression)
		return packed(&b, w, err, text)
	}}
}

// Delta takes from each byte the one that stands some bytes before it.
func Delta(distance byte) Coder {
	return Coder{Method: []byte{3}, Properties: []byte{distance - 1}, Pack: func(text []byte) []byte {
		out := bytes.Clone(text)
		for i := int(distance); i < len(text); i++ {
			out[i] -= text[i-int(distance)]
		}
		return out
	}}
}

// packed is only given what cannot fail.
func packed(b *bytes.Buffer, w io.WriteCloser, err error, text []byte) []byte {
	if err == nil {
		_, err = w.Write(text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(err)
	}
	return b.Bytes()
}

// Write writes an archive.
func Write(contents Contents) []byte {
	w := &writer{}
	var all []Member
	for _, folder := range contents.Folders {
		w.folder(folder)
		all = append(all, folder.Members...)
	}
	header := []byte{1}
	if len(contents.Folders) > 0 {
		header = w.streams(append(header, 4), true)
	}
	header = append(files(append(header, 5), all, contents), 0)
	if contents.Header != nil {
		body := w.body
		w = &writer{body: body, start: len(body)}
		w.folder(Folder{Coders: []Coder{*contents.Header}, Members: []Member{{Content: header}}})
		header = w.streams([]byte{0x17}, false)
	}
	return Wrap(w.body, header)
}

// Wrap puts packed bytes and a directory into an archive.
func Wrap(body, header []byte) []byte {
	start := binary.LittleEndian.AppendUint64(nil, uint64(len(body)))
	start = binary.LittleEndian.AppendUint64(start, uint64(len(header)))
	start = binary.LittleEndian.AppendUint32(start, crc32.ChecksumIEEE(header))
	out := append([]byte("7z\xbc\xaf\x27\x1c\x00\x04"), binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(start))...)
	return append(append(append(out, start...), body...), header...)
}

type writer struct {
	body     []byte
	start    int // where the packed streams begin that are listed
	packed   []int
	coders   [][]Coder
	contents [][]Member
}

func (w *writer) folder(f Folder) {
	var text []byte
	for _, member := range f.Members {
		text = append(text, member.Content...)
	}
	list := make([]Coder, len(f.Coders))
	for i := len(f.Coders) - 1; i >= 0; i-- {
		list[i] = f.Coders[i]
		if list[i].Size == 0 {
			list[i].Size = uint64(len(text))
		}
		text = list[i].Pack(text)
	}
	w.body = append(w.body, text...)
	w.packed = append(w.packed, len(text))
	w.coders = append(w.coders, list)
	w.contents = append(w.contents, f.Members)
}

// streams appends a StreamsInfo.
func (w *writer) streams(b []byte, parted bool) []byte {
	b = Number(append(b, 6), uint64(w.start))
	b = append(Number(b, uint64(len(w.packed))), 9)
	for _, size := range w.packed {
		b = Number(b, uint64(size))
	}
	b = append(b, 0, 7, 0x0b)
	b = append(Number(b, uint64(len(w.coders))), 0)
	for _, coders := range w.coders {
		b = graph(b, coders)
	}
	b = append(b, 0x0c)
	for _, coders := range w.coders {
		for _, coder := range coders {
			b = Number(b, coder.Size)
		}
	}
	b = append(b, 0)
	if parted {
		b = w.subStreams(append(b, 8))
	}
	return append(b, 0)
}

// graph appends coders that are chained in their order.
func graph(b []byte, coders []Coder) []byte {
	b = Number(b, uint64(len(coders)))
	for _, coder := range coders {
		flags := byte(len(coder.Method))
		if coder.Properties != nil {
			flags |= 0x20
		}
		b = append(append(b, flags), coder.Method...)
		if coder.Properties != nil {
			b = append(Number(b, uint64(len(coder.Properties))), coder.Properties...)
		}
	}
	for i := 1; i < len(coders); i++ {
		b = append(b, byte(i), byte(i-1)) // what coder i-1 gives goes into coder i
	}
	return b
}

func (w *writer) subStreams(b []byte) []byte {
	b = append(b, 0x0d)
	for _, members := range w.contents {
		b = Number(b, uint64(len(members)))
	}
	b = append(b, 9)
	for _, members := range w.contents {
		for i := range len(members) - 1 {
			b = Number(b, uint64(len(members[i].Content)))
		}
	}
	b = append(b, 0x0a, 1)
	for _, members := range w.contents {
		for _, member := range members {
			b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(member.Content))
		}
	}
	return append(b, 0)
}

// files appends a FilesInfo: the files with content first.
func files(b []byte, all []Member, contents Contents) []byte {
	full := len(all)
	var isFile, isDeletion []bool
	for kind, names := range [][]string{contents.EmptyFiles, contents.Directories, contents.Deletions} {
		for _, name := range names {
			all = append(all, Member{Name: name})
			isFile, isDeletion = append(isFile, kind != 1), append(isDeletion, kind == 2)
		}
	}
	empty := make([]bool, len(all))
	for i := full; i < len(all); i++ {
		empty[i] = true
	}
	names, attributes := []byte{0}, []byte{1, 0}
	for _, member := range all {
		for _, unit := range utf16.Encode([]rune(member.Name + "\x00")) {
			names = binary.LittleEndian.AppendUint16(names, unit)
		}
		attributes = binary.LittleEndian.AppendUint32(attributes, member.Attributes)
	}
	b = Number(b, uint64(len(all)))
	b = property(b, 0x19, []byte{0, 0}) // padding
	b = property(b, 0x0e, bits(empty))
	b = property(b, 0x0f, bits(isFile))
	b = property(b, 0x10, bits(isDeletion))
	b = property(b, 0x11, names)
	b = property(b, 0x15, attributes)
	return append(b, 0)
}

func property(b []byte, id byte, data []byte) []byte {
	return append(Number(append(b, id), uint64(len(data))), data...)
}

func bits(vector []bool) []byte {
	b := make([]byte, (len(vector)+7)/8)
	for i, set := range vector {
		if set {
			b[i/8] |= 0x80 >> (i % 8)
		}
	}
	return b
}

// Number appends a number in one to nine bytes.
func Number(b []byte, v uint64) []byte {
	more := 0
	for more < 8 && v >= 1<<(7*(more+1)) {
		more++
	}
	first := byte(uint(0xff00) >> more)
	if more < 8 {
		first |= byte(v >> (8 * more))
	}
	b = append(b, first)
	for i := range more {
		b = append(b, byte(v>>(8*i)))
	}
	return b
}
