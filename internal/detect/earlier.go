package detect

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/spool"
)

// Correlations need the matches of all evidence at once. When it is read in
// several runs, each keeps its own (Result.Kept), and takes those of the
// earlier ones (Engine.AddEarlier) before it finishes.

// Kept is what later runs need of the matches in one source.
type Kept struct {
	Source *event.Source
	Count  int64
	// Data is for Engine.AddEarlier. The same matches give the same bytes. It
	// is nil when it would be longer than was asked.
	Data []byte
}

// keptForm is the first byte of Kept.Data: a change of what follows raises it.
const keptForm = 2

// keptFormUncarved did not say which matches were carved.
const keptFormUncarved = 1

// AddEarlier adds the matches that an earlier run kept of a source which this
// one does not read. They take part in correlations and are no findings of
// their own. Those of rules that no correlation is about are passed over, and so
// are those of rules of which another call had matches in the source. It comes
// before Finish, and is for one goroutine.
func (e *Engine) AddEarlier(source *event.Source, kept []byte) error {
	if e.earlier == nil {
		e.earlier = newSpool(e.tables, e.options.ShelfBytes, e.options.TempFolder)
		e.earlierShelf, e.earlierRules = e.earlier.shelf(), map[*event.Source][]*Rule{}
	}
	if len(kept) == 0 || kept[0] != keptForm && kept[0] != keptFormUncarved {
		return fmt.Errorf("%w: the matches in %s are in another form", errEncoding, source.Name)
	}
	names, had := e.correlatedRules(), e.earlierRules[source]
	d := decoder{tables: e.tables, rest: kept[1:]}
	var rules []*Rule // as the data numbers them; nil for those of no correlation
	for len(d.rest) > 0 {
		number := d.uvarint()
		if number == uint64(len(rules)) {
			rule := names[RuleName{d.text(), d.text()}]
			if slices.Contains(had, rule) {
				rule = nil
			}
			rules = append(rules, rule)
		}
		if number >= uint64(len(rules)) {
			d.failed = true
		}
		f := d.kept(kept[0])
		if d.failed {
			return fmt.Errorf("%w: a match in %s", errEncoding, source.Name)
		}
		if f.Rule = rules[number]; f.Rule == nil {
			continue
		}
		f.Place.Source = source
		if err := e.earlierShelf.add(f); err != nil {
			return err
		}
	}
	e.earlierRules[source] = append(had, rules...)
	return nil
}

// Until says that earlier runs read events up to a time: windows that end
// before it are complete.
func (e *Engine) Until(last time.Time) { e.until = last }

// LeaveOut takes a source out of correlations, which would count what was read
// twice as two. It comes before Finish.
func (e *Engine) LeaveOut(source *event.Source) {
	if e.leftOut == nil {
		e.leftOut = map[uint32]bool{}
	}
	e.leftOut[uint32(e.tables.sources.number(source))] = true
}

// Drop takes a source out of what is found, and out of correlations: what stands
// in it stands in another that is kept. It comes before Finish.
func (e *Engine) Drop(source *event.Source) {
	e.LeaveOut(source)
	if e.dropped == nil {
		e.dropped = map[uint32]bool{}
	}
	e.dropped[uint32(e.tables.sources.number(source))] = true
}

// isDropped reports whether a match is in a source that was dropped.
func (e *Engine) isDropped(i item) bool {
	return e.dropped != nil && i.rule() != nil && e.dropped[sourceNumber(i.bytes)]
}

// correlatedRules are the rules that some correlation is about.
func (e *Engine) correlatedRules() map[RuleName]*Rule {
	if e.byName == nil {
		e.byName = map[RuleName]*Rule{}
		for _, rule := range e.tables.rules {
			if of := e.sigmaRules[rule]; of != nil && e.correlator.Uses(of) && e.byName[rule.Name()] == nil {
				e.byName[rule.Name()] = rule
			}
		}
	}
	return e.byName
}

// correlated yields, in order, the matches that take part in correlations. The
// place of a match among them is what alerts call it by.
func (e *Engine) correlated() iter.Seq2[item, error] {
	mine := e.used(e.matches.items())
	if e.earlier == nil {
		return mine
	}
	return merge(mine, e.earlier.items(), func(a, b item) int { return e.tables.compare(a.bytes, b.bytes) })
}

// used passes on the matches that some correlation is about.
func (e *Engine) used(items iter.Seq2[item, error]) iter.Seq2[item, error] {
	return func(yield func(item, error) bool) {
		for item, err := range items {
			if err == nil {
				rule := e.sigmaRules[item.rule()]
				if rule != nil && !e.correlator.Uses(rule) {
					continue
				}
				if rule != nil && e.leftOut[sourceNumber(item.bytes)] {
					continue
				}
				if repeated, failed := e.repeats(item); repeated {
					continue
				} else if failed != nil {
					err = failed
				}
			}
			if !yield(item, err) || err != nil {
				return
			}
		}
	}
}

// Last is the time of the last event, of this run or an earlier one.
func (r *Result) Last() time.Time {
	last := r.last()
	if r.engine.until.After(last) {
		return r.engine.until
	}
	return last
}

