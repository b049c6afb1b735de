package jsonlog

import (
	"bytes"
	"strconv"
	"time"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/source/charset"
	"github.com/kulla-defence/kulla/internal/source/format"
	"github.com/kulla-defence/kulla/internal/source/timestamp"
)

// A parser scans blocks for one worker.
type parser struct {
	scanner scanner
	shapes  *shapes
	event   event.Event
	row     values
	hosts   format.Names
	text    []byte
	decoded []byte
	place   place
	// enveloped says that what stands around an array of records is skipped.
	enveloped bool
	// open is what is open around the document.
	open nesting
}

// A place follows where the scanner is in the source.
type place struct {
	encoding charset.Encoding
	at       int // in the text of the block
	offset   int64
	line     int64
}

// move goes forward to a place in the text.
func (p *place) move(text []byte, to int) {
	passed := text[p.at:to]
	p.line += int64(bytes.Count(passed, []byte{'\n'}))
	p.offset += p.encoding.EncodedSize(passed)
	p.at = to
}

func newParser(shapes *shapes) *parser {
	p := &parser{shapes: shapes}
	p.scanner.trie = newTrie()
	p.row.scanner = &p.scanner
	p.event.Values = &p.row
	return p
}

// Parse implements format.Parser.
func (p *parser) Parse(block *format.Block, out format.Output) error {
	state := block.State.(state)
	p.place = place{encoding: state.encoding, offset: block.Offset, line: block.Line}
	p.enveloped, p.open = state.enveloped, state.open
	text := block.Data
	if p.place.encoding != charset.UTF8 {
		p.decoded = p.place.encoding.Decode(p.decoded[:0], text)
		text = p.decoded
	}
	at := 0
	if block.First {
		at = len(text) - len(bytes.TrimPrefix(text, charset.Mark))
	}
	p.scanner.data = text
	if err := p.documents(block, at, out); err != nil {
		return err
	}
	if block.Last && !p.open.none() {
		p.place.move(text, len(text))
		out.Problem(format.Problem{
			Offset: block.Offset + int64(len(block.Data)),
			Line:   p.place.line,
			Reason: p.open.reason(),
			Kind:   format.Truncated,
		})
	}
	return nil
}

// documents scans one document after the other.
func (p *parser) documents(block *format.Block, at int, out format.Output) error {
	text := p.scanner.data
	// Bytes that are scanned again after a fault are bounded, or a crafted
	// block would take time out of proportion to its size.
	again := 2 * len(text)
	for {
		at = p.open.separators(text, at)
		if at == len(text) {
			return nil
		}
		p.place.move(text, at)
		if text[at] != '{' {
			if end := envelopeEnd(text, at); p.enveloped && end > at {
				if text[at] == '}' {
					p.open.closeObject()
				}
				at = end
				continue
			}
			at = p.skip(at, out, "not a JSON object")
			continue
		}
		if !p.open.none() && isJoint(text, at) {
			p.open = nesting{} // in an array there were a comma, and the splitter thinks so too
		}
		if first := envelope(text, at); first > 0 {
			p.enveloped = true
			p.open.enter(text[at:first])
			at = first
			continue
		}
		p.scanner.trie.trim()
		end, last, f := p.scanner.document(at)
		if f != "" {
			at = p.loseDocument(at, p.resume(at, end, &again), f, block.Last, out)
			continue
		}
		if err := p.emit(block.Source, at, end, last, out); err != nil {
			return err
		}
		at = end
	}
}

// resume finds where to go on after a document that could not be read: at the
// line after its beginning that looks like another, else after the fault.
func (p *parser) resume(at, faultAt int, again *int) int {
	text := p.scanner.data
	from := faultAt
	if *again >= faultAt-at {
		*again -= faultAt - at
		from = at + 1
	}
	if next := nextDocument(text, max(from, at+1)); next >= 0 {
		return next
	}
	return len(text)
}

// skip passes over what is no document, to the next line.
func (p *parser) skip(at int, out format.Output, reason string) int {
	next := len(p.scanner.data)
	if feed := bytes.IndexByte(p.scanner.data[at:], '\n'); feed >= 0 {
		next = at + feed + 1
	}
	p.open.pass(p.scanner.data[at:next])
	p.lose(at, next, out, format.Problem{Reason: reason})
	return next
}

