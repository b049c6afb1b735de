package sigma

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
)

// sharedMatcherEvents reads the flat Windows events of winlog-json. Events of
// one shape share a schema, as those of a reader do.
func sharedMatcherEvents(t testing.TB) []*row {
	t.Helper()
	fsys := sharedFolder(t, "winlog-json")
	shapes := map[string]*rowSchema{}
	var events []*row
	for name := range walkFiles(t, fsys) {
		if path.Ext(name) != ".zip" {
			continue
		}
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			t.Fatal(err)
		}
		archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		for member := range walkFiles(t, archive) {
			lines, err := fs.ReadFile(archive, member)
			if err != nil {
				t.Fatal(err)
			}
			for line := range bytes.Lines(lines) {
				if event := flatEvent(line, shapes); event != nil {
					events = append(events, event)
				}
			}
		}
	}
	return events
}

// flatEvent reads a line of JSON; nil when it is no flat Windows event.
func flatEvent(line []byte, shapes map[string]*rowSchema) *row {
	var fields map[string]any
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.UseNumber()
	if decoder.Decode(&fields) != nil || fields["Channel"] == nil || fields["EventID"] == nil {
		return nil
	}
	event := &row{}
	names := slices.Sorted(maps.Keys(fields))
	for _, name := range names {
		c := cell{state: Null}
		if fields[name] != nil {
			c = cell{strings.ToValidUTF8(fmt.Sprint(fields[name]), ""), Present}
		}
		event.cells = append(event.cells, c)
	}
	shape := strings.Join(names, "\x00")
	if shapes[shape] == nil {
		shapes[shape] = &rowSchema{LogSource{Product: "windows"}, names}
	}
	event.schema = shapes[shape]
	return event
}

// text returns the first value of a column.
func (r *row) text(name string) string {
	if i := slices.Index(r.schema.names, name); i >= 0 {
		return r.cells[i].text
	}
	return ""
}

// sysmonStarts are the events of Sysmon in which a process starts.
func sysmonStarts(events []*row) []*row {
	var starts []*row
	for _, event := range events {
		if event.text("Channel") == "Microsoft-Windows-Sysmon/Operational" && event.text("EventID") == "1" {
			starts = append(starts, event)
		}
	}
	return starts
}

func publicRules(t testing.TB) []*Rule {
	t.Helper()
	set, err := LoadFS(sharedRules(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return set.Rules
}

// windowsRules are those that can match events of Windows.
func windowsRules(rules []*Rule) []*Rule {
	return slices.DeleteFunc(slices.Clone(rules), func(r *Rule) bool { return r.LogSource.Product != "windows" })
}
