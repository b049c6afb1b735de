package entity

import (
	"bytes"
	"math/bits"
	"net/netip"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/internal/event"
)

// An Observer shows events to a Context. It is for one goroutine.
type Observer struct {
	context *Context
	facts   facts

	plans map[*event.Layout]*plan
	last  *plan

	// The host and place of the last event, which most have in common with it.
	host     string // as written
	hostKey  string // in lower case
	hostBit  uint64
	source   *event.Source
	span     *spanFact
	day      int64
	dayBit   uint64
	scratch  []byte
	texts    map[string]string
	interest int // events of interest since the last look at the size
	room     int // entries that may be kept here
	sight    sight
	recent   [4096]uint64 // by their first bits, hashes of what was kept last
	parsed   map[string]netip.Addr

	starts    shelf[startKey, startFact]
	logons    shelf[logonKey, logonFact]
	sightings shelf[sightingKey, sightingFact]
}

const (
	// maxPlans bounds how many layouts are remembered. Only crafted logs have
	// more shapes.
	maxPlans = 1 << 14
	// maxTexts bounds the texts of which one copy is shared.
	maxTexts = 1 << 15
	// An observer gives what it has to the Context when it has so many
	// entries, and looks at their number once in so many events.
	maxEntries, lookEvery = 1 << 14, 256
	// shelfSize is how many entries of the larger tables it keeps.
	shelfSize = 1 << 9
)

// A plan is what there is to see in events of one layout.
type plan struct {
	layout  *event.Layout
	eventID int // -1 where there is none
	tasks   []task
	counts  []counted
}

// A task is an interest, with its columns in this layout; -1 for those that
// are not there.
type task struct {
	see     func(*Observer, *sight)
	columns []int
	events  []string
}

// Observer returns a new observer. Any number may work at once; each must be
// done before Finish.
func (c *Context) Observer() *Observer {
	o := &Observer{context: c, facts: newFacts(), plans: map[*event.Layout]*plan{}, texts: map[string]string{}, parsed: map[string]netip.Addr{}, day: -1 << 62, room: maxEntries}
	o.sight.Observer = o
	o.starts.of, o.logons.of, o.sightings.of = &c.facts.starts, &c.facts.logons, &c.facts.sightings
	o.starts.context, o.logons.context, o.sightings.context = c, c, c
	c.mutex.Lock()
	c.observers = append(c.observers, o)
	c.mutex.Unlock()
	return o
}

// Event looks at one event. It keeps no part of it. The error is always nil.
func (o *Observer) Event(e *event.Event) error {
	p := o.last
	if p == nil || p.layout != e.Layout {
		p = o.planOf(e.Layout)
	}
	o.locate(e)
	if len(p.tasks) == 0 && len(p.counts) == 0 {
		return nil
	}
	o.scratch = o.scratch[:0]
	o.sight.event = e
	o.work(p, e)
	for i := range p.counts {
		o.count(&p.counts[i], &o.sight)
	}
	o.sight.event = nil
	if o.interest++; o.interest >= lookEvery {
		o.interest = 0
		if o.facts.size() > o.room {
			o.flush()
		}
	}
	return nil
}

// work does the tasks of a plan.
func (o *Observer) work(p *plan, e *event.Event) {
	var id []byte
	for i := range p.tasks {
		t := &p.tasks[i]
		if len(t.events) > 0 && p.eventID >= 0 {
			if id == nil {
				if id = o.read(e, p.eventID); id == nil {
					return
				}
			}
			if !isOneOf(id, t.events) {
				continue
			}
		}
		o.sight.columns = t.columns
		t.see(o, &o.sight)
	}
}

func isOneOf(text []byte, values []string) bool {
	for _, value := range values {
		if string(text) == value {
			return true
		}
	}
	return false
}

// flush gives what was seen to the Context.
func (o *Observer) flush() {
	c := o.context
	c.mutex.Lock()
	c.facts.merge(&o.facts)
	c.mutex.Unlock()
	o.starts.flush(c)
	o.logons.flush(c)
	o.sightings.flush(c)
	o.facts = newFacts()
	o.host, o.hostKey, o.hostBit, o.source, o.span, o.day = "", "", 0, nil, nil, -1<<62
}

