package findingjson

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/sigma"
)

// A Parsed is a finding that was read back. JSON does not say which fields the
// rule asked for, nor of the rule more than its id, title, level, techniques
// and tactics.
type Parsed struct {
	*detect.Finding
	// ID is the "finding_id" as it stands there.
	ID string
	// SHA256 is of the source; zero where it is not known.
	SHA256 [sha256.Size]byte
}

// A Parser reads findings back. Findings of one parser share their rules and
// sources. Its zero value is ready; it is for one goroutine at a time.
type Parser struct {
	rules   map[string]*detect.Rule
	sources map[sourceKey]*event.Source
	digests map[*event.Source][sha256.Size]byte
}

// sourceKey tells sources apart: two of one name may differ in content.
type sourceKey struct {
	name   string
	digest [sha256.Size]byte
}

// maxShared bounds what a parser remembers.
const maxShared = 1 << 16

// Parse reads one finding back.
func Parse(data []byte) (*Parsed, error) { return new(Parser).Parse(data) }

// Parse reads one finding back. It keeps nothing of data. Unknown keys are
// passed over.
func (p *Parser) Parse(data []byte) (*Parsed, error) {
	r := reader{cursor: cursor{rest: data, size: len(data)}, parser: p}
	parsed := r.finding()
	if r.err == nil && r.peek() != 0 {
		r.fail("the end")
	}
	if r.err != nil {
		return nil, r.err
	}
	return parsed, nil
}

// Digest is a Digests for the sources of this parser's findings.
func (p *Parser) Digest(source *event.Source) ([sha256.Size]byte, bool) {
	digest, ok := p.digests[source]
	return digest, ok
}

// rule returns the one rule that is like this.
func (p *Parser) rule(like *detect.Rule) *detect.Rule {
	var space [256]byte
	key := append(space[:0], byte(like.Level))
	if like.Correlation {
		key[0] |= 0x80
	}
	for _, text := range [...]string{like.ID, like.Title, strings.Join(like.Techniques, "\x00"), strings.Join(like.Tactics, "\x00")} {
		key = appendPart(key, text)
	}
	if rule, ok := p.rules[string(key)]; ok {
		return rule
	}
	if p.rules == nil || len(p.rules) >= maxShared {
		p.rules = map[string]*detect.Rule{}
	}
	rule := *like
	p.rules[string(key)] = &rule
	return &rule
}

func (p *Parser) source(key sourceKey) *event.Source {
	if source, ok := p.sources[key]; ok {
		return source
	}
	if p.sources == nil || len(p.sources) >= maxShared {
		p.sources, p.digests = map[sourceKey]*event.Source{}, map[*event.Source][sha256.Size]byte{}
	}
	source := &event.Source{Name: key.name}
	p.sources[key] = source
	if key.digest != [sha256.Size]byte{} {
		p.digests[source] = key.digest
	}
	return source
}

// A reader reads one finding.
type reader struct {
	cursor
	parser *Parser
}

// A position is what a finding and a member have in common.
type position struct {
	time   time.Time
	host   string
	source sourceKey
	place  event.Provenance
	record [sha256.Size]byte
	fields []detect.Field
}

func (r *reader) finding() *Parsed {
	var rule detect.Rule
	var at position
	var asked []string
	partly := false
	parsed := &Parsed{Finding: &detect.Finding{}}
	r.object(func(key []byte) {
		switch string(key) {
		case "finding_id":
			parsed.ID = string(r.text())
		case "level":
			rule.Level = r.level()
		case "techniques":
			rule.Techniques = r.texts()
		case "tactics":
			rule.Tactics = r.texts()
		case "time_as_written":
			parsed.TimeText = string(r.text())
		case "asked":
			asked, partly = r.texts(), true
		case "correlation":
			rule.Correlation = true
			parsed.Correlation = r.correlation()
		default:
			r.common(key, &rule, &at)
		}
	})
	if r.err != nil {
		return nil
	}
	parsed.Rule = r.parser.rule(&rule)
	parsed.Time, parsed.Host, parsed.Record, parsed.Fields = at.time, at.host, at.record, at.fields
	for i := range parsed.Fields {
		parsed.Fields[i].Asked = !partly || slices.Contains(asked, parsed.Fields[i].Name)
	}
	parsed.Place = r.place(&at)
	parsed.SHA256 = at.source.digest
	return parsed
}

