package digest_test

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/kulla-defence/kulla/internal/source/digest"
)

// noise is so many bytes, others for each seed.
func noise(size int, seed uint64) []byte {
	data := make([]byte, size)
	random := rand.New(rand.NewPCG(seed, 1))
	for i := range data {
		data[i] = byte(random.Uint32())
	}
	return data
}

// A file is a stream that is fed piece by piece, and what it should come to.
type file struct {
	t      testing.TB
	stream *digest.Stream
	rest   []byte
	want   [sha256.Size]byte

	mutex sync.Mutex
	lent  int // pieces that the desk has
	sums  int
}

func begin(t testing.TB, desk *digest.Desk, data []byte) *file {
	return &file{t: t, stream: desk.Stream(), rest: data, want: sha256.Sum256(data)}
}

// feed adds so many of the bytes that are left, or closes the stream where
// there are none. It overwrites them once they are hashed.
func (f *file) feed(size int) (more bool) {
	if len(f.rest) == 0 {
		f.stream.Close(f.check)
		return false
	}
	size = min(size, len(f.rest))
	data := append([]byte(nil), f.rest[:size]...)
	f.rest = f.rest[size:]
	f.change(&f.lent, 1)
	f.stream.Add(data, func() {
		clear(data)
		f.change(&f.lent, -1)
	})
	return true
}

func (f *file) change(count *int, by int) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	*count += by
}

func (f *file) check(sum [sha256.Size]byte) {
	f.change(&f.sums, 1)
	if sum != f.want {
		f.t.Errorf("digest %x, want %x", sum, f.want)
	}
}

// finished reports what should be true of each file in the end.
func (f *file) finished() {
	f.t.Helper()
	if f.lent != 0 || f.sums != 1 {
		f.t.Errorf("%d pieces kept, %d digests, want 0 and 1", f.lent, f.sums)
	}
}

// Two files of any two lengths, each in one piece.
func TestLengths(t *testing.T) {
	t.Parallel()
	const longest = 200
	first, second := noise(longest, 1), noise(longest, 2)
	for i := range longest {
		for j := range longest {
			desk := digest.NewDesk()
			a, b := begin(t, desk, first[:i]), begin(t, desk, second[:j])
			for _, f := range []*file{a, b} {
				for f.feed(longest) {
				}
			}
			desk.Flush()
			a.finished()
			b.finished()
			if t.Failed() {
				t.Fatalf("lengths %d and %d", i, j)
			}
		}
	}
}

// Two files, each cut in two anywhere.
func TestSplits(t *testing.T) {
	t.Parallel()
	const size = 150
	first, second := noise(size, 3), noise(size, 4)
	for i := range size {
		for j := range size {
			desk := digest.NewDesk()
			a, b := begin(t, desk, first), begin(t, desk, second)
			a.feed(i + 1)
			b.feed(j + 1)
			for _, f := range []*file{b, a} {
				for f.feed(size) {
				}
			}
			desk.Flush()
			a.finished()
			b.finished()
			if t.Failed() {
				t.Fatalf("cut at %d and %d", i+1, j+1)
			}
		}
	}
}

// Some files are fed by turns, in a random order, as one goroutine would.
func TestByTurns(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		byTurns(t, rand.New(rand.NewPCG(seed, 5)))
	}
}

func byTurns(t testing.TB, random *rand.Rand) {
	desk := digest.NewDesk()
	var open, all []*file
	for i := range 1 + random.IntN(6) {
		open = append(open, begin(t, desk, noise(random.IntN(4000), uint64(i))))
	}
	all = append(all, open...)
	for len(open) > 0 {
		i := random.IntN(len(open))
		if random.IntN(10) == 0 {
			open[i].stream.Wait()
			if open[i].lent != 0 {
				t.Errorf("%d pieces are kept after Wait", open[i].lent)
			}
		}
		if !open[i].feed(1 + random.IntN(1500)) {
			open = append(open[:i], open[i+1:]...)
		}
	}
	desk.Flush()
	for _, f := range all {
		f.finished()
	}
}

// Many files are read by several goroutines, large ones among them.
func TestSeveralReaders(t *testing.T) {
	t.Parallel()
	for _, readers := range []int{1, 2, 3, 8} {
		t.Run(fmt.Sprint(readers), func(t *testing.T) {
			t.Parallel()
			desk := digest.NewDesk()
			files := make([][]*file, readers)
			var wait sync.WaitGroup
			for reader := range files {
				wait.Go(func() { files[reader] = readSome(t, desk, uint64(reader)) })
			}
			wait.Wait()
			desk.Flush()
			for _, list := range files {
				for _, f := range list {
					f.finished()
				}
			}
		})
	}
}

func readSome(t testing.TB, desk *digest.Desk, seed uint64) []*file {
	random := rand.New(rand.NewPCG(seed, 6))
	var files []*file
	for i := range uint64(20) {
		size := random.IntN(3000)
		if i%4 == 0 {
			size = random.IntN(300_000)
		}
		f := begin(t, desk, noise(size, 100*seed+i))
		for f.feed(1 + random.IntN(40_000)) {
		}
		files = append(files, f)
	}
	return files
}

// A desk keeps no more pieces than it says, whoever comes or does not.
func TestFewPiecesWait(t *testing.T) {
	t.Parallel()
	desk := digest.NewDesk()
	lone := begin(t, desk, noise(100_000, 7))
	for lone.feed(1000) {
		if lone.lent > digest.MaxWaiting {
			t.Fatalf("%d pieces are kept, want at most %d", lone.lent, digest.MaxWaiting)
		}
	}
	for i := range uint64(50) {
		other := begin(t, desk, noise(900, i))
		for other.feed(1000) {
		}
		if kept := lone.lent + other.lent; kept > digest.MaxWaiting {
			t.Fatalf("%d pieces are kept, want at most %d", kept, digest.MaxWaiting)
		}
	}
	desk.Flush()
	lone.finished()
}

// Whatever is read in whatever pieces, the digests are those of crypto/sha256.
func FuzzDesk(f *testing.F) {
	f.Add([]byte("first"), []byte("second"), uint16(1), uint16(2))
	f.Add(noise(64, 1), noise(128, 2), uint16(64), uint16(63))
	f.Add(noise(1000, 1), noise(700, 2), uint16(333), uint16(128))
	f.Add([]byte{}, noise(65, 2), uint16(0), uint16(65))
	f.Fuzz(func(t *testing.T, first, second []byte, step, otherStep uint16) {
		desk := digest.NewDesk()
		a, b := begin(t, desk, first), begin(t, desk, second)
		for more, otherMore := true, true; more || otherMore; {
			if more {
				more = a.feed(int(step) + 1)
			}
			if otherMore {
				otherMore = b.feed(int(otherStep) + 1)
			}
		}
		desk.Flush()
		a.finished()
		b.finished()
	})
}

// BenchmarkDesk compares pieces of two files with those of one.
func BenchmarkDesk(b *testing.B) {
	for files := 1; files <= 2; files++ {
		b.Run(fmt.Sprintf("files=%d", files), func(b *testing.B) {
			data := make([]byte, 1<<20)
			b.SetBytes(int64(files * len(data)))
			desk := digest.NewDesk()
			streams := make([]*digest.Stream, files)
			for i := range streams {
				streams[i] = desk.Stream()
			}
			for b.Loop() {
				for _, s := range streams {
					s.Add(data, func() {})
				}
			}
		})
	}
}
