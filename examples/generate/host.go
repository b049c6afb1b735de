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
	logs      map[string]*log
	random    *rand.Rand
}

// A log is one channel of a host.
type log struct {
	events []evtxwriter.Event
	// cleared is when the log was emptied; what came before is lost.
	cleared time.Time
	// gap: at this time so many records are missing.
	gap     time.Time
	missing uint64
}

func newHost(name, address string, hasSysmon bool) *host {
	return &host{name: name, address: address, hasSysmon: hasSysmon,
		logs: map[string]*log{}, random: rand.New(rand.NewPCG(number(name), 2022))}
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
		h.logs[channel] = &log{}
	}
	return h.logs[channel]
}

// add records an event. The source is the process that wrote it.
func (h *host) add(channel string, e evtxwriter.Event) {
	e.Channel, e.Computer = channel, h.computer()
	e.PID, e.TID = 4*uint32(150+number(channel)%200), 4*uint32(h.random.IntN(2000)+1)
	e.Time = e.Time.Add(time.Duration(h.random.IntN(10_000)) * 100 * time.Microsecond)
	l := h.log(channel)
	l.events = append(l.events, e)
}

// process gives a process identifier.
func (h *host) process() uint32 { return 4 * uint32(h.random.IntN(4000)+200) }

// guid gives an identifier of the kind Sysmon gives to processes: machine,
// time, number.
func (h *host) guid() string {
	return fmt.Sprintf("{%08x-b5f0-6099-%04x-000000000200}", uint32(number(h.name)), h.random.IntN(1<<16))
}

// members are the logs of all hosts as files, in the order of their names.
func (s *story) members() ([]member, error) {
	var all []member
	for _, h := range s.hosts() {
		for _, channel := range slices.Sorted(maps.Keys(h.logs)) {
			l := h.logs[channel]
			data, err := evtxwriter.Encode(evtxwriter.Options{}, l.kept(10_000+number(h.name+channel)%50_000)...)
			if err != nil {
				return nil, fmt.Errorf("%s of %s: %w", channel, h.name, err)
			}
			all = append(all, member{h.name + "/" + strings.ReplaceAll(channel, "/", "%4") + ".evtx", data})
		}
	}
	return all, nil
}

// kept gives the events in the order of time, numbered from the given number,
// without those that are lost.
func (l *log) kept(from uint64) []evtxwriter.Event {
	slices.SortStableFunc(l.events, func(a, b evtxwriter.Event) int { return a.Time.Compare(b.Time) })
	var kept []evtxwriter.Event
	gap := l.gap
	for _, e := range l.events {
		if !gap.IsZero() && !e.Time.Before(gap) {
			from += l.missing
			gap = time.Time{}
		}
		e.RecordID = from
		from++
		if !e.Time.Before(l.cleared) {
			kept = append(kept, e)
		}
	}
	return kept
}
