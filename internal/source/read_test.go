package source_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/source"
)

// discard takes events and keeps nothing.
type discard struct{ events atomic.Int64 }

func (d *discard) Event(*event.Event) error { d.events.Add(1); return nil }

func read(tb testing.TB, options source.Options, paths ...string) *source.Register {
	tb.Helper()
	register, err := source.Read(context.Background(), paths, func(int) source.Sink { return new(discard) }, options)
	if err != nil {
		tb.Fatal(err)
	}
	return register
}

// shared finds a set of the shared data, or skips.
func shared(tb testing.TB, name string) string {
	tb.Helper()
	folder := os.Getenv("KULLA_DATA")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "shared", "data")
	}
	path := filepath.Join(folder, name)
	if _, err := os.Stat(path); err != nil {
		tb.Skipf("shared data is absent: %v", err)
	}
	return path
}

func TestHosts(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"host-clean-w10.zip", "host-aptsim-server2022.zip", "evtx-hard-cases.zip", "winlog-json.zip", "sigma-regression.zip", "logs.zip"} {
		register := read(t, source.Options{}, shared(t, name))
		var records int64
		for _, file := range register.Files {
			records += file.Records
			if len(file.Problems) > 0 || file.GapCount > 0 {
				fmt.Println(file.Source.Name, file.Source.Format, file.Size, file.Records, file.ProblemCount, file.Problems[:min(2, len(file.Problems))], file.GapCount, file.Missing, file.Duplicates, file.Backwards, file.Notes)
			}
		}
		fmt.Println(name, len(register.Files), records, register.Archives[0].Problems)
	}
}
