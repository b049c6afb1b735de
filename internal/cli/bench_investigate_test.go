package cli

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// BenchmarkInvestigate runs "kulla investigate" and "kulla hunt" by turns on the
// same evidence, each as a process of its own with its start and its end, and
// gives the least time of each and the ratio:
//
//	go test -run '^$' -bench Investigate/hosts -benchtime 20x ./internal/cli   a clean host and an attacked one
//	go test -run '^$' -bench Investigate/large -benchtime 3x ./internal/cli    the sample's story in 0.6 million events
func BenchmarkInvestigate(b *testing.B) {
	b.Run("hosts", func(b *testing.B) {
		compareWithHunt(b, unpacked(b, "host-clean-w10.zip"), unpacked(b, "host-aptsim-server2022.zip"))
	})
	b.Run("large", func(b *testing.B) {
		folder := filepath.Join(b.TempDir(), "evidence")
		generate := exec.Command("go", "run", "../../examples/generate", "--hosts", "20", "--days", "40", "--busy", "1", "-o", folder)
		if out, err := generate.CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
		compareWithHunt(b, folder)
	})
}

// spent is the least that one command took.
type spent struct{ wall, processor time.Duration }

func (s *spent) run(b *testing.B, arguments ...string) {
	b.Helper()
	command := exec.Command("kulla", arguments...)
	command.Env = append(os.Environ(), "GOGC=400", "GOMEMLIMIT=224MiB") // as cmd/kulla sets them
	started := time.Now()
	if out, err := command.CombinedOutput(); err != nil {
		b.Fatalf("%v: %v: %s", arguments[:1], err, out)
	}
	wall, processor := time.Since(started), command.ProcessState.UserTime()+command.ProcessState.SystemTime()
	if s.wall == 0 {
		s.wall, s.processor = wall, processor
	}
	s.wall, s.processor = min(s.wall, wall), min(s.processor, processor)
}

func compareWithHunt(b *testing.B, folders ...string) {
	b.Helper()
	var hunt, investigate spent
	target := b.TempDir()
	key := filepath.Join(target, "key")
	for n := 0; b.Loop(); n++ {
		hunt.run(b, slices.Concat([]string{"hunt", "-q", "-f", "jsonl", "-o", os.DevNull}, folders)...)
		investigate.run(b, slices.Concat([]string{"investigate", "-q", "--key", key, "-o", filepath.Join(target, fmt.Sprint(n)+caseExtension)}, folders)...)
	}
	bytes := int64(0)
	for _, folder := range folders {
		bytes += sizeOf(b, folder)
	}
	for _, one := range []struct {
		unit        string
		hunt, whole time.Duration
	}{{"", hunt.wall, investigate.wall}, {"cpu-", hunt.processor, investigate.processor}} {
		b.ReportMetric(float64(one.hunt.Microseconds())/1000, "hunt-"+one.unit+"ms")
		b.ReportMetric(float64(one.whole.Microseconds())/1000, "investigate-"+one.unit+"ms")
		b.ReportMetric(float64(one.whole)/float64(one.hunt), one.unit+"ratio")
	}
	b.Logf("%d bytes; %s", bytes, machine())
}

// sizeOf the files of a folder, in bytes.
func sizeOf(b *testing.B, folder string) (bytes int64) {
	b.Helper()
	err := filepath.WalkDir(folder, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		bytes += info.Size()
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return bytes
}
