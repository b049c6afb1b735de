package store

import (
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/internal/custody"
	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/findingjson"
	"github.com/kulla-defence/kulla/sigma"
)

// A Finding is a finding of the case.
type Finding struct {
	Number   int64  // of its leaf in the ledger
	ID       string // as docs/formats/finding.md
	Incident string // the id; empty when it is in none
	// Record is the SHA-256 of the record's bytes, SHA256 of its source's;
	// zero where not known.
	Record, SHA256 [32]byte
	*detect.Finding
}

// A Filter chooses findings; its zero value all.
type Filter struct {
	From, To time.Time // To is not included; zero is no bound
	MinLevel sigma.Level
	Incident string   // id
	Rule     string   // id or title
	Hosts    []string // any of these names, without regard to case
}

// An Hour is the number of findings in one hour.
type Hour struct {
	Start  time.Time                 // UTC; zero: findings without a time
	Levels [sigma.Critical + 1]int64 // by sigma.Level
}

// Finding returns a finding by its number.
func (c *Case) Finding(number int64) (*Finding, error) {
	kind, data, err := c.leaf(number)
	if err != nil {
		return nil, err
	}
	if kind != custody.KindFinding {
		return nil, fmt.Errorf("leaf %d is no finding but %s", number, kind)
	}
	parsed, err := c.parser.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%w: leaf %d: %w", ErrDamaged, number, err)
	}
	incident, err := c.incidentOf(number)
	return &Finding{number, parsed.ID, incident, parsed.Record, parsed.SHA256, parsed.Finding}, err
}

// Digest gives the SHA-256 of the source of a finding of this case, as
// findingjson.Append wants it.
func (c *Case) Digest() findingjson.Digests { return c.parser.Digest }

// Findings yields findings in order of time; of one time, in the order in which
// they were put. Other methods may be called in between.
func (c *Case) Findings(filter Filter) iter.Seq2[*Finding, error] {
	return func(yield func(*Finding, error) bool) {
		numbers, err := c.find(filter)
		if err != nil {
			yield(nil, err)
			return
		}
		for _, number := range numbers {
			if err := c.ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
			if finding, err := c.Finding(number); !yield(finding, err) || err != nil {
				return
			}
		}
	}
}

// find returns the numbers of findings, in order of time.
func (c *Case) find(filter Filter) ([]int64, error) {
	where, arguments := filter.conditions()
	if filter.Incident != "" {
		members, err := c.Members(filter.Incident)
		if err != nil {
			return nil, err
		}
		list, err := json.Marshal(members)
		if err != nil {
			return nil, err
		}
		where, arguments = append(where, "leaf IN (SELECT value FROM json_each(?))"), append(arguments, string(list))
	}
	query := "SELECT leaf FROM finding"
	if len(where) > 0 {
		query += " WHERE " + strings.Join(where, " AND ")
	}
	var numbers []int64
	err := c.rows(query+" ORDER BY time, leaf", arguments, func(scan func(...any) error) error {
		var number int64
		err := scan(&number)
		numbers = append(numbers, number)
		return err
	})
	return numbers, err
}

// conditions writes a filter, but for the incident, in SQL.
func (f *Filter) conditions() (where []string, arguments []any) {
	add := func(condition string, values ...any) {
		where, arguments = append(where, condition), append(arguments, values...)
	}
	if !f.From.IsZero() {
		add("time >= ?", nanoseconds(f.From))
	}
	if !f.To.IsZero() {
		add("time < ?", nanoseconds(f.To))
	}
	if f.MinLevel > 0 {
		add("level >= ?", int64(f.MinLevel))
	}
	if f.Rule != "" {
		add("rule IN (SELECT number FROM rule WHERE id = ? OR title = ?)", f.Rule, f.Rule)
	}
	if len(f.Hosts) > 0 {
		names := strings.TrimSuffix(strings.Repeat("?, ", len(f.Hosts)), ", ")
		where = append(where, "host IN (SELECT number FROM host WHERE name COLLATE NOCASE IN ("+names+"))")
		for _, name := range f.Hosts {
			arguments = append(arguments, name)
		}
	}
	return where, arguments
}

// nanoseconds since 1970, as far as they reach: from 1678 to 2262.
func nanoseconds(t time.Time) int64 {
	switch seconds := t.Unix(); {
	case seconds <= math.MinInt64/int64(time.Second):
		return math.MinInt64
	case seconds >= math.MaxInt64/int64(time.Second):
		return math.MaxInt64
	}
	return t.UnixNano()
}

// FindingCount is the number of findings.
func (c *Case) FindingCount() (count int64, err error) {
	err = c.row("SELECT coalesce(sum(count), 0) FROM hour", nil, &count)
	return count, err
}

// Timeline counts the findings of every hour that has any, in order.
func (c *Case) Timeline() ([]Hour, error) {
	var hours []Hour
	err := c.rows("SELECT start, level, count FROM hour ORDER BY start, level", nil, func(scan func(...any) error) error {
		var start *int64
		var level, count int64
		if err := scan(&start, &level, &count); err != nil {
			return err
		}
		var at time.Time
		if start != nil {
			at = time.Unix(*start, 0).UTC()
		}
		if len(hours) == 0 || !hours[len(hours)-1].Start.Equal(at) {
			hours = append(hours, Hour{Start: at})
		}
		if level >= 0 && level <= int64(sigma.Critical) {
			hours[len(hours)-1].Levels[level] += count
		}
		return nil
	})
	return hours, err
}

// Levels counts the findings by level: "informational" … "critical", "" without.
func (c *Case) Levels() (map[string]int64, error) {
	hours, err := c.Timeline()
	counts := map[string]int64{}
	for i := range hours {
		for level, count := range hours[i].Levels {
			if count > 0 {
				counts[findingjson.LevelName(sigma.Level(level))] += count
			}
		}
	}
	return counts, err
}

// knownFindings are the keys of all findings of the case.
func (c *Case) knownFindings() (map[findingjson.Key]struct{}, error) {
	count, err := c.FindingCount()
	if err != nil {
		return nil, err
	}
	known := make(map[findingjson.Key]struct{}, min(max(count, 0), c.size))
	err = c.rows("SELECT id FROM finding", nil, func(scan func(...any) error) error {
		var id []byte
		if err := scan(&id); err != nil {
			return err
		}
		if len(id) != len(findingjson.Key{}) {
			return fmt.Errorf("%w: the id of a finding has %d bytes", ErrDamaged, len(id))
		}
		known[findingjson.Key(id)] = struct{}{}
		return nil
	})
	return known, err
}
