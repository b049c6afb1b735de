package report

import (
	"bufio"
	"io"
	"net/url"
	"strings"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/sigma"
)

// WriteSARIF writes one run of SARIF 2.1.0 (OASIS standard): a rule for each
// that matched, a result for each finding, whose location is a range of bytes.
func WriteSARIF(w io.Writer, d *Document) error {
	out := bufio.NewWriterSize(w, 64<<10)
	rules, index := matchedRules(d)
	out.WriteString(`{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[{"tool":{"driver":`)
	out.Write(appendDriver(nil, d.Tool, rules))
	out.WriteString(`},"columnKind":"unicodeCodePoints","results":[`)
	err := eachLine(out, d.Findings, "\n", ",\n", func(dst []byte, f *detect.Finding) []byte {
		return appendResult(dst, f, index[f.Rule], d.Digests)
	})
	if err != nil {
		return err
	}
	out.WriteString("\n],\"invocations\":[")
	invocation := object{dst: []byte{'{'}}
	invocation.boolean("executionSuccessful", !d.Summary.Interrupted)
	invocation.key("toolExecutionNotifications")
	invocation.dst = appendNotifications(invocation.dst, d.Summary)
	out.Write(append(invocation.dst, "}]}]}\n"...))
	return out.Flush()
}

// matchedRules are the rules that have findings, as the table orders them.
func matchedRules(d *Document) ([]*detect.Rule, map[*detect.Rule]int64) {
	var rules []*detect.Rule
	index := map[*detect.Rule]int64{}
	for _, group := range d.Summary.Groups.Sorted() {
		if _, ok := index[group.Rule]; !ok {
			index[group.Rule] = int64(len(rules))
			rules = append(rules, group.Rule)
		}
	}
	return rules, index
}

func appendDriver(dst []byte, version string, rules []*detect.Rule) []byte {
	o := object{dst: append(dst, '{')}
	o.text("name", "kulla")
	if version != "" {
		o.text("version", version)
	}
	o.key("rules")
	o.dst = append(o.dst, '[')
	for i, rule := range rules {
		if i > 0 {
			o.dst = append(o.dst, ',')
		}
		o.dst = appendSARIFRule(o.dst, rule)
	}
	return append(o.dst, "]}"...)
}

func appendSARIFRule(dst []byte, rule *detect.Rule) []byte {
	o := object{dst: append(dst, '{')}
	o.text("id", sarifID(rule))
	o.message("shortDescription", rule.Title)
	o.key("defaultConfiguration")
	configuration := object{dst: append(o.dst, '{')}
	configuration.text("level", sarifLevel(rule.Level))
	o.dst = append(configuration.dst, '}')
	o.key("properties")
	properties := object{dst: append(o.dst, '{')}
	properties.texts("tags", append([]string{"security"}, rule.Techniques...))
	if rule.Level != sigma.NoLevel {
		properties.text("kulla/level", levelName(rule.Level))
	}
	return append(properties.dst, "}}"...)
}

// sarifID is never empty, as the standard asks.
func sarifID(rule *detect.Rule) string {
	if rule.ID != "" {
		return rule.ID
	}
	return "title:" + rule.Title
}

// sarifLevel puts five levels into three (section 3.27.10).
func sarifLevel(level sigma.Level) string {
	switch {
	case level >= sigma.High:
		return "error"
	case level == sigma.Medium:
		return "warning"
	}
	return "note"
}

func appendResult(dst []byte, f *detect.Finding, ruleIndex int64, digests Digests) []byte {
	o := object{dst: append(dst, '{')}
	o.text("ruleId", sarifID(f.Rule))
	o.number("ruleIndex", ruleIndex)
	o.text("level", sarifLevel(f.Rule.Level))
	o.message("message", messageOf(f))
	o.key("locations")
	o.dst = append(appendLocation(append(o.dst, '['), f), ']')
	o.key("partialFingerprints")
	prints := object{dst: append(o.dst, '{')}
	prints.text("kullaFindingId/v1", FindingID(f, digests))
	o.dst = append(prints.dst, '}')
	o.key("properties")
	properties := object{dst: append(o.dst, '{')}
	properties.time("time", f.Time)
	properties.text("host", f.Host)
	properties.place(f.Place, digests)
	properties.key("event")
	properties.dst = appendFields(properties.dst, f.Fields)
	return append(properties.dst, "}}"...)
}

func appendLocation(dst []byte, f *detect.Finding) []byte {
	dst = append(dst, `{"physicalLocation":{"artifactLocation":`...)
	artifact := object{dst: append(dst, '{')}
	artifact.text("uri", uriOf(sourceOf(f)))
	artifact.dst = append(artifact.dst, `},"region":`...)
	region := object{dst: append(artifact.dst, '{')}
	region.number("byteOffset", max(f.Place.Offset, 0))
	region.number("byteLength", max(f.Place.Size, 0))
	if f.Place.Line > 0 {
		region.number("startLine", f.Place.Line)
	}
	return append(region.dst, "}}}"...)
}

// uriOf writes a path as a relative reference, or a path of Windows with a
// drive or a share as a file URI (section 3.10.1). Every byte that a URI does
// not allow is percent-encoded, and no colon is taken for the end of a scheme.
func uriOf(name string) string {
	path := strings.ReplaceAll(name, `\`, "/")
	switch {
	case len(path) > 2 && path[1] == ':' && path[2] == '/' && (path[0]|0x20 >= 'a' && path[0]|0x20 <= 'z'):
		return (&url.URL{Scheme: "file", Path: "/" + path}).String()
	case strings.HasPrefix(path, "//"):
		return (&url.URL{Scheme: "file", Path: path}).String()
	}
	return (&url.URL{Path: path}).String()
}

func appendNotifications(dst []byte, s *Summary) []byte {
	dst = append(dst, '[')
	for i, line := range append(unreadLines(s.Register), Unstated(s.Register)...) {
		if i > 0 {
			dst = append(dst, ',')
		}
		o := object{dst: append(dst, '{')}
		o.text("level", "warning")
		o.message("message", line)
		dst = append(o.dst, '}')
	}
	return append(dst, ']')
}

func (o *object) message(name, text string) {
	o.key(name)
	inner := object{dst: append(o.dst, '{')}
	inner.text("text", text)
	o.dst = append(inner.dst, '}')
}

func (o *object) boolean(name string, value bool) {
	o.key(name)
	if value {
		o.dst = append(o.dst, "true"...)
	} else {
		o.dst = append(o.dst, "false"...)
	}
}
