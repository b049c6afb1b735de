package main

import (
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/internal/evtxwriter"
)

// Channels of the logs.
const (
	security   = "Security"
	system     = "System"
	sysmon     = "Microsoft-Windows-Sysmon/Operational"
	defender   = "Microsoft-Windows-Windows Defender/Operational"
	powershell = "Microsoft-Windows-PowerShell/Operational"
	exchange   = "MSExchange Management"
)

// A host is a machine and the logs it keeps.
type host struct {
	name    string
	address string
	// hasSysmon: processes are recorded by Sysmon; elsewhere by Windows' own
	// process auditing.
	hasSysmon bool
	// ordinary is what it records on any day.
	ordinary func(day time.Time)
	// skew is how far its clock is ahead.
	skew   time.Duration
	logs   map[string]*log
	texts  map[string]*textLog
	random *rand.Rand
}

// A log is one channel of a host.
type log struct {
	events []evtxwriter.Event
	// next is the number of the record that comes next.
	next uint64
	// cleared is when the log was emptied; what came before is lost.
	cleared time.Time
	// gap: at this time so many records are missing.
	gap     time.Time
	missing uint64
}

func newHost(name, address string) *host {
	return &host{name: name, address: address, logs: map[string]*log{}, texts: map[string]*textLog{},
		random: rand.New(rand.NewPCG(number(name), 2022))}
}

// newWindows returns a host that runs Windows.
func newWindows(name, address string, hasSysmon bool) *host {
	h := newHost(name, address)
	h.hasSysmon = hasSysmon
	h.ordinary = h.ordinaryWindows
	return h
}

// number makes a number of a name, always the same.
func number(name string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(name))
	return h.Sum64()
}

func (h *host) computer() string { return h.name + "." + dnsDomain }

func (h *host) log(channel string) *log {
	if h.logs[channel] == nil {
		h.logs[channel] = &log{next: 10_000 + number(h.name+channel)%50_000}
	}
	return h.logs[channel]
}

// add records an event. The source is the process that wrote it.
func (h *host) add(channel string, e evtxwriter.Event) {
	e.Channel, e.Computer = channel, h.computer()
	e.PID, e.TID = 4*uint32(150+number(channel)%200), 4*uint32(h.random.IntN(2000)+1)
	e.Time = h.clock(e.Time).Add(time.Duration(h.random.IntN(10_000)) * 100 * time.Microsecond)
	l := h.log(channel)
	l.events = append(l.events, e)
}

// clock is what the host takes a time for.
func (h *host) clock(t time.Time) time.Time { return t.Add(h.skew) }

// process gives a process identifier.
func (h *host) process() uint32 { return 4 * uint32(h.random.IntN(4000)+200) }

// guid gives an identifier of the kind Sysmon gives to processes: machine,
// time, number.
func (h *host) guid() string {
	return fmt.Sprintf("{%08x-b5f0-6099-%04x-000000000200}", uint32(number(h.name)), h.random.IntN(1<<16))
}

// write writes what the host recorded until the end of a period.
func (h *host) write(out output, p period) error {
	for _, channel := range slices.Sorted(maps.Keys(h.logs)) {
		kept := h.logs[channel].take(p.until)
		if len(kept) == 0 {
			continue
		}
		data, err := evtxwriter.Encode(evtxwriter.Options{}, kept...)
		if err != nil {
			return fmt.Errorf("%s of %s: %w", channel, h.name, err)
		}
		if err := out.file(h.name+"/"+fileName(channel, p), data); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(h.texts)) {
		if err := h.texts[name].write(out, h, p); err != nil {
			return err
		}
	}
	return nil
}

// fileName is that of a log, as Windows has it.
func fileName(channel string, p period) string {
	name := strings.ReplaceAll(channel, "/", "%4")
	if p.archive != "" {
		name = "Archive-" + name + "-" + p.archive
	}
	return name + ".evtx"
}

// take gives the events until a time, in order and numbered, without those
// that are lost.
func (l *log) take(until time.Time) []evtxwriter.Event {
	slices.SortStableFunc(l.events, func(a, b evtxwriter.Event) int { return a.Time.Compare(b.Time) })
	end := 0
	var kept []evtxwriter.Event
	for ; end < len(l.events) && l.events[end].Time.Before(until); end++ {
		e := l.events[end]
		if !l.gap.IsZero() && !e.Time.Before(l.gap) {
			l.next += l.missing
			l.gap = time.Time{}
		}
		e.RecordID = l.next
		l.next++
		if !e.Time.Before(l.cleared) {
			kept = append(kept, e)
		}
	}
	l.events = slices.Clone(l.events[end:])
	return kept
}
