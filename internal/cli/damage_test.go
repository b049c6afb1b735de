package cli

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kulla-defence/kulla/evtx"
	"github.com/kulla-defence/kulla/internal/evtxwriter"
	"github.com/kulla-defence/kulla/internal/source/archive/sevenzip/sevenziptest"
)

// The parts of a summary that tell what could not be read.
type readReport struct {
	Events   int64        `json:"events"`
	Evidence []readSource `json:"evidence"`
	Archives []readSource `json:"archives"`
}

type readSource struct {
	Source       string `json:"source"`
	Size         int64  `json:"size"`
	Records      int64  `json:"records"`
	ProblemCount int64  `json:"problem_count"`
	Carved       int64  `json:"records_carved"`
	Problems     []struct {
		Reason    string `json:"reason"`
		Limit     string `json:"limit"`
		Offset    *int64 `json:"offset"`
		BytesLost int64  `json:"bytes_lost"`
	} `json:"problems"`
}

// reading hunts, and returns what the summary says of the evidence.
func reading(t *testing.T, arguments ...string) (readReport, int) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "summary.json")
	_, code := kulla(t, append([]string{"hunt", "-q", "--summary", name}, arguments...)...)
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var report readReport
	if err := json.Unmarshal(data, &report); err != nil {
		t.Fatal(err)
	}
	return report, code
}

// reasons of all problems of sources whose name ends so.
func (r readReport) reasons(suffix string) (reasons []string) {
	for _, source := range slices.Concat(r.Evidence, r.Archives) {
		if strings.HasSuffix(source.Source, suffix) {
			for _, problem := range source.Problems {
				reasons = append(reasons, problem.Reason)
			}
		}
	}
	return reasons
}

func (r readReport) limits() (limits []string) {
	for _, source := range slices.Concat(r.Evidence, r.Archives) {
		for _, problem := range source.Problems {
			if problem.Limit != "" && !slices.Contains(limits, problem.Limit) {
				limits = append(limits, problem.Limit)
			}
		}
	}
	return limits
}

// Copies of logs in which bits are flipped are read to their end. What is
// damaged is listed with its place, and with what it cost.
func TestFlippedBits(t *testing.T) {
	t.Parallel()
	damage(t, func(random *rand.Rand, log []byte) []byte {
		for range 1 + random.IntN(8) {
			log[random.IntN(len(log))] ^= 1 << random.IntN(8)
		}
		return log
	}, func(t *testing.T, whole, damaged readSource) {
		if damaged.Size != whole.Size {
			t.Errorf("%d bytes read, want %d", damaged.Size, whole.Size)
		}
		if damaged.Records > whole.Records {
			t.Errorf("%d records, and %d before the damage", damaged.Records, whole.Records)
		}
		if damaged.Records < whole.Records {
			requireLoss(t, whole, damaged)
		}
	})
}

// Copies that were cut off are read up to the cut.
func TestTruncatedLogs(t *testing.T) {
	t.Parallel()
	damage(t, func(random *rand.Rand, log []byte) []byte {
		return log[:1+random.IntN(len(log)-1)]
	}, func(t *testing.T, whole, damaged readSource) {
		if damaged.Records > whole.Records {
			t.Errorf("%d records, and %d before the cut", damaged.Records, whole.Records)
		}
		if damaged.Records < whole.Records && damaged.ProblemCount == 0 {
			t.Errorf("%d of %d records are gone without a problem", whole.Records-damaged.Records, whole.Records)
		}
		if damaged.Size >= evtx.FileHeaderSize+evtx.ChunkSize && damaged.Records == 0 {
			t.Error("no record of a whole chunk")
		}
	})
}

// requireLoss demands that lost records show as bytes that gave none, at places in
// the file.
func requireLoss(t *testing.T, whole, damaged readSource) {
	t.Helper()
	var lost int64
	for _, problem := range damaged.Problems {
		lost += problem.BytesLost
		if problem.Offset == nil || *problem.Offset < 0 || *problem.Offset > damaged.Size {
			t.Errorf("problem without a place in the file: %+v", problem)
		}
	}
	if lost == 0 {
		t.Errorf("%d of %d records are gone, and no bytes were lost: %+v", whole.Records-damaged.Records, whole.Records, damaged.Problems)
	}
	if lost > damaged.Size {
		t.Errorf("%d bytes lost of %d", lost, damaged.Size)
	}
}

