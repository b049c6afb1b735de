package detect

import (
	"crypto/sha256"
	"iter"
	"slices"

	"github.com/kulla-defence/kulla/internal/event"
)

// A file that was altered has most of its records still, each at its place.
// Both contents are evidence, but such a record is one event to correlations.

// An unaltered is what an altered source has in common with what it was.
type unaltered struct {
	before  []*event.Source
	matches map[recordMatch]bool
}

// A recordMatch is a match without its source.
type recordMatch struct {
	rule     *Rule
	offset   int64
	recordID uint64
	record   [sha256.Size]byte
}

func recordMatchOf(f *Finding) recordMatch {
	return recordMatch{f.Rule, f.Place.Offset, f.Place.RecordID, f.Record}
}

// Alters says that a source is another that was altered since: of the matches
// that stand in both at one place only the earlier take part in correlations.
// The earlier one was read by this run or given to AddEarlier. It comes before
// Finish, and needs Options.Prove.
func (e *Engine) Alters(source, before *event.Source) {
	if e.unaltered == nil {
		e.unaltered = map[uint32]*unaltered{}
	}
	number := uint32(e.tables.sources.number(source))
	if e.unaltered[number] == nil {
		e.unaltered[number] = &unaltered{matches: map[recordMatch]bool{}}
	}
	e.unaltered[number].before = append(e.unaltered[number].before, before)
}

// readUnaltered collects the matches in what altered sources were.
func (e *Engine) readUnaltered() error {
	if e.unaltered == nil {
		return nil
	}
	spools := []*findingSpool{e.matches}
	if e.earlier != nil {
		spools = append(spools, e.earlier)
	}
	for _, spool := range spools {
		for item, err := range spool.items() {
			if err != nil {
				return err
			}
			f, err := item.brief()
			if err != nil {
				return err
			}
			for _, one := range e.unaltered {
				if slices.Contains(one.before, f.Place.Source) {
					one.matches[recordMatchOf(f)] = true
				}
			}
		}
	}
	return nil
}

// repeats reports whether a match stands in what its source was, too.
func (e *Engine) repeats(i item) (bool, error) {
	if i.rule() == nil || e.unaltered[sourceNumber(i.bytes)] == nil {
		return false, nil
	}
	f, err := i.brief()
	return err == nil && e.unaltered[sourceNumber(i.bytes)].matches[recordMatchOf(f)], err
}

// Matched yields, in order, the matches in a source, also those that are no
// findings of their own. It is for between the last event and Finish.
func (e *Engine) Matched(source *event.Source) iter.Seq2[*Finding, error] {
	return func(yield func(*Finding, error) bool) {
		number := uint32(e.tables.sources.number(source))
		for item, err := range e.matches.items() {
			var f *Finding
			if err == nil {
				if item.rule() == nil || sourceNumber(item.bytes) != number {
					continue
				}
				f, err = item.brief()
			}
			if !yield(f, err) || err != nil {
				return
			}
		}
	}
}
