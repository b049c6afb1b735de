package evtx_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/evtx"
)

// A pair of decoders share a cache. One remembers definitions of earlier chunks,
// the other reads each of them token by token.
type pair struct {
	cache              *evtx.Cache
	remembers, forgets *evtx.Decoder
	records            int
}

func newPair() *pair {
	p := &pair{cache: new(evtx.Cache)}
	p.remembers, p.forgets = evtx.NewDecoder(p.cache), evtx.NewDecoder(p.cache)
	p.remembers.Carve, p.forgets.Carve = true, true
	return p
}

// agree reads a chunk with both, which must find the same.
func (p *pair) agree(t testing.TB, chunk []byte) {
	t.Helper()
	p.remembers.Reset(chunk, 0, 0)
	p.forgets.Reset(chunk, 0, 0)
	for {
		p.forgets.Forget()
		found, wanted := p.remembers.Next(), p.forgets.Next()
		if found != wanted {
			t.Fatalf("a record: %v, want %v", found, wanted)
		}
		if !found {
			break
		}
		p.records++
		if d := p.remembers.Record().Difference(p.forgets.Record()); d != "" {
			t.Fatalf("record %d: %s", p.forgets.Record().ID, d)
		}
		if p.remembers.Record().Layout() != p.remembers.PlainLayout() {
			t.Fatalf("record %d: the layout of another shape", p.forgets.Record().ID)
		}
	}
	if got, want := fmt.Sprint(p.remembers.Errors()), fmt.Sprint(p.forgets.Errors()); got != want {
		t.Fatalf("errors %s, want %s", got, want)
	}
}

// learnt is how many definitions the remembering decoder read token by token.
func (p *pair) learnt() int {
	n, _ := p.remembers.Remembered()
	return n
}

// TestRememberedSamples reads all shared logs.
func TestRememberedSamples(t *testing.T) {
	t.Parallel()
	for _, archive := range []string{"host-clean-w10.zip", "host-aptsim-server2022.zip", "evtx-by-technique.zip", "evtx-hard-cases.zip", "sigma-regression.zip"} {
		t.Run(archive, func(t *testing.T) {
			t.Parallel()
			p := newPair()
			for _, b := range unpack(t, archive, ".evtx") {
				for at := evtx.FileHeaderSize; at < len(b); at += evtx.ChunkSize {
					p.agree(t, b[at:min(at+evtx.ChunkSize, len(b))])
				}
			}
			t.Logf("%d records of %d templates", p.records, p.learnt())
			if p.records == 0 || p.learnt() == 0 {
				t.Error("nothing was compared")
			}
		})
	}
}

// TestRememberedSpoiled learns definitions, and reads them with each byte changed,
// of them and of what is around them.
func TestRememberedSpoiled(t *testing.T) {
	t.Parallel()
	chunk := events(1)
	end := int(binary.LittleEndian.Uint32(chunk[48:]))
	chunk = chunk[:end]
	fitting := 0
	for at := evtx.ChunkHeaderSize; at < end; at++ {
		for _, change := range []byte{1, 2, 0x40, 0x80, 0xff} {
			p := newPair()
			p.agree(t, chunk)
			before := p.learnt()
			p.agree(t, spoiled(chunk, at, chunk[at]^change))
			if p.learnt() == before {
				fitting++
			}
			p.agree(t, chunk)
		}
	}
	if fitting == 0 || fitting == 5*(end-evtx.ChunkHeaderSize) {
		t.Errorf("%d of %d changed chunks fit", fitting, 5*(end-evtx.ChunkHeaderSize))
	}
}

// TestRememberedCut learns definitions, and reads them with other sizes and in
// chunks that end within them.
func TestRememberedCut(t *testing.T) {
	t.Parallel()
	chunk := events(1)[:3000]
	sizeAt := evtx.ChunkHeaderSize + 24 + 4 + 10 + 20
	p := newPair()
	p.agree(t, chunk)
	for size := range 2000 {
		p.agree(t, spoiled(chunk, sizeAt, le32(size)...))
	}
	p.agree(t, spoiled(chunk, sizeAt, 0xff, 0xff, 0xff, 0xff))
	for size := evtx.ChunkHeaderSize; size < 2000; size++ {
		p.agree(t, chunk[:size])
	}
}

// TestRememberedAtEnd reads a definition that was learnt where the chunk ends.
func TestRememberedAtEnd(t *testing.T) {
	t.Parallel()
	p, c := newPair(), newChunk()
	c.add(withNames(name("Outer"), name("key"), name("Inner")))
	p.agree(t, c.bytes())
	const definitionAt = evtx.ChunkHeaderSize + 24 + 4 + 10
	definition := c.b[definitionAt:]
	for left := range 400 {
		at := evtx.ChunkSize - left
		c := newChunk()
		c.add(again(at, bytesOf(evtx.TypeUInt8, []byte{7})))
		b := c.bytes()
		copy(b[at:], definition)
		p.agree(t, b)
	}
}

// referred is a name that stands elsewhere.
func referred(at int) fragment { return raw(le32(at)) }