// loseDocument gives up a document, and goes on at the next. Where there is
// none it is not known what was closed in what is lost.
func (p *parser) loseDocument(at, next int, f fault, last bool, out format.Output) int {
	problem := format.Problem{Reason: string(f), Limit: f.limit()}
	if next == len(p.scanner.data) {
		p.open = nesting{}
		if last && f == truncated {
			problem.Kind = format.Truncated
		}
	}
	p.lose(at, next, out, problem)
	return next
}

// lose reports the text up to a place as lost.
func (p *parser) lose(at, next int, out format.Output, problem format.Problem) {
	problem.Offset, problem.Line = p.place.offset, p.place.line
	problem.Lost = p.place.encoding.EncodedSize(p.scanner.data[at:next])
	out.Problem(problem)
}

// emit passes on the document that was scanned.
func (p *parser) emit(source *event.Source, start, end int, last *node, out format.Output) error {
	if last.shape == nil {
		last.shape = p.shapes.of(last)
	}
	shape := last.shape
	p.row.document = p.scanner.data[start:end]
	p.event.Layout = shape.layout
	if shape.decider >= 0 {
		p.event.Layout = p.variant(last)
	}
	if shape.eventID >= 0 {
		p.scanner.dropFraction(shape.eventID)
	}
	if shape.uri >= 0 {
		p.splitURI(shape.uri)
	}
	p.event.Provenance = event.Provenance{
		Source: source,
		Offset: p.place.offset,
		Size:   p.place.encoding.EncodedSize(p.scanner.data[start:end]),
		Line:   p.place.line,
	}
	p.fillTime(shape)
	p.event.Host = ""
	if text, ok := p.value(shape.host); ok {
		p.event.Host = p.hosts.String(text)
	}
	if text, ok := p.value(shape.recordID); ok {
		p.event.Provenance.RecordID = recordID(text)
	}
	return out.Event(&p.event)
}

// variants remember the layouts by the value that decides, for one parser.
type variants struct {
	last   string
	layout *event.Layout
	known  map[string]*event.Layout
}

// variant returns the layout of the scanned document, whose keys end at a node.
func (p *parser) variant(n *node) *event.Layout {
	v := &n.variants
	raw := p.scanner.raw(p.scanner.windows[n.shape.decider])
	if v.layout != nil && v.last == string(raw) {
		return v.layout
	}
	layout := v.known[string(raw)]
	if layout == nil {
		if v.known == nil || len(v.known) >= maxVariants {
			v.known = map[string]*event.Layout{}
		}
		value, _ := p.value(n.shape.decider)
		layout = p.shapes.variant(n.shape, string(value))
		v.known[string(raw)] = layout
	}
	v.last, v.layout = string(raw), layout
	return layout
}

// splitURI adds the path and the query of a column as two more.
func (p *parser) splitURI(column int) {
	whole := p.scanner.windows[column]
	stem, query := whole, window{kind: null}
	if i := bytes.IndexByte(p.scanner.raw(whole), '?'); i >= 0 {
		stem.end = whole.start + int32(i)
		query = window{stem.end + 1, whole.end, whole.kind}
	}
	p.scanner.windows = append(p.scanner.windows, stem, query)
}

// value returns the text of a column, valid until the next call.
func (p *parser) value(column int) ([]byte, bool) {
	if column < 0 {
		return nil, false
	}
	var state event.State
	p.text, state = p.row.AppendValue(p.text[:0], column)
	return p.text, state == event.Present
}

// fillTime sets the time of the event: the first that states its zone, else
// the first there is.
func (p *parser) fillTime(shape *shape) {
	p.event.Time, p.event.TimeText = time.Time{}, ""
	without := -1
	for _, candidate := range shape.times {
		text, ok := p.value(candidate.column)
		if !ok {
			continue
		}
		t, zoned, ok := timestamp.Parse(text)
		switch {
		case ok && (zoned || candidate.utc):
			p.event.Time = t
			return
		case ok && without < 0:
			without = candidate.column
		}
	}
	if text, ok := p.value(without); ok {
		p.event.Time, _, _ = timestamp.Parse(text)
		p.event.TimeText = string(text)
	}
}

// recordID reads a decimal number; 0 when it is none.
func recordID(text []byte) uint64 {
	n, err := strconv.ParseUint(string(text), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
