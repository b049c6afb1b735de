// Package timeline puts all events of all sources in one order of time.
//
// An Entry is one event in one line. Sinks put entries aside in bounded
// memory, Entries yields them. Events without a time come last. What an entry
// looks like to a person or a program is the matter of package report. Begin
// with New.
package timeline

import (
	"bytes"
	"encoding/binary"
	"errors"
	"iter"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/spool"
)

// An Entry is one event, as far as one line shows it.
type Entry struct {
	// Time is when it happened, UTC; zero when the record does not say.
	Time time.Time
	// TimeText is the time as written, when the source states no zone.
	TimeText string
	Host     string
	Source   string
	// Log is the channel, or the log source; ID says which kind of event.
	Log, ID string
	// Message are the telling fields, "name: value" a piece.
	Message                    string
	Offset, Size, Line, Record uint64
	// Carved is as in event.Provenance.
	Carved bool
}

// A Timeline orders events.
type Timeline struct {
	spool    *spool.Spool
	from, to time.Time
}

// New returns an empty timeline of the events from a time to another; zero
// means no bound. Each sink keeps 8 MiB in memory, the rest in folder.
func New(from, to time.Time, folder string) *Timeline {
	return &Timeline{spool: spool.New(8<<20, folder, bytes.Compare), from: from, to: to}
}

// Sink returns a new sink for one goroutine.
func (t *Timeline) Sink() *Sink {
	return &Sink{timeline: t, shelf: t.spool.Shelf(), columns: map[*event.Layout]*columns{}}
}

// Close removes temporary files.
func (t *Timeline) Close() error { return t.spool.Close() }

// A Sink takes the events of one goroutine.
type Sink struct {
	timeline   *Timeline
	shelf      *spool.Shelf
	columns    map[*event.Layout]*columns
	item, text []byte
}

// columns are where the parts of an entry stand in events of one layout.
type columns struct {
	channel, id int
	log         string
}

const maxLayouts = 1 << 14

// Event puts one event aside.
func (s *Sink) Event(e *event.Event) error {
	if s.timeline.outside(e.Time) {
		return nil
	}
	return s.shelf.Add(s.append(e))
}

func (t *Timeline) outside(at time.Time) bool {
	return !at.IsZero() && (!t.from.IsZero() && at.Before(t.from) || !t.to.IsZero() && !at.Before(t.to))
}

// append writes an item: what it is sorted by, then its texts.
func (s *Sink) append(e *event.Event) []byte {
	where := s.of(e.Layout)
	p := e.Provenance
	item := AppendPlace(appendTime(s.item[:0], e.Time), p)
	key := len(item)
	item = appendText(item, e.TimeText)
	item = appendText(item, e.Host)
	item = appendText(item, p.Source.Name)
	log := s.value(e, where.channel)
	if len(log) == 0 {
		log = append(log, where.log...)
	}
	item = appendText(item, log)
	item = appendText(item, s.value(e, where.id))
	item = appendText(item, s.message(e, where))
	item = appendSize(item, p)
	s.item = binary.BigEndian.AppendUint32(item, uint32(key))
	return s.item
}

func (s *Sink) value(e *event.Event, column int) []byte {
	s.text = s.text[:0]
	if column >= 0 {
		s.text, _ = e.Values.AppendValue(s.text, column)
	}
	return s.text
}

// A message has at most so many fields and bytes.
const (
	maxFields  = 8
	maxMessage = 400
)

func (s *Sink) message(e *event.Event, where *columns) []byte {
	text, fields := s.text[:0], 0
	for column, name := range e.Layout.Names {
		if column == where.channel || column == where.id || describesRecord(name) {
			continue
		}
		start := len(text)
		if start > 0 {
			text = append(text, " · "...)
		}
		text = append(append(text, name...), ": "...)
		from := len(text)
		var state event.State
		text, state = e.Values.AppendValue(text, column)
		if value := string(text[from:]); state != event.Present || value == "" || value == "-" {
			text = text[:start]
			continue
		}
		if fields++; fields == maxFields || len(text) >= maxMessage {
			break
		}
	}
	if len(text) > maxMessage {
		text = append([]byte(strings.ToValidUTF8(string(text[:maxMessage]), "")), "…"...)
	}
	s.text = text
	return text
}

func (s *Sink) of(layout *event.Layout) *columns {
	known := s.columns[layout]
	if known == nil {
		if len(s.columns) >= maxLayouts {
			clear(s.columns)
		}
		known = columnsOf(layout)
		s.columns[layout] = known
	}
	return known
}