// damage spoils each log of the sample several times, and compares what the
// hunt says of the copies with what it says of the originals.
func damage(t *testing.T, spoil func(*rand.Rand, []byte) []byte, check func(t *testing.T, whole, damaged readSource)) {
	t.Helper()
	const copies = 3
	logs, spoiled := eventLogs(t, unzipped(t, sampleEvidence())), t.TempDir()
	whole := map[string]readSource{}
	report, _ := reading(t, logs)
	for i, source := range report.Evidence {
		log, err := os.ReadFile(source.Source)
		if err != nil {
			t.Fatal(err)
		}
		for c := range copies {
			name := filepath.Join(spoiled, fmt.Sprintf("%03d-%d.evtx", i, c))
			random := rand.New(rand.NewPCG(uint64(i), uint64(c)))
			if err := os.WriteFile(name, spoil(random, slices.Clone(log)), 0o600); err != nil {
				t.Fatal(err)
			}
			whole[name] = source
		}
	}
	damaged, code := reading(t, spoiled)
	if code != exitUnreadable {
		t.Errorf("code %d, want %d", code, exitUnreadable)
	}
	if len(damaged.Evidence) != copies*len(report.Evidence) {
		t.Fatalf("%d of %d files are in the summary", len(damaged.Evidence), copies*len(report.Evidence))
	}
	lost, problems := int64(0), int64(0)
	for _, source := range damaged.Evidence {
		t.Run(filepath.Base(source.Source), func(t *testing.T) { check(t, whole[source.Source], source) })
		lost += whole[source.Source].Records - source.Records
		problems += source.ProblemCount
	}
	t.Logf("%d copies: %d records read, %d lost, %d problems", len(damaged.Evidence), damaged.Events, lost, problems)
	if lost == 0 || problems == 0 {
		t.Error("the damage did no harm: nothing was tried")
	}
}

// Archives that unpack to far more than they are, or that hold one another
// without end, are given up at a limit, which is named.
func TestArchiveBombs(t *testing.T) {
	t.Parallel()
	nested := zipOf(t, "Security.evtx", []byte("x"))
	for range 9 {
		nested = zipOf(t, "inner.zip", nested)
	}
	many := make([]string, 0, 200)
	for i := range cap(many) {
		many = append(many, fmt.Sprint(i))
	}
	zeros := make([]byte, 80<<20)
	dictionary := sevenziptest.Write(sevenziptest.Contents{Folders: []sevenziptest.Folder{{
		Coders:  []sevenziptest.Coder{{Method: []byte{0x21}, Properties: []byte{40}, Size: 1 << 40, Pack: bytes.Clone}},
		Members: []sevenziptest.Member{{Name: "huge"}},
	}}})
	logs := unzipped(t, sampleEvidence())
	for name, test := range map[string]struct {
		archive   []byte
		arguments []string
		limit     string
	}{
		"zip of zeros":        {zipOf(t, "zeros", zeros), nil, "ratio"},
		"gzip of zeros":       {gzipOf(t, zeros), nil, "ratio"},
		"zip in zip in zip …": {nested, nil, "depth"},
		"zip in zip":          {zipOf(t, "inner.zip", zipOf(t, "a", []byte("x"))), []string{"--limit", "depth=1"}, "depth"},
		"size":                {zipOf(t, "zeros", zeros[:1<<20]), []string{"--limit", "bytes=0.5MB"}, "bytes"},
		"many members":        {zipOf(t, strings.Join(many, "\x00"), nil), []string{"--limit", "members=100"}, "members"},
		"dictionary of 4 GB":  {dictionary, []string{"--limit", "memory=1GB"}, "memory"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "bomb")
			if err := os.WriteFile(file, test.archive, 0o600); err != nil {
				t.Fatal(err)
			}
			report, code := reading(t, append(test.arguments, file, logs)...)
			if code != exitUnreadable {
				t.Errorf("code %d, want %d", code, exitUnreadable)
			}
			if got := report.limits(); !slices.Equal(got, []string{test.limit}) {
				t.Errorf("limits named: %q, want %s", got, test.limit)
			}
			if report.Events < 3000 {
				t.Errorf("%d events: the evidence beside the bomb was not read", report.Events)
			}
		})
	}
}

