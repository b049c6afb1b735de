package detect

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/internal/event"
)

// Statistics is what was counted over all events.
type Statistics struct {
	Events int64
	// OutsideRange is how many of them lie outside the asked times, and
	// WithoutTime how many do not say when they happened. The latter are
	// matched all the same, but take no part in correlations.
	OutsideRange int64
	WithoutTime  int64
	// Channels counts events by channel, or by log source where the format
	// knows no channels; Hosts by the name a host gives itself.
	Channels []Channel
	Hosts    []Host
	// Cleared lists events that say a log was cleared.
	Cleared []Cleared
	// ClearedMore is how many such events there were beyond those listed.
	ClearedMore int64
}

// A Cleared is an event that says a log was cleared: which one, empty where it
// does not say.
type Cleared struct {
	Member
	Log string
}

// last is the time of the last event.
func (s *Statistics) last() time.Time {
	var last time.Time
	for i := range s.Channels {
		if s.Channels[i].Last.After(last) {
			last = s.Channels[i].Last
		}
	}
	return last
}

// A Channel is a Windows event channel, or another kind of log.
type Channel struct {
	Name        string
	Events      int64
	First, Last time.Time
}

// A Host is a machine that events are about.
type Host struct {
	Name   string
	Events int64
}

// maxNames bounds how many different names of one kind a sink counts; what
// comes after is counted under "(other)". maxCleared bounds a list.
const (
	maxNames   = 1 << 12
	maxCleared = 100
	otherNames = "(other)"
)

// counts is one sink's part of the statistics.
type counts struct {
	events, outside, timeless int64
	channels                  map[string]*Channel
	hosts                     map[string]*Host
	lastHost                  *Host
	cleared                   []Cleared
	clearedMore               int64
	text                      []byte
}

func newCounts() *counts {
	return &counts{channels: map[string]*Channel{}, hosts: map[string]*Host{}}
}

// add counts one event.
func (c *counts) add(r *row) {
	c.events++
	c.addChannel(r)
	c.addHost(r.event.Host)
}

func (c *counts) addChannel(r *row) {
	e, s := r.event, r.schema
	if !s.sameChannel(r) {
		c.findChannel(r)
	}
	s.counter.Events++
	if e.Time.IsZero() {
		c.timeless++
		return
	}
	s.counter.cover(e.Time)
	if s.eventID >= 0 {
		c.noteCleared(e, s)
	}
}

// findChannel finds the counter of an event's channel.
func (c *counts) findChannel(r *row) {
	s := r.schema
	c.text = c.text[:0]
	if s.channel >= 0 {
		c.text, _ = r.event.Values.AppendValue(c.text, s.channel)
	}
	if len(c.text) == 0 {
		c.text = appendLogSource(c.text, s.layout)
	}
	if s.counter == nil || s.counter.Name != string(c.text) {
		s.counter = c.channel(c.text)
	}
}

func appendLogSource(dst []byte, layout *event.Layout) []byte {
	for _, attribute := range []string{layout.Product, layout.Category, layout.Service} {
		if attribute == "" {
			continue
		}
		if len(dst) > 0 {
			dst = append(dst, '/')
		}
		dst = append(dst, attribute...)
	}
	if len(dst) == 0 {
		dst = append(dst, "(unknown)"...)
	}
	return dst
}

func (c *counts) channel(name []byte) *Channel {
	if known, ok := c.channels[string(name)]; ok {
		return known
	}
	text := string(name)
	if len(c.channels) >= maxNames {
		text = otherNames
		if known, ok := c.channels[text]; ok {
			return known
		}
	}
	fresh := &Channel{Name: text}
	c.channels[text] = fresh
	return fresh
}

func (c *Channel) cover(t time.Time) {
	if c.First.IsZero() || t.Before(c.First) {
		c.First = t
	}
	if t.After(c.Last) {
		c.Last = t
	}
}

