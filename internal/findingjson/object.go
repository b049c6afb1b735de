package findingjson

import (
	"encoding/hex"
	"math"
	"strconv"
	"time"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/sigma"
)

// An Object is a JSON object that is being written, a member at a time. The
// caller appends the closing brace.
type Object struct {
	JSON []byte
	any  bool
}

// Begin opens an object at the end of dst.
func Begin(dst []byte) Object { return Object{JSON: append(dst, '{')} }

// Key begins a member; its value is appended to JSON.
func (o *Object) Key(name string) {
	if o.any {
		o.JSON = append(o.JSON, ',')
	}
	o.any = true
	o.JSON = AppendString(o.JSON, name)
	o.JSON = append(o.JSON, ':')
}

// Text writes a string.
func (o *Object) Text(name, value string) {
	o.Key(name)
	o.JSON = AppendString(o.JSON, value)
}

// Texts writes an array of strings.
func (o *Object) Texts(name string, values []string) {
	o.Key(name)
	o.JSON = append(o.JSON, '[')
	for i, value := range values {
		if i > 0 {
			o.JSON = append(o.JSON, ',')
		}
		o.JSON = AppendString(o.JSON, value)
	}
	o.JSON = append(o.JSON, ']')
}

// Number writes a whole number.
func (o *Object) Number(name string, value int64) {
	o.Key(name)
	o.JSON = strconv.AppendInt(o.JSON, value, 10)
}

// Float writes a number, or null where JSON has none for it.
func (o *Object) Float(name string, value float64) {
	o.Key(name)
	if math.IsNaN(value) || math.IsInf(value, 0) {
		o.JSON = append(o.JSON, "null"...)
		return
	}
	o.JSON = strconv.AppendFloat(o.JSON, value, 'g', -1, 64)
}

// Timed reports whether RFC 3339 can say a time: one that is not zero, of a year
// of four digits. A broken record may claim others.
func Timed(t time.Time) bool {
	if t.IsZero() {
		return false
	}
	year := t.UTC().Year()
	return year >= 0 && year <= 9999
}

// Time writes a time as RFC 3339 in UTC, null when it is not Timed.
func (o *Object) Time(name string, t time.Time) {
	o.Key(name)
	if !Timed(t) {
		o.JSON = append(o.JSON, "null"...)
		return
	}
	o.JSON = append(o.JSON, '"')
	o.JSON = t.UTC().AppendFormat(o.JSON, time.RFC3339Nano)
	o.JSON = append(o.JSON, '"')
}

// Digest writes a SHA-256 in lower-case hexadecimal.
func (o *Object) Digest(name string, digest [32]byte) {
	o.Key(name)
	o.JSON = append(o.JSON, '"')
	o.JSON = hex.AppendEncode(o.JSON, digest[:])
	o.JSON = append(o.JSON, '"')
}

// Place writes where a record stands, with the digest of its source.
func (o *Object) Place(p event.Provenance, digests Digests) {
	o.source(p)
	if digest, ok := digests(p.Source); ok {
		o.Digest("sha256", digest)
	} else {
		o.Key("sha256")
		o.JSON = append(o.JSON, "null"...)
	}
	o.position(p)
}

// PlaceWithoutDigest writes where a record stands.
func (o *Object) PlaceWithoutDigest(p event.Provenance) {
	o.source(p)
	o.position(p)
}

func (o *Object) source(p event.Provenance) {
	name := ""
	if p.Source != nil {
		name = p.Source.Name
	}
	o.Text("source", name)
}

func (o *Object) position(p event.Provenance) {
	o.Number("offset", p.Offset)
	o.Number("size", p.Size)
	if p.Line != 0 {
		o.Number("line", p.Line)
	}
	o.Key("record_id")
	o.JSON = strconv.AppendUint(o.JSON, p.RecordID, 10)
	if p.Carved {
		o.Key("carved")
		o.JSON = append(o.JSON, "true"...)
	}
}

// Fields writes fields as an object in their order. A name that stands several
// times has an array of its values, where it first stands.
func (o *Object) Fields(name string, fields []detect.Field) {
	o.Key(name)
	inner := Begin(o.JSON)
	names := namesOf(fields)
	for i, field := range fields {
		switch names.at(i) {
		case once:
			inner.Key(field.Name)
			inner.JSON = appendFieldValue(inner.JSON, field)
		case several:
			inner.Key(field.Name)
			inner.JSON = appendFieldArray(inner.JSON, fields[i:], field.Name)
		}
	}
	o.JSON = append(inner.JSON, '}')
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
	return AppendString(dst, field.Value)
}

// How often a name stands, seen from one field.
const (
	once = iota
	several
	before // it stood earlier, and is written
)

// names tells which fields share a name.
type names struct {
	fields []detect.Field
	count  map[string]int // nil while there are few: comparing is faster
}

const fewFields = 64

func namesOf(fields []detect.Field) names {
	n := names{fields: fields}
	if len(fields) > fewFields {
		n.count = make(map[string]int, len(fields))
		for _, field := range fields {
			n.count[field.Name]++
		}
	}
	return n
}

// at is asked once for each field, in order.
func (n *names) at(i int) int {
	name := n.fields[i].Name
	if n.count == nil {
		switch {
		case hasName(n.fields[:i], name):
			return before
		case hasName(n.fields[i+1:], name):
			return several
		}
		return once
	}
	switch n.count[name] {
	case 0:
		return before
	case 1:
		return once
	}
	n.count[name] = 0
	return several
}

func hasName(fields []detect.Field, name string) bool {
	for i := range fields {
		if fields[i].Name == name {
			return true
		}
	}
	return false
}

// LevelName is a level as JSON has it; empty without one.
func LevelName(level sigma.Level) string { return levels[min(level, sigma.Critical)] }

var levels = [...]string{"", "informational", "low", "medium", "high", "critical"}