func columnsOf(layout *event.Layout) *columns {
	c := &columns{channel: -1, id: -1, log: LogName(layout)}
	for i, name := range layout.Names {
		switch {
		case name == "Channel" && c.channel < 0:
			c.channel = i
		case name == "EventID" && c.id < 0:
			c.id = i
		}
	}
	return c
}

// LogName is the log source of a layout in one word.
func LogName(layout *event.Layout) string {
	var parts []string
	for _, part := range []string{layout.Product, layout.Category, layout.Service} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 {
		return "(unknown)"
	}
	return strings.Join(parts, "/")
}

// describesRecord recognises columns about the record rather than about what
// happened.
func describesRecord(name string) bool {
	switch name {
	case "EventRecordID", "Computer", "Version", "Level", "Task", "Opcode", "Keywords", "EventID_Qualifiers",
		"date", "time", "ts", "UtcTime", "DateTime", "date-time", "dateTime", "timestamp", "@timestamp", "eventtime", "rt",
		"facility", "severity", "hostname", "s-computername", "cef_version", "cef_severity", "device_vendor", "device_version":
		return true
	}
	if strings.HasSuffix(name, "Guid") || strings.HasSuffix(name, "GUID") {
		return true
	}
	section, _, ok := strings.Cut(name, "_")
	switch section {
	case "Provider", "Correlation", "Execution", "Security", "TimeCreated", "RenderingInfo":
		return ok
	}
	return false
}

// appendTime writes a time such that bytes sort as times do, none last.
func appendTime(dst []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(dst, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	}
	dst = binary.BigEndian.AppendUint64(append(dst, 0), uint64(t.Unix())^1<<63)
	return binary.BigEndian.AppendUint32(dst, uint32(t.Nanosecond()))
}

// appendSize writes the size of a record, and whether it was carved.
func appendSize(dst []byte, p event.Provenance) []byte {
	size := uint64(p.Size) << 1
	if p.Carved {
		size |= 1
	}
	return binary.AppendUvarint(dst, size)
}

// AppendPlace writes a place such that bytes sort as evidence stands: by
// source, then by position.
func AppendPlace(dst []byte, p event.Provenance) []byte {
	dst = append(append(dst, p.Source.Name...), 0)
	dst = binary.BigEndian.AppendUint64(dst, uint64(p.Offset))
	dst = binary.BigEndian.AppendUint64(dst, uint64(p.Line))
	return binary.BigEndian.AppendUint64(dst, p.RecordID)
}

func appendText[T string | []byte](dst []byte, text T) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

// Entries yields all entries in order of time, then of evidence. No sink may
// be used any more.
func (t *Timeline) Entries() iter.Seq2[*Entry, error] {
	return func(yield func(*Entry, error) bool) {
		for item, err := range t.spool.All() {
			var entry *Entry
			if err == nil {
				entry, err = decode(item)
			}
			if !yield(entry, err) || err != nil {
				return
			}
		}
	}
}

var errEncoding = errors.New("an event that was put aside cannot be read back")

const (
	timeSize  = 13
	placeSize = 24
)

func decode(item []byte) (*Entry, error) {
	if len(item) < timeSize+placeSize+4 {
		return nil, errEncoding
	}
	key := int(binary.BigEndian.Uint32(item[len(item)-4:]))
	if key < timeSize+placeSize || key > len(item)-4 {
		return nil, errEncoding
	}
	place := item[key-placeSize : key]
	e := &Entry{Offset: binary.BigEndian.Uint64(place), Line: binary.BigEndian.Uint64(place[8:]), Record: binary.BigEndian.Uint64(place[16:])}
	if item[0] == 0 {
		e.Time = time.Unix(int64(binary.BigEndian.Uint64(item[1:])^1<<63), int64(binary.BigEndian.Uint32(item[9:]))).UTC()
	}
	rest := item[key : len(item)-4]
	for _, text := range []*string{&e.TimeText, &e.Host, &e.Source, &e.Log, &e.ID, &e.Message} {
		size, n := binary.Uvarint(rest)
		if n <= 0 || size > uint64(len(rest)-n) {
			return nil, errEncoding
		}
		*text = string(rest[n : n+int(size)])
		rest = rest[n+int(size):]
	}
	size, _ := binary.Uvarint(rest)
	e.Size, e.Carved = size>>1, size&1 != 0
	return e, nil
}
