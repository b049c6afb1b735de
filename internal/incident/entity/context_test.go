package entity

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kulla-defence/kulla/internal/event"
)

// manyEvents are events of every interest, several of each.
func manyEvents(n int) []*event.Event {
	source := &event.Source{Name: "a.evtx"}
	var events []*event.Event
	for i := range n {
		host, at := fmt.Sprintf("ws%02d.corp.example.test", i%7), after(float64(i)*997)
		address := fmt.Sprintf("192.0.2.%d", i%40+1)
		made := []*event.Event{
			sysmonStart(host, at, i, i/2, `C:\a.exe`),
			auditStart(host, at, 1000+i, 1000+i/2, `C:\a.exe`),
			logon(host, at, 0x1000+i, "bob", address, fmt.Sprint(1024+i), "WS99", guidText(i)),
			logon(host, at, 0x5000+i, fmt.Sprintf("WS%02d$", i%9), address, "0", "-", guidText(0)),
			connection(host, at, i%2 == 0, address, 1024+i, "198.51.100.9", 443),
			named(host, fmt.Sprintf("S-1-5-21-1-2-3-%d", i%50), "CORP", fmt.Sprintf("user%d", i%60)),
			eventOf(host, at, "EventID", "4769", "TargetUserName", "WS03$@CORP.EXAMPLE.TEST", "IpAddress", address, "TicketOptions", "0x1", "LogonGuid", guidText(i)),
			eventOf(host, at, "EventID", "4616", "PreviousTime", at.Format("2006-01-02T15:04:05Z"), "NewTime", after(float64(i)*1000).Format("2006-01-02T15:04:05Z")),
			eventOf(host, at, "EventID", "6011", "Provider_Name", "EventLog", "Data", "OLD"+fmt.Sprint(i%3), "Data", fmt.Sprintf("ws%02d", i%7)),
			eventOf(strings.ToUpper(host), at, "c-ip", address, "s-ip", "192.0.2.200", "cs-username", "bob"),
			eventOf("fw02", time.Time{}, "src_ip", fmt.Sprintf("203.0.113.%d", i%200), "dst_ip", "198.51.100.9"),
			eventOf("", at, "src_ip", fmt.Sprintf("203.0.113.%d", i%200), "dst_ip", "198.51.100.9"),
			eventOf("fw01", at, "src_ip", address, "src_port", fmt.Sprint(1024+i), "dst_ip", "198.51.100.9", "dst_port", "443"),
		}
		for _, e := range made {
			e.Provenance = event.Provenance{Source: source, RecordID: uint64(i + 1)}
		}
		events = append(events, made...)
	}
	return sharing(events)
}

// observe spreads events over observers at work at the same time.
func observe(tb testing.TB, events []*event.Event, workers int) *Context {
	tb.Helper()
	c := NewContext()
	var group sync.WaitGroup
	for w := range workers {
		o := c.Observer()
		o.room = 100 // so that it is given away often
		group.Go(func() {
			for i := w; i < len(events); i += workers {
				_ = o.Event(events[i]) // always nil
			}
		})
	}
	group.Wait()
	c.Finish()
	return c
}

