package cli

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/kulla-defence/kulla/evtx"
	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/source/evtxlog"
	"github.com/kulla-defence/kulla/internal/source/format"
	"github.com/kulla-defence/kulla/sigma"
)

// The figures of docs/performance.md come from these commands. They need the
// shared data (KULLA_DATA) and say what they ran on; the files are in the page
// cache. A lane that is slow to prepare runs once with -benchtime 1x.
//
//	go test -run '^$' -bench Hunt/hosts ./internal/cli             files to findings, two hosts' logs, 2 GB
//	go test -run '^$' -bench Hunt/techniques ./internal/cli        attack samples only
//	go test -run '^$' -bench Hunt/process-creation ./internal/cli  every event a Sysmon process creation
//	go test -run '^$' -bench Hunt/ndjson -cpu 1 ./internal/cli     Windows events as NDJSON, on one core
//	go test -run '^$' -bench Hunt/rules ./internal/cli             cost against the number of rules
//	go test -run '^$' -bench Misses ./internal/cli                 allocations where nothing matches
//	go test -run '^$' -bench Walk -cpu 1 ./evtx                    the reader alone, every record's values, on one core
//
// Memory is the metric peak-MB of each lane of Hunt: the peak resident set of the
// test process while it hunts, on Linux; elsewhere sys-MB, what Go took from the
// system since the process began. Of the program itself, with a folder of any size:
//
//	CGO_ENABLED=0 go build ./cmd/kulla
//	/usr/bin/time -v ./kulla hunt -f jsonl -o /dev/null --rules sigma-rules.zip FOLDER   (Maximum resident set size)

// BenchmarkHunt measures the whole way from files to findings, rules loaded,
// as "kulla hunt" goes it.
func BenchmarkHunt(b *testing.B) {
	b.Run("hosts", func(b *testing.B) {
		benchmarkHunt(b, sharedData(b, "sigma-rules.zip"), hosts(b, 2_000_000_000))
	})
	b.Run("techniques", func(b *testing.B) {
		folder := repeated(b, 500_000_000, unpacked(b, "evtx-by-technique.zip"))
		benchmarkHunt(b, sharedData(b, "sigma-rules.zip"), lane{folder: folder})
	})
	b.Run("process-creation", func(b *testing.B) {
		rules := sharedData(b, "sigma-rules.zip")
		attack, ordinary := processCreations(b, rules)
		b.Run("attack", func(b *testing.B) { benchmarkHunt(b, rules, attack) })
		b.Run("ordinary", func(b *testing.B) { benchmarkHunt(b, rules, ordinary) })
	})
	b.Run("ndjson", func(b *testing.B) {
		folder := repeated(b, 500_000_000, windowsNDJSON(b))
		benchmarkHunt(b, sharedData(b, "sigma-rules.zip"), lane{folder: folder})
	})
	b.Run("rules", func(b *testing.B) {
		rules := sharedData(b, "sigma-rules.zip")
		b.Run("hosts", func(b *testing.B) { benchmarkRules(b, rules, hosts(b, 1_000_000_000)) })
		b.Run("process-creation", func(b *testing.B) {
			_, ordinary := processCreations(b, rules)
			benchmarkRules(b, rules, ordinary)
		})
	})
}

// hosts is a clean host and an attacked one, so often.
func hosts(b *testing.B, bytes int64) lane {
	b.Helper()
	return lane{folder: repeated(b, bytes, unpacked(b, "host-clean-w10.zip"), unpacked(b, "host-aptsim-server2022.zip"))}
}

func loaded(b *testing.B, rules string) (*sigma.RuleSet, *sigma.Taxonomy) {
	b.Helper()
	set, taxonomy, err := ruleOptions{paths: []string{rules}}.load()
	if err != nil {
		b.Fatal(err)
	}
	return set, taxonomy
}

func benchmarkHunt(b *testing.B, rules string, evidence lane) {
	set, taxonomy := loaded(b, rules)
	measureHunt(b, set, taxonomy, evidence)
}

