package xmllog_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/source"
)

// A dump writes what events say of themselves, and as XML where they can.
type dump struct {
	fields []string
	xml    bytes.Buffer
}

func (d *dump) Event(e *event.Event) error {
	record, ok := e.Values.(interface{ AppendXML([]byte) []byte })
	if !ok && e.Provenance.Source.Format != "xml" {
		return nil
	}
	if ok {
		d.xml.Write(record.AppendXML(nil))
		d.xml.WriteByte('\n')
	}
	fields := []string{e.Layout.Product, e.Time.String(), e.Host}
	for i, name := range e.Layout.Names {
		if text, _ := e.Values.AppendValue(nil, i); len(text) > 0 {
			fields = append(fields, name+"="+strconv.Quote(string(text)))
		}
	}
	slices.Sort(fields[3:])
	d.fields = append(d.fields, strings.Join(fields, " "))
	return nil
}

// read returns what is in a source, in the order of its records.
func read(t *testing.T, path string) *dump {
	t.Helper()
	d := new(dump)
	_, err := source.Read(context.Background(), []string{path}, func(int) source.Sink { return d }, source.Options{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// The events of EVTX files, written as XML and read again, have the same time,
// host and fields. XML does not tell an empty text from none.
func TestSameAsEventLog(t *testing.T) {
	t.Parallel()
	before := read(t, filepath.Join("..", "..", "..", "examples", "evidence.zip"))
	path := filepath.Join(t.TempDir(), "dump")
	if err := os.WriteFile(path, before.xml.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	after := read(t, path)
	if len(before.fields) == 0 || len(before.fields) != len(after.fields) {
		t.Fatalf("%d events became %d", len(before.fields), len(after.fields))
	}
	differ := 0
	for i := range before.fields {
		if before.fields[i] != after.fields[i] {
			if differ++; differ < 4 {
				t.Errorf("event %d\n%s\n%s", i, before.fields[i], after.fields[i])
			}
		}
	}
	if differ > 0 {
		t.Errorf("%d of %d events differ", differ, len(before.fields))
	}
}
