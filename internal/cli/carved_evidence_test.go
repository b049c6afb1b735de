package cli

import (
	"encoding/binary"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kulla-defence/kulla/evtx"
	"github.com/kulla-defence/kulla/internal/evtxwriter"
	"github.com/kulla-defence/kulla/internal/store"
)

// failedLogons is a Security log with ten records in each chunk. Where it is
// carved, its second chunk has no header.
func failedLogons(t *testing.T, first, last int, carved bool) []byte {
	t.Helper()
	start := time.Date(2022, 7, 15, 3, 0, 0, 0, time.UTC)
	var events []evtxwriter.Event
	for id := first; id <= last; id++ {
		events = append(events, evtxwriter.Event{Provider: "Microsoft-Windows-Security-Auditing", EventID: 4625, Channel: "Security", Computer: "WEB01", RecordID: uint64(id),
			Time: start.Add(time.Duration(id) * time.Second), Data: []evtxwriter.Field{{Name: "TargetUserName", Value: evtxwriter.String(fmt.Sprint("user", id%3))}}})
	}
	log, err := evtxwriter.Encode(evtxwriter.Options{RecordsPerChunk: 10}, events...)
	if err != nil {
		t.Fatal(err)
	}
	if second := evtx.FileHeaderSize + evtx.ChunkSize; carved {
		clear(log[second : second+evtx.ChunkHeaderSize])
	}
	return log
}

const failedOften = `title: Failed logon
name: failed
id: 6e6b3a52-0000-4000-8000-000000000021
logsource: {product: windows, service: security}
detection: {a: {EventID: 4625}, condition: a}
level: low
---
title: Many failed logons
id: 6e6b3a52-0000-4000-8000-000000000022
correlation: {type: event_count, rules: [failed], group-by: [TargetUserName], timespan: 10m, condition: {gte: 12}, generate: true}
level: medium
`

// Evidence that was carved is carved again by who says nothing, and is told to
// be when it takes part in correlations of runs that do not read it.
func TestCarvingIsRemembered(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	log, other := filepath.Join(folder, "a", "Security.evtx"), filepath.Join(folder, "b", "Security.evtx")
	place(t, log, failedLogons(t, 1, 40, true))
	place(t, other, failedLogons(t, 41, 60, false))
	rules := filepath.Join(t.TempDir(), "failed.yml")
	write(t, rules, failedOften)
	want := comparable(t, investigating(t, "--no-report", "--carve", "--rules", rules, folder))
	if n := strings.Count(want, `"carved":true`); n < 10 {
		t.Fatalf("%d records are marked as carved", n)
	}
	want = withoutIncidents(want)
	for name, runs := range map[string][][]string{
		"again":         {{"--carve", folder}, {folder}},
		"not at first":  {{folder}, {"--carve", folder}},
		"in parts":      {{"--carve", log}, {other}},
		"again in part": {{"--carve", folder}, {log}, {other}},
	} {
		file := filepath.Join(t.TempDir(), "x"+caseExtension)
		var out string
		for _, run := range runs {
			out = extending(t, file, append([]string{"--no-report", "--rules", rules}, run...)...)
		}
		if name == "again" && !strings.Contains(out, "unchanged") {
			t.Errorf("%s: it does not say that the case is unchanged:\n%s", name, out)
		}
		if got := withoutIncidents(comparable(t, file)); got != want {
			t.Errorf("%s: it is not what is found at once (-at once +in runs):\n%s", name, cmp.Diff(want, got))
		}
		if out, code := verified(t, file, folder); code != exitDone {
			t.Errorf("%s: verify: code %d\n%s", name, code, out)
		}
	}
}

// withoutIncidents leaves out the names of incidents, which keep those that they had first.
func withoutIncidents(text string) string {
	return regexp.MustCompile(`\bI-[0-9A-Z]{5}\b`).ReplaceAllString(text, "I")
}

// What was carved from the free space of a log is overwritten when it grows.
func TestCarvedRecordsAreOverwritten(t *testing.T) {
	t.Parallel()
	log := filepath.Join(t.TempDir(), "Security.evtx")
	before, older := failedLogons(t, 201, 225, false), failedLogons(t, 101, 130, false)
	last := evtx.FileHeaderSize + 2*evtx.ChunkSize
	free := last + int(binary.LittleEndian.Uint32(before[last+48:])) // where the header says that records end
	copy(before[free:], older[free:])
	write(t, log, string(before))
	rules := filepath.Join(t.TempDir(), "failed.yml")
	write(t, rules, failedOften)
	file := investigating(t, "--no-report", "--carve", "--rules", rules, log)
	if n := strings.Count(comparable(t, file), `"carved":true`); n < 5 {
		t.Fatalf("%d records are marked as carved", n)
	}
	write(t, log, string(failedLogons(t, 201, 240, false)))
	if out := extending(t, file, "--no-report", "--rules", rules, log); !strings.Contains(out, "grown since") {
		t.Errorf("it does not say that the log has grown:\n%s", out)
	}
	want := withoutIncidents(comparable(t, investigating(t, "--no-report", "--rules", rules, log)))
	if got := withoutIncidents(comparable(t, file)); got != want {
		t.Errorf("step by step is not once (-once +steps):\n%s", cmp.Diff(want, got))
	}
}

// Carving that recovered nothing is nothing to remember.
func TestCarvingInVain(t *testing.T) {
	t.Parallel()
	log := filepath.Join(t.TempDir(), "Security.evtx")
	write(t, log, string(failedLogons(t, 1, 20, false)))
	kept(t, investigating(t, "--no-report", "--carve", log), func(c *store.Case) {
		for _, file := range must(c.Evidence()) {
			if file.Said != nil {
				t.Errorf("%s: %+v was said", file.Name, *file.Said)
			}
		}
	})
}
