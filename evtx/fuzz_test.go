package evtx_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"testing"

	"github.com/kulla-defence/kulla/evtx"
)

// use asks a record for everything, and checks what must hold for any bytes.
func use(t *testing.T, r *evtx.Record) {
	t.Helper()
	for i := range r.Layout().Columns {
		text, state := r.AppendValue(nil, i)
		if state != evtx.Present && len(text) > 0 {
			t.Fatalf("column %d: text %q in state %d", i, text, state)
		}
		r.Raw(i)
	}
	if b := r.AppendJSON(nil); !json.Valid(b) {
		t.Fatalf("invalid json: %q", b)
	}
	r.AppendXML(nil)
	r.EventID()
	r.TimeCreated()
	if len(r.Bytes()) != r.Size {
		t.Fatalf("%d bytes, size %d", len(r.Bytes()), r.Size)
	}
}

// FuzzChunk reads any bytes as a chunk. Records come in order and do not
// overlap with what is reported as lost.
func FuzzChunk(f *testing.F) {
	for _, b := range [][]byte{events(3), spoiled(events(3), 520, 9), make([]byte, 600), events(2)[:900]} {
		f.Add(bytes.TrimRight(b, "\x00"), true)
	}
	f.Fuzz(func(t *testing.T, chunk []byte, carve bool) {
		d := evtx.NewDecoder(nil)
		d.Verify, d.Carve = true, carve
		d.Reset(chunk, 0, 0)
		last := int64(-1)
		for d.Next() {
			r := d.Record()
			if r.Offset <= last || r.Offset+int64(r.Size) > int64(len(chunk)) {
				t.Fatalf("record at %d after one at %d", r.Offset, last)
			}
			last = r.Offset
			use(t, r)
			for _, e := range d.Errors() {
				if !r.Carved && e.Offset <= r.Offset && r.Offset < e.Offset+e.Size {
					t.Fatalf("record at %d within what is lost: %v", r.Offset, e)
				}
			}
		}
		if len(d.Errors()) > len(chunk)/8+3 {
			t.Fatalf("%d errors in %d bytes", len(d.Errors()), len(chunk))
		}
	})
}

// FuzzBinXML reads any bytes as the content of one record.
func FuzzBinXML(f *testing.F) {
	for _, content := range []fragment{
		event("seed"),
		plainElement("A", attribute("b", text("c")), text("d"), raw([]byte{0x48}, le16(0xe9))),
		template(element("Data", nil, slot(0)), bytesOf(evtx.TypeString|evtx.TypeArray, wide("a\x00b\x00"))),
	} {
		f.Add(content(512 + 24 + 4))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		if len(content) > 60_000 {
			return
		}
		c := newChunk()
		c.add(raw(content))
		d := evtx.NewDecoder(nil)
		d.Reset(c.bytes(), 0, 0)
		records := 0
		for d.Next() {
			records++
			use(t, d.Record())
		}
		for _, e := range d.Errors() {
			if e.Lost() {
				records++
			}
		}
		if records == 0 {
			t.Fatal("the record is not accounted for")
		}
	})
}

// FuzzFileHeader reads any bytes as a file.
func FuzzFileHeader(f *testing.F) {
	f.Add(file())
	f.Add(file()[:128])
	f.Add(append(file(), events(1)[:1200]...))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := evtx.Open(bytes.NewReader(b), int64(len(b)))
		var corrupt *evtx.CorruptError
		if err != nil {
			if !errors.As(err, &corrupt) || corrupt.Chunk != -1 {
				t.Fatal(err)
			}
			return
		}
		for r, err := range file.Records(context.Background(), evtx.Options{Workers: 2, Verify: true, Carve: true}) {
			if err == nil {
				use(t, r)
			} else if !errors.As(err, &corrupt) || errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
		}
	})
}
