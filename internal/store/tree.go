package store

import (
	"bytes"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// tileHeight is how many levels of the tree a tile holds; only the lowest of
// them is stored, 256 hashes, and the others follow from it.
const tileHeight = 8

const tileWidth = 1 << tileHeight

// A tileKey is the place of a tile.
type tileKey struct {
	level  int
	number int64
}

type tile struct {
	hashes  []byte
	changed bool
}

// A tree reads and extends the hashes of the ledger.
type tree struct {
	load  func(tileKey) ([]byte, error) // nil where there is none
	tiles map[tileKey]*tile
	// edge holds the latest hash of each level: what the next leaf needs.
	edge [64]struct {
		number int64
		hash   tlog.Hash
		known  bool
	}
}

// cachedTiles is how many tiles are kept in memory.
const cachedTiles = 64

func (t *tree) tile(key tileKey) (*tile, error) {
	if found, ok := t.tiles[key]; ok {
		return found, nil
	}
	hashes, err := t.load(key)
	if err != nil {
		return nil, err
	}
	if len(hashes)%tlog.HashSize != 0 || len(hashes) > tileWidth*tlog.HashSize {
		return nil, fmt.Errorf("%w: tile %d of level %d has %d bytes", ErrDamaged, key.number, key.level, len(hashes))
	}
	if t.tiles == nil {
		t.tiles = map[tileKey]*tile{}
	}
	t.tiles[key] = &tile{hashes: hashes}
	return t.tiles[key], nil
}

// read returns hashes by tlog's numbers.
func (t *tree) read(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		hash, err := t.hash(index)
		if err != nil {
			return nil, err
		}
		hashes[i] = hash
	}
	t.forget()
	return hashes, nil
}

func (t *tree) hash(index int64) (tlog.Hash, error) {
	level, number := tlog.SplitStoredHashIndex(index)
	if edge := &t.edge[level]; edge.known && edge.number == number {
		return edge.hash, nil
	}
	place := tlog.TileForIndex(tileHeight, index)
	found, err := t.tile(tileKey{place.L, place.N})
	if err != nil {
		return tlog.Hash{}, err
	}
	if len(found.hashes) < place.W*tlog.HashSize {
		return tlog.Hash{}, fmt.Errorf("%w: a hash of the ledger is missing, level %d number %d", ErrDamaged, level, number)
	}
	return tlog.HashFromTile(place, found.hashes[:place.W*tlog.HashSize], index)
}

// grow adds the hashes that a leaf completes: one of each level from 0.
func (t *tree) grow(leaf int64, hashes []tlog.Hash) error {
	for level, hash := range hashes {
		number := leaf >> level
		t.edge[level].number, t.edge[level].hash, t.edge[level].known = number, hash, true
		if level%tileHeight != 0 {
			continue
		}
		found, err := t.tile(tileKey{level / tileHeight, number / tileWidth})
		if err != nil {
			return err
		}
		if len(found.hashes) != int(number%tileWidth)*tlog.HashSize {
			return fmt.Errorf("%w: the hashes of the ledger do not end with its leaves", ErrDamaged)
		}
		if !found.changed {
			found.hashes, found.changed = bytes.Clone(found.hashes), true
		}
		found.hashes = append(found.hashes, hash[:]...)
	}
	return nil
}

// trim writes tiles when there are many, and forgets them.
func (t *tree) trim(store func(tileKey, []byte) error) error {
	if len(t.tiles) < cachedTiles {
		return nil
	}
	err := t.flush(store)
	t.forget()
	return err
}

// flush writes the tiles that changed.
func (t *tree) flush(store func(tileKey, []byte) error) error {
	for key, tile := range t.tiles {
		if !tile.changed {
			continue
		}
		if err := store(key, tile.hashes); err != nil {
			return err
		}
		tile.changed = false
	}
	return nil
}

// forget drops tiles that are stored when there are many.
func (t *tree) forget() {
	if len(t.tiles) < cachedTiles {
		return
	}
	for key, tile := range t.tiles {
		if !tile.changed {
			delete(t.tiles, key)
		}
	}
}
