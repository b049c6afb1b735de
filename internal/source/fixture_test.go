package source_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/evtxwriter"
	"github.com/kulla-defence/kulla/internal/source"
	"github.com/kulla-defence/kulla/internal/source/archive/sevenzip/sevenziptest"
)

// Evidence is a small case: relative name -> content.
type evidence map[string][]byte

// smallCase has each format once, and what is not recognised.
func smallCase(tb testing.TB) evidence {
	return evidence{
		"dc01/Security.evtx":  eventLog(tb, evtxwriter.Options{RecordsPerChunk: 7}, ids(1, 100)...),
		"dc01/System.log":     eventLog(tb, evtxwriter.Options{Dirty: true}, ids(40, 60)...),
		"web01/events.ndjson": lines(50),
		"web01/array.json":    asArray(lines(20)),
		"notes.txt":           []byte("nothing to parse"),
		"empty":               {},
	}
}

// eventLog is an EVTX file of records with given ids.
func eventLog(tb testing.TB, options evtxwriter.Options, ids ...uint64) []byte {
	tb.Helper()
	events := make([]evtxwriter.Event, len(ids))
	for i, id := range ids {
		events[i] = evtxwriter.Event{
			Provider: "Kulla-Test", EventID: 4688, Channel: "Security", Computer: "DC01.example.test",
			RecordID: id, Time: time.Unix(1_700_000_000+int64(id), 0).UTC(),
			Data: []evtxwriter.Field{{Name: "CommandLine", Value: evtxwriter.String(fmt.Sprintf("cmd /c %d", id))}},
		}
	}
	file, err := evtxwriter.Encode(options, events...)
	if err != nil {
		tb.Fatal(err)
	}
	return file
}

// ids are the numbers from first to last.
func ids(first, last uint64) []uint64 {
	var list []uint64
	for id := first; id <= last; id++ {
		list = append(list, id)
	}
	return list
}

// lines is NDJSON of n events.
func lines(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, `{"EventID":1,"Channel":"Microsoft-Windows-Sysmon/Operational","Hostname":"web01","TimeCreated":"2024-05-01T12:00:%02dZ","Image":"C:\\%d.exe"}`+"\n", i%60, i)
	}
	return b.Bytes()
}

func asArray(lines []byte) []byte {
	joined := bytes.ReplaceAll(bytes.TrimSpace(lines), []byte("\n"), []byte(",\n"))
	return slices.Concat([]byte("["), joined, []byte("]"))
}

func (e evidence) names() []string {
	var names []string
	for name := range e {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (e evidence) folder(tb testing.TB) string {
	tb.Helper()
	root := tb.TempDir()
	for name, content := range e {
		path := filepath.Join(root, filepath.FromSlash(name))
		must(tb, os.MkdirAll(filepath.Dir(path), 0o755))
		must(tb, os.WriteFile(path, content, 0o644))
	}
	return root
}

func (e evidence) zip(tb testing.TB) []byte {
	tb.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range e.names() {
		member, err := w.Create(name)
		must(tb, err)
		_, err = member.Write(e[name])
		must(tb, err)
	}
	must(tb, w.Close())
	return b.Bytes()
}

// sevenZip is a solid archive, but for the empty files.
func (e evidence) sevenZip(coders ...sevenziptest.Coder) []byte {
	folder := sevenziptest.Folder{Coders: coders}
	contents := sevenziptest.Contents{Directories: []string{"dc01"}}
	for _, name := range e.names() {
		if len(e[name]) == 0 {
			contents.EmptyFiles = append(contents.EmptyFiles, name)
			continue
		}
		folder.Members = append(folder.Members, sevenziptest.Member{Name: name, Content: e[name]})
	}
	contents.Folders = []sevenziptest.Folder{folder}
	return sevenziptest.Write(contents)
}

func (e evidence) tar(tb testing.TB) []byte {
	tb.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range e.names() {
		must(tb, w.WriteHeader(&tar.Header{Name: "./" + name, Mode: 0o644, Size: int64(len(e[name]))}))
		_, err := w.Write(e[name])
		must(tb, err)
	}
	must(tb, w.Close())
	return b.Bytes()
}

func gzipped(tb testing.TB, content []byte) []byte {
	tb.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(content)
	must(tb, err)
	must(tb, w.Close())
	return b.Bytes()
}

func xzipped(tb testing.TB, content []byte) []byte {
	tb.Helper()
	var b bytes.Buffer
	w, err := xz.WriterConfig{DictCap: 4 << 10}.NewWriter(&b)
	must(tb, err)
	_, err = w.Write(content)
	must(tb, err)
	must(tb, w.Close())
	return b.Bytes()
}

func zstandard(tb testing.TB, content []byte) []byte {
	tb.Helper()
	w, err := zstd.NewWriter(nil)
	must(tb, err)
	return w.EncodeAll(content, nil)
}

// packedFile is a file that was packed beforehand, because there is no
// encoder for bzip2 in the standard library, and none for xz that is fast.
func packedFile(tb testing.TB, name string) []byte {
	tb.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", "packed", name))
	must(tb, err)
	return content
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// file writes content to a file of its own folder and returns the path.
func file(tb testing.TB, name string, content []byte) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), name)
	must(tb, os.WriteFile(path, content, 0o644))
	return path
}

// A gathering keeps the events of all workers as text, sorted.
type gathering struct {
	mutex  sync.Mutex
	events []string
}

type gatherer struct{ *gathering }

func (g gatherer) Event(e *event.Event) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s@%d+%d line %d id %d %s %s", e.Provenance.Source.Name, e.Provenance.Offset, e.Provenance.Size, e.Provenance.Line,
		e.Provenance.RecordID, e.Time.Format(time.RFC3339Nano), e.Host)
	for i, name := range e.Layout.Names {
		text, state := e.Values.AppendValue(nil, i)
		fmt.Fprintf(&b, " %s=%d%q", name, state, text)
	}
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.events = append(g.events, b.String())
	return nil
}

// read reads paths and returns the register and all events, sorted.
func read(tb testing.TB, options source.Options, paths ...string) (*source.Register, []string) {
	tb.Helper()
	all := new(gathering)
	register, err := source.Read(context.Background(), paths, func(int) source.Sink { return gatherer{all} }, options)
	must(tb, err)
	slices.Sort(all.events)
	return register, all.events
}

// describe writes a register as text, with a prefix of names removed.
func describe(files []source.File, prefix string) string {
	var b strings.Builder
	for _, f := range files {
		fmt.Fprintf(&b, "%s %q %d %x %d %s %s %v %d %v %d %d %d %d %v %v\n", strings.TrimPrefix(f.Source.Name, prefix), f.Source.Format, f.Size, f.SHA256,
			f.Records, f.First, f.Last, f.Problems, f.ProblemCount, f.Gaps, f.GapCount, f.Missing, f.Duplicates, f.Backwards, f.Notes, f.Interrupted)
	}
	return b.String()
}

// emptyFolder fails the test when something was left in a folder.
func emptyFolder(tb testing.TB, folder string) {
	tb.Helper()
	must(tb, filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if err == nil && path != folder {
			tb.Errorf("%s was left behind", path)
		}
		return err
	}))
}

// A sink asks each event for all its values, and keeps nothing.
type sink struct {
	events int
	text   []byte
}

func (s *sink) Event(e *event.Event) error {
	s.events++
	for i := range e.Layout.Names {
		s.text, _ = e.Values.AppendValue(s.text[:0], i)
	}
	return nil
}
