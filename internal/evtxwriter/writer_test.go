package evtxwriter

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"strings"
	"testing"
	"unicode/utf16"
)

func encode(t *testing.T, options Options, events ...Event) []byte {
	t.Helper()
	data, err := Encode(options, events...)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// record is what a plain walk over a file finds.
type record struct {
	id      uint64
	size    uint32
	chunk   []byte // of 64 KiB
	content []byte
}

// walk reads the headers by the format's description, not by the writer's code,
// and fails the test where one contradicts another.
func walk(t *testing.T, file []byte) []record {
	t.Helper()
	little := binary.LittleEndian
	chunks := int(little.Uint16(file[42:]))
	if len(file) != 4096+chunks*65536 {
		t.Fatalf("file of %d bytes says that it has %d chunks", len(file), chunks)
	}
	var found []record
	for i := range chunks {
		chunk := file[4096+i*65536:][:65536]
		if string(chunk[:8]) != "ElfChnk\x00" {
			t.Fatalf("chunk %d begins with %q", i, chunk[:8])
		}
		begin := len(found)
		free, last := little.Uint32(chunk[48:]), uint32(0)
		for at := uint32(512); at < free; {
			size := little.Uint32(chunk[at+4:])
			if little.Uint32(chunk[at:]) != 0x2a2a || size < 28 || size%8 != 0 || little.Uint32(chunk[at+size-4:]) != size {
				t.Fatalf("chunk %d: no record at %d", i, at)
			}
			found = append(found, record{little.Uint64(chunk[at+8:]), size, chunk, chunk[at+24 : at+size-4]})
			last, at = at, at+size
		}
		if got := little.Uint32(chunk[44:]); got != last {
			t.Errorf("chunk %d: last record at %d, header says %d", i, last, got)
		}
		first, final := little.Uint64(chunk[24:]), little.Uint64(chunk[32:])
		if first != found[begin].id || final != found[len(found)-1].id {
			t.Errorf("chunk %d: records %d to %d, header says %d to %d", i, found[begin].id, found[len(found)-1].id, first, final)
		}
		if n := little.Uint64(chunk[16:]) - little.Uint64(chunk[8:]) + 1; n != uint64(len(found)-begin) {
			t.Errorf("chunk %d: %d records, header says %d", i, len(found)-begin, n)
		}
	}
	if next := little.Uint64(file[24:]); next != uint64(len(found)+1) {
		t.Errorf("next record is %d after %d records", next, len(found))
	}
	return found
}

func TestRecordsAreFoundByTheirHeaders(t *testing.T) {
	t.Parallel()
	events := samples()
	records := walk(t, encode(t, Options{}, events...))
	if len(records) != len(events) {
		t.Fatalf("%d records of %d events", len(records), len(events))
	}
	for i, r := range records {
		if r.id != uint64(i+1) {
			t.Errorf("record %d has the number %d", i, r.id)
		}
	}
	if &records[0].chunk[0] == &records[len(records)-1].chunk[0] {
		t.Error("the samples fill one chunk only, so nothing is tested about the next")
	}
}

func TestChecksums(t *testing.T) {
	t.Parallel()
	little := binary.LittleEndian
	file := encode(t, Options{}, samples()...)
	if got, want := little.Uint32(file[124:]), crc32.ChecksumIEEE(file[:120]); got != want {
		t.Errorf("file header: checksum %#x, want %#x", got, want)
	}
	for at := 4096; at < len(file); at += 65536 {
		chunk := file[at:][:65536]
		header := bytes.Join([][]byte{chunk[:120], chunk[128:512]}, nil)
		if got, want := little.Uint32(chunk[124:]), crc32.ChecksumIEEE(header); got != want {
			t.Errorf("chunk at %d: header checksum %#x, want %#x", at, got, want)
		}
		if got, want := little.Uint32(chunk[52:]), crc32.ChecksumIEEE(chunk[512:little.Uint32(chunk[48:])]); got != want {
			t.Errorf("chunk at %d: data checksum %#x, want %#x", at, got, want)
		}
	}
}

// Every name must be found through the table by its hash, and every template
// through its own.
func TestTablesLeadToNamesAndTemplates(t *testing.T) {
	t.Parallel()
	little := binary.LittleEndian
	records := walk(t, encode(t, Options{}, samples()...))
	chunk := records[0].chunk
	names := map[string]bool{}
	for bucket := range 64 {
		for at := little.Uint32(chunk[128+4*bucket:]); at != 0; at = little.Uint32(chunk[at:]) {
			hash := little.Uint16(chunk[at+4:])
			units := make([]uint16, little.Uint16(chunk[at+6:]))
			for i := range units {
				units[i] = little.Uint16(chunk[int(at)+8+2*i:])
			}
			if int(hash%64) != bucket {
				t.Errorf("%q with hash %#x is in bucket %d", string(utf16.Decode(units)), hash, bucket)
			}
			names[string(utf16.Decode(units))] = true
		}
	}
	for _, name := range []string{"Event", "System", "EventData", "Data", "Name", "LogFileCleared", "kulla", "amp"} {
		if !names[name] {
			t.Errorf("the table does not lead to the name %q", name)
		}
	}
	templates := 0
	for bucket := range 32 {
		for at := little.Uint32(chunk[384+4*bucket:]); at != 0; at = little.Uint32(chunk[at:]) {
			templates++
			if chunk[at-10] != 0x0c || little.Uint32(chunk[at-4:]) != at || !bytes.Equal(chunk[at-8:at-4], chunk[at+4:at+8]) {
				t.Errorf("no template is defined at %d", at)
			}
		}
	}
	// System for four computers with content, and one without; five kinds of
	// content; one in a value.
	if templates != 11 {
		t.Errorf("the table leads to %d templates, want 11", templates)
	}
}

func TestTemplateIsDefinedOncePerChunk(t *testing.T) {
	t.Parallel()
	records := walk(t, encode(t, Options{RecordsPerChunk: 2}, process(1), process(2), process(3), process(4)))
	if records[0].size != records[2].size || records[1].size != records[3].size {
		t.Errorf("sizes %d %d | %d %d: chunks of like records differ", records[0].size, records[1].size, records[2].size, records[3].size)
	}
	if records[1].size*2 > records[0].size {
		t.Errorf("second record takes %d bytes, the first, with the definitions, %d", records[1].size, records[0].size)
	}
}

func TestPlainRecordHasNoTemplate(t *testing.T) {
	t.Parallel()
	records := walk(t, encode(t, Options{}, process(1), plain(process(1))))
	if got := records[0].content[4]; got != 0x0c {
		t.Errorf("templated record begins with token %#x", got)
	}
	if got := records[1].content[4]; got != 0x41 {
		t.Errorf("plain record begins with token %#x", got)
	}
}

func TestSameEventsMakeTheSameBytes(t *testing.T) {
	t.Parallel()
	if !bytes.Equal(encode(t, Options{}, samples()...), encode(t, Options{}, samples()...)) {
		t.Error("two runs differ")
	}
}

func TestRecordNumbers(t *testing.T) {
	t.Parallel()
	gap := process(2)
	gap.RecordID = 90
	var got []uint64
	for _, r := range walk(t, encode(t, Options{}, process(1), gap, process(3))) {
		got = append(got, r.id)
	}
	if len(got) != 3 || got[0] != 1 || got[1] != 90 || got[2] != 91 {
		t.Errorf("numbers %v, want [1 90 91]", got)
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		options Options
		flags   uint32
	}{{Options{}, 0}, {Options{Dirty: true}, 1}, {Options{Full: true}, 2}, {Options{Dirty: true, NoChecksums: true}, 5}} {
		file := encode(t, test.options, process(1))
		if got := binary.LittleEndian.Uint32(file[120:]); got != test.flags {
			t.Errorf("%+v: flags %d, want %d", test.options, got, test.flags)
		}
		if sum := binary.LittleEndian.Uint32(file[124:]); (sum == 0) != test.options.NoChecksums {
			t.Errorf("%+v: checksum %#x", test.options, sum)
		}
	}
	if got := len(encode(t, Options{})); got != 4096 {
		t.Errorf("a log without events takes %d bytes", got)
	}
}

// An event that cannot be written is refused, and leaves no trace.
func TestRefusedEvents(t *testing.T) {
	t.Parallel()
	with := func(v Value) Event {
		e := bare()
		e.Data = []Field{{"Field", v}}
		return e
	}
	long := strings.Repeat("x", 40_000)
	for name, e := range map[string]Event{
		"value longer than its size": with(String(long)),
		"text longer than its count": plain(with(String(long + long))),
		"too large for a chunk":      plain(with(String(long))),
		"no SID":                     with(SID("S-1-x")),
		"no GUID":                    with(GUID("{}")),
		"array of strings by Array":  with(Array(String("a"))),
		"array of mixed types":       with(Array(Uint8(1), Uint16(1))),
	} {
		var file bytes.Buffer
		w := NewWriter(&file, Options{})
		if err := w.Write(&e); err == nil || !strings.HasPrefix(err.Error(), "evtxwriter: record 1: ") {
			t.Errorf("%s: error %v", name, err)
		}
		good := process(1)
		if err := errors.Join(w.Write(&good), w.Close()); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(file.Bytes(), encode(t, Options{}, good)) {
			t.Errorf("%s: the refused event left a trace", name)
		}
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		value Value
		kind  byte
		hex   string
		text  string
	}{
		{Null(), 0x00, "", ""},
		{String("é"), 0x01, "e9000000", "é"},
		{Int8(-1), 0x03, "ff", "-1"},
		{Uint16(258), 0x06, "0201", "258"},
		{Int32(-2), 0x07, "feffffff", "-2"},
		{Bool(true), 0x0d, "01000000", "true"},
		{Float32(1.5), 0x0b, "0000c03f", "1.5"},
		{Binary([]byte{0xde, 1}), 0x0e, "de01", "DE01"},
		{GUID("54849625-5478-4994-a5ba-3e3b0328c30d"), 0x0f, "259684547854" + "9449a5ba3e3b0328c30d", "{54849625-5478-4994-a5ba-3e3b0328c30d}"},
		{Size(0xabc, 4), 0x10, "bc0a0000", "0xabc"},
		{FileTime(sampleTime), 0x11, "87d3237bf43fd701", "2021-05-03T08:15:30.1234567Z"},
		{SystemTime(sampleTime), 0x12, "e507050001000300" + "08000f001e007b00", "2021-05-03T08:15:30.123Z"},
		{SID("S-1-5-32-544"), 0x13, "0102000000000005" + "2000000020020000", "S-1-5-32-544"},
		{Hex32(255), 0x14, "ff000000", "0xff"},
		{Pointer(4096), 0x15, "0010000000000000", "0x1000"},
		{Strings("a", ""), 0x81, "610000000000", "a\n"},
		{Array(Uint8(1), Uint8(2)), 0x84, "0102", "1\n2"},
	} {
		if test.value.kind != test.kind || hexOf(test.value.data) != test.hex || test.value.Text() != test.text {
			t.Errorf("%q: type %#x, bytes %s, text %q; want %#x, %s", test.text, test.value.kind, hexOf(test.value.data), test.value.Text(), test.kind, test.hex)
		}
	}
}

func hexOf(b []byte) string {
	return strings.ToLower(Binary(b).Text())
}

// The hashes are those of names in logs of Windows.
func TestNameHash(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]uint16{"Event": 0x0cba, "xmlns": 0x0fbc, "System": 0x546f, "EventData": 0x8244, "Data": 0x6f8a} {
		if got := nameHash(name); got != want {
			t.Errorf("nameHash(%s) = %#x, want %#x", name, got, want)
		}
	}
}
