package cli

import (
	"archive/zip"
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/evtxwriter"
	"github.com/kulla-defence/kulla/internal/source"
	"github.com/kulla-defence/kulla/sigma"
)

// repeated links the files of folders as often as it takes to have so many
// bytes.
func repeated(b *testing.B, bytes int64, folders ...string) string {
	b.Helper()
	target := b.TempDir()
	var total int64
	for round := 0; total < bytes; round++ {
		before := total
		for i, folder := range folders {
			total += linkAll(b, folder, filepath.Join(target, fmt.Sprint(round), fmt.Sprint(i)))
		}
		if total == before {
			b.Fatalf("no evidence in %v", folders)
		}
	}
	return target
}

func linkAll(b *testing.B, from, to string) (bytes int64) {
	b.Helper()
	err := filepath.WalkDir(from, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(name) != ".evtx" && filepath.Ext(name) != ".ndjson" {
			return err
		}
		relative, err := filepath.Rel(from, name)
		if err != nil {
			return err
		}
		link := filepath.Join(to, relative)
		if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		bytes += info.Size()
		return os.Link(name, link)
	})
	if err != nil {
		b.Fatal(err)
	}
	return bytes
}

// processSamples are the archives whose process creations the lanes are made of.
var processSamples = []string{"evtx-by-technique.zip", "host-aptsim-server2022.zip", "sigma-regression.zip", "evtx-hard-cases.zip"}

// processCreations makes folders of Sysmon process creations from the real
// ones in the shared data: all of them, and those that no public rule of level
// low or above matches. Attack samples hold far more attacks, and longer
// command lines, than a day of any real host; the second folder is nearer to it.
func processCreations(b *testing.B, rules string) (attack, ordinary lane) {
	b.Helper()
	var samples []string
	for _, name := range processSamples {
		samples = append(samples, sharedData(b, name))
	}
	all := readProcesses(b, samples)
	number(all)
	attack = processLane(b, "attack", all)
	suspicious := map[uint64]bool{}
	set, taxonomy := loaded(b, rules)
	once := b.TempDir()
	writeLog(b, filepath.Join(once, "all.evtx"), all)
	hunted(b, set, taxonomy, detect.Options{MinLevel: sigma.Low}, func(f *detect.Finding) {
		if f.Rule.Level >= sigma.Low {
			suspicious[f.Place.RecordID] = true
		}
	}, once)
	ordinary = processLane(b, "ordinary", slices.DeleteFunc(slices.Clone(all), func(e evtxwriter.Event) bool { return suspicious[e.RecordID] }))
	return attack, ordinary
}

// A lane is evidence for a benchmark.
type lane struct {
	folder string
	// records is how many real records were repeated to make it, and events how
	// many of them differ in more than times and identifiers; 0 when not counted.
	records, events int
}

// processLane writes events, again and again, as logs of 30 MB, and links those.
func processLane(b *testing.B, name string, events []evtxwriter.Event) lane {
	b.Helper()
	if len(events) == 0 {
		b.Fatalf("no events for lane %s", name)
	}
	written := b.TempDir()
	var bytes int64
	for _, event := range events {
		for _, field := range event.Data {
			bytes += int64(2*len(field.Value.Text()) + 8)
		}
	}
	copies := int(30_000_000/bytes) + 1
	for file := range 2 {
		writeLog(b, filepath.Join(written, fmt.Sprintf("%s-%d.evtx", name, file)), renumbered(events, file, copies))
	}
	return lane{repeated(b, 300_000_000, written), len(events), distinct(events)}
}

// renumbered repeats events, with record numbers without a gap.
func renumbered(events []evtxwriter.Event, file, copies int) []evtxwriter.Event {
	all := slices.Repeat(events, copies)
	for i := range all {
		all[i].RecordID = uint64(file*len(all) + i + 1)
	}
	return all
}

func number(events []evtxwriter.Event) {
	for i := range events {
		events[i].RecordID = uint64(i + 1)
	}
}

func writeLog(b *testing.B, name string, events []evtxwriter.Event) {
	b.Helper()
	out, err := os.Create(name)
	if err != nil {
		b.Fatal(err)
	}
	writer := evtxwriter.NewWriter(out, evtxwriter.Options{})
	for i := range events {
		if err := writer.Write(&events[i]); err != nil {
			b.Fatal(err)
		}
	}
	if err := errors.Join(writer.Close(), out.Close()); err != nil {
		b.Fatal(err)
	}
}

// distinct counts events that differ in more than times and identifiers.
func distinct(events []evtxwriter.Event) int {
	known := map[string]bool{}
	for i := range events {
		var key strings.Builder
		for _, field := range events[i].Data {
			if kind := processFields[field.Name]; kind == nil && field.Name != "UtcTime" {
				fmt.Fprintf(&key, "%s=%s\n", field.Name, field.Value.Text())
			}
		}
		known[key.String()] = true
	}
	return len(known)
}

