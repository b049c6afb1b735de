package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/kulla-defence/kulla/internal/custody"
	"github.com/kulla-defence/kulla/internal/incident"
)

// incidentLeaf is an incident as a leaf has it.
type incidentLeaf struct {
	Incident *incident.Incident `json:"incident"`
	// Members are the numbers of its findings, ascending.
	Members []int64 `json:"members"`
}

// withdrawnLeaf says that an incident is no more: its findings are in others.
type withdrawnLeaf struct {
	Withdrawn string `json:"withdrawn"`
}

// PutIncidents replaces the incidents, the most important first, and their
// members. Those that changed become leaves, and those that are gone are
// withdrawn by one.
func (c *Case) PutIncidents(list []*incident.Incident, members func(id string) iter.Seq[int64]) (changed int, err error) {
	positions, err := c.positions()
	if err != nil {
		return 0, err
	}
	for i, in := range list {
		leaf := incidentLeaf{in, slices.AppendSeq([]int64{}, members(in.ID))}
		slices.Sort(leaf.Members)
		if err := c.checkMembers(in.ID, leaf.Members); err != nil {
			return changed, err
		}
		different, err := c.put(custody.KindIncident, in.ID, leaf)
		if err != nil {
			return changed, err
		}
		if different {
			changed++
		}
		position, known := positions[in.ID]
		delete(positions, in.ID)
		if known && position == i && !different {
			continue
		}
		if err := c.exec("UPDATE current SET position = ? WHERE kind = ? AND name = ?", i, custody.KindIncident, in.ID); err != nil {
			return changed, err
		}
	}
	withdrawn, err := c.withdraw(positions)
	c.membership = nil
	return changed + withdrawn, err
}

func (c *Case) checkMembers(id string, members []int64) error {
	if len(members) > 0 && (members[0] < 0 || members[len(members)-1] >= c.size) {
		return fmt.Errorf("put incident %s: a member is no leaf", id)
	}
	return nil
}

// positions are the places of the incidents that hold.
func (c *Case) positions() (map[string]int, error) {
	positions := map[string]int{}
	err := c.rows("SELECT name, position FROM current WHERE kind = ?", []any{custody.KindIncident}, func(scan func(...any) error) error {
		var name string
		var position int
		err := scan(&name, &position)
		positions[name] = position
		return err
	})
	return positions, err
}

func (c *Case) withdraw(gone map[string]int) (int, error) {
	for _, id := range slices.Sorted(maps.Keys(gone)) {
		data, err := json.Marshal(withdrawnLeaf{id})
		if err != nil {
			return 0, err
		}
		if _, err := c.Ledger().Append(custody.Leaf{Kind: custody.KindIncident, Data: data}); err != nil {
			return 0, err
		}
		if err := c.exec("DELETE FROM current WHERE kind = ? AND name = ?", custody.KindIncident, id); err != nil {
			return 0, err
		}
	}
	return len(gone), nil
}

// Incidents are those put last, the most important first.
func (c *Case) Incidents() ([]*incident.Incident, error) {
	var list []*incident.Incident
	err := c.eachIncident(func(leaf *incidentLeaf) {
		list = append(list, leaf.Incident)
	})
	return list, err
}

func (c *Case) eachIncident(each func(*incidentLeaf)) error {
	numbers, err := c.currentLeaves(custody.KindIncident, "position")
	if err != nil {
		return err
	}
	for _, number := range numbers {
		var leaf incidentLeaf
		if err := c.decode(number, &leaf); err != nil {
			return err
		}
		if leaf.Incident == nil {
			return fmt.Errorf("%w: leaf %d holds no incident", ErrDamaged, number)
		}
		if err := leaf.Incident.Check(); err != nil {
			return fmt.Errorf("%w: leaf %d: %w", ErrDamaged, number, err)
		}
		each(&leaf)
	}
	return nil
}

// ErrNoIncident: the case has no incident of that id.
var ErrNoIncident = errors.New("there is no such incident")

// Members are the numbers of an incident's findings, ascending.
func (c *Case) Members(id string) ([]int64, error) {
	var leaf incidentLeaf
	found, err := c.get(custody.KindIncident, id, &leaf)
	if err == nil && !found {
		err = fmt.Errorf("%w: %s", ErrNoIncident, id)
	}
	return leaf.Members, err
}

// incidentOf is the id of the incident that a finding is in; empty in none.
func (c *Case) incidentOf(number int64) (string, error) {
	if c.membership == nil {
		if err := c.readMembership(); err != nil {
			return "", err
		}
	}
	if number >= int64(len(c.membership)) || c.membership[number] == 0 {
		return "", nil
	}
	return c.incidents[c.membership[number]-1], nil
}

func (c *Case) readMembership() error {
	membership := make([]int32, c.size)
	c.incidents = nil
	err := c.eachIncident(func(leaf *incidentLeaf) {
		c.incidents = append(c.incidents, leaf.Incident.ID)
		for _, number := range leaf.Members {
			if number >= 0 && number < int64(len(membership)) {
				membership[number] = int32(len(c.incidents))
			}
		}
	})
	if err == nil {
		c.membership = membership
	}
	return err
}
