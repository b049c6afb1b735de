package report

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"iter"
	"math"
	"strconv"
	"time"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/sigma"
)

// Digests gives the SHA-256 of a source, and false where it is not known: a
// source that was not read to its end.
type Digests func(*event.Source) ([sha256.Size]byte, bool)

// WriteFindings writes findings as JSON, one object a line, as
// docs/formats/finding.md describes them.
func WriteFindings(w io.Writer, findings iter.Seq2[*detect.Finding, error], digests Digests) error {
	out := bufio.NewWriterSize(w, 64<<10)
	var line []byte
	for finding, err := range findings {
		if err != nil {
			return err
		}
		line = AppendFinding(line[:0], finding, digests)
		line = append(line, '\n')
		if _, err := out.Write(line); err != nil {
			return err
		}
	}
	return out.Flush()
}

// AppendFinding appends one finding as a JSON object without a line end.
func AppendFinding(dst []byte, f *detect.Finding, digests Digests) []byte {
	o := object{dst: append(dst, '{')}
	o.text("finding_id", FindingID(f, digests))
	o.text("rule_id", f.Rule.ID)
	o.text("rule_title", f.Rule.Title)
	o.text("level", levelName(f.Rule.Level))
	o.texts("techniques", f.Rule.Techniques)
	o.texts("tactics", f.Rule.Tactics)
	o.time("time", f.Time)
	if f.TimeText != "" {
		o.text("time_as_written", f.TimeText)
	}
	o.text("host", f.Host)
	o.place(f.Place, digests)
	o.key("event")
	o.dst = appendFields(o.dst, f.Fields)
	if f.Correlation != nil {
		o.key("correlation")
		o.dst = appendCorrelation(o.dst, f.Correlation, digests)
	}
	return append(o.dst, '}')
}

// FindingID names a finding by what it rests on: the rule, the evidence file
// by content, the record, and the group of a correlation. The same evidence
// gives the same id wherever the file lies. It is 128 bits in hexadecimal.
func FindingID(f *detect.Finding, digests Digests) string {
	hash := sha256.New()
	part := func(text string) {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(text)))
		hash.Write(size[:])
		io.WriteString(hash, text)
	}
	part(f.Rule.ID)
	part(f.Rule.Title)
	digest, _ := digests(f.Place.Source)
	part(string(digest[:]))
	part(strconv.FormatInt(f.Place.Offset, 10))
	part(strconv.FormatUint(f.Place.RecordID, 10))
	if f.Correlation != nil {
		for _, field := range f.Correlation.Group {
			part(field.Name)
			part(field.Value)
		}
	}
	return hex.EncodeToString(hash.Sum(nil)[:16])
}

func appendCorrelation(dst []byte, c *detect.Correlation, digests Digests) []byte {
	o := object{dst: append(dst, '{')}
	o.time("first", c.First)
	o.time("last", c.Last)
	o.number("count", c.Count)
	o.key("value")
	o.dst = appendFloat(o.dst, c.Value)
	if c.Incomplete {
		o.key("incomplete")
		o.dst = append(o.dst, "true"...)
	}
	o.key("group")
	o.dst = appendFields(o.dst, c.Group)
	o.key("events")
	o.dst = append(o.dst, '[')
	for i, member := range c.Events {
		if i > 0 {
			o.dst = append(o.dst, ',')
		}
		o.dst = appendMember(o.dst, member, digests)
	}
	o.dst = append(o.dst, ']')
	return append(o.dst, '}')
}

func appendMember(dst []byte, m detect.Member, digests Digests) []byte {
	o := object{dst: append(dst, '{')}
	if m.Rule != nil {
		o.text("rule_id", m.Rule.ID)
		o.text("rule_title", m.Rule.Title)
	}
	o.time("time", m.Time)
	o.text("host", m.Host)
	o.place(m.Place, digests)
	return append(o.dst, '}')
}

// appendFields writes fields as an object in their order. A name that stands
// several times has an array of its values, where it first stands.
func appendFields(dst []byte, fields []detect.Field) []byte {
	o := object{dst: append(dst, '{')}
	count := make(map[string]int, len(fields))
	for _, field := range fields {
		count[field.Name]++
	}
	for i, field := range fields {
		switch n := count[field.Name]; {
		case n == 1:
			o.key(field.Name)
			o.dst = appendFieldValue(o.dst, field)
		case n > 1:
			o.key(field.Name)
			o.dst = appendFieldArray(o.dst, fields[i:], field.Name)
			count[field.Name] = 0 // written
		}
	}
	return append(o.dst, '}')
}

func appendFieldArray(dst []byte, fields []detect.Field, name string) []byte {
	dst = append(dst, '[')
	for i, field := range fields {
		if field.Name != name {
			continue
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendFieldValue(dst, field)
	}
	return append(dst, ']')
}

func appendFieldValue(dst []byte, field detect.Field) []byte {
	if field.Null {
		return append(dst, "null"...)
	}
	return appendString(dst, field.Value)
}

// An object is a JSON object that is being written.
type object struct {
	dst []byte
	any bool
}

func (o *object) key(name string) {
	if o.any {
		o.dst = append(o.dst, ',')
	}
	o.any = true
	o.dst = appendString(o.dst, name)
	o.dst = append(o.dst, ':')
}

func (o *object) text(name, value string) {
	o.key(name)
	o.dst = appendString(o.dst, value)
}

func (o *object) texts(name string, values []string) {
	o.key(name)
	o.dst = append(o.dst, '[')
	for i, value := range values {
		if i > 0 {
			o.dst = append(o.dst, ',')
		}
		o.dst = appendString(o.dst, value)
	}
	o.dst = append(o.dst, ']')
}

func (o *object) number(name string, value int64) {
	o.key(name)
	o.dst = strconv.AppendInt(o.dst, value, 10)
}

func (o *object) time(name string, t time.Time) {
	o.key(name)
	if t.IsZero() {
		o.dst = append(o.dst, "null"...)
		return
	}
	o.dst = append(o.dst, '"')
	o.dst = t.UTC().AppendFormat(o.dst, time.RFC3339Nano)
	o.dst = append(o.dst, '"')
}

func (o *object) place(p event.Provenance, digests Digests) {
	o.source(p)
	o.key("sha256")
	if digest, ok := digests(p.Source); ok {
		o.dst = append(o.dst, '"')
		o.dst = hex.AppendEncode(o.dst, digest[:])
		o.dst = append(o.dst, '"')
	} else {
		o.dst = append(o.dst, "null"...)
	}
	o.position(p)
}

func (o *object) placeWithoutDigest(p event.Provenance) {
	o.source(p)
	o.position(p)
}

func (o *object) source(p event.Provenance) {
	name := ""
	if p.Source != nil {
		name = p.Source.Name
	}
	o.text("source", name)
}

func (o *object) position(p event.Provenance) {
	o.number("offset", p.Offset)
	o.number("size", p.Size)
	if p.Line != 0 {
		o.number("line", p.Line)
	}
	o.key("record_id")
	o.dst = strconv.AppendUint(o.dst, p.RecordID, 10)
}

func appendFloat(dst []byte, value float64) []byte {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return append(dst, "null"...)
	}
	return strconv.AppendFloat(dst, value, 'g', -1, 64)
}

func levelName(level sigma.Level) string {
	return [...]string{"", "informational", "low", "medium", "high", "critical"}[min(level, sigma.Critical)]
}
