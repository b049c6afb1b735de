package evtxlog

import (
	"bytes"
	"errors"
	"fmt"
	"sync"

	"github.com/kulla-defence/kulla/evtx"
	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/source/format"
)

// A parser decodes blocks for one worker.
type parser struct {
	decoder *evtx.Decoder
	shared  *layouts
	known   map[*evtx.Layout]*event.Layout
	last    *evtx.Layout
	layout  *event.Layout

	event event.Event
	row   row
	hosts format.Names
	text  []byte
	// host is the name of the host in event, as records of the last layout
	// store it.
	host event.Last
}

// A row gives the columns of the record that is being read.
type row struct {
	record  *evtx.Record
	scratch []byte
}

func (r *row) AppendValue(dst []byte, column int) ([]byte, event.State) {
	dst, state := r.record.AppendValue(dst, column)
	return dst, event.State(state)
}

// AppendJSON appends the record as JSON, in the form that evtx.Record gives it.
func (r *row) AppendJSON(dst []byte) []byte { return r.record.AppendJSON(dst) }

// AppendXML appends the record as XML.
func (r *row) AppendXML(dst []byte) []byte { return r.record.AppendXML(dst) }

// Screen passes the texts of the record to a screen, as evtx.Record.Screen does.
func (r *row) Screen(screen event.Screen) bool {
	var possible bool
	r.scratch, possible = r.record.Screen(screen, r.scratch)
	return possible
}

// Stored shows how a column is stored, as evtx.Record.Stored does.
func (r *row) Stored(column int) (bytes []byte, form uint16, ok bool) { return r.record.Stored(column) }

func newParser(cache *evtx.Cache, shared *layouts) *parser {
	p := &parser{decoder: evtx.NewDecoder(cache), shared: shared, known: map[*evtx.Layout]*event.Layout{}}
	p.decoder.Verify = true
	p.event.Values = &p.row
	return p
}

// Parse implements format.Parser.
func (p *parser) Parse(block *format.Block, out format.Output) error {
	state := block.State.(*state)
	header, data, offset := state.header, block.Data, block.Offset
	p.decoder.Carve = state.carve
	for _, problem := range state.problems {
		out.Problem(problem)
	}
	if block.First && header > 0 {
		data = p.fileHeader(data, int(header), out)
		offset = header
	}
	for data = data[:len(data)-state.unused*evtx.ChunkSize]; len(data) > 0; {
		chunk := data[:min(len(data), evtx.ChunkSize)]
		p.decoder.Reset(chunk, int((offset-header)/evtx.ChunkSize), offset)
		if err := p.records(block.Source, out); err != nil {
			return err
		}
		for _, corrupt := range p.decoder.Errors() {
			out.Problem(problemOf(corrupt))
		}
		if len(chunk) < evtx.ChunkSize && block.Last {
			out.Problem(format.Problem{Offset: offset + int64(len(chunk)), Kind: format.Truncated, Reason: "truncated: the file ends within a chunk"})
		}
		data, offset = data[len(chunk):], offset+int64(len(chunk))
	}
	return nil
}

// fileHeader notes what the file header says, and returns what follows it.
func (p *parser) fileHeader(data []byte, size int, out format.Output) []byte {
	header, err := evtx.ParseFileHeader(data)
	switch {
	case len(data) >= size && !bytes.HasPrefix(data, fileSignature):
		out.Problem(format.Problem{Kind: format.ReadAnyway, Reason: "the file header is lost; the chunks behind it were read"})
	case len(data) >= size && size < evtx.FileHeaderSize:
		out.Problem(format.Problem{Kind: format.ReadAnyway, Reason: fmt.Sprintf("the file header has %d bytes in place of %d", size, evtx.FileHeaderSize)})
	case err != nil || len(data) < size:
		out.Problem(format.Problem{Kind: format.Truncated, Reason: "truncated: the file ends in its header", Lost: int64(len(data))})
	case header.Dirty:
		out.Note("the log was in use when it was copied (dirty)")
	case !header.ChecksumOK:
		out.Note("the checksum of the file header differs")
	}
	return data[min(len(data), size):]
}

func (p *parser) records(source *event.Source, out format.Output) error {
	for p.decoder.Next() {
		record := p.decoder.Record()
		p.fill(record, source)
		if err := out.Event(&p.event); err != nil {
			return err
		}
	}
	return nil
}

// fill makes the record the current event.
func (p *parser) fill(record *evtx.Record, source *event.Source) {
	p.row.record = record
	if layout := record.Layout(); layout != p.last {
		p.last, p.layout = layout, p.layoutOf(layout)
		p.host.Forget()
	}
	if !p.sameHost(record) {
		p.text = record.AppendComputer(p.text[:0])
		p.event.Host = p.hosts.String(p.text)
	}
	p.event.Layout = p.layout
	p.event.Time = record.TimeCreated()
	p.event.Provenance = event.Provenance{Source: source, Offset: record.Offset, Size: int64(record.Size), RecordID: record.ID, Carved: record.Carved}
}

// sameHost reports whether a record names the host that the last one did, as far
// as that can be told without decoding it.
func (p *parser) sameHost(record *evtx.Record) bool {
	column := record.Layout().Computer
	return column >= 0 && p.host.Again(record.Stored(column))
}

// problemOf tells a corruption without the chunk, since the offset says where.
func problemOf(corrupt *evtx.CorruptError) format.Problem {
	p := format.Problem{Offset: corrupt.Offset, Record: corrupt.Record, Reason: corrupt.Err.Error(), Lost: corrupt.Size}
	switch {
	case corrupt.Lost():
	case errors.Is(corrupt.Err, evtx.ErrChecksum):
		p.Kind = format.ChecksumDiffers
	default:
		p.Kind = format.ReadAnyway
	}
	return p
}

// maxLayouts bounds how many layouts are remembered. Logs have a few hundred;
// a crafted one may have a new one in each record.
const maxLayouts = 1 << 14

// layoutOf returns the event layout of a layout, the same for all workers.
func (p *parser) layoutOf(layout *evtx.Layout) *event.Layout {
	if known := p.known[layout]; known != nil {
		return known
	}
	if len(p.known) >= maxLayouts {
		clear(p.known)
	}
	made := p.shared.of(layout)
	p.known[layout] = made
	return made
}

// layouts are shared by the parsers of one reading.
type layouts struct {
	mutex sync.Mutex
	known map[*evtx.Layout]*event.Layout
}

func (l *layouts) of(layout *evtx.Layout) *event.Layout {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if known := l.known[layout]; known != nil {
		return known
	}
	if len(l.known) >= maxLayouts {
		clear(l.known)
	}
	made := &event.Layout{Product: "windows", Names: make([]string, len(layout.Columns))}
	for i := range layout.Columns {
		made.Names[i] = layout.Columns[i].Name
	}
	l.known[layout] = made
	return made
}
