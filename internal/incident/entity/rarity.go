package entity

import (
	"math"
	"math/bits"
)

// rarityIndex counts hosts and days of what is counted.
type rarityIndex struct {
	uses        map[Key]useFact
	hosts, days float64
}

func newRarityIndex(f *facts, x *index) rarityIndex {
	r := rarityIndex{uses: map[Key]useFact{}, days: float64(bits.OnesCount64(f.days))}
	var hosts uint64
	for name := range f.hosts.entries {
		hosts |= hostBit(name)
	}
	r.hosts = countBits(hosts)
	for key, use := range f.uses.entries {
		mention := Mention{Kind: key.kind, Value: key.value}
		if key.kind == Account {
			mention = accountOfUse(key.value)
		}
		e := x.resolve(&mention)
		r.add(e.Key, *use)
		if key.kind == Address && e.Host != "" {
			r.add(e.Host, *use)
		}
	}
	return r
}

func (r *rarityIndex) add(key Key, use useFact) {
	known := r.uses[key]
	r.uses[key] = useFact{known.hosts | use.hosts, known.days | use.days}
}

// countBits estimates how many different things set bits, each one of 64 by
// chance (linear counting; Whang, Vander-Zanden and Taylor, 1990).
func countBits(set uint64) float64 {
	zero := 64 - bits.OnesCount64(set)
	if zero == 0 {
		return 64 * math.Log(64) // the most that can be told
	}
	return math.Round(64 * math.Log(64/float64(zero)))
}

// Rarity says how rare an entity is in all the evidence: 1 is seen on one host
// and on one day, 0 everywhere always. It is the mean of two inverse document
// frequencies, log(N/n)/log(N), of which the documents are hosts and days;
// where there is only one host or day, the other alone counts. Accounts that
// Windows itself acts under have 0. What is not counted has 1: files that were
// not run, URLs, domains, processes, sessions, and hosts without a known
// address; a host is counted by where its addresses are named.
func (c *Context) Rarity(key Key) float64 {
	if c.IsSystemAccount(key) {
		return 0
	}
	r := &c.index.rarity
	use, known := r.uses[key]
	if !known {
		return 1
	}
	return r.rarity(use)
}

func (r *rarityIndex) rarity(use useFact) float64 {
	sum, parts := 0.0, 0.0
	for _, part := range []struct{ seen, of float64 }{
		{countBits(use.hosts), r.hosts}, {float64(bits.OnesCount64(use.days)), r.days}} {
		if part.of > 1 {
			sum += math.Log(part.of/max(1, min(part.seen, part.of))) / math.Log(part.of)
			parts++
		}
	}
	if parts == 0 {
		return 1
	}
	return sum / parts
}
