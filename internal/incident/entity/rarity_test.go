package entity

import (
	"fmt"
	"math"
	"math/bits"
	"testing"

	"github.com/kulla-defence/kulla/internal/event"
)

func TestRarity(t *testing.T) {
	t.Parallel()
	var events []*event.Event
	for day := range 8 {
		for n := range 8 {
			at := noon.AddDate(0, 0, day)
			web := func(address, user string) {
				events = append(events, eventOf(fmt.Sprintf("web%d.corp.example.test", n), at, "c-ip", address, "cs-username", user))
			}
			web("192.0.2.1", `CORP\everybody`)
			if n == 3 {
				web("192.0.2.2", `CORP\oneserver`)
			}
			if n == 3 && day == 5 {
				web("203.0.113.7", "intruder")
			}
			if day == 5 {
				web("203.0.113.8", `CORP\oneday`)
			}
		}
	}
	events = append(events, named("web1.corp.example.test", bobSID, "CORP", "everybody"), connection("proxy", noon, true, "192.0.2.1", 1, "203.0.113.7", 443))
	c := contextOf(t, events...)
	rarity := func(m Mention) float64 { return c.Rarity(c.Resolve(m).Key) }
	for name, test := range map[string]struct {
		got, least, most float64
	}{
		"everywhere always":    {rarity(Mention{Kind: Address, Value: "192.0.2.1"}), 0, 0.1},
		"its account":          {rarity(Mention{Kind: Account, SID: bobSID}), 0, 0.1},
		"the host that it is":  {rarity(Mention{Kind: Host, Value: "proxy"}), 0, 0.1},
		"one server, always":   {rarity(Mention{Kind: Address, Value: "192.0.2.2"}), 0.4, 0.6},
		"one day, everywhere":  {rarity(Mention{Kind: Account, Value: `CORP\oneday`}), 0.4, 0.6},
		"one server, one day":  {rarity(Mention{Kind: Account, Value: "intruder"}), 1, 1},
		"SYSTEM":               {c.Rarity(`account:nt authority\system`), 0, 0},
		"what was not counted": {c.Rarity(`file:c:\x`), 1, 1},
	} {
		if test.got < test.least || test.got > test.most {
			t.Errorf("%s: rarity %v, want between %v and %v", name, test.got, test.least, test.most)
		}
	}
}

// With one host and one day there is nothing to compare with.
func TestRarityOfLittleEvidence(t *testing.T) {
	t.Parallel()
	c := contextOf(t, eventOf("web01", noon, "c-ip", "203.0.113.7"))
	if r := c.Rarity("address:203.0.113.7"); r != 1 {
		t.Errorf("rarity %v, want 1", r)
	}
}

func TestCountBits(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 2, 10, 30, 60, 100} {
		var set uint64
		for i := range n {
			set |= hostBit(fmt.Sprint("host", i))
		}
		if got := countBits(set); math.Abs(got-float64(n)) > 2+0.25*float64(n) {
			t.Errorf("%d hosts set %d bits, which are told as %v", n, bits.OnesCount64(set), got)
		}
	}
}