// A shelf holds entries of a table that are nearly always new, until there are
// enough to take the Context's lock for.
type shelf[K comparable, V any] struct {
	of      *table[K, V]
	shift   int // of the table, when it was last seen
	entries []shelved[K, V]
	context *Context
}

type shelved[K comparable, V any] struct {
	key   K
	value V
}

// wants reports whether the table would keep a key, as far as is known.
func (s *shelf[K, V]) wants(key *K) bool {
	return s.shift == 0 || bits.LeadingZeros64(s.of.kind.hash(key)) >= s.shift
}

func (s *shelf[K, V]) add(key K, value V) {
	if !s.wants(&key) {
		return
	}
	s.entries = append(s.entries, shelved[K, V]{key, value})
	if len(s.entries) >= shelfSize {
		s.flush(s.context)
	}
}

func (s *shelf[K, V]) flush(c *Context) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for i := range s.entries {
		s.of.add(s.entries[i].key, s.entries[i].value)
	}
	s.shift = s.of.shift
	clear(s.entries)
	s.entries = s.entries[:0]
}

// isNew reports whether something was not kept lately. Most events say what
// others said just before.
func (o *Observer) isNew(m mixer) bool {
	sum := m.sum()
	slot := &o.recent[sum>>52]
	if *slot == sum {
		return false
	}
	*slot = sum
	return true
}

func (o *Observer) planOf(layout *event.Layout) *plan {
	p, ok := o.plans[layout]
	if !ok {
		if len(o.plans) >= maxPlans {
			clear(o.plans)
		}
		p = newPlan(layout)
		o.plans[layout] = p
	}
	o.last = p
	return p
}

// newPlan decides by the names of the columns what is of interest.
func newPlan(layout *event.Layout) *plan {
	p := &plan{layout: layout, eventID: columnOf(layout, "EventID")}
	for i := range interests {
		if columns, ok := interests[i].columnsIn(layout); ok {
			p.tasks = append(p.tasks, task{interests[i].see, columns, interests[i].events})
		}
	}
	if p.eventID < 0 {
		p.counts = countedIn(layout)
	}
	return p
}

func columnOf(layout *event.Layout, name string) int {
	for i, column := range layout.Names {
		if column == name {
			return i
		}
	}
	return -1
}

// locate notes the host, the day and the place in the log of an event.
func (o *Observer) locate(e *event.Event) {
	if day := daysSince(e.Time); day != o.day {
		o.newDay(day, e.Time.IsZero())
	}
	if e.Host != o.host {
		o.newHost(e.Host)
	}
	if e.Provenance.RecordID == 0 || e.Host == "" || e.Provenance.Carved {
		return
	}
	if e.Provenance.Source != o.source || o.span == nil {
		o.newSpan(e.Provenance.Source)
	}
	if o.span != nil {
		o.span.merge(e.Provenance.RecordID)
	}
}

// newDay notes another day; events without a time have none.
func (o *Observer) newDay(day int64, none bool) {
	o.day, o.dayBit = day, 0
	if !none {
		o.dayBit = 1 << (uint64(day) % 64)
		o.facts.days |= o.dayBit
	}
}

func daysSince(t time.Time) int64 { return t.Unix() / (24 * 60 * 60) }

func (s *spanFact) merge(record uint64) {
	if s.last == 0 {
		s.first = record
	}
	s.first, s.last = min(s.first, record), max(s.last, record)
}

func (o *Observer) newHost(written string) {
	o.host, o.span = o.share([]byte(written)), nil
	o.hostKey = o.shareLower([]byte(hostName(written)))
	o.hostBit = hostBit(o.hostKey)
	if o.hostKey != "" {
		o.facts.hosts.add(o.hostKey, hostFact{written: o.host})
	}
}

// hostBit is the bit that stands for a host in counts; names of one host with
// and without its domain have the same.
func hostBit(host string) uint64 {
	if host == "" {
		return 0
	}
	return 1 << (newMixer().text(shortName(host)).sum() % 64)
}

func (o *Observer) newSpan(source *event.Source) {
	o.source, o.span = source, nil
	if source != nil && o.hostKey != "" {
		o.span = o.facts.spans.at(spanKey{source.Name, o.hostKey})
	}
}

