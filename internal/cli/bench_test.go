package cli

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/kulla-defence/kulla/internal/detect"
)

// BenchmarkHunt measures the whole way from files to findings, rules loaded,
// as "kulla hunt" goes it. Each lane says what it ran on; the files are in the
// page cache after the first round.
//
//	go test -run '^$' -bench Hunt ./internal/cli
func BenchmarkHunt(b *testing.B) {
	b.Run("hosts", func(b *testing.B) {
		folder := repeated(b, 2_000_000_000, unpacked(b, "host-clean-w10.zip"), unpacked(b, "host-aptsim-server2022.zip"))
		benchmarkHunt(b, sharedData(b, "sigma-rules.zip"), folder)
	})
	b.Run("techniques", func(b *testing.B) {
		folder := repeated(b, 500_000_000, unpacked(b, "evtx-by-technique.zip"))
		benchmarkHunt(b, sharedData(b, "sigma-rules.zip"), folder)
	})
}

func benchmarkHunt(b *testing.B, rules, folder string) {
	set, taxonomy, err := ruleOptions{paths: []string{rules}}.load()
	if err != nil {
		b.Fatal(err)
	}
	var bytes, events int64
	for b.Loop() {
		register, result := hunted(b, set, taxonomy, detect.Options{}, func(*detect.Finding) {}, folder)
		bytes, events = 0, result.Events
		for i := range register.Files {
			bytes += register.Files[i].Size
		}
	}
	b.SetBytes(bytes)
	b.ReportMetric(float64(events)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
	b.Logf("%d events in %d bytes of %s, %d rules of %s, GOMAXPROCS %d, %s/%s", events, bytes, filepath.Base(folder),
		len(set.Rules), filepath.Base(rules), runtime.GOMAXPROCS(0), runtime.GOOS, runtime.GOARCH)
}

// repeated links the files of folders as often as it takes to have so many
// bytes.
func repeated(b *testing.B, bytes int64, folders ...string) string {
	b.Helper()
	target := b.TempDir()
	var total int64
	for round := 0; total < bytes; round++ {
		for i, folder := range folders {
			total += linkAll(b, folder, filepath.Join(target, fmt.Sprint(round), fmt.Sprint(i)))
		}
	}
	return target
}

func linkAll(b *testing.B, from, to string) (bytes int64) {
	b.Helper()
	err := filepath.WalkDir(from, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(name) != ".evtx" {
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
