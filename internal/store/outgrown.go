package store

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"iter"
	"math"
	"slices"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/findingjson"
)

// What a correlation rule finds depends on all evidence: more of it can make a
// finding larger, move it, or merge two. The earlier one is superseded.

// moreEvidence is why findings of correlation rules are superseded.
const moreEvidence = "over more evidence the rule finds otherwise"

// Supersede takes the findings of correlation rules out of those that hold
// which are not among what these rules find now, where names says by what
// content a source is named. Only those are taken whose events all lie in files
// of the register that were correlated now, as told by their digest.
func (c *Case) Supersede(rules []*detect.Rule, now iter.Seq2[*detect.Finding, error], names findingjson.Digests,
	correlated func(digest [sha256.Size]byte) bool) (count int, err error) {
	numbers, err := c.findingsOf(rules)
	if err != nil || len(numbers) == 0 {
		return 0, err
	}
	holds := map[[sha256.Size]byte]bool{}
	for f, err := range now {
		if err != nil {
			return 0, err
		}
		holds[correlationDigest(f, names)] = true
	}
	entries, err := c.EvidenceByContent()
	if err != nil {
		return 0, err
	}
	origin := func(s *event.Source) (digest [sha256.Size]byte, known bool) {
		digest, known = c.Digest()(s)
		if entry := entries[digest]; entry != nil {
			return entry.origin(), known
		}
		return digest, known
	}
	unknown := func(m detect.Member) bool {
		digest, known := c.Digest()(m.Place.Source)
		if entry := entries[digest]; entry != nil {
			digest = entry.SHA256
		}
		return !known || !correlated(digest)
	}
	var gone []int64
	for _, number := range numbers {
		f, err := c.Finding(number)
		if err != nil {
			return 0, err
		}
		if f.Correlation != nil && !holds[correlationDigest(f.Finding, origin)] && !slices.ContainsFunc(f.Correlation.Events, unknown) {
			gone = append(gone, number)
		}
	}
	return len(gone), c.SupersedeFindings(gone, moreEvidence)
}

// findingsOf are the findings of rules, by number.
func (c *Case) findingsOf(rules []*detect.Rule) ([]int64, error) {
	if c.rules == nil {
		known, err := c.readRules()
		if err != nil {
			return nil, err
		}
		c.rules = inverse(known)
	}
	var wanted []int64
	for _, rule := range rules {
		if number, ok := c.rules[rule.Name()]; ok {
			wanted = append(wanted, number)
		}
	}
	list, err := json.Marshal(wanted)
	if err != nil || len(wanted) == 0 {
		return nil, err
	}
	var numbers []int64
	err = c.rows("SELECT leaf FROM finding WHERE rule IN (SELECT value FROM json_each(?)) ORDER BY leaf", []any{string(list)},
		func(scan func(...any) error) error {
			var number int64
			err := scan(&number)
			numbers = append(numbers, number)
			return err
		})
	return numbers, err
}

// EvidenceByContent gives the entry of the register that a content of the
// evidence belongs to: of what a file was before it grew, that of the file.
func (c *Case) EvidenceByContent() (map[[sha256.Size]byte]*Evidence, error) {
	evidence, err := c.Evidence()
	if err != nil {
		return nil, err
	}
	entries := make(map[[sha256.Size]byte]*Evidence, len(evidence))
	for n := range evidence {
		entries[evidence[n].SHA256] = &evidence[n]
	}
	for n := range evidence {
		if len(evidence[n].Supersedes) == 0 {
			continue
		}
		contents, err := c.contents(&evidence[n])
		if err != nil {
			return nil, err
		}
		for _, digest := range contents {
			if entries[digest] == nil {
				entries[digest] = &evidence[n]
			}
		}
	}
	return entries, nil
}

// correlationDigest is over all that a correlation found, and not over where
// the evidence lay when it was read.
func correlationDigest(f *detect.Finding, names findingjson.Digests) [sha256.Size]byte {
	key := findingjson.KeyOf(f, names)
	data := append([]byte(nil), key[:]...)
	number := func(n int64) { data = binary.AppendVarint(data, n) }
	correlation := cmp.Or(f.Correlation, &detect.Correlation{})
	number(nanoseconds(f.Time))
	number(nanoseconds(correlation.First))
	number(nanoseconds(correlation.Last))
	number(correlation.Count)
	number(int64(math.Float64bits(correlation.Value)))
	if correlation.Incomplete {
		number(1)
	}
	for i := range correlation.Events {
		member := &correlation.Events[i]
		digest, _ := names(member.Place.Source)
		data = append(data, digest[:]...)
		number(member.Place.Offset)
		number(int64(member.Place.RecordID))
		data = append(data, member.Record[:]...)
		if member.Rule != nil {
			data = append(append(data, visible(member.Rule.ID)...), visible(member.Rule.Title)...)
		}
	}
	return sha256.Sum256(data)
}
