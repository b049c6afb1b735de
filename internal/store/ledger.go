package store

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/kulla-defence/kulla/internal/custody"
)

var _ custody.Storage = (*Case)(nil)

// Size is the number of leaves.
func (c *Case) Size() (int64, error) { return c.size, nil }

// Secret is what the seals are salted with.
func (c *Case) Secret() ([]byte, error) { return c.secret, nil }

// Leaf returns a leaf. Its data is the caller's.
func (c *Case) Leaf(number int64) (custody.Leaf, error) {
	kind, data, err := c.leaf(number)
	return custody.Leaf{Kind: kind, Data: bytes.Clone(data)}, err
}

// leaf returns data that must not be changed.
func (c *Case) leaf(number int64) (kind string, data []byte, err error) {
	b, err := c.blocks.holding(number)
	if err != nil {
		return "", nil, err
	}
	return b.kind, b.leaves[number-b.first], nil
}

// Append adds a leaf that was sealed, as custody.Ledger does.
func (c *Case) Append(leaf custody.Leaf, hashes []tlog.Hash) error {
	data := append(bytes.Clone(leaf.Data), '\n')
	packed, err := c.packer.pack(data)
	if err != nil {
		return err
	}
	if err := c.storeBlock(leaf.Kind, 1, len(data), packed); err != nil {
		return err
	}
	if err := c.tree.grow(c.size, hashes); err != nil {
		c.broken = err
		return err
	}
	c.size++
	return c.tree.trim(c.storeTile)
}

// storeBlock writes leaves behind the last; the caller lets the tree grow.
func (c *Case) storeBlock(kind string, count, size int, packed []byte) error {
	if err := c.write(); err != nil {
		return err
	}
	return c.exec("INSERT INTO block (first, count, kind, size, data) VALUES (?, ?, ?, ?, ?)", c.size, count, kind, size, packed)
}

func (c *Case) loadBlock(number int64) (*block, error) {
	b := &block{}
	var count, size int64
	var packed []byte
	err := c.row("SELECT first, count, kind, size, data FROM block WHERE first <= ? ORDER BY first DESC LIMIT 1",
		[]any{number}, &b.first, &count, &b.kind, &size, &packed)
	if errors.Is(err, sql.ErrNoRows) || err == nil && number >= b.first+count {
		return nil, fmt.Errorf("there is no leaf %d", number)
	}
	if err != nil {
		return nil, fmt.Errorf("leaf %d: %w", number, err)
	}
	data, err := c.packer.unpack(packed, size)
	if err == nil {
		err = b.split(data, count)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: the leaves from %d to %d: %w", ErrDamaged, b.first, b.first+count-1, err)
	}
	return b, nil
}

// ReadHashes is tlog.HashReader.
func (c *Case) ReadHashes(indexes []int64) ([]tlog.Hash, error) { return c.tree.read(indexes) }

func (c *Case) loadTile(key tileKey) ([]byte, error) {
	var hashes []byte
	err := c.row("SELECT hashes FROM tile WHERE level = ? AND number = ?", []any{key.level, key.number}, &hashes)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return hashes, err
}

func (c *Case) storeTile(key tileKey, hashes []byte) error {
	if err := c.write(); err != nil {
		return err
	}
	return c.exec("INSERT INTO tile (level, number, hashes) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET hashes = excluded.hashes",
		key.level, key.number, hashes)
}

// Checkpoints are the signed notes, oldest first.
func (c *Case) Checkpoints() ([][]byte, error) {
	var notes [][]byte
	err := c.rows("SELECT note FROM checkpoint ORDER BY number", nil, func(scan func(...any) error) error {
		var note []byte
		err := scan(&note)
		notes = append(notes, note)
		return err
	})
	return notes, err
}

// AppendCheckpoint keeps a signed note.
func (c *Case) AppendCheckpoint(note []byte) error {
	if err := c.write(); err != nil {
		return err
	}
	return c.exec("INSERT INTO checkpoint (note) VALUES (?)", string(note))
}

// Keys are the public keys of all who signed.
func (c *Case) Keys() ([]string, error) {
	var keys []string
	err := c.rows("SELECT public FROM signer ORDER BY number", nil, func(scan func(...any) error) error {
		var key string
		err := scan(&key)
		keys = append(keys, key)
		return err
	})
	return keys, err
}

// AddKey adds a public key, if it is new.
func (c *Case) AddKey(public string) error {
	if err := c.write(); err != nil {
		return err
	}
	return c.exec("INSERT INTO signer (public) VALUES (?) ON CONFLICT DO NOTHING", public)
}