func (c *counts) addHost(name string) {
	if name == "" {
		return
	}
	if c.lastHost == nil || c.lastHost.Name != name {
		known, ok := c.hosts[name]
		if !ok {
			if len(c.hosts) >= maxNames {
				name = otherNames
			}
			if known, ok = c.hosts[name]; !ok {
				known = &Host{Name: strings.Clone(name)}
				c.hosts[known.Name] = known
			}
		}
		c.lastHost = known
	}
	c.lastHost.Events++
}

// noteCleared remembers the events by which Windows says that a log was
// cleared: Security 1102 and System 104.
func (c *counts) noteCleared(e *event.Event, s *schema) {
	var id string
	switch s.counter.Name {
	case "Security":
		id = "1102"
	case "System":
		id = "104"
	default:
		return
	}
	c.text, _ = e.Values.AppendValue(c.text[:0], s.eventID)
	if string(c.text) != id {
		return
	}
	if log, ok := clearedLog(e, s); ok {
		c.cleared = append(c.cleared, Cleared{Member{Time: e.Time, Host: strings.Clone(e.Host), Place: e.Provenance}, log})
	}
	if len(c.cleared) >= 10*maxCleared {
		c.cleared, c.clearedMore = earliest(c.cleared, c.clearedMore)
	}
}

// clearedLog tells which log an event says was cleared; ok is false where another
// provider says it, whose number only is the same.
func clearedLog(e *event.Event, s *schema) (log string, ok bool) {
	if s.counter.Name == "Security" {
		log = s.counter.Name
	}
	for column, name := range e.Layout.Names {
		switch {
		case name == "Provider_Name":
			provider, _ := e.Values.AppendValue(nil, column)
			if len(provider) > 0 && !strings.EqualFold(string(provider), "Microsoft-Windows-Eventlog") {
				return "", false
			}
		case name == "Channel" && column != s.channel: // that of the event's own data
			named, _ := e.Values.AppendValue(nil, column)
			log = string(named)
		}
	}
	return log, true
}

// earliest keeps the first maxCleared events and counts the others.
func earliest(cleared []Cleared, more int64) ([]Cleared, int64) {
	slices.SortFunc(cleared, func(a, b Cleared) int {
		return cmp.Or(a.Time.Compare(b.Time), ComparePlaces(a.Place, b.Place))
	})
	if len(cleared) <= maxCleared {
		return cleared, more
	}
	return cleared[:maxCleared], more + int64(len(cleared)-maxCleared)
}

// collect adds the sinks' counts up.
func collect(parts []*counts) Statistics {
	var total Statistics
	channels, hosts := map[string]*Channel{}, map[string]*Host{}
	for _, part := range parts {
		total.Events += part.events
		total.OutsideRange += part.outside
		total.WithoutTime += part.timeless
		total.Cleared = append(total.Cleared, part.cleared...)
		total.ClearedMore += part.clearedMore
		for name, counted := range part.channels {
			addChannelTo(channels, name, counted)
		}
		for name, counted := range part.hosts {
			sum, ok := hosts[name]
			if !ok {
				sum = &Host{Name: name}
				hosts[name] = sum
			}
			sum.Events += counted.Events
		}
	}
	for _, channel := range channels {
		total.Channels = append(total.Channels, *channel)
	}
	for _, host := range hosts {
		total.Hosts = append(total.Hosts, *host)
	}
	total.order()
	return total
}

func addChannelTo(channels map[string]*Channel, name string, counted *Channel) {
	sum, ok := channels[name]
	if !ok {
		sum = &Channel{Name: name}
		channels[name] = sum
	}
	sum.Events += counted.Events
	if !counted.First.IsZero() {
		sum.cover(counted.First)
		sum.cover(counted.Last)
	}
}

// order sorts all lists: the most events first, then by name.
func (s *Statistics) order() {
	slices.SortFunc(s.Channels, func(a, b Channel) int {
		return cmp.Or(cmp.Compare(b.Events, a.Events), strings.Compare(a.Name, b.Name))
	})
	slices.SortFunc(s.Hosts, func(a, b Host) int {
		return cmp.Or(cmp.Compare(b.Events, a.Events), strings.Compare(a.Name, b.Name))
	})
	s.Cleared, s.ClearedMore = earliest(s.Cleared, s.ClearedMore)
}
