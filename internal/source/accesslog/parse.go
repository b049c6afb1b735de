package accesslog

import (
	"bytes"
	"time"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/source/format"
	"github.com/kulla-defence/kulla/internal/source/line"
	"github.com/kulla-defence/kulla/internal/source/row"
	"github.com/kulla-defence/kulla/internal/source/timestamp"
)

// shapes are the layouts, which all parsers share.
type shapes struct{ access, apache, nginx *event.Layout }

// newShapes names the columns as Sigma's web server rules do. Most of those
// take cs-uri-query for path and query, as proxies log them, and some for the
// query alone, as IIS does; so it has both values.
func newShapes() *shapes {
	failures := []string{"module", "level", "pid", "c-ip", "message"}
	return &shapes{
		access: &event.Layout{Category: "webserver", Names: []string{
			"c-ip", "cs-username", "cs-method", "cs-uri-stem", "cs-uri-query", "cs-uri-query", "cs-uri", "cs-version",
			"sc-status", "sc-bytes", "cs-referer", "cs-user-agent", "cs-host", "s-port", "extra",
		}},
		apache: &event.Layout{Service: "apache", Names: failures},
		nginx:  &event.Layout{Service: "nginx", Names: failures},
	}
}

// A parser reads blocks for one worker.
type parser struct {
	shapes  *shapes
	walker  line.Walker
	hosts   format.Names
	event   event.Event
	row     row.Row
	access  access
	request request
	failure failure
	// text holds what was unescaped of the current line.
	text []byte
}

func newParser(shapes *shapes) *parser {
	p := &parser{shapes: shapes}
	p.event.Values = &p.row
	return p
}

// Parse implements format.Parser.
func (p *parser) Parse(block *format.Block, out format.Output) error {
	first := block.State.(line.State).Format.(kind)
	return p.walker.Each(block, func(l line.Line) error {
		p.row.Reset()
		p.text = p.text[:0]
		p.event.Time, p.event.TimeText, p.event.Host = time.Time{}, "", ""
		if !p.line(l.Text, first, out) {
			out.Problem(format.Problem{Offset: l.Offset, Line: l.Number, Lost: l.Size, Reason: "line is neither of an access log nor of an error log"})
			return nil
		}
		p.event.Provenance = event.Provenance{Source: block.Source, Offset: l.Offset, Size: l.Size, Line: l.Number}
		return out.Event(&p.event)
	})
}

// line fills the event, and reports whether the line is known.
func (p *parser) line(text []byte, first kind, out format.Output) bool {
	switch {
	case p.access.parse(text):
		p.row.Raw = text
		p.fillAccess(out)
	case p.failure.parseApache(text):
		p.row.Raw = text
		p.fillFailure(p.shapes.apache)
	case p.failure.parseNginx(text):
		p.row.Raw = text
		p.fillFailure(p.shapes.nginx)
	case first == apacheError:
		p.failure = failure{message: text}
		p.fillFailure(p.shapes.apache)
	case first == nginxError:
		p.failure = failure{message: text}
		p.fillFailure(p.shapes.nginx)
	default:
		return false
	}
	return true
}

func (p *parser) fillAccess(out format.Output) {
	a := &p.access
	p.event.Layout = p.shapes.access
	p.setTime(a.time)
	if a.unclosed {
		out.Note("lines end within quotes: they may have been cut off")
	}
	p.row.AddWritten(a.client)
	p.row.AddWritten(p.unescaped(a.user))
	p.fillRequest()
	p.row.AddWritten(a.status)
	p.row.AddWritten(a.bytes)
	p.add(p.unescaped(a.referer), a.hasReferer)
	p.add(p.unescaped(a.agent), a.hasAgent)
	host, port := a.host, []byte(nil)
	if at := bytes.LastIndexByte(host, ':'); at >= 0 && timestamp.Number(host[at+1:]) >= 0 {
		host, port = host[:at], host[at+1:]
	}
	p.add(host, len(host) > 0)
	p.add(port, len(port) > 0)
	p.add(p.unescaped(a.extra), len(a.extra) > 0)
	if len(host) > 0 {
		p.event.Host = p.hosts.String(host)
	}
}

// fillRequest adds the columns of the request. What is no request, such as the
// beginning of a TLS handshake, is cs-uri alone.
func (p *parser) fillRequest() {
	text := p.unescaped(p.access.request)
	r := &p.request
	if !r.parse(text) {
		for range 4 {
			p.row.AddAbsent()
		}
		p.row.Add(text)
		p.row.AddAbsent()
		return
	}
	p.row.Add(r.method)
	p.row.Add(r.stem)
	p.add(r.query, r.hasQuery)
	p.row.Add(r.uri)
	p.row.Add(r.uri)
	p.add(r.version, len(r.version) > 0)
}

// add adds a column that the line may not have.
func (p *parser) add(text []byte, has bool) {
	if has {
		p.row.AddWritten(text)
	} else {
		p.row.AddAbsent()
	}
}

// unescaped is text without escapes, in p.text where there were some. What was
// put there earlier stays valid when it grows.
func (p *parser) unescaped(text []byte) []byte {
	if bytes.IndexByte(text, '\\') < 0 {
		return text
	}
	p.row.Raw = nil
	begin := len(p.text)
	p.text = unescape(p.text, text)
	return p.text[begin:len(p.text):len(p.text)]
}

// setTime sets the time of the event.
func (p *parser) setTime(text []byte) {
	t, zoned, ok := parseTime(text)
	if !ok {
		p.event.TimeText = string(text)
		return
	}
	p.event.Time = t
	if !zoned {
		p.event.TimeText = string(text)
	}
}

// fillFailure fills the event from a line of an error log.
func (p *parser) fillFailure(layout *event.Layout) {
	f := &p.failure
	p.event.Layout = layout
	p.event.Time = f.time
	if !f.time.IsZero() {
		p.event.TimeText = string(f.written)
	}
	p.add(f.module, len(f.module) > 0)
	p.add(f.level, len(f.level) > 0)
	p.add(f.process, len(f.process) > 0)
	p.add(f.client, len(f.client) > 0)
	p.row.Add(f.message)
}