// common reads a key that findings and members both have, or skips it.
func (r *reader) common(key []byte, rule *detect.Rule, at *position) {
	switch string(key) {
	case "rule_id":
		rule.ID = string(r.text())
	case "rule_title":
		rule.Title = string(r.text())
	case "time":
		at.time = r.time()
	case "host":
		at.host = string(r.text())
	case "source":
		at.source.name = string(r.text())
	case "sha256":
		if !r.null() {
			at.source.digest = r.digest()
		}
	case "offset":
		at.place.Offset = r.integer()
	case "size":
		at.place.Size = r.integer()
	case "line":
		at.place.Line = r.integer()
	case "record_id":
		at.place.RecordID = r.unsigned()
	case "carved":
		at.place.Carved = r.boolean()
	case "record_sha256":
		at.record = r.digest()
	case "event":
		at.fields = r.fields()
	default:
		r.value(0)
	}
}

func (r *reader) place(at *position) event.Provenance {
	at.place.Source = r.parser.source(at.source)
	return at.place
}

func (r *reader) correlation() *detect.Correlation {
	c := &detect.Correlation{}
	r.object(func(key []byte) {
		switch string(key) {
		case "first":
			c.First = r.time()
		case "last":
			c.Last = r.time()
		case "count":
			c.Count = r.integer()
		case "value":
			if !r.null() {
				c.Value = r.float()
			}
		case "incomplete":
			c.Incomplete = r.boolean()
		case "group":
			c.Group = r.fields()
		case "events":
			r.array(func() { c.Events = append(c.Events, r.member()) })
		default:
			r.value(0)
		}
	})
	return c
}

func (r *reader) member() detect.Member {
	var rule detect.Rule
	var at position
	ruled := false
	r.object(func(key []byte) {
		ruled = ruled || string(key) == "rule_id"
		r.common(key, &rule, &at)
	})
	m := detect.Member{Time: at.time, Host: at.host, Place: r.place(&at), Record: at.record, Fields: at.fields}
	if ruled {
		m.Rule = r.parser.rule(&rule)
	}
	return m
}

// fields reads columns in their order; one of several values becomes several.
func (r *reader) fields() []detect.Field {
	var fields []detect.Field
	r.object(func(key []byte) {
		name := string(key)
		if r.peek() != '[' {
			fields = append(fields, r.field(name))
			return
		}
		r.array(func() { fields = append(fields, r.field(name)) })
	})
	return fields
}

func (r *reader) field(name string) detect.Field {
	if r.null() {
		return detect.Field{Name: name, Null: true}
	}
	return detect.Field{Name: name, Value: string(r.text())}
}

func (r *reader) texts() []string {
	var list []string
	r.array(func() { list = append(list, string(r.text())) })
	return list
}

func (r *reader) level() sigma.Level {
	level := slices.Index(levels[:], string(r.text()))
	if level < 0 {
		r.fail("a level")
		return sigma.NoLevel
	}
	return sigma.Level(level)
}

func (r *reader) time() time.Time {
	if r.null() {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, string(r.text()))
	if err != nil {
		r.fail("a time")
	}
	return t.UTC()
}

func (r *reader) digest() (digest [sha256.Size]byte) {
	text := r.text()
	if len(text) != hex.EncodedLen(len(digest)) {
		r.fail("a SHA-256")
		return digest
	}
	if _, err := hex.Decode(digest[:], text); err != nil {
		r.fail("a SHA-256")
	}
	return digest
}
