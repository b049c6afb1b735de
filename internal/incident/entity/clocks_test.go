package entity

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kulla-defence/kulla/internal/event"
)

// A planted machine's clock is ahead by an offset; delays are up to half a
// second.
func planted(pairs int, offset time.Duration) []*event.Event {
	random := rand.New(rand.NewPCG(1, 1))
	var events []*event.Event
	for i := range pairs {
		at := after(float64(i) * 600)
		seen := at.Add(offset + time.Duration(random.Int64N(int64(500*time.Millisecond))))
		events = append(events,
			connection("ws01", at, true, "192.0.2.7", 2000+i, "192.0.2.8", 445),
			connection("file01", seen, false, "192.0.2.7", 2000+i, "192.0.2.8", 445))
	}
	return events
}

func TestSkews(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		events []*event.Event
		want   time.Duration
		pairs  int
	}{
		"agreeing":                      {planted(9, 0), 0, 9},
		"ahead by an hour":              {planted(9, time.Hour), -time.Hour, 9},
		"behind by two minutes":         {planted(30, -2*time.Minute), 2 * time.Minute, 30},
		"too few pairs":                 {planted(4, time.Hour), 0, 0},
		"further than a day and a half": {planted(9, 48*time.Hour), 0, 0},
		"some pairs are of something else": {append(planted(12, time.Hour), eventOf("x", noon, "EventID", "1"),
			connection("ws01", after(9000), true, "192.0.2.7", 900, "192.0.2.8", 445), connection("file01", after(99), false, "192.0.2.7", 900, "192.0.2.8", 445)), -time.Hour, 13},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			skews := contextOf(t, test.events...).Skews()
			if test.pairs == 0 {
				if len(skews) != 0 {
					t.Errorf("skews are %v, want none", skews)
				}
				return
			}
			if len(skews) != 1 || skews[0].Pairs != test.pairs || skews[0].Spread > time.Second {
				t.Fatalf("skews are %+v, want one of %d pairs", skews, test.pairs)
			}
			got := skews[0].Offset
			if skews[0].Source == "ws01" { // either may be the one that is compared
				got = -got
			}
			if (got-test.want).Abs() > time.Second || test.want == 0 && got != 0 {
				t.Errorf("offset is %v, want %v", got, test.want)
			}
		})
	}
}

// Tickets and logons with one GUID, and what a firewall saw, compare clocks,
// too; the domain controller's is the one to go by.
func TestSkewsOfLogonsAndFirewalls(t *testing.T) {
	t.Parallel()
	var events []*event.Event
	for i := range 10 {
		at := after(float64(i) * 600)
		events = append(events,
			eventOf("dc01", at, "EventID", "4769", "TargetUserName", "bob", "IpAddress", "192.0.2.7", "TicketOptions", "0x1", "LogonGuid", guidText(i+1)),
			logon("file01", at.Add(time.Hour), 0x100+i, "bob", "192.0.2.7", fmt.Sprint(3000+i), "-", guidText(i+1)),
			connection("ws01", at.Add(-time.Minute), true, "192.0.2.7", 3000+i, "192.0.2.8", 445),
			eventOf("fw01", at.Add(-time.Minute), "src_ip", "192.0.2.7", "src_port", fmt.Sprint(3000+i), "dst_ip", "192.0.2.8", "dst_port", "445"))
	}
	want := []Skew{
		{Source: "file01", Offset: -time.Hour, Pairs: 10, Against: "dc01"},
		{Source: "fw01", Offset: time.Minute, Pairs: 10, Against: "ws01"},
		{Source: "ws01", Offset: time.Minute, Pairs: 10, Against: "file01"},
	}
	if diff := cmp.Diff(want, contextOf(t, events...).Skews()); diff != "" {
		t.Errorf("skews (-want +got):\n%s", diff)
	}
}

// Where three saw one connection, each two of them are compared once.
func TestSkewsOfThree(t *testing.T) {
	t.Parallel()
	var events []*event.Event
	for i := range 12 {
		at, from := after(float64(i)*600), 2000+i
		events = append(events,
			connection("ws01", at.Add(time.Hour), true, "192.0.2.7", from, "192.0.2.8", 445),
			eventOf("fw01", at.Add(-time.Minute), "src_ip", "192.0.2.7", "src_port", fmt.Sprint(from), "dst_ip", "192.0.2.8", "dst_port", "445"),
			connection("file01", at, false, "192.0.2.7", from, "192.0.2.8", 445))
	}
	want := []Skew{{Source: "fw01", Offset: time.Minute, Pairs: 12, Against: "file01"}, {Source: "ws01", Offset: -time.Hour, Pairs: 12, Against: "file01"}}
	for range 5 {
		if diff := cmp.Diff(want, contextOf(t, events...).Skews()); diff != "" {
			t.Fatalf("skews (-want +got):\n%s", diff)
		}
	}
}

// Pairs that lie all over the place tell nothing.
func TestSkewsOfNoise(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(2, 2))
	var events []*event.Event
	for i := range 40 {
		events = append(events,
			connection("ws01", after(random.Float64()*80000), true, "192.0.2.7", 2000+i, "192.0.2.8", 445),
			connection("file01", after(random.Float64()*80000), false, "192.0.2.7", 2000+i, "192.0.2.8", 445))
	}
	if skews := contextOf(t, events...).Skews(); len(skews) != 0 {
		t.Errorf("skews are %v, want none", skews)
	}
}

// Times that state no zone compare no clocks.
func TestSkewsWithoutZone(t *testing.T) {
	t.Parallel()
	events := planted(9, time.Hour)
	for _, e := range events {
		e.TimeText = "12:00"
	}
	if skews := contextOf(t, events...).Skews(); len(skews) != 0 {
		t.Errorf("skews are %v, want none", skews)
	}
}

func TestClockSet(t *testing.T) {
	t.Parallel()
	set := func(from, to string) *event.Event {
		return eventOf("ws01", noon, "EventID", "4616", "PreviousTime", from, "NewTime", to)
	}
	c := contextOf(t, set("2022-07-15T12:00:00Z", "2022-07-15T09:00:00.5Z"), set("2022-07-15T12:00:00Z", "2022-07-15T12:00:01Z"), set("x", "y"))
	want := []Skew{{Source: "ws01", Offset: -3*time.Hour + 500*time.Millisecond, Pairs: 1, Against: "its own clock, which was set at 2022-07-15T09:00:00Z"}}
	if diff := cmp.Diff(want, c.Skews()); diff != "" {
		t.Errorf("skews (-want +got):\n%s", diff)
	}
}
