package csvlog

import (
	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/source/format"
	"github.com/kulla-defence/kulla/internal/source/row"
)

// An opener writes a record as a JSON object and has package jsonlog read it,
// which knows the records inside of columns and whose they are.
type opener struct {
	parser format.Parser
	block  format.Block
	text   []byte
	out    placed
}

func newOpener(json *format.Format) opener {
	cut := json.NewSplitter(format.Options{Record: 1 << 20}).Split([]byte("{}"), true)
	return opener{parser: json.NewParser(), block: format.Block{State: cut.State}}
}

// open passes on the event of a record with its columns opened, or as it is when
// they cannot be.
func (o *opener) open(h *header, e *event.Event, values *row.Row, out format.Output) error {
	o.text = append(o.text[:0], '{')
	for i, cell := range values.Cells {
		if cell.State != event.Present {
			continue
		}
		if len(o.text) > 1 {
			o.text = append(o.text, ',')
		}
		o.text = appendQuoted(o.text, h.names[i])
		o.text = append(o.text, ':')
		o.text = appendQuoted(o.text, cell.Text)
	}
	o.text = append(o.text, '}')
	o.block.Source, o.block.Data = e.Provenance.Source, o.text
	o.out = placed{out: out, record: e}
	if err := o.parser.Parse(&o.block, &o.out); err != nil || o.out.passed {
		return err
	}
	return out.Event(e)
}

// appendQuoted appends a text as a string of JSON.
func appendQuoted[T string | []byte](dst []byte, text T) []byte {
	const digits = "0123456789abcdef"
	dst = append(dst, '"')
	from := 0
	for i := range len(text) {
		c := text[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, text[from:i]...)
		from = i + 1
		if c < ' ' {
			dst = append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		} else {
			dst = append(dst, '\\', c)
		}
	}
	return append(append(dst, text[from:]...), '"')
}

// placed gives events the place of the record that they are of.
type placed struct {
	out    format.Output
	record *event.Event
	passed bool
}

// Event implements format.Output.
func (p *placed) Event(e *event.Event) error {
	p.passed = true
	id := e.Provenance.RecordID
	e.Provenance = p.record.Provenance
	if e.Provenance.RecordID == 0 {
		e.Provenance.RecordID = id
	}
	if e.Time.IsZero() && e.TimeText == "" {
		e.Time, e.TimeText = p.record.Time, p.record.TimeText
	}
	if e.Host == "" {
		e.Host = p.record.Host
	}
	return p.out.Event(e)
}

// Problem implements format.Output.
func (p *placed) Problem(problem format.Problem) {
	problem.Offset, problem.Line = p.record.Provenance.Offset, p.record.Provenance.Line
	problem.Reason, problem.Lost = "columns are not opened: "+problem.Reason, 0
	p.out.Problem(problem)
}

// Note implements format.Output.
func (p *placed) Note(text string) { p.out.Note(text) }