// The number of workers and the order of events make no difference.
func TestOrderMakesNoDifference(t *testing.T) {
	t.Parallel()
	events := manyEvents(2000)
	want := encoded(t, observe(t, events, 1))
	for _, workers := range []int{2, 5} {
		if encoded(t, observe(t, events, workers)) != want {
			t.Errorf("%d workers see something else than one", workers)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 3 {
		random.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		if encoded(t, observe(t, events, 1)) != want {
			t.Error("another order gives another context")
		}
	}
}

// Contexts of parts, merged, are the context of the whole; what both parts saw
// makes no difference.
func TestMerge(t *testing.T) {
	t.Parallel()
	events := manyEvents(300)
	whole := encoded(t, observe(t, events, 1))
	for _, cut := range []int{0, 1, len(events) / 3, len(events)} {
		one, other := observe(t, events[:cut], 1), observe(t, events[cut/2:], 2)
		one.Merge(other)
		if encoded(t, one) != whole {
			t.Errorf("cut at %d: the parts are not the whole", cut)
		}
	}
}

func TestMarshal(t *testing.T) {
	t.Parallel()
	c := observe(t, manyEvents(50), 1)
	data := encoded(t, c)
	var read Context
	if err := read.UnmarshalBinary([]byte(data)); err != nil {
		t.Fatal(err)
	}
	if encoded(t, &read) != data {
		t.Error("what was read is written otherwise")
	}
	m := Mention{Kind: Host, Value: "WS01"}
	if got, want := read.Resolve(m), c.Resolve(m); got.Key != want.Key || len(got.Aliases) != len(want.Aliases) {
		t.Errorf("resolves to %v, want %v", got, want)
	}
}

// The same facts give the same answers, though maps have no order.
func TestAnswersAreTheSame(t *testing.T) {
	t.Parallel()
	events := manyEvents(400)
	for i := range 40 { // names that several machines have, and addresses that several claim
		host := fmt.Sprintf("ws%02d", i%8)
		events = append(events, named(host, fmt.Sprintf("S-1-5-21-9-9-%d-500", i%20), fmt.Sprintf("D%d", i%7), "Administrator"),
			eventOf(fmt.Sprintf("ws%02d.%d.example.test", i%9, i%2), noon, "EventID", "1"),
			logon("dc01", noon, 0x9000+i, "bob", fmt.Sprintf("192.0.2.%d", i%11), "1", host, guidText(0)))
	}
	answers := func(c *Context) string {
		var all strings.Builder
		for i := range 60 {
			for _, m := range []Mention{{Kind: Host, Value: fmt.Sprintf("ws%02d", i)}, {Kind: Address, Value: fmt.Sprintf("192.0.2.%d", i)},
				{Kind: Account, SID: fmt.Sprintf("S-1-5-21-9-9-%d-500", i)}, {Kind: Account, Value: fmt.Sprintf(`D%d\Administrator`, i)},
				{Kind: Account, SID: fmt.Sprintf("S-1-5-21-1-2-3-%d", i)}, {Kind: Process, PID: uint32(1000 + i), Host: fmt.Sprintf("ws%02d", i%7)}} {
				e := c.Resolve(m)
				start, _ := c.ProcessStart(e.Key)
				fmt.Fprintln(&all, e, c.Rarity(e.Key), start)
			}
		}
		fmt.Fprintln(&all, c.Skews())
		return all.String()
	}
	data := []byte(encoded(t, observe(t, events, 2)))
	var first string
	for range 8 {
		var c Context
		if err := c.UnmarshalBinary(data); err != nil {
			t.Fatal(err)
		}
		got := answers(&c)
		if first == "" {
			first = got
		}
		if diff := cmp.Diff(first, got); diff != "" {
			t.Fatalf("another answer to the same question (-first +now):\n%s", diff)
		}
	}
}

func TestUnmarshalDamaged(t *testing.T) {
	t.Parallel()
	data := encoded(t, observe(t, manyEvents(3), 1))
	for size := range len(data) {
		if err := new(Context).UnmarshalBinary([]byte(data[:size])); !errors.Is(err, ErrEncoding) {
			t.Fatalf("cut at %d: error %v, want ErrEncoding", size, err)
		}
	}
	if err := new(Context).UnmarshalBinary([]byte(data + "x")); !errors.Is(err, ErrEncoding) {
		t.Errorf("a byte more: error %v, want ErrEncoding", err)
	}
	if err := new(Context).UnmarshalBinary([]byte("\x7f" + data[1:])); !errors.Is(err, ErrVersion) {
		t.Errorf("another version: error %v, want ErrVersion", err)
	}
	c := observe(t, manyEvents(2), 1)
	before := encoded(t, c)
	if err := c.UnmarshalBinary([]byte(data[:len(data)/2])); err == nil || encoded(t, c) != before {
		t.Errorf("after error %v the context is not as it was", err)
	}
}

func FuzzUnmarshal(f *testing.F) {
	f.Add([]byte(encoded(f, NewContext())))
	f.Add([]byte(encoded(f, observe(f, manyEvents(2), 1))))
	f.Fuzz(func(t *testing.T, data []byte) {
		var c Context
		if c.UnmarshalBinary(data) != nil {
			return
		}
		again := encoded(t, &c)
		var read Context
		if err := read.UnmarshalBinary([]byte(again)); err != nil || encoded(t, &read) != again {
			t.Errorf("what was accepted is not read again: %v", err)
		}
		c.Merge(&read)
		c.ProcessChain(c.Resolve(Mention{Kind: Process, GUID: guidText(1)}).Key)
	})
}

// A table that is full keeps the same entries whatever the order, and says so.
func TestTableIsBounded(t *testing.T) {
	t.Parallel()
	kind := *hostKind
	kind.limit = 100
	fill := func(order []int, parts int) string {
		tables := make([]table[string, hostFact], parts)
		for i := range tables {
			tables[i] = newTable(&kind)
		}
		for i, n := range order {
			tables[i%parts].add(fmt.Sprint("host", n), hostFact{written: fmt.Sprint("Host", n)})
		}
		for i := range tables[1:] {
			tables[0].mergeTable(&tables[i+1])
		}
		if n := len(tables[0].entries); n > kind.limit || n == 0 {
			t.Errorf("%d entries, want at most %d", n, kind.limit)
		}
		if limits := appendLimit(nil, &tables[0]); len(limits) != 1 || !strings.Contains(limits[0], "names of hosts: more than 100") {
			t.Errorf("limits are %q", limits)
		}
		e := newEncoder()
		encodeTable(e, &tables[0])
		e.numberTexts()
		encodeTable(e, &tables[0])
		return string(e.out)
	}
	order := rand.New(rand.NewPCG(3, 4)).Perm(5000)
	want := fill(order, 1)
	for parts := 2; parts < 5; parts++ {
		order = rand.New(rand.NewPCG(3, uint64(parts))).Perm(5000)
		if fill(order, parts) != want {
			t.Errorf("%d parts in another order keep something else", parts)
		}
	}
}

// An event of no interest costs no allocation, nor does one that says what
// others said before.
func TestNoAllocation(t *testing.T) {
	o := NewContext().Observer()
	for name, e := range map[string]*event.Event{
		"no interest": eventOf("ws01", noon, "EventID", "7", "Image", "a", "ImageLoaded", "b"),
		"web request": eventOf("ws01", noon, "c-ip", "203.0.113.7", "s-ip", "192.0.2.1", "cs-username", "bob"),
		"binding":     named("ws01", bobSID, "CORP", "bob"),
	} {
		if n := testing.AllocsPerRun(100, func() { _ = o.Event(e) }); n != 0 {
			t.Errorf("%s: %v allocations an event", name, n)
		}
	}
}
