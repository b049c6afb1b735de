package entity

import (
	"fmt"
	"math/rand/v2"
	"slices"
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

// What an account does from the address that a VPN gave it compares clocks, and
// so does a logon with other credentials, where nothing else of the kind is near.
func TestSkewsOfWhatIsNear(t *testing.T) {
	t.Parallel()
	const noGUID = "{00000000-0000-0000-0000-000000000000}"
	session := func(at time.Time, user, address, action string) *event.Event {
		return eventOf("vpn01", at, "user", user, "tunnel_ip", address, "action", action)
	}
	var vpn, explicit, twice, scattered []*event.Event
	for i := range 8 {
		at, address := after(float64(i)*3600), fmt.Sprintf("10.9.0.%d", i%3+1)
		on := func(seconds float64) *event.Event {
			return logon("dc01", at.Add(time.Duration(seconds*float64(time.Second))), 0x100+i, "bob", address, "0", "-", noGUID)
		}
		vpn = append(vpn, session(at.Add(-95*time.Second), `CORP\Bob`, address, "tunnel-up"), session(at.Add(2*time.Minute), "bob", address, "tunnel-down"), on(2))
		twice = append(twice, session(at.Add(-95*time.Second), "bob", address, "tunnel-up"), on(2), on(200))
		scattered = append(scattered, session(at, "bob", address, "tunnel-up"), on(float64(i*i%7)*80))
		explicit = append(explicit, eventOf("ws02", at.Add(252*time.Second), "EventID", "4648", "TargetUserName", "bob", "TargetServerName", "DC01.corp.example.test", "LogonGuid", noGUID),
			on(1))
	}
	for name, test := range map[string]struct {
		events []*event.Event
		want   []Skew
	}{
		"VPN behind":                      {vpn, []Skew{{Source: "vpn01", Offset: 97 * time.Second, Pairs: 8, Against: "dc01"}}},
		"other credentials on one ahead":  {explicit, []Skew{{Source: "ws02", Offset: -251 * time.Second, Pairs: 8, Against: "dc01"}}},
		"two logons of which it is one":   {twice, nil},
		"sessions and logons of no order": {scattered, nil},
		"few":                             {vpn[:12], nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			controller := eventOf("dc01", noon, "EventID", "4769", "TargetUserName", "bob", "IpAddress", "192.0.2.7", "TicketOptions", "0x1")
			if diff := cmp.Diff(test.want, contextOf(t, slices.Concat(test.events, []*event.Event{controller})...).Skews()); diff != "" {
				t.Errorf("skews (-want +got):\n%s", diff)
			}
		})
	}
}

// Connections that Windows' own filter saw compare clocks as Sysmon's do.
func TestSkewsOfFilteredConnections(t *testing.T) {
	t.Parallel()
	var events []*event.Event
	for i := range 6 {
		for host, at := range map[string]time.Time{"ws01": after(float64(i) * 600), "file01": after(float64(i)*600 + 90)} {
			events = append(events, eventOf(host, at, "EventID", "5156", "SourceAddress", "192.0.2.7", "SourcePort", fmt.Sprint(3000+i), "DestAddress", "192.0.2.8", "DestPort", "445"))
		}
	}
	want := []Skew{{Source: "ws01", Offset: 90 * time.Second, Pairs: 6, Against: "file01"}}
	if diff := cmp.Diff(want, contextOf(t, events...).Skews()); diff != "" {
		t.Errorf("skews (-want +got):\n%s", diff)
	}
}

// What a clock is ahead of the right one is said of its host under any name,
// and of whom nothing is known.
func TestAheadOf(t *testing.T) {
	t.Parallel()
	c := contextOf(t, append(planted(9, time.Minute), eventOf("alone", noon, "EventID", "1"))...)
	reference, other := c.Skews()[0].Against, c.Skews()[0].Source
	if got := c.AheadOf(Key("host:" + other)); got != -c.Skews()[0].Offset || got == 0 {
		t.Errorf("%s is %v ahead, its offset %v", other, got, c.Skews()[0].Offset)
	}
	if got := c.AheadOf(Key("host:" + reference)); got != 0 {
		t.Errorf("the right clock is %v ahead", got)
	}
	if alone := c.Uncompared(); len(alone) != 1 || alone[0].Key != "host:alone" {
		t.Errorf("%v could not be compared", alone)
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