// benchmarkRules hunts with ever more of the rules, taken at even distances.
// Correlations stay out: they need the rules that they are made of.
func benchmarkRules(b *testing.B, rules string, evidence lane) {
	set, taxonomy := loaded(b, rules)
	for _, n := range []int{500, 1000, 2000, len(set.Rules)} {
		name := strconv.Itoa(n)
		if n == len(set.Rules) {
			name = "all"
		}
		b.Run(name, func(b *testing.B) {
			if n > len(set.Rules) {
				b.Skipf("there are only %d rules", len(set.Rules))
			}
			part := &sigma.RuleSet{}
			for i := range n {
				part.Rules = append(part.Rules, set.Rules[i*len(set.Rules)/n])
			}
			measureHunt(b, part, taxonomy, evidence)
		})
	}
}

// measureHunt hunts within the bounds of memory that the program has. It times
// the compiling of the rules, which is in ns/op, MB/s and events/s, apart from
// the rest, which alone is in steady-events/s.
func measureHunt(b *testing.B, set *sigma.RuleSet, taxonomy *sigma.Taxonomy, evidence lane) {
	var m measured
	b.Cleanup(LimitMemory())
	resetPeak()
	for b.Loop() {
		m.hunt(b, set, taxonomy, evidence.folder)
	}
	n := float64(b.N)
	b.SetBytes(m.bytes)
	b.ReportMetric(float64(m.events)*n/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(m.events)*n/(b.Elapsed()-m.compiling).Seconds(), "steady-events/s")
	b.ReportMetric(m.compiling.Seconds()*1000/n, "compile-ms")
	b.ReportMetric(float64(m.findings)/float64(m.events), "findings/event")
	b.ReportMetric(float64(m.bytes)/float64(m.events), "bytes/event")
	b.ReportMetric(float64(m.allocations)/float64(m.events)/n, "allocs/event")
	b.ReportMetric(peak())
	if evidence.events > 0 {
		b.ReportMetric(float64(evidence.events), "distinct-events")
		b.Logf("made of %d real records, %d of them different", evidence.records, evidence.events)
	}
	b.Logf("%d rules, %d of them on process creation: %d files, %d bytes, %d events, %d findings; %s", len(set.Rules),
		processRules(set), m.files, m.bytes, m.events, m.findings, machine())
}

// measured is the size of the last hunt, and what all of them together took.
type measured struct {
	files                   int
	bytes, events, findings int64
	compiling               time.Duration
	allocations             uint64 // without those of compiling
}

func (m *measured) hunt(b *testing.B, set *sigma.RuleSet, taxonomy *sigma.Taxonomy, folder string) {
	started := b.Elapsed()
	engine, err := detect.New(set, taxonomy, detect.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer engine.Close()
	m.compiling += b.Elapsed() - started
	m.bytes, m.findings = 0, 0
	before := allocations()
	register, result := huntedBy(b, engine, func(*detect.Finding) { m.findings++ }, folder)
	m.allocations += allocations() - before
	m.files, m.events = len(register.Files), result.Events
	for i := range register.Files {
		m.bytes += register.Files[i].Size
	}
}

// processRules counts the rules that every process creation is routed to.
func processRules(set *sigma.RuleSet) (n int) {
	for _, rule := range set.Rules {
		if rule.LogSource.Category == "process_creation" && rule.LogSource.Product == "windows" {
			n++
		}
	}
	return n
}

// machine says what a figure was measured on. How fast one core hashes just then
// is a yardstick between days: the same shared machine has been twice as slow.
func machine() string {
	return fmt.Sprintf("GOMAXPROCS %d of %d, %s, %s/%s, SHA-256 %.0f MB/s", runtime.GOMAXPROCS(0), runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH, hashing())
}

// hashing is how many megabytes a second crypto/sha256 comes to, at best.
func hashing() (best float64) {
	buffer := make([]byte, 1<<20)
	for range 20 {
		started := time.Now()
		sha256.Sum256(buffer)
		best = max(best, float64(len(buffer))/1e6/time.Since(started).Seconds())
	}
	return best
}

func allocations() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.Mallocs
}

// resetPeak begins a new measurement of the peak resident set. Source:
// proc_pid_clear_refs(5). Where there is no such file, it stays as it is.
func resetPeak() {
	debug.FreeOSMemory()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
}

var highWater = regexp.MustCompile(`VmHWM:\s+([0-9]+) kB`)

