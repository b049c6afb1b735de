// Package fastlog makes events of Suricata's fast.log, which has one alert a
// line. The columns have the names that the same values have in EVE, Suricata's
// JSON, so that a rule finds them in both.
//
// Source: Suricata, output "fast" (src/alert-fastlog.c). Begin with Format,
// then alert.parse.
package fastlog

import (
	"bytes"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/source/format"
	"github.com/kulla-defence/kulla/internal/source/line"
	"github.com/kulla-defence/kulla/internal/source/row"
)

// Format returns the format. The years are written, so it needs none.
func Format() *format.Format {
	layout := &event.Layout{Product: "suricata", Service: "alert", Names: []string{
		"event_type", "alert.action", "alert.gid", "alert.signature_id", "alert.rev", "alert.signature", "alert.category", "alert.severity",
		"proto", "src_ip", "src_port", "dest_ip", "dest_port",
	}}
	return &format.Format{
		Name:        "fastlog",
		Recognise:   recognise,
		NewSplitter: func(options format.Options) format.Splitter { return line.NewSplitter(options, nil) },
		NewParser:   func() format.Parser { return newParser(layout) },
	}
}

func recognise(head []byte) bool {
	first, _, _ := bytes.Cut(line.Head(head), []byte{'\n'})
	var a alert
	return a.parse(bytes.TrimSuffix(first, []byte{'\r'}))
}

// A parser reads blocks for one worker.
type parser struct {
	walker line.Walker
	event  event.Event
	row    row.Row
	alert  alert
}

func newParser(layout *event.Layout) *parser {
	p := &parser{event: event.Event{Layout: layout}}
	p.event.Values = &p.row
	return p
}

// Parse implements format.Parser.
func (p *parser) Parse(block *format.Block, out format.Output) error {
	return p.walker.Each(block, func(l line.Line) error {
		if !p.alert.parse(l.Text) {
			out.Problem(format.Problem{Offset: l.Offset, Line: l.Number, Lost: l.Size, Reason: "line is not an alert of fast.log"})
			return nil
		}
		p.fill()
		p.event.Provenance = event.Provenance{Source: block.Source, Offset: l.Offset, Size: l.Size, Line: l.Number}
		return out.Event(&p.event)
	})
}

var kind = []byte("alert")

func (p *parser) fill() {
	a := &p.alert
	p.event.Time, p.event.TimeText = a.time, string(a.written)
	p.row.Reset()
	p.row.Add(kind)
	for _, text := range [][]byte{a.action, a.generator, a.signatureID, a.revision, a.signature, a.category, a.severity, a.protocol, a.sourceAddress, a.sourcePort, a.address, a.port} {
		if len(text) > 0 {
			p.row.Add(text)
		} else {
			p.row.AddAbsent()
		}
	}
}
