package evtx_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"sort"
	"testing"

	"github.com/kulla-defence/kulla/evtx"
)

// A span is a piece of a file.
type span struct{ from, to int64 }

// account reads a file and gives the places of its records, and the places that
// errors say are lost.
func account(t testing.TB, b []byte) (records map[int64]bool, lost []span) {
	t.Helper()
	f, err := evtx.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	records = map[int64]bool{}
	for r, err := range f.Records(context.Background(), evtx.Options{Workers: 2}) {
		var corrupt *evtx.CorruptError
		switch {
		case err == nil:
			records[r.Offset] = true
		case !errors.As(err, &corrupt):
			t.Fatal(err)
		case corrupt.Lost():
			lost = append(lost, span{corrupt.Offset, corrupt.Offset + corrupt.Size})
		}
	}
	return records, lost
}

// unaccounted gives a record of the sound file that a damaged copy of so many
// bytes neither gives nor reports as lost; -1 when there is none.
func unaccounted(sound, damaged map[int64]bool, lost []span, size int64) int64 {
	for at := range sound {
		if damaged[at] || at >= size {
			continue
		}
		if !covered(lost, at) {
			return at
		}
	}
	return -1
}

func covered(lost []span, at int64) bool {
	for _, s := range lost {
		if s.from <= at && at < s.to {
			return true
		}
	}
	return false
}

// small gives some files of the shared archives, the same ones each time.
func small(t *testing.T) map[string][]byte {
	t.Helper()
	files := unpack(t, "sigma-regression.zip", ".evtx")
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	sort.Strings(names)
	chosen := map[string][]byte{"built": file(events(30), events(12))}
	for i := 0; i < len(names); i += 9 {
		chosen[names[i]] = files[names[i]]
	}
	for name, b := range unpack(t, "evtx-hard-cases.zip", ".evtx") {
		if name == "samples/post-Security.evtx" || name == "samples/issue_201.evtx" {
			chosen[name] = b
		}
	}
	return chosen
}

// TestFlippedBits: whatever bits are wrong, each record is given or reported.
// Those of the chunk's free-space offset and of record numbers are the reason
// that a record is looked for by its place, not by its number.
func TestFlippedBits(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for name, b := range small(t) {
		sound, lost := account(t, b)
		if len(lost) > 0 {
			t.Fatalf("%s is not sound", name)
		}
		for range 30 {
			damaged := bytes.Clone(b)
			var flips []int
			for range 1 + random.IntN(3) {
				at := evtx.FileHeaderSize + random.IntN(min(len(b)-evtx.FileHeaderSize, 3*evtx.ChunkSize))
				damaged[at] ^= 1 << random.IntN(8)
				flips = append(flips, at)
			}
			records, lost := account(t, damaged)
			if at := unaccounted(sound, records, lost, int64(len(b))); at >= 0 {
				t.Errorf("%s with bits flipped at %v: the record at %d is not accounted for", name, flips, at)
			}
		}
	}
}

// TestEveryHeaderBit flips each bit of a chunk's header, and of the header and
// end of a record.
func TestEveryHeaderBit(t *testing.T) {
	t.Parallel()
	b := file(events(6))
	sound, _ := account(t, b)
	size := int(b[4096+512+4]) | int(b[4096+512+5])<<8
	flip := func(from, to int) {
		for bit := 8 * from; bit < 8*to; bit++ {
			damaged := bytes.Clone(b)
			damaged[bit/8] ^= 1 << (bit % 8)
			records, lost := account(t, damaged)
			if at := unaccounted(sound, records, lost, int64(len(b))); at >= 0 {
				t.Errorf("bit %d of byte %d: the record at %d is not accounted for", bit%8, bit/8, at)
			}
		}
	}
	flip(4096, 4096+128)
	second := 4096 + 512 + size
	flip(second, second+24)
	flip(second+size-4, second+size+8)
}

// TestTruncated: a file may be cut short anywhere.
func TestTruncated(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	for name, b := range small(t) {
		sound, _ := account(t, b)
		for range 20 {
			size := evtx.FileHeaderSize + random.IntN(len(b)-evtx.FileHeaderSize)
			records, lost := account(t, b[:size])
			if at := unaccounted(sound, records, lost, int64(size)); at >= 0 {
				t.Errorf("%s cut at %d: the record at %d is not accounted for", name, size, at)
			}
		}
	}
}