// A folder is hunted in although some of its files cannot be read; those are
// named with the reason, and the code is 4.
func TestUnreadableFiles(t *testing.T) {
	t.Parallel()
	folder := unzipped(t, sampleEvidence())
	whole, code := reading(t, folder)
	if code != exitDone {
		t.Fatalf("code %d before there are unreadable files", code)
	}
	want := map[string]string{"picture.evtx": "format not recognised", "cut.gz!cut": "truncated: it ends too early", "broken.zip": "zip: not a valid zip file"}
	write := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("picture.evtx", []byte("\x89PNG\r\n\x1a\n and so on"))
	write("cut.gz", gzipOf(t, bytes.Repeat([]byte("not compressible? "), 100))[:30])
	write("broken.zip", []byte("PK\x03\x04 and no more"))
	write("empty.evtx", nil)
	if err := os.Symlink(filepath.Join(folder, "nowhere"), filepath.Join(folder, "dangling.evtx")); err == nil {
		want["dangling.evtx"] = "symbolic link, not followed"
	}
	write("forbidden.evtx", []byte("ElfFile"))
	if err := os.Chmod(filepath.Join(folder, "forbidden.evtx"), 0); err != nil {
		t.Fatal(err)
	}
	if file, err := os.Open(filepath.Join(folder, "forbidden.evtx")); err != nil { // nothing is forbidden to root
		want["forbidden.evtx"] = "permission denied"
	} else {
		file.Close()
	}
	report, code := reading(t, folder)
	if code != exitUnreadable {
		t.Errorf("code %d, want %d", code, exitUnreadable)
	}
	if report.Events != whole.Events {
		t.Errorf("%d events, and %d without the unreadable files", report.Events, whole.Events)
	}
	for name, reason := range want {
		if got := report.reasons(name); !slices.ContainsFunc(got, func(text string) bool { return strings.Contains(text, reason) }) {
			t.Errorf("%s: %q, want %q", name, got, reason)
		}
	}
}

// zipOf packs members, whose names are apart by NUL, with the same content.
func zipOf(t *testing.T, names string, content []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	for _, name := range strings.Split(names, "\x00") {
		member, err := archive.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := member.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func gzipOf(t *testing.T, content []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	packer := gzip.NewWriter(&out)
	if _, err := packer.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := packer.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// A log that lost the header of its second chunk, and bytes of its third, is read
// by every command as far as it is there; what no header counts is carved on
// request, and marked.
func TestDisplacedAndCarved(t *testing.T) {
	t.Parallel()
	events := make([]evtxwriter.Event, 40)
	for i := range events {
		events[i] = evtxwriter.Event{Provider: "Microsoft-Windows-Eventlog", EventID: 1102, Channel: "Security", Computer: "host", Time: time.Unix(1e9+int64(i), 0).UTC()}
	}
	log, err := evtxwriter.Encode(evtxwriter.Options{RecordsPerChunk: 10}, events...)
	if err != nil {
		t.Fatal(err)
	}
	second := evtx.FileHeaderSize + evtx.ChunkSize
	clear(log[second : second+evtx.ChunkHeaderSize])
	log = slices.Delete(log, second+2*evtx.ChunkSize-1000, second+2*evtx.ChunkSize-488)
	name := filepath.Join(t.TempDir(), "Security.evtx")
	if err := os.WriteFile(name, log, 0o644); err != nil {
		t.Fatal(err)
	}
	count := func(mark string, arguments ...string) int {
		out, _ := kulla(t, append(arguments, name)...)
		return strings.Count(out, mark)
	}
	if plain, carved := count("\n", "dump"), count("\n", "dump", "--carve"); plain != 30 || carved != 40 {
		t.Errorf("%d records, %d carved", plain, carved)
	}
	for _, arguments := range [][]string{{"dump", "--carve"}, {"hunt", "-q", "--carve"}, {"timeline", "-f", "jsonl", "--carve"}} {
		if n := count(`"carved":true`, arguments...); n < 10 || n > 20 {
			t.Errorf("%q: %d marked", arguments, n)
		}
	}
	if n := count("<!--carved--><Event ", "dump", "--carve", "-f", "xml"); n != 10 {
		t.Errorf("%d marked in XML", n)
	}
	report, _ := reading(t, "--carve", name)
	if report.Evidence[0].Carved != 10 {
		t.Errorf("%+v", report.Evidence[0])
	}
}
