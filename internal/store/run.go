package store

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/internal/custody"
)

// runLeaf is the end of an investigation as a leaf has it: when it was, and
// what it left in the table meta, which is too large, or too much the program's
// own, for a leaf of its own.
type runLeaf struct {
	Time time.Time `json:"time"`
	// Kept is the SHA-256 of each row's value, by its name.
	Kept map[string]string `json:"kept"`
}

// metaSecret is the row of meta that is no result: its change changes every
// leaf.
const metaSecret = "secret"

// PutRun notes that an investigation ended, and binds what SetMeta and
// PutContext kept, if the run changed anything: it grew the ledger, or what is
// kept is not what the last run left.
func (c *Case) PutRun(at time.Time, grew bool) error {
	kept, err := c.metaDigests()
	if err != nil {
		return err
	}
	var last runLeaf
	found, err := c.get(custody.KindRun, "", &last)
	if err != nil {
		return err
	}
	if found && !grew && maps.Equal(last.Kept, kept) {
		return nil
	}
	_, err = c.put(custody.KindRun, "", runLeaf{at.UTC(), kept})
	return err
}

// LastRun is when the last investigation that changed something ended, and
// whether any did: a case whose first run was killed has none.
func (c *Case) LastRun() (at time.Time, finished bool, err error) {
	var last runLeaf
	if finished, err = c.get(custody.KindRun, "", &last); err != nil || finished {
		return last.Time, finished, err
	}
	// Before there were leaves of runs, each wrote its rules.
	rules, err := c.current(custody.KindRules, "")
	return time.Time{}, rules >= 0, err
}

// metaDigests are those of all rows of meta that a run binds.
func (c *Case) metaDigests() (map[string]string, error) {
	digests := map[string]string{}
	err := c.rows("SELECT name, value FROM meta WHERE name <> ?", []any{metaSecret}, func(scan func(...any) error) error {
		var name string
		var value []byte
		err := scan(&name, &value)
		digest := sha256.Sum256(value)
		digests[name] = hex.EncodeToString(digest[:])
		return err
	})
	return digests, err
}

// kept compares the rows of meta with the digests in the leaf of the last run.
func (r *rowCheck) kept() error {
	found, err := r.c.metaDigests()
	if err != nil {
		return err
	}
	var last runLeaf
	if r.run >= 0 {
		if _, data, err := r.c.leaf(r.run); err != nil || json.Unmarshal(data, &last) != nil {
			return nil // said where leaves are checked
		}
	}
	r.count += int64(len(found))
	for _, name := range slices.Sorted(maps.Keys(found)) {
		said := strings.TrimPrefix(name, metaPrefix)
		switch want, bound := last.Kept[name]; {
		case !bound && strings.HasPrefix(name, metaMatches): // bound by a leaf of their own
		case !bound:
			r.differ(r.run, fmt.Sprintf("what is kept as %q is bound by no run", said))
		case want != found[name]:
			r.differ(r.run, fmt.Sprintf("what is kept as %q is not what the last run left", said))
		}
		delete(last.Kept, name)
	}
	for _, name := range slices.Sorted(maps.Keys(last.Kept)) {
		r.differ(r.run, fmt.Sprintf("what the last run kept as %q is gone", strings.TrimPrefix(name, metaPrefix)))
	}
	return nil
}
