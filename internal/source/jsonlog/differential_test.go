package jsonlog

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/source/charset"
	"github.com/kulla-defence/kulla/internal/source/format"
)

// A pair is one column of one event, as text.
type pair struct{ name, text string }

// A record is what the parser made of one document.
type record struct {
	event event.Event
	pairs []pair
}

// collector keeps what a parser puts out.
type collector struct {
	records  []record
	problems []format.Problem
}

func (c *collector) Event(e *event.Event) error {
	r := record{event: *e}
	for i, name := range e.Layout.Names {
		text, state := e.Values.AppendValue(nil, i)
		switch state {
		case event.Null:
			r.pairs = append(r.pairs, pair{name, "null"})
		case event.Present:
			r.pairs = append(r.pairs, pair{name, "=" + string(text)})
		}
	}
	c.records = append(c.records, r)
	return nil
}

func (c *collector) Problem(p format.Problem) { c.problems = append(c.problems, p) }
func (c *collector) Note(string)              {}

// parseAll splits a source, giving size bytes more at a time, and parses it.
func parseAll(text []byte, size, limit int) *collector {
	c := new(collector)
	splitter, parser := Format().NewSplitter(format.Options{Record: limit}), Format().NewParser()
	block := format.Block{Source: &event.Source{Name: "test", Format: "json"}, Line: 1, First: true}
	for from, to := 0, 0; from < len(text); {
		to = min(max(to, from+1)+size, len(text))
		final := to == len(text)
		for from < to {
			cut := splitter.Split(text[from:to], final)
			if cut.Size == 0 {
				if final {
					panic("the last of the data was not cut")
				}
				break
			}
			if cut.Problem != nil {
				c.Problem(*cut.Problem)
			}
			if !cut.Lost {
				block.Data, block.State = text[from:from+cut.Size], cut.State
				block.Last = final && from+cut.Size == to
				parser.Parse(&block, c)
			}
			block.First = false
			block.Offset += int64(cut.Size)
			block.Line += cut.Lines
			from += cut.Size
		}
	}
	return c
}

// reference decodes a sequence of documents, or an array of them, the usual way.
func reference(text []byte) ([][]pair, error) {
	decoder := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(text, charset.Mark)))
	decoder.UseNumber()
	var all [][]pair
	for {
		// Objects are read as tokens, so that their order and repeated keys stay.
		var raw json.RawMessage
		if err := decoder.Decode(&raw); err == io.EOF {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		inner := json.NewDecoder(bytes.NewReader(raw))
		inner.UseNumber()
		if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("[")) {
			inner.Token()
		}
		for inner.More() {
			var pairs []pair
			flatten(inner, "", &pairs)
			all = append(all, pairs)
		}
	}
}

// sections hold the fields of an event, and nothing where they are empty.
var sections = []string{"System", "EventData", "UserData", "Data"}

func flatten(decoder *json.Decoder, path string, pairs *[]pair) {
	token, err := decoder.Token()
	if err != nil {
		panic(err)
	}
	switch value := token.(type) {
	case json.Delim:
		if value == '[' && !decoder.More() && !slices.Contains(sections, path[strings.LastIndexByte(path, '.')+1:]) {
			*pairs = append(*pairs, pair{path, "null"})
		}
		for decoder.More() {
			inner := path
			if value == '{' {
				key, _ := decoder.Token()
				inner = strings.TrimPrefix(path+"."+key.(string), ".")
				if key == "" {
					inner = path
				}
			}
			flatten(decoder, inner, pairs)
		}
		decoder.Token()
	case nil:
		*pairs = append(*pairs, pair{path, "null"})
	default:
		*pairs = append(*pairs, pair{path, "=" + fmt.Sprint(value)})
	}
}

// texts leaves out the names, so that only scanning is compared.
func texts(pairs []pair) []string {
	list := make([]string, len(pairs))
	for i, p := range pairs {
		list[i] = p.text
	}
	return list
}

// sharedJSON yields all JSON documents of a set of the shared data.
func sharedJSON(t *testing.T, name string, visit func(name string, text []byte)) {
	t.Helper()
	folder := os.Getenv("KULLA_DATA")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "..", "shared", "data")
	}
	reader, err := zip.OpenReader(filepath.Join(folder, name))
	if err != nil {
		t.Skipf("shared data is absent: %v", err)
	}
	defer reader.Close()
	visitZip(t, &reader.Reader, visit)
}

func visitZip(t *testing.T, reader *zip.Reader, visit func(name string, text []byte)) {
	for _, member := range reader.File {
		file, err := member.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(file)
		if err != nil {
			t.Fatal(err)
		}
		lower := strings.ToLower(member.Name)
		if strings.HasSuffix(lower, ".zip") {
			inner, err := zip.NewReader(bytes.NewReader(text), int64(len(text)))
			if err == nil {
				visitZip(t, inner, visit)
			}
		}
		if (strings.HasSuffix(lower, ".json") || strings.HasSuffix(lower, ".jsonl")) && !strings.Contains(lower, "__macosx") {
			visit(member.Name, text)
		}
	}
}

func TestSharedAgainstEncodingJSON(t *testing.T) {
	for _, set := range []string{"winlog-json.zip", "sigma-regression.zip", "logs.zip"} {
		sharedJSON(t, set, func(name string, text []byte) {
			if at := lastJoint(text[:min(len(text), 200_000)]); at > 0 {
				text = text[:at] // the usual way is slow
			}
			want, err := reference(text)
			if err != nil {
				t.Errorf("%s: reference: %v", name, err)
				return
			}
			got := parseAll(text, 1<<20, 8<<20)
			if len(got.records) != len(want) || len(got.problems) > 0 {
				t.Errorf("%s: %d records of %d, problems %v", name, len(got.records), len(want), got.problems)
				return
			}
			compareAll(t, name, got.records, want)
		})
	}
}

// compareAll compares events with the reference, leaving out those that hold
// documents in strings, which the reference does not open.
func compareAll(t *testing.T, name string, got []record, want [][]pair) {
	t.Helper()
	for i := range want {
		opened := slices.ContainsFunc(want[i], isOpened)
		if !opened && !slices.Equal(texts(got[i].pairs), texts(want[i])) {
			t.Fatalf("%s: document %d:\n got %q\nwant %q", name, i, got[i].pairs, want[i])
		}
	}
}

// isOpened says whether a value may be a document in text, or stands in a
// container that is a column too.
func isOpened(p pair) bool {
	for _, opening := range []string{"={", "=[", "=<", "=type="} {
		if strings.HasPrefix(p.text, opening) {
			return true
		}
	}
	for _, whole := range []string{"request", "response", "arget", "nitiatedBy", "Parameters", "OperationProperties", "etworkLocation"} {
		if strings.Contains(p.name, whole) {
			return true
		}
	}
	return strings.HasPrefix(p.name, "EventData") || strings.HasPrefix(p.name, "Payload")
}

// topLevel returns the first character of each document.
func topLevel(text []byte) []byte {
	decoder := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(text, charset.Mark)))
	var first []byte
	for {
		var raw json.RawMessage
		if decoder.Decode(&raw) != nil {
			return first
		}
		first = append(first, bytes.TrimSpace(raw)[0])
	}
}
