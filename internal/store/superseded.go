package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/kulla-defence/kulla/internal/custody"
	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/findingjson"
)

// Findings may no longer hold: when their evidence is read again, because it has
// grown or was read with other options, and those of correlations when more
// evidence makes them larger, moves them, or merges two. Their leaves stay; a
// later one says that they are superseded, and they lose the rows by which they
// are found.

// supersededLeaf says which findings no longer hold.
type supersededLeaf struct {
	Findings []int64 `json:"findings"`
	Why      string  `json:"why"`
}

// supersededAtOnce bounds the findings that one leaf speaks of.
const supersededAtOnce = 1 << 16

// SupersedeFindings says of findings, by their numbers, that they no longer
// hold. All of them are findings that do.
func (c *Case) SupersedeFindings(numbers []int64, why string) error {
	numbers = slices.Clone(numbers)
	slices.Sort(numbers)
	for part := range slices.Chunk(slices.Compact(numbers), supersededAtOnce) {
		data, err := json.Marshal(supersededLeaf{part, why})
		if err != nil {
			return err
		}
		if _, err := c.Ledger().Append(custody.Leaf{Kind: custody.KindSuperseded, Data: data}); err != nil {
			return fmt.Errorf("supersede findings: %w", err)
		}
		for _, number := range part {
			if err := c.forget(number); err != nil {
				return fmt.Errorf("supersede finding %d: %w", number, err)
			}
		}
	}
	return nil
}

// forget takes the row of a finding away, and out of the count of its hour.
func (c *Case) forget(number int64) error {
	f, err := c.Finding(number)
	if err != nil {
		return err
	}
	gone, err := c.change("DELETE FROM finding WHERE leaf = ?", number)
	if err != nil || gone == 0 {
		return err
	}
	hour := hourOf(f.Finding)
	var start any
	if hour.timed {
		start = hour.start
	}
	if _, err := c.change("UPDATE hour SET count = count - 1 WHERE start IS ? AND level = ?", start, hour.level); err != nil {
		return err
	}
	return c.exec("DELETE FROM hour WHERE start IS ? AND level = ? AND count = 0", start, hour.level)
}

// Superseded reports whether a finding holds no longer.
func (c *Case) Superseded(number int64) (bool, error) {
	var rows int64
	err := c.row("SELECT count(*) FROM finding WHERE leaf = ?", []any{number}, &rows)
	return rows == 0, err
}

// SameFinding reports whether two findings say the same of the same record, in
// whatever content of its file.
func SameFinding(a, b *detect.Finding) bool {
	return bytes.Equal(bare(a), bare(b))
}

// bare is a finding as JSON without what its sources are.
func bare(f *detect.Finding) []byte {
	without := *f
	without.Place.Source = nil
	if f.Correlation != nil {
		correlation := *f.Correlation
		correlation.Events = slices.Clone(f.Correlation.Events)
		for i := range correlation.Events {
			correlation.Events[i].Place.Source = nil
		}
		without.Correlation = &correlation
	}
	unknown := func(*event.Source) (digest [32]byte, known bool) { return digest, false }
	return findingjson.AppendNamed(nil, &without, unknown, findingjson.Key{})
}
