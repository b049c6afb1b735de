package store

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/kulla-defence/kulla/internal/custody"
	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/findingjson"
)

// What a correlation rule finds depends on all evidence: more of it can make a
// finding larger, move it, or merge two. The leaf of the earlier one stays, and
// a later leaf says that it holds no longer.

// supersededLeaf says that findings hold no longer.
type supersededLeaf struct {
	Findings []int64 `json:"findings"` // ascending
}

// Supersede takes the findings of correlation rules out of those that hold
// which are not among what these rules find now. Only those are taken whose
// events all lie in sources that were correlated now, as told by digest.
func (c *Case) Supersede(rules []*detect.Rule, now iter.Seq2[*detect.Finding, error], digests findingjson.Digests,
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
		holds[correlationDigest(f, digests)] = true
	}
	leaf := supersededLeaf{}
	for _, number := range numbers {
		f, err := c.Finding(number)
		if err != nil {
			return 0, err
		}
		if f.Correlation == nil || holds[correlationDigest(f.Finding, c.Digest())] {
			continue
		}
		known := func(m detect.Member) bool {
			digest, ok := c.Digest()(m.Place.Source)
			return ok && correlated(digest)
		}
		if !slices.ContainsFunc(f.Correlation.Events, func(m detect.Member) bool { return !known(m) }) {
			if err := c.takeOut(f); err != nil {
				return 0, err
			}
			leaf.Findings = append(leaf.Findings, number)
		}
	}
	return len(leaf.Findings), c.appendSuperseded(leaf)
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
		if number, ok := c.rules[ruleName{rule.ID, rule.Title}]; ok {
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

// takeOut removes what a finding is found and counted by.
func (c *Case) takeOut(f *Finding) error {
	if err := c.write(); err != nil {
		return err
	}
	if err := c.exec("DELETE FROM finding WHERE leaf = ?", f.Number); err != nil {
		return err
	}
	hour := hourOf(f.Finding)
	var start any
	if hour.timed {
		start = hour.start
	}
	if err := c.exec("UPDATE hour SET count = count - 1 WHERE start IS ? AND level = ?", start, hour.level); err != nil {
		return err
	}
	return c.exec("DELETE FROM hour WHERE start IS ? AND level = ? AND count = 0", start, hour.level)
}

func (c *Case) appendSuperseded(leaf supersededLeaf) error {
	if len(leaf.Findings) == 0 {
		return nil
	}
	data, err := json.Marshal(leaf)
	if err != nil {
		return err
	}
	if _, err := c.Ledger().Append(custody.Leaf{Kind: custody.KindSuperseded, Data: data}); err != nil {
		return fmt.Errorf("supersede findings: %w", err)
	}
	return nil
}

// Superseded reports whether a finding holds no longer.
func (c *Case) Superseded(number int64) (bool, error) {
	var rows int64
	err := c.row("SELECT count(*) FROM finding WHERE leaf = ?", []any{number}, &rows)
	return rows == 0, err
}

// correlationDigest is over all that a correlation found, and not over where
// the evidence lay when it was read.
func correlationDigest(f *detect.Finding, digests findingjson.Digests) [sha256.Size]byte {
	key := findingjson.KeyOf(f, digests)
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
		digest, _ := digests(member.Place.Source)
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
