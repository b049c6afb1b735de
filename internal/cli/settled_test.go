package cli

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/evtx"
	"github.com/kulla-defence/kulla/internal/store"
)

const logonsOfOne = `title: Logon of one failed
id: 6e6b3a52-0000-4000-8000-000000000051
logsource: {product: windows, service: security}
detection: {a: {EventID: 4625, TargetUserName: user1}, condition: a}
level: low
`

// What no finding cites may not change in an event log that grows, either: but
// for its header and the chunk that it was writing, it is what it was.
func TestGrownEventLogIsWhatItWas(t *testing.T) {
	t.Parallel()
	rules := filepath.Join(t.TempDir(), "one.yml")
	write(t, rules, logonsOfOne)
	uncited := []byte("u\x00s\x00e\x00r\x002\x00")
	for name, test := range map[string]struct {
		alter   func(log []byte)
		altered bool
	}{
		"as it was":                {func([]byte) {}, false},
		"a record of a full chunk": {func(log []byte) { log[bytes.Index(log, uncited)] = 'v' }, true},
		"between two chunks":       {func(log []byte) { log[evtx.FileHeaderSize+evtx.ChunkSize-1] ^= 1 }, true},
		"the rest of the header":   {func(log []byte) { log[evtx.FileHeaderSize-1] ^= 1 }, true},
		"behind the last chunk":    {func(log []byte) { log[len(log)-1] ^= 1 }, false},
	} {
		log := filepath.Join(t.TempDir(), "Security.evtx")
		write(t, log, string(failedLogons(t, 1, 35, false)))
		file := investigating(t, "--no-report", "--rules", rules, log)
		for _, last := range []int{48, 67} {
			grown := failedLogons(t, 1, last, false)
			if last == 67 {
				test.alter(grown)
			}
			write(t, log, string(grown))
			_, errors, code := running(t, "investigate", "--no-report", "-q", "--rules", rules, "--key", filepath.Join(filepath.Dir(file), "signing.key"), "-o", file, log)
			if altered := strings.Contains(errors, "WARNING"); code != exitDone || altered != (test.altered && last == 67) {
				t.Errorf("%s, %d records: code %d, %s", name, last, code, errors)
			}
		}
		if out, code := verified(t, file, log); code != exitDone || strings.Contains(out, "does not continue") != test.altered {
			t.Errorf("%s: verify has code %d:\n%s", name, code, out)
		}
	}
}

// A log of one chunk, and one of which the header cannot be relied on, have
// nothing that stays as it is.
func TestNothingIsSettled(t *testing.T) {
	t.Parallel()
	wrapped := failedLogons(t, 1, 35, false)
	wrapped[8] = 1 // the first chunk is another than that of the file
	for name, log := range map[string][]byte{"one chunk": failedLogons(t, 1, 7, false), "wrapped": wrapped, "no log": []byte(authLog), "nothing": nil} {
		if mark, ok := settledOf(log[:min(len(log), 4096)]); ok {
			t.Errorf("%s: %d bytes", name, mark.Size)
		}
	}
	path := filepath.Join(t.TempDir(), "Security.evtx")
	write(t, path, string(failedLogons(t, 1, 35, false)[:evtx.FileHeaderSize+evtx.ChunkSize+9]))
	kept(t, investigating(t, "--no-report", path), func(c *store.Case) {
		if settled := must(c.Evidence())[0].Settled; settled != nil {
			t.Errorf("of a log that is cut short %d bytes are settled", settled.Size)
		}
	})
}