// withNames is an instance of a template with an element, an attribute and an
// element in it; the names are those given.
func withNames(outer, attribute, inner fragment) fragment {
	return template(sequence(raw([]byte{0x41}, le16(0xffff), le32(8)), outer, raw(le32(8)), raw([]byte{0x06}), attribute, text("value"), raw([]byte{0x02}),
		raw([]byte{0x01}, le16(0xffff), le32(8)), inner, raw([]byte{0x02}), slot(0), raw([]byte{0x04, 0x04})), bytesOf(evtx.TypeUInt8, []byte{7}))
}

// TestRememberedNames learns a definition, and reads it with names that stand
// elsewhere: in other definitions, where others point to, nowhere, and such that
// they are what the definition consists of.
func TestRememberedNames(t *testing.T) {
	t.Parallel()
	inline := newChunk()
	inline.add(withNames(name("Outer"), name("key"), name("Inner")))
	before := func(names ...string) (*chunkBuilder, []int) {
		c := newChunk()
		var places []int
		for _, s := range names {
			places = append(places, c.add(name(s))+24+4+4)
		}
		return c, places
	}
	f := func(same bool, chunk *chunkBuilder) {
		t.Helper()
		p := newPair()
		p.agree(t, inline.bytes())
		if p.learnt() != 1 {
			t.Fatalf("%d definitions learnt", p.learnt())
		}
		p.agree(t, chunk.bytes())
		if (p.learnt() == 1) != same {
			t.Errorf("%d definitions learnt", p.learnt())
		}
		p.agree(t, inline.bytes())
	}
	named := func(same bool, outer, key, inner string) {
		t.Helper()
		c, at := before(outer, key, inner)
		c.add(withNames(referred(at[0]), referred(at[1]), referred(at[2])))
		f(same, c)
		c, at = before(key)
		c.add(withNames(name(outer), referred(at[0]), name(inner)))
		f(same, c)
	}
	named(true, "Outer", "key", "Inner")
	named(false, "Outer", "kez", "Inner")
	named(false, "Outer", "keys", "Inner")
	named(false, "Outer", "ke", "Inner")
	named(false, "Outer", "key", "Outer")
	named(false, "Inner", "key", "Outer")
	named(false, "Outer", "Name", "Inner")
	for _, place := range []int{0, 511, 560, 600, 65526, 65528, 65534, 65536, 0x7fffffff, 0xfffffff8, 0xffffffff} {
		c, at := before("Outer", "key")
		c.add(withNames(referred(at[0]), referred(at[1]), referred(place)))
		p := newPair()
		p.agree(t, inline.bytes())
		p.agree(t, c.bytes())
	}
}

// TestRememberedOverlap reads definitions that begin within one that was learnt.
func TestRememberedOverlap(t *testing.T) {
	t.Parallel()
	p := newPair()
	for _, first := range []int{0, 1} {
		c := newChunk()
		at := c.add(event("first"))
		for shift := range 300 {
			c.add(again(at+38+shift*first, bytesOf(evtx.TypeString, wide("x"))))
		}
		p.agree(t, c.bytes())
	}
}

// TestRememberedBounds: of one GUID only so many templates are remembered, of all
// together only so many bytes, and none when the cache that holds them is emptied.
func TestRememberedBounds(t *testing.T) {
	t.Parallel()
	p := newPair()
	for i := range 10 {
		c := newChunk()
		c.add(template(element(strings.Repeat("a", i+1), nil, slot(0)), bytesOf(evtx.TypeUInt8, []byte{7})))
		p.agree(t, c.bytes())
	}
	if p.learnt() != 4 {
		t.Errorf("%d templates of one GUID", p.learnt())
	}
	p.cache.Empty()
	p.agree(t, make([]byte, evtx.ChunkSize))
	if n, size := p.remembers.Remembered(); n != 0 || size != 0 {
		t.Errorf("%d templates in %d bytes", n, size)
	}
	forgot, before := false, 0
	for i := range 250 {
		p.agree(t, manyGUIDs(i).bytes())
		n, size := p.remembers.Remembered()
		if size > evtx.MaxRemembered+1<<16 {
			t.Fatalf("%d bytes", size)
		}
		forgot = forgot || n < before
		before = n
	}
	if !forgot {
		t.Errorf("%d templates are remembered", before)
	}
}

// manyGUIDs is a chunk with templates of many GUIDs, which no other such has.
func manyGUIDs(number int) *chunkBuilder {
	c := newChunk()
	for i := range 20 {
		at := c.add(template(element("A", nil, text(strings.Repeat("t", 400)), slot(0)), bytesOf(evtx.TypeUInt8, []byte{7})))
		copy(c.b[at+24+4+10+4:], le32(number*100+i+1))
	}
	return c
}

// FuzzRemembered reads a chunk after another one.
func FuzzRemembered(f *testing.F) {
	trim := func(b []byte) []byte { return bytes.TrimRight(b, "\x00") }
	f.Add(trim(events(2)), trim(spoiled(events(3), 600, 9)))
	f.Add(trim(events(1)), trim(events(1))[:900])
	f.Add(trim(manyGUIDs(1).bytes()[:2000]), trim(manyGUIDs(1).bytes()[:3000]))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		p := newPair()
		p.agree(t, first)
		p.agree(t, second)
		p.agree(t, first)
	})
}
