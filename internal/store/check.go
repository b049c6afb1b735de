package store

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"

	"github.com/kulla-defence/kulla/internal/custody"
	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/findingjson"
	"github.com/kulla-defence/kulla/internal/incident"
)

// The rows beside the leaves prove nothing: whoever changes them can hide a
// finding, or let an older assessment stand for the last. All of them follow
// from the leaves, or are bound by one, so they can be checked.

var (
	_ custody.LeafReader = (*Case)(nil)
	_ custody.RowChecker = (*Case)(nil)
)

// Leaves yields all leaves by number, a block at a time. An error ends it.
func (c *Case) Leaves() iter.Seq2[custody.Leaf, error] {
	return func(yield func(custody.Leaf, error) bool) {
		for number := int64(0); number < c.size; {
			b, err := c.loadBlock(number)
			if err == nil && b.first != number {
				err = fmt.Errorf("%w: two blocks hold leaf %d", ErrDamaged, number)
			}
			if err != nil {
				yield(custody.Leaf{}, err)
				return
			}
			for _, data := range b.leaves {
				if !yield(custody.Leaf{Kind: b.kind, Data: data}, nil) {
					return
				}
			}
			number += int64(len(b.leaves))
		}
	}
}

// CheckRows compares the rows by which things are found with the leaves, and
// tells differ where they do not agree: the leaf, or -1 when it is of none. It
// returns the number of rows. Leaves that cannot be read are passed over.
func (c *Case) CheckRows(ctx context.Context, differ func(leaf int64, what string)) (int64, error) {
	check := rowCheck{c: c, differ: differ, run: -1, held: map[currentName]int64{}, superseded: map[int64]bool{}, files: map[int64]currentName{}, hours: map[hourKey]int64{}}
	err := check.read()
	for _, b := range check.blocks {
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return check.count, err
		}
		err = check.block(b)
	}
	for _, step := range []func() error{check.strangers, check.current, check.order, check.counts, check.kept, check.matches} {
		if err == nil {
			err = step()
		}
	}
	return check.count, err
}

// A rowCheck is one call of CheckRows.
type rowCheck struct {
	c      *Case
	differ func(leaf int64, what string)
	count  int64 // rows that were looked at

	blocks []blockRow
	rules  map[int64]detect.RuleName
	hosts  map[int64]string
	// found are the findings that have their row.
	found int64
	// held and hours are what the tables current and hour should hold.
	held map[currentName]int64
	run  int64 // the leaf of the last run, -1 without
	// superseded are the findings that no longer hold; files are the names of
	// leaves of evidence.
	superseded map[int64]bool
	files      map[int64]currentName
	hours      map[hourKey]int64
}

type blockRow struct {
	first, count int64
	kind         string
}

type currentName struct{ kind, name string }

// read takes what is small out of the file.
func (r *rowCheck) read() error {
	err := r.c.rows("SELECT first, count, kind FROM block ORDER BY first", nil, func(scan func(...any) error) error {
		var b blockRow
		err := scan(&b.first, &b.count, &b.kind)
		r.blocks = append(r.blocks, b)
		return err
	})
	if err != nil {
		return err
	}
	if r.rules, err = r.c.readRules(); err != nil {
		return err
	}
	if r.hosts, err = r.c.readHosts(); err != nil {
		return err
	}
	r.readSuperseded()
	return nil
}

// readSuperseded reads which findings no longer hold: a leaf says so of those
// before it. What cannot be read is said where leaves are checked.
func (r *rowCheck) readSuperseded() {
	for _, row := range r.blocks {
		if row.kind != custody.KindSuperseded {
			continue
		}
		for number := row.first; number < row.first+row.count; number++ {
			var leaf supersededLeaf
			if err := r.c.decode(number, &leaf); err != nil {
				continue
			}
			for _, finding := range leaf.Findings {
				if finding < number {
					r.superseded[finding] = true
				}
			}
		}
	}
}

func (r *rowCheck) block(row blockRow) error {
	b, err := r.c.blocks.holding(row.first)
	if err != nil {
		if row.kind == custody.KindFinding {
			r.found += row.count // whether these have their rows cannot be told
		}
		return nil // said where leaves are checked
	}
	if b.kind == custody.KindFinding {
		return r.findings(b)
	}
	for i, data := range b.leaves {
		r.hold(b.kind, data, b.first+int64(i))
	}
	return nil
}

// findings compares the rows of a block's findings with what they should be.
func (r *rowCheck) findings(b *block) error {
	rows := map[int64]findingRow{}
	err := r.c.rows("SELECT leaf, id, time, level, rule, host FROM finding WHERE leaf BETWEEN ? AND ?", []any{b.first, b.first + int64(len(b.leaves)) - 1},
		func(scan func(...any) error) error {
			var leaf, rule, host int64
			var id []byte
			var row findingRow
			err := scan(&leaf, &id, &row.time, &row.level, &rule, &host)
			row.id, row.rule, row.host = findingjson.Key(append(id, make([]byte, 16)...)[:16]).String(), r.rules[rule], r.hosts[host]
			rows[leaf] = row
			return err
		})
	for i, data := range b.leaves {
		leaf := b.first + int64(i)
		parsed, err := r.c.parser.Parse(data)
		if err != nil {
			r.differ(leaf, "the leaf is no finding")
			continue
		}
		row, ok := rows[leaf]
		if r.superseded[leaf] {
			if ok {
				r.found++
				r.differ(leaf, "the finding is superseded, and has a row")
			}
			continue
		}
		r.hours[hourOf(parsed.Finding)]++
		if ok {
			r.found++
			r.finding(leaf, parsed, row)
		} else {
			r.differ(leaf, "the finding has no row")
		}
	}
	r.count += int64(len(rows))
	return err
}