func peak() (megabytes float64, unit string) {
	status, err := os.ReadFile("/proc/self/status")
	if match := highWater.FindSubmatch(status); err == nil && match != nil {
		if kilobytes, err := strconv.ParseFloat(string(match[1]), 64); err == nil {
			return kilobytes * 1024 / 1e6, "peak-MB"
		}
	}
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return float64(stats.Sys) / 1e6, "sys-MB"
}

// BenchmarkMisses decodes and matches, from memory and on one goroutine, the
// chunks of logs in which no event matches any rule and nothing is corrupt. Once
// all layouts are known, no event allocates.
func BenchmarkMisses(b *testing.B) {
	b.Run("store", func(b *testing.B) {
		folder := unpacked(b, "host-clean-w10.zip")
		files, err := filepath.Glob(filepath.Join(folder, "*", "Microsoft-Windows-Store%4Operational.evtx"))
		if err != nil {
			b.Fatal(err)
		}
		benchmarkMisses(b, files)
	})
	b.Run("host", func(b *testing.B) {
		files, err := filepath.Glob(filepath.Join(unpacked(b, "host-clean-w10.zip"), "*", "*.evtx"))
		if err != nil {
			b.Fatal(err)
		}
		benchmarkMisses(b, files)
	})
	b.Run("process-creation", func(b *testing.B) {
		_, ordinary := processCreations(b, sharedData(b, "sigma-rules.zip"))
		benchmarkMisses(b, []string{filepath.Join(ordinary.folder, "0", "0", "ordinary-0.evtx")})
	})
}

func benchmarkMisses(b *testing.B, files []string) {
	if len(files) == 0 {
		b.Fatal("no logs")
	}
	set, taxonomy := loaded(b, sharedData(b, "sigma-rules.zip"))
	engine, err := detect.New(set, taxonomy, detect.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer engine.Close()
	parser, out := evtxlog.Format().NewParser(), &eventsOnly{Sink: engine.Sink()}
	misses, size := missing(b, files, parser, out, engine)
	pass(b, parser, misses, out)
	out.events = 0
	matched, before := engine.Matches(), allocations()
	b.ReportAllocs()
	for b.Loop() {
		pass(b, parser, misses, out)
	}
	allocated := allocations() - before
	if engine.Matches() != matched {
		b.Errorf("%d events matched", engine.Matches()-matched)
	}
	b.SetBytes(size)
	b.ReportMetric(float64(allocated)/float64(out.events), "allocs/event")
	b.ReportMetric(float64(out.events)/b.Elapsed().Seconds(), "events/s")
	b.Logf("%d rules: %d sound chunks without a match, of %d files, %d bytes, %d events; %s", len(set.Rules), len(misses), len(files), size,
		out.events/int64(b.N), machine())
}

// eventsOnly counts the events that go to a sink, and the problems that do not.
type eventsOnly struct {
	*detect.Sink
	events, problems int64
}

func (o *eventsOnly) Event(e *event.Event) error {
	o.events++
	return o.Sink.Event(e)
}
func (o *eventsOnly) Problem(format.Problem) { o.problems++ }
func (*eventsOnly) Note(string)              {}

// missing reads the chunks in which nothing matches and nothing is corrupt.
func missing(b *testing.B, files []string, parser format.Parser, out *eventsOnly, engine *detect.Engine) (misses []*format.Block, size int64) {
	b.Helper()
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		// The state of blocks is that of a log of one chunk that goes on.
		begin := slices.Concat(data[:min(len(data), evtx.FileHeaderSize)], []byte("ElfChnk\x00"), make([]byte, evtx.ChunkSize))
		state := evtxlog.Format().NewSplitter(format.Options{}).Split(begin, false).State
		for offset := evtx.FileHeaderSize; offset+evtx.ChunkSize <= len(data); offset += evtx.ChunkSize {
			block := &format.Block{Data: data[offset : offset+evtx.ChunkSize], Offset: int64(offset), State: state}
			before, read, problems := engine.Matches(), out.events, out.problems
			pass(b, parser, []*format.Block{block}, out)
			if engine.Matches() == before && out.events > read && out.problems == problems {
				misses = append(misses, block)
				size += int64(len(block.Data))
			}
		}
	}
	return misses, size
}

func pass(b *testing.B, parser format.Parser, blocks []*format.Block, out format.Output) {
	for _, block := range blocks {
		if err := parser.Parse(block, out); err != nil {
			b.Fatal(err)
		}
	}
}
