package findingjson

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strconv"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/event"
)

// Digests gives the SHA-256 of a source, and false where it is not known: a
// source that was not read to its end.
type Digests func(*event.Source) ([sha256.Size]byte, bool)

// Append appends one finding as a JSON object without a line end.
func Append(dst []byte, f *detect.Finding, digests Digests) []byte {
	return AppendNamed(dst, f, digests, KeyOf(f, digests))
}

// AppendNamed is Append where the key is known already.
func AppendNamed(dst []byte, f *detect.Finding, digests Digests, key Key) []byte {
	o := Begin(dst)
	o.Text("finding_id", key.String())
	o.Text("rule_id", f.Rule.ID)
	o.Text("rule_title", f.Rule.Title)
	o.Text("level", LevelName(f.Rule.Level))
	o.Texts("techniques", f.Rule.Techniques)
	o.Texts("tactics", f.Rule.Tactics)
	o.Time("time", f.Time)
	if f.TimeText != "" {
		o.Text("time_as_written", f.TimeText)
	}
	o.Text("host", f.Host)
	o.Place(f.Place, digests)
	o.record(f.Record)
	o.Fields("event", f.Fields)
	o.asked(f)
	if f.Correlation != nil {
		o.correlation(f.Correlation, digests)
	}
	return append(o.JSON, '}')
}

// A Key names a finding by what it rests on: the rule, the evidence file by
// content, the record, and the group of a correlation. The same evidence gives
// the same key wherever the file lies.
type Key [16]byte

// String is the key as "finding_id" has it.
func (k Key) String() string { return hex.EncodeToString(k[:]) }

// KeyFrom reads a key as "finding_id" has it.
func KeyFrom(id string) (key Key, ok bool) {
	if len(id) != 2*len(key) {
		return key, false
	}
	_, err := hex.Decode(key[:], []byte(id))
	return key, err == nil
}

// AppendKept is Append for a finding that has its id already: that of one whose
// source continues another says the first content of it.
func AppendKept(dst []byte, f *detect.Finding, digests Digests, id string) []byte {
	key, ok := KeyFrom(id)
	if !ok {
		key = KeyOf(f, digests)
	}
	return AppendNamed(dst, f, digests, key)
}

// ID is the "finding_id" of a finding: 128 bits in hexadecimal.
func ID(f *detect.Finding, digests Digests) string { return KeyOf(f, digests).String() }

// KeyOf returns the key of a finding: the beginning of a SHA-256 over parts,
// each after its length.
func KeyOf(f *detect.Finding, digests Digests) Key {
	var space [512]byte
	digest, _ := digests(f.Place.Source)
	text := appendPart(space[:0], f.Rule.ID)
	text = appendPart(text, f.Rule.Title)
	text = appendPart(text, string(digest[:]))
	text = appendPart(text, strconv.FormatInt(f.Place.Offset, 10))
	text = appendPart(text, strconv.FormatUint(f.Place.RecordID, 10))
	if f.Correlation != nil {
		for _, field := range f.Correlation.Group {
			text = appendPart(appendPart(text, field.Name), field.Value)
		}
	}
	sum := sha256.Sum256(text)
	return Key(sum[:16])
}

func appendPart(dst []byte, text string) []byte {
	return append(binary.BigEndian.AppendUint64(dst, uint64(len(text))), text...)
}

// asked writes, for findings of a case, which columns the rule looked at, where
// the event has others as well.
func (o *Object) asked(f *detect.Finding) {
	unasked := func(field detect.Field) bool { return !field.Asked }
	if f.Record == [sha256.Size]byte{} || !slices.ContainsFunc(f.Fields, unasked) {
		return
	}
	var names []string
	for _, field := range f.Fields {
		if field.Asked && !slices.Contains(names, field.Name) {
			names = append(names, field.Name)
		}
	}
	o.Texts("asked", names)
}

// record writes the digest of the record's bytes, where it was taken.
func (o *Object) record(digest [sha256.Size]byte) {
	if digest != [sha256.Size]byte{} {
		o.Digest("record_sha256", digest)
	}
}

func (o *Object) correlation(c *detect.Correlation, digests Digests) {
	o.Key("correlation")
	inner := Begin(o.JSON)
	inner.Time("first", c.First)
	inner.Time("last", c.Last)
	inner.Number("count", c.Count)
	inner.Float("value", c.Value)
	if c.Incomplete {
		inner.Key("incomplete")
		inner.JSON = append(inner.JSON, "true"...)
	}
	inner.Fields("group", c.Group)
	inner.Key("events")
	inner.JSON = append(inner.JSON, '[')
	for i := range c.Events {
		if i > 0 {
			inner.JSON = append(inner.JSON, ',')
		}
		inner.JSON = appendMember(inner.JSON, &c.Events[i], digests)
	}
	o.JSON = append(inner.JSON, "]}"...)
}

func appendMember(dst []byte, m *detect.Member, digests Digests) []byte {
	o := Begin(dst)
	if m.Rule != nil {
		o.Text("rule_id", m.Rule.ID)
		o.Text("rule_title", m.Rule.Title)
	}
	o.Time("time", m.Time)
	o.Text("host", m.Host)
	o.Place(m.Place, digests)
	o.record(m.Record)
	if len(m.Fields) > 0 {
		o.Fields("event", m.Fields)
	}
	return append(o.JSON, '}')
}