// Correlations are the correlation rules that were looked for.
func (r *Result) Correlations() []*Rule {
	var rules []*Rule
	for _, correlation := range r.engine.correlations {
		rules = append(rules, r.engine.ofCorrelation[correlation])
	}
	return rules
}

// Correlated yields, in order, what correlation rules found. All of it is among
// the findings too.
func (r *Result) Correlated() iter.Seq2[*Finding, error] { return r.engine.resolvedAlerts() }

// Kept yields what correlations of later runs need of this one's matches, a
// source at a time, in no order, each with at most so many bytes. It is valid
// until the next.
func (r *Result) Kept(most int) iter.Seq2[*Kept, error] {
	return func(yield func(*Kept, error) bool) {
		e := r.engine
		aside, err := e.bySource()
		if err != nil {
			yield(nil, err)
			return
		}
		defer aside.Close()
		k := keeper{engine: e, most: most}
		for bytes, err := range aside.All() {
			if err != nil {
				yield(nil, err)
				return
			}
			number := binary.BigEndian.Uint32(bytes)
			if k.kept != nil && k.number != number {
				if !yield(k.kept, nil) {
					return
				}
				k.kept = nil
			}
			if err := k.add(number, bytes[sourceBytes:]); err != nil {
				yield(nil, err)
				return
			}
		}
		if k.kept != nil {
			yield(k.kept, nil)
		}
	}
}

// sourceBytes is the number of a source before an item.
const sourceBytes = 4

// bySource puts the matches that correlations are about aside once more, a
// source after the other.
func (e *Engine) bySource() (*spool.Spool, error) {
	aside := spool.New(e.options.ShelfBytes, e.options.TempFolder, func(a, b []byte) int {
		if len(a) < sourceBytes || len(b) < sourceBytes { // damaged
			return bytes.Compare(a, b)
		}
		if order := bytes.Compare(a[:sourceBytes], b[:sourceBytes]); order != 0 {
			return order
		}
		return e.tables.compare(a[sourceBytes:], b[sourceBytes:])
	})
	shelf := aside.Shelf()
	var line []byte
	for item, err := range e.used(e.matches.items()) {
		if err == nil && item.rule() == nil {
			err = errEncoding
		}
		if err == nil {
			line = append(binary.BigEndian.AppendUint32(line[:0], sourceNumber(item.bytes)), item.bytes...)
			err = shelf.Add(line)
		}
		if err != nil {
			return nil, errors.Join(err, aside.Close())
		}
	}
	return aside, nil
}

// A keeper writes the matches of one source after the other.
type keeper struct {
	engine *Engine
	most   int // bytes
	number uint32
	kept   *Kept // nil between sources
	rules  map[*Rule]uint64
	data   []byte
}

func (k *keeper) add(number uint32, bytes []byte) error {
	if k.kept != nil && k.kept.Data == nil {
		k.kept.Count++
		return nil
	}
	f, err := item{k.engine.tables, bytes}.finding()
	if err != nil {
		return err
	}
	if k.kept == nil {
		k.number, k.rules = number, map[*Rule]uint64{}
		k.kept = &Kept{Source: f.Place.Source}
		k.data = append(k.data[:0], keptForm)
	}
	rule, known := k.rules[f.Rule]
	if !known {
		rule = uint64(len(k.rules))
		k.rules[f.Rule] = rule
	}
	k.data = binary.AppendUvarint(k.data, rule)
	if !known {
		k.data = appendText(appendText(k.data, f.Rule.ID), f.Rule.Title)
	}
	k.data = appendKept(k.data, f)
	k.kept.Data = k.data
	k.kept.Count++
	if len(k.data) > k.most {
		k.kept.Data = nil
	}
	return nil
}

// appendKept writes a match but for its rule and source.
func appendKept(dst []byte, f *Finding) []byte {
	dst = appendTime(dst, f.Time)
	dst = binary.AppendVarint(dst, f.Place.Offset)
	dst = binary.AppendVarint(dst, f.Place.Size)
	dst = appendFlag(dst, f.Place.Carved)
	dst = binary.AppendVarint(dst, f.Place.Line)
	dst = binary.AppendUvarint(dst, f.Place.RecordID)
	dst = append(dst, f.Record[:]...)
	dst = appendText(dst, f.TimeText)
	dst = appendText(dst, f.Host)
	dst = appendFields(dst, f.inputs)
	return appendFields(dst, f.Fields)
}

// kept reads what appendKept wrote, in this form or an earlier one.
func (d *decoder) kept(form byte) *Finding {
	f := &Finding{Time: d.time()}
	f.Place = event.Provenance{Offset: d.varint(), Size: d.varint()}
	f.Place.Carved = form != keptFormUncarved && d.byte() != 0
	f.Place.Line, f.Place.RecordID = d.varint(), d.uvarint()
	copy(f.Record[:], d.take(uint64(len(f.Record))))
	f.TimeText = d.text()
	f.Host = d.text()
	f.inputs = d.fields()
	f.Fields = d.fields()
	return f
}
