package store

import (
	"bytes"

	"golang.org/x/mod/sumdb/tlog"
	"golang.org/x/sync/errgroup"

	"github.com/kulla-defence/kulla/internal/custody"
)

// A namedLeaf is the data of a leaf that is to hold for a name.
type namedLeaf struct {
	name string
	data []byte
}

// putMany is put for many values at once: those that are new share blocks. The
// ledger is the same as if each had been put by itself.
func (c *Case) putMany(kind string, leaves []namedLeaf) (added int, err error) {
	fresh, err := c.fresh(kind, leaves)
	if err != nil {
		return 0, err
	}
	for len(fresh) > 0 {
		some := fresh[:fitting(fresh)]
		if err := c.appendBlock(kind, some); err != nil {
			return added, err
		}
		added += len(some)
		fresh = fresh[len(some):]
	}
	return added, nil
}

// manyBytes of leaves fill a block.
const manyBytes = 1 << 20

// fitting is how many of the leaves go into one block; at least one.
func fitting(leaves []namedLeaf) (count int) {
	for size := 0; count < min(len(leaves), batchSize) && size < manyBytes; count++ {
		size += len(leaves[count].data)
	}
	return count
}

// fresh are the leaves that say something else than what holds for their name.
func (c *Case) fresh(kind string, leaves []namedLeaf) ([]namedLeaf, error) {
	numbers, err := c.currentNumbers(kind)
	if err != nil {
		return nil, err
	}
	var fresh []namedLeaf
	last := map[string][]byte{} // of those that are fresh
	for _, leaf := range leaves {
		before, known := last[leaf.name]
		if number, kept := numbers[leaf.name]; kept && !known {
			if _, before, err = c.leaf(number); err != nil {
				return nil, err
			}
			known = true
		}
		if known && bytes.Equal(before, leaf.data) {
			continue
		}
		fresh, last[leaf.name] = append(fresh, leaf), leaf.data
	}
	return fresh, nil
}

// currentNumbers are the leaves of a kind that hold, by name.
func (c *Case) currentNumbers(kind string) (map[string]int64, error) {
	numbers := map[string]int64{}
	err := c.rows("SELECT name, leaf FROM current WHERE kind = ?", []any{kind}, func(scan func(...any) error) error {
		var name string
		var number int64
		err := scan(&name, &number)
		numbers[name] = number
		return err
	})
	return numbers, err
}

// appendBlock adds leaves as one block, and makes them the ones that hold.
func (c *Case) appendBlock(kind string, leaves []namedLeaf) error {
	var data, packed []byte
	for _, leaf := range leaves {
		data = append(append(data, leaf.data...), '\n')
	}
	var group errgroup.Group
	group.Go(func() (err error) {
		packed, err = c.packer.pack(data)
		return err
	})
	hashes := c.hashes(&group, kind, leaves)
	if err := group.Wait(); err != nil {
		return err
	}
	if err := c.storeBlock(kind, len(leaves), len(data), packed); err != nil {
		return err
	}
	first := c.size
	if err := c.extend(hashes); err != nil {
		c.broken = err
		return err
	}
	for i, leaf := range leaves {
		if err := c.hold(kind, leaf.name, 0, first+int64(i)); err != nil {
			return err
		}
	}
	return nil
}

// sealedAtOnce is how many leaves one goroutine seals.
const sealedAtOnce = 64

// hashes seals the leaves that come next, side by side. The hashes are there
// when the group is done.
func (c *Case) hashes(group *errgroup.Group, kind string, leaves []namedLeaf) []tlog.Hash {
	hashes := make([]tlog.Hash, len(leaves))
	for first := 0; first < len(leaves); first += sealedAtOnce {
		group.Go(func() error {
			sealer := custody.NewSealer(c.secret)
			for i := first; i < min(first+sealedAtOnce, len(leaves)); i++ {
				seal, err := sealer.Seal(leaves[i].data, c.size+int64(i))
				if err != nil {
					return err
				}
				hashes[i] = custody.Leaf{Kind: kind, Data: leaves[i].data, Seal: seal}.Hash()
			}
			return nil
		})
	}
	return hashes
}
