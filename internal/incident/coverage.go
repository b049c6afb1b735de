package incident

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/incident/entity"
)

// A RecordKind is something that logs record or do not, and that an analyst
// asks for when it is not there.
type RecordKind string

const (
	ProcessStarts RecordKind = "processes"
	Logons        RecordKind = "logons"
	Connections   RecordKind = "connections"
	FileWrites    RecordKind = "files"
	Requests      RecordKind = "requests"      // to a web server
	RequestBytes  RecordKind = "request_bytes" // with how much went to and fro
	Records       RecordKind = "records"       // of any kind
)

// A Log is that the evidence of a host has records of a kind, and from when
// to when.
type Log struct {
	Host  string     `json:"host"` // as the records name it
	Kind  RecordKind `json:"kind"`
	First time.Time  `json:"first"`
	Last  time.Time  `json:"last"`
	Count int64      `json:"count"`
}

// Coverage is which records the evidence has of each host. Its observers see
// every event.
type Coverage struct {
	mutex     sync.Mutex
	observers []*CoverageObserver
}

// NewCoverage returns an empty Coverage.
func NewCoverage() *Coverage { return &Coverage{} }

// A CoverageObserver shows events to a Coverage. It is for one goroutine.
type CoverageObserver struct {
	kinds map[*event.Layout][]RecordKind
	spans map[layoutHost]*logSpan

	layout *event.Layout
	host   string
	span   *logSpan
}

type layoutHost struct {
	layout *event.Layout
	host   string
}

type logSpan struct {
	first, last time.Time
	count       int64
}

// maxSpans bounds the pairs of layouts and hosts that an observer keeps; only
// crafted evidence has more, and what it has more of is not counted.
const maxSpans = 1 << 16

// Observer returns a new observer. Any number may work at once.
func (c *Coverage) Observer() *CoverageObserver {
	o := &CoverageObserver{kinds: map[*event.Layout][]RecordKind{}, spans: map[layoutHost]*logSpan{}}
	c.mutex.Lock()
	c.observers = append(c.observers, o)
	c.mutex.Unlock()
	return o
}

// Event looks at one event. It keeps no part of it. The error is always nil.
func (o *CoverageObserver) Event(e *event.Event) error {
	if e.Host == "" || e.Time.IsZero() {
		return nil
	}
	if e.Layout != o.layout || e.Host != o.host {
		o.find(e)
	}
	if o.span == nil {
		return nil
	}
	o.span.count++
	if o.span.first.IsZero() || e.Time.Before(o.span.first) {
		o.span.first = e.Time
	}
	if e.Time.After(o.span.last) {
		o.span.last = e.Time
	}
	return nil
}

func (o *CoverageObserver) find(e *event.Event) {
	key := layoutHost{e.Layout, e.Host}
	o.span = o.spans[key]
	if o.span == nil && len(o.spans) < maxSpans {
		key.host = strings.Clone(e.Host)
		o.span = &logSpan{}
		o.spans[key] = o.span
		if o.kinds[e.Layout] == nil {
			o.kinds[e.Layout] = kindsOf(e.Layout)
		}
	}
	o.layout, o.host = e.Layout, key.host
}

// kindsOf are the kinds of records that a layout is for, told by its columns.
func kindsOf(layout *event.Layout) []RecordKind {
	has := func(names ...string) bool {
		for _, name := range names {
			if !slices.Contains(layout.Names, name) {
				return false
			}
		}
		return true
	}
	kinds := []RecordKind{Records}
	for _, known := range []struct {
		kind    RecordKind
		columns []string
	}{
		{ProcessStarts, []string{"NewProcessName"}}, {ProcessStarts, []string{"ParentProcessGuid", "Image"}}, {ProcessStarts, []string{"ParentProcessGUID", "Image"}},
		{ProcessStarts, []string{"CommandLine", "Image"}}, {ProcessStarts, []string{"ParentImage", "Image"}}, // Sysmon, from which exports left things out
		{ProcessStarts, []string{"exe", "ppid"}}, {ProcessStarts, []string{"InitiatingProcessFileName", "ProcessCommandLine"}},
		{Logons, []string{"LogonType", "TargetLogonId"}}, {Logons, []string{"acct", "terminal"}},
		{Connections, []string{"DestinationIp"}}, {Connections, []string{"dst_ip"}}, {Connections, []string{"DestAddress"}}, {Connections, []string{"id.resp_h"}},
		{FileWrites, []string{"TargetFilename"}}, {Requests, []string{"cs-uri-stem"}}, {Requests, []string{"cs-method"}}, {RequestBytes, []string{"cs-uri-stem", "sc-bytes"}},
	} {
		if has(known.columns...) && !slices.Contains(kinds, known.kind) {
			kinds = append(kinds, known.kind)
		}
	}
	return kinds
}

// Logs says which records there are, by host and kind. It comes after all
// observers; the result does not depend on their number. Logs of several
// readings may be given to a Builder one after the other.
func (c *Coverage) Logs() []Log {
	type key struct {
		host string
		kind RecordKind
	}
	spans := map[key]*logSpan{}
	for _, o := range c.observers {
		for at, span := range o.spans {
			for _, kind := range o.kinds[at.layout] {
				s := spans[key{at.host, kind}]
				if s == nil {
					s = &logSpan{}
					spans[key{at.host, kind}] = s
				}
				s.count += span.count
				s.first, s.last = widened(s.first, s.last, span.first, span.last)
			}
		}
	}
	logs := make([]Log, 0, len(spans))
	for at, s := range spans {
		logs = append(logs, Log{Host: at.host, Kind: at.kind, First: s.first, Last: s.last, Count: s.count})
	}
	slices.SortFunc(logs, func(a, b Log) int {
		return cmp.Or(strings.Compare(a.Host, b.Host), strings.Compare(string(a.Kind), string(b.Kind)))
	})
	return logs
}

// A hostKind is a host and a kind of record.
type hostKind struct {
	host entity.Key
	kind RecordKind
}

// covered resolves the hosts of logs, and widens those of one host and kind.
func covered(context *entity.Context, logs []Log) map[hostKind]logSpan {
	spans := map[hostKind]logSpan{}
	for _, log := range logs {
		key := hostKind{context.Resolve(entity.Mention{Kind: entity.Host, Role: entity.At, Value: log.Host, Time: log.First}).Key, log.Kind}
		s := spans[key]
		s.first, s.last = widened(s.first, s.last, log.First, log.Last)
		s.count += log.Count
		spans[key] = s
	}
	return spans
}
