package source_test

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/source"
)

// discard takes events as a sink that no rule is routed to.
type discard struct{}

func (discard) Event(*event.Event) error { return nil }

func sharedPath(name string) string {
	folder := os.Getenv("KULLA_DATA")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "shared", "data")
	}
	return filepath.Join(folder, name)
}

// shared opens a set of the shared data, or skips.
func shared(tb testing.TB, name string) *zip.ReadCloser {
	tb.Helper()
	reader, err := zip.OpenReader(sharedPath(name))
	if err != nil {
		tb.Skipf("shared data is absent: %v", err)
	}
	tb.Cleanup(func() { reader.Close() })
	return reader
}

// unpackHosts writes the logs of the two hosts to a folder.
func unpackHosts(tb testing.TB) string {
	tb.Helper()
	folder := tb.TempDir()
	for _, name := range []string{"host-clean-w10.zip", "host-aptsim-server2022.zip"} {
		for _, member := range shared(tb, name).File {
			if !strings.HasSuffix(member.Name, ".evtx") {
				continue
			}
			content, err := member.Open()
			must(tb, err)
			text, err := io.ReadAll(content)
			must(tb, err)
			must(tb, os.WriteFile(filepath.Join(folder, name+strings.ReplaceAll(member.Name, "/", "_")), text, 0o644))
		}
	}
	return folder
}

func benchmarkRead(b *testing.B, path string) {
	var size, records int64
	b.ReportAllocs()
	for b.Loop() {
		register, err := source.Read(context.Background(), []string{path}, func(int) source.Sink { return discard{} }, source.Options{})
		must(b, err)
		size = 0
		for _, f := range register.Files {
			size += f.Size
			records += f.Records
		}
		b.SetBytes(size)
	}
	b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "events/s")
}

func BenchmarkEVTX(b *testing.B) { benchmarkRead(b, unpackHosts(b)) }

func BenchmarkNDJSON(b *testing.B) {
	benchmarkRead(b, file(b, "events.ndjson", bytes.Repeat(lines(1000), 1000)))
}

func BenchmarkJSONInZip(b *testing.B) {
	shared(b, "winlog-json.zip")
	benchmarkRead(b, sharedPath("winlog-json.zip"))
}

// Every event log in the shared data is read, or has a reason.
func TestSharedData(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]int64{
		"host-clean-w10.zip": 42409, "host-aptsim-server2022.zip": 7660, "winlog-json.zip": 111803,
		"sigma-regression.zip": 227, "evtx-by-technique.zip": 10015,
	} {
		shared(t, name)
		register, err := source.Read(context.Background(), []string{sharedPath(name)}, func(int) source.Sink {
			if name == "winlog-json.zip" { // 400 MB; package jsonlog looks at its values
				return discard{}
			}
			return new(sink)
		}, source.Options{})
		must(t, err)
		var records int64
		for _, f := range register.Files {
			if f.Source.Format == "evtx" || f.Source.Format == "json" { // the sets hold other logs, too
				records += f.Records
			}
			if f.Source.Format != "" && f.ProblemCount > 0 {
				t.Errorf("%s: %v", f.Source.Name, f.Problems)
			}
		}
		if records != want {
			t.Errorf("%s: %d events of Windows, want %d", name, records, want)
		}
	}
}
