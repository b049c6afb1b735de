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
	invocation := begin(nil)
	invocation.boolean("executionSuccessful", !d.Summary.Interrupted)
	invocation.Key("toolExecutionNotifications")
	invocation.JSON = appendNotifications(invocation.JSON, d.Summary)
	out.Write(append(invocation.JSON, "}]}]}\n"...))
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
	o := begin(dst)
	o.Text("name", "kulla")
	if version != "" {
		o.Text("version", version)
	}
	o.Key("rules")
	o.JSON = append(o.JSON, '[')
	for i, rule := range rules {
		if i > 0 {
			o.JSON = append(o.JSON, ',')
		}
		o.JSON = appendSARIFRule(o.JSON, rule)
	}
	return append(o.JSON, "]}"...)
}

func appendSARIFRule(dst []byte, rule *detect.Rule) []byte {
	o := begin(dst)
	o.Text("id", sarifID(rule))
	o.message("shortDescription", rule.Title)
	o.Key("defaultConfiguration")
	configuration := begin(o.JSON)
	configuration.Text("level", sarifLevel(rule.Level))
	o.JSON = append(configuration.JSON, '}')
	o.Key("properties")
	properties := begin(o.JSON)
	properties.Texts("tags", append([]string{"security"}, rule.Techniques...))
	if rule.Level != sigma.NoLevel {
		properties.Text("kulla/level", levelName(rule.Level))
	}
	return append(properties.JSON, "}}"...)
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
	o := begin(dst)
	o.Text("ruleId", sarifID(f.Rule))
	o.Number("ruleIndex", ruleIndex)
	o.Text("level", sarifLevel(f.Rule.Level))
	o.message("message", messageOf(f))
	o.Key("locations")
	o.JSON = append(appendLocation(append(o.JSON, '['), f), ']')
	o.Key("partialFingerprints")
	prints := begin(o.JSON)
	prints.Text("kullaFindingId/v1", FindingID(f, digests))
	o.JSON = append(prints.JSON, '}')
	o.Key("properties")
	properties := begin(o.JSON)
	properties.Time("time", f.Time)
	properties.Text("host", f.Host)
	properties.Place(f.Place, digests)
	properties.Fields("event", f.Fields)
	return append(properties.JSON, "}}"...)
}

func appendLocation(dst []byte, f *detect.Finding) []byte {
	dst = append(dst, `{"physicalLocation":{"artifactLocation":`...)
	artifact := begin(dst)
	artifact.Text("uri", uriOf(sourceOf(f)))
	artifact.JSON = append(artifact.JSON, `},"region":`...)
	region := begin(artifact.JSON)
	region.Number("byteOffset", max(f.Place.Offset, 0))
	region.Number("byteLength", max(f.Place.Size, 0))
	if f.Place.Line > 0 {
		region.Number("startLine", f.Place.Line)
	}
	return append(region.JSON, "}}}"...)
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
		o := begin(dst)
		o.Text("level", "warning")
		o.message("message", line)
		dst = append(o.JSON, '}')
	}
	return append(dst, ']')
}

func (o *object) message(name, text string) {
	o.Key(name)
	inner := begin(o.JSON)
	inner.Text("text", text)
	o.JSON = append(inner.JSON, '}')
}

func (o *object) boolean(name string, value bool) {
	o.Key(name)
	if value {
		o.JSON = append(o.JSON, "true"...)
	} else {
		o.JSON = append(o.JSON, "false"...)
	}
}