// read decodes a column; nil when it has no value.
func (o *Observer) read(e *event.Event, column int) []byte {
	start := len(o.scratch)
	out, state := e.Values.AppendValue(o.scratch, column)
	if state != event.Present {
		return nil
	}
	o.scratch = out
	return out[start:len(out):len(out)]
}

// share returns a text of which all copies are one.
func (o *Observer) share(text []byte) string {
	if len(text) == 0 {
		return ""
	}
	if known, ok := o.texts[string(text)]; ok {
		return known
	}
	if len(o.texts) >= maxTexts {
		clear(o.texts)
	}
	made := string(text)
	o.texts[made] = made
	return made
}

// shareLower is share in lower case.
func (o *Observer) shareLower(text []byte) string {
	for _, c := range text {
		if c >= 'A' && c <= 'Z' || c >= 0x80 {
			return o.share(bytes.ToLower(text))
		}
	}
	return o.share(text)
}

// A sight is one event, as a task sees it.
type sight struct {
	*Observer
	event   *event.Event
	columns []int
}

// bytes is a column's text without placeholders; nil for none.
func (s *sight) bytes(column int) []byte {
	if s.columns[column] < 0 {
		return nil
	}
	text := bytes.TrimSpace(s.read(s.event, s.columns[column]))
	if len(text) == 0 || len(text) == 1 && text[0] == '-' {
		return nil
	}
	return text
}

// maxText bounds what is kept of one value.
const maxText = 1 << 10

func (s *sight) text(column int) string {
	text := s.bytes(column)
	return s.share(text[:min(len(text), maxText)])
}

func (s *sight) number(column int) uint64 {
	n, _ := parseNumber(s.bytes(column))
	return n
}

func (s *sight) guid(column int) guid {
	g, _ := parseGUID(s.bytes(column))
	return g
}

func (s *sight) address(column int) (netip.Addr, bool) {
	text := s.bytes(column)
	if address, known := s.parsed[string(text)]; known {
		return address, address.IsValid()
	}
	if len(s.parsed) >= maxTexts {
		clear(s.parsed)
	}
	address, ok := parseAddress(string(text))
	if !ok {
		address = netip.Addr{}
	}
	if len(text) <= 64 {
		s.parsed[string(text)] = address
	}
	return address, ok
}

// account reads an account from up to three columns; -1 is none.
func (s *sight) account(name, domain, sid int) accountName {
	var a accountName
	if name >= 0 {
		a = parseAccount(s.text(name))
	}
	if domain >= 0 && a.domain == "" {
		a.domain = s.text(domain)
	}
	if sid >= 0 {
		if text := s.text(sid); isSID(text) && text != "S-1-0-0" {
			a.sid = text
		}
	}
	if a.name == "" && a.sid == "" {
		a.domain = ""
	}
	return a
}

// nanos is the event's time; 0 for none.
func (s *sight) nanos() int64 {
	if s.event.Time.IsZero() {
		return 0
	}
	return s.event.Time.UnixNano()
}

// use counts a value for the host and day of the event.
func (s *sight) use(kind Kind, value string) {
	if value == "" || !s.isNew(newMixer().text(string(kind)).text(value).number(s.hostBit).number(s.dayBit)) {
		return
	}
	if value = strings.ToLower(value); kind == File {
		value = pathKey(value)
	}
	s.facts.uses.add(useKey{kind, value}, useFact{s.hostBit, s.dayBit})
}

func (s *sight) useAccount(a accountName) {
	if a.name == "" && a.sid == "" || !s.isNew(newMixer().text(a.domain).text(a.name).text(a.sid).number(s.hostBit).number(s.dayBit)) {
		return
	}
	s.facts.uses.add(useKey{Account, useOfAccount(a)}, useFact{s.hostBit, s.dayBit})
}

func (s *sight) useAddress(a netip.Addr) {
	if a.IsValid() && s.isNew(newMixer().address(a).number(s.hostBit).number(s.dayBit)) {
		s.facts.uses.add(useKey{Address, a.String()}, useFact{s.hostBit, s.dayBit})
	}
}
