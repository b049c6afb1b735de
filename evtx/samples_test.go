package evtx_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"sort"
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/evtx"
)

// TestSamples compares the JSON of every record of the rule-bound samples with
// the JSON that stands beside it, made by another reader. The two may differ in
// nothing but the notations that notation names.
func TestSamples(t *testing.T) {
	t.Parallel()
	files := unpack(t, "sigma-regression.zip", ".evtx")
	texts := unpack(t, "sigma-regression.zip", ".json")
	compared := 0
	for name, b := range files {
		want := objects(t, texts[strings.TrimSuffix(name, ".evtx")+".json"])
		got := rendered(t, b)
		if len(got) != len(want) {
			t.Errorf("%s: %d records, its JSON has %d", name, len(got), len(want))
			continue
		}
		for i := range want {
			compared++
			for _, d := range differences("", want[i], got[i]) {
				if strings.HasSuffix(name, editedSample) && strings.HasPrefix(d, editedField) {
					continue
				}
				t.Errorf("%s: record %d: %s", name, i+1, d)
			}
		}
	}
	if len(files) != 91 || compared != 113 {
		t.Errorf("compared %d records of %d samples, want 113 of 91", compared, len(files))
	}
}

// One JSON was edited after it was made: its EVTX says Explorer.EXE.
const (
	editedSample = "/ad691d92-15f2-4181-9aa4-723c74f9ddc3.evtx"
	editedField  = `/Event/EventData/ParentCommandLine: "string C:\\Windows\\Explorer.EXE", want "string C:\\Windows\\Explorer.exe"`
)

// rendered gives the JSON of all records of a file.
func rendered(t *testing.T, b []byte) []any {
	t.Helper()
	f, err := evtx.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var text []byte
	for r, err := range f.Records(context.Background(), evtx.Options{}) {
		if err != nil {
			t.Fatal(err)
		}
		text = append(r.AppendJSON(text), '\n')
	}
	return objects(t, text)
}

// objects reads the JSON values of a text one after the other.
func objects(t *testing.T, b []byte) []any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))))
	d.UseNumber()
	var all []any
	for {
		var v any
		if err := d.Decode(&v); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
}

// differences lists where two JSON values differ.
func differences(path string, want, got any) []string {
	w, isObject := want.(map[string]any)
	g, isObjectToo := got.(map[string]any)
	if !isObject || !isObjectToo {
		if a, b := fmt.Sprintf("%T %v", want, want), fmt.Sprintf("%T %v", got, got); a != b && notation(want, got) == "" {
			return []string{fmt.Sprintf("%s: %q, want %q", path, b, a)}
		}
		return nil
	}
	var all []string
	for key := range w {
		if _, ok := g[key]; !ok {
			all = append(all, path+"/"+key+" is missing")
			continue
		}
		all = append(all, differences(path+"/"+key, w[key], g[key])...)
	}
	for key := range g {
		if _, ok := w[key]; !ok {
			all = append(all, path+"/"+key+" is too much")
		}
	}
	sort.Strings(all)
	return all
}

var (
	bareGUID  = regexp.MustCompile(`^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$`)
	microtime = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$`)
	nanotime  = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}00Z$`)
)

// notation names the difference of notation between two values that are equal
// all the same; empty when they are not.
func notation(want, got any) string {
	w, ok := want.(string)
	g, okToo := got.(string)
	switch {
	case !ok || !okToo:
		return ""
	case bareGUID.MatchString(w) && g == "{"+strings.ToLower(w)+"}":
		return "GUIDs stand in braces and lower case, as Windows writes them"
	case microtime.MatchString(w) && len(g) == len(w)+1 && strings.HasPrefix(g, strings.TrimSuffix(w, "Z")):
		return "times keep the seventh digit that a FILETIME has"
	case nanotime.MatchString(w) && g == strings.TrimSuffix(w, "00Z")+"Z":
		return "times have no digits beyond the seventh"
	case g != w && strings.TrimRight(g, " ") == w:
		return "blanks at the end of a value are kept"
	}
	return ""
}