// A findingRow is a row of the table finding.
type findingRow struct {
	id    string
	time  *int64
	level int64
	rule  detect.RuleName
	host  string
}

func (r *rowCheck) finding(leaf int64, parsed *findingjson.Parsed, row findingRow) {
	f := parsed.Finding
	timed := findingjson.Timed(f.Time)
	for what, agrees := range map[string]bool{
		"id":    row.id == parsed.ID,
		"time":  (row.time != nil) == timed && (!timed || *row.time == nanoseconds(f.Time)),
		"level": row.level == int64(f.Rule.Level),
		"rule":  visibleName(row.rule) == f.Rule.Name(),
		"host":  visible(row.host) == f.Host,
	} {
		if !agrees {
			r.differ(leaf, "the finding's row has another "+what)
		}
	}
}

// strangers finds rows of findings that are none.
func (r *rowCheck) strangers() error {
	var rows int64
	err := r.c.row("SELECT count(*) FROM finding", nil, &rows)
	if err == nil && rows > r.found {
		r.differ(-1, fmt.Sprintf("%d rows of findings are of none", rows-r.found))
	}
	return err
}

// hold notes what should be current after a leaf.
func (r *rowCheck) hold(kind string, data []byte, leaf int64) {
	name := currentName{kind: kind}
	var err error
	switch kind {
	case custody.KindEvidence:
		var said evidenceLeaf
		err = json.Unmarshal(data, &said)
		name.name = said.current()
		r.files[leaf] = name
		for _, before := range said.Supersedes {
			if at, ok := r.files[before]; ok && r.held[at] == before {
				delete(r.held, at)
			}
		}
	case custody.KindIncident:
		var said struct {
			withdrawnLeaf
			Incident struct{ ID string }
		}
		err = json.Unmarshal(data, &said)
		name.name = said.Incident.ID
		if said.Withdrawn != "" {
			delete(r.held, currentName{kind, said.Withdrawn})
			return
		}
	case custody.KindNote, custody.KindDecision:
		name = currentName{custody.KindNote, strconv.FormatInt(leaf, 10)}
	case custody.KindRun:
		r.run = leaf
	case custody.KindArtefact:
		name.name = string(data)
	case custody.KindSuperseded: // was read before all others
		if err = json.Unmarshal(data, &supersededLeaf{}); err == nil {
			return
		}
	}
	if err != nil {
		r.differ(leaf, "the leaf is no "+kind)
		return
	}
	r.held[name] = leaf
}

func (r *rowCheck) current() error {
	err := r.c.rows("SELECT kind, name, leaf FROM current", nil, func(scan func(...any) error) error {
		var name currentName
		var leaf int64
		if err := scan(&name.kind, &name.name, &leaf); err != nil {
			return err
		}
		r.count++
		if should, ok := r.held[name]; !ok || should != leaf {
			r.differ(leaf, "it stands for the last "+name.kind+", which it is not")
		} else {
			delete(r.held, name)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, leaf := range slices.Sorted(maps.Values(r.held)) {
		r.differ(leaf, "it is the last of its kind and name, and no row says so")
	}
	return nil
}

// order compares the places of incidents with what they say of themselves.
func (r *rowCheck) order() error {
	numbers, err := r.c.currentLeaves(custody.KindIncident, "position")
	if err != nil {
		return err
	}
	positions, err := r.c.positions()
	if err != nil {
		return err
	}
	var before *incident.Incident
	for i, number := range numbers {
		var leaf incidentLeaf
		if r.c.decode(number, &leaf) != nil || leaf.Incident == nil {
			continue // said where leaves are checked
		}
		if positions[leaf.Incident.ID] != i || before != nil && incident.Compare(before, leaf.Incident) > 0 {
			r.differ(number, "its place among the incidents is not that of its score")
		}
		before = leaf.Incident
	}
	return nil
}

// counts compares the findings of each hour.
func (r *rowCheck) counts() error {
	err := r.c.rows("SELECT start, level, count FROM hour", nil, func(scan func(...any) error) error {
		var start *int64
		var hour hourKey
		var count int64
		if err := scan(&start, &hour.level, &count); err != nil {
			return err
		}
		if start != nil {
			hour.start, hour.timed = *start, true
		}
		r.count++
		r.hours[hour] -= count
		return nil
	})
	wrong := 0
	for _, difference := range r.hours {
		if difference != 0 {
			wrong++
		}
	}
	if wrong > 0 {
		r.differ(-1, fmt.Sprintf("the findings of %d hours and levels are counted wrongly", wrong))
	}
	return err
}