// processFields are the columns of a Sysmon process creation that are not
// strings, by how its manifest declares them. All of them identify.
var processFields = map[string]func(text string) evtxwriter.Value{
	"ProcessGuid": evtxwriter.GUID, "ParentProcessGuid": evtxwriter.GUID, "LogonGuid": evtxwriter.GUID,
	"ProcessId": unsigned, "ParentProcessId": unsigned, "TerminalSessionId": unsigned,
	"LogonId": func(text string) evtxwriter.Value {
		n, err := strconv.ParseUint(text, 0, 64)
		if err != nil {
			return evtxwriter.String(text)
		}
		return evtxwriter.Hex64(n)
	},
}

func unsigned(text string) evtxwriter.Value {
	n, err := strconv.ParseUint(text, 0, 32)
	if err != nil {
		return evtxwriter.String(text)
	}
	return evtxwriter.Uint32(uint32(n))
}

// readProcesses copies all Sysmon process creations out of event logs, in the
// order of where they stand.
func readProcesses(b *testing.B, paths []string) []evtxwriter.Event {
	b.Helper()
	found := &processes{}
	newSink := func(int) source.Sink { return found }
	if _, err := source.Read(context.Background(), paths, newSink, source.Options{}); err != nil {
		b.Fatal(err)
	}
	slices.SortFunc(found.all, func(a, b process) int {
		return cmp.Or(strings.Compare(a.place.Source.Name, b.place.Source.Name), cmp.Compare(a.place.Offset, b.place.Offset))
	})
	events := make([]evtxwriter.Event, len(found.all))
	for i := range found.all {
		events[i] = found.all[i].event
	}
	return events
}

// processes is a sink that all workers share.
type processes struct {
	mutex sync.Mutex
	all   []process
}

type process struct {
	event evtxwriter.Event
	place event.Provenance
}

func (p *processes) Event(e *event.Event) error {
	if e.Provenance.Source.Format != "evtx" || text(e, "Provider_Name") != "Microsoft-Windows-Sysmon" || text(e, "EventID") != "1" {
		return nil
	}
	made := process{sysmonProcess(e), e.Provenance}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.all = append(p.all, made)
	return nil
}

// sysmonProcess is a process creation as Sysmon writes it, with the data of e.
func sysmonProcess(e *event.Event) evtxwriter.Event {
	made := evtxwriter.Event{Provider: "Microsoft-Windows-Sysmon", GUID: "{5770385F-C22A-43E0-BF4C-06F5698FFBD9}", EventID: 1,
		Version: 5, Level: 4, Task: 1, Keywords: 0x8000000000000000, PID: 3220, TID: 4428, UserSID: "S-1-5-18",
		Time: e.Time, Channel: "Microsoft-Windows-Sysmon/Operational", Computer: strings.Clone(e.Host)}
	if made.Time.IsZero() {
		made.Time = time.Unix(0, 0).UTC()
	}
	for column, name := range e.Layout.Names {
		if ofSystem(name) {
			continue
		}
		value, state := e.Values.AppendValue(nil, column)
		if state != event.Present {
			continue
		}
		field := evtxwriter.Field{Name: name, Value: evtxwriter.String(string(value))}
		if kind := processFields[name]; kind != nil {
			field.Value = kind(string(value))
		}
		made.Data = append(made.Data, field)
	}
	return made
}

// ofSystem recognises the columns that a process creation has outside of its
// EventData.
func ofSystem(name string) bool {
	return strings.Contains(name, "_") || slices.Contains([]string{"EventID", "Version", "Level", "Task", "Opcode", "Keywords",
		"EventRecordID", "Channel", "Computer"}, name)
}

func text(e *event.Event, name string) string {
	column := slices.Index(e.Layout.Names, name)
	if column < 0 {
		return ""
	}
	value, _ := e.Values.AppendValue(nil, column)
	return string(value)
}

// windowsNDJSON unpacks those members of the shared JSON archives, which are
// nested, whose first line is a Windows event.
func windowsNDJSON(b *testing.B) string {
	b.Helper()
	folder := b.TempDir()
	outer, err := zip.OpenReader(sharedData(b, "winlog-json.zip"))
	if err != nil {
		b.Fatal(err)
	}
	defer outer.Close()
	for i, member := range outer.File {
		if !strings.EqualFold(filepath.Ext(member.Name), ".zip") {
			continue
		}
		data := content(b, member)
		inner, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			b.Fatalf("%s: %v", member.Name, err)
		}
		for j, file := range inner.File {
			if lines := content(b, file); isWindowsNDJSON(lines) {
				if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%d-%d.ndjson", i, j)), lines, 0o644); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	return folder
}

func content(b *testing.B, member *zip.File) []byte {
	b.Helper()
	in, err := member.Open()
	if err != nil {
		b.Fatal(err)
	}
	defer in.Close()
	data, err := io.ReadAll(in)
	if err != nil {
		b.Fatal(err)
	}
	return data
}

// isWindowsNDJSON recognises one event a line, in the flat shape of the
// archive.
func isWindowsNDJSON(data []byte) bool {
	line, err := bufio.NewReader(bytes.NewReader(data)).ReadBytes('\n')
	if err != nil {
		return false
	}
	var first map[string]any
	if json.Unmarshal(line, &first) != nil {
		return false
	}
	return first["EventID"] != nil && first["Channel"] != nil
}
