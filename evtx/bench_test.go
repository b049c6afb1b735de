package evtx_test

import (
	"testing"

	"github.com/kulla-defence/kulla/evtx"
)

// hosts gives the chunks of all logs of the two shared hosts.
func hosts(b *testing.B) (chunks [][]byte, size int64) {
	b.Helper()
	for _, archive := range []string{"host-clean-w10.zip", "host-aptsim-server2022.zip"} {
		for _, file := range unpack(b, archive, ".evtx") {
			for at := evtx.FileHeaderSize; at+evtx.ChunkSize <= len(file); at += evtx.ChunkSize {
				chunks = append(chunks, file[at:at+evtx.ChunkSize])
			}
			size += int64(len(file))
		}
	}
	return chunks, size
}

// walk reads every record of the chunks.
func walk(d *evtx.Decoder, chunks [][]byte, visit func(*evtx.Record)) {
	for i, chunk := range chunks {
		d.Reset(chunk, i, int64(i)*evtx.ChunkSize)
		for d.Next() {
			visit(d.Record())
		}
	}
}

// BenchmarkWalk finds every record, its layout and all its values, nested ones
// too; nothing is decoded. Bytes are those of the files.
func BenchmarkWalk(b *testing.B) {
	measure(b, func(*evtx.Record) {})
}

// BenchmarkEventID adds what routing needs.
func BenchmarkEventID(b *testing.B) {
	sum := 0
	measure(b, func(r *evtx.Record) {
		id, _ := r.EventID()
		sum += int(id)
	})
}

// BenchmarkValues decodes every column as text.
func BenchmarkValues(b *testing.B) {
	var text []byte
	measure(b, func(r *evtx.Record) {
		for column := range r.Layout().Columns {
			text, _ = r.AppendValue(text[:0], column)
		}
	})
}

// BenchmarkJSON renders every record.
func BenchmarkJSON(b *testing.B) {
	var text []byte
	measure(b, func(r *evtx.Record) { text = r.AppendJSON(text[:0]) })
}

// BenchmarkVerified walks as the program does: it compares checksums, too, which
// also brings the chunk near the processor.
func BenchmarkVerified(b *testing.B) {
	d := evtx.NewDecoder(nil)
	d.Verify = true
	measureWith(b, d, func(*evtx.Record) {})
}

func measure(b *testing.B, visit func(*evtx.Record)) { measureWith(b, evtx.NewDecoder(nil), visit) }

func measureWith(b *testing.B, d *evtx.Decoder, visit func(*evtx.Record)) {
	chunks, size := hosts(b)
	walk(d, chunks, visit)
	records := 0
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		walk(d, chunks, func(r *evtx.Record) {
			records++
			visit(r)
		})
	}
	b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
}
