package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/kulla-defence/kulla/internal/custody"
	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/findingjson"
)

// Options say how a case is opened.
type Options struct {
	// ReadOnly leaves the file as it is and takes no lock.
	ReadOnly bool
	// Create makes the case when there is no file.
	Create bool
	// Now is the clock for notes, checkpoints and the lock.
	Now func() time.Time
	// Signer signs checkpoints, PublicKey is its other half (both from
	// custody.OpenSigner). Without a signer there are no checkpoints.
	Signer    note.Signer
	PublicKey string
}

// A Case is an open case. Its methods are for one goroutine at a time.
//
// What is put takes effect with Commit; Close without it leaves the case as it
// was. A method that would change nothing does not touch the file.
type Case struct {
	path    string
	options Options
	ctx     context.Context
	lock    *lock // nil when read only

	db         *sql.DB
	conn       *sql.Conn
	statements map[string]*sql.Stmt
	writing    bool  // a transaction is open
	broken     error // why what was put is not whole, and cannot be kept
	logged     bool  // the file has a write-ahead log

	size   int64 // leaves
	secret []byte
	tree   tree
	blocks blockCache
	parser findingjson.Parser
	packer packer
	// files are those of leaves that were read: a leaf never changes.
	files map[int64]Evidence
	// rules and hosts are the numbers of those that stand in the file, read
	// when first wanted.
	rules map[detect.RuleName]int64
	hosts map[string]int64
	// membership is the position of the incident of each leaf, plus one;
	// incidents their ids. They are read when first wanted.
	membership []int32
	incidents  []string
}

// Open opens the case in a file, or makes it with Options.Create. Errors are
// fs.ErrNotExist, ErrBusy, ErrNotCase, ErrVersion, ErrReadOnly, ErrDamaged, or
// those of the system. Once ctx is cancelled, nothing more is put.
func Open(ctx context.Context, path string, options Options) (*Case, error) {
	// Whatever its name, a file has one lock.
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		real = path // there is none yet
	}
	c := &Case{path: real, options: options, ctx: ctx, statements: map[string]*sql.Stmt{}, files: map[int64]Evidence{}}
	c.tree.load = c.loadTile
	c.blocks.load = c.loadBlock
	if c.options.Now == nil {
		c.options.Now = func() time.Time { return time.Time{} }
	}
	if err := c.open(); err != nil {
		return nil, fmt.Errorf("open the case %s: %w", path, errors.Join(err, c.shut()))
	}
	return c, nil
}

func (c *Case) open() (err error) {
	if !c.options.ReadOnly {
		if _, err := os.Stat(c.path); errors.Is(err, fs.ErrNotExist) && !c.options.Create {
			return err // leaves no lock behind
		}
		if c.lock, err = takeLock(c.path, c.options.Now()); err != nil {
			return err
		}
		if err := c.create(); err != nil {
			return err
		}
	}
	if err := checkHeader(c.path); err != nil {
		return err
	}
	if err := c.connect(c.path); err != nil {
		return err
	}
	return c.read()
}

// create makes the file where there is none. It is whole before it has its name.
func (c *Case) create() error {
	if _, err := os.Stat(c.path); !errors.Is(err, fs.ErrNotExist) || !c.options.Create {
		return err
	}
	draft := c.path + "-new"
	for _, left := range []string{draft, draft + "-journal"} {
		if err := os.Remove(left); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	// It holds what redaction hides by, and SQLite gives its journals the mode
	// of the file.
	file, err := os.OpenFile(draft, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	if err := writeEmpty(c.ctx, draft); err != nil {
		return errors.Join(err, os.Remove(draft))
	}
	return os.Rename(draft, c.path)
}

// read takes what is always needed out of the file.
func (c *Case) read() error {
	var mode string
	if err := c.row("PRAGMA journal_mode", nil, &mode); err != nil {
		return err
	}
	c.logged = mode == "wal"
	if err := c.readSize(); err != nil {
		return err
	}
	err := c.row("SELECT value FROM meta WHERE name = 'secret'", nil, &c.secret)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if len(c.secret) != custody.SecretSize {
		return fmt.Errorf("%w: its secret has %d bytes", ErrDamaged, len(c.secret))
	}
	return nil
}

// readSize reads the number of leaves. There are no more than the file has room
// for: each has its hash.
func (c *Case) readSize() error {
	var first, count, pages, bytes int64
	err := c.row("SELECT first, count FROM block ORDER BY first DESC LIMIT 1", nil, &first, &count)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := errors.Join(c.row("PRAGMA page_count", nil, &pages), c.row("PRAGMA page_size", nil, &bytes)); err != nil {
		return err
	}
	most := pages * bytes / tlog.HashSize
	if first < 0 || count < 1 || first > most || count > most-first {
		return fmt.Errorf("%w: the leaves from %d on, %d of them, are more than there is room for", ErrDamaged, first, count)
	}
	c.size = first + count
	return nil
}

// Close ends the work; what was not committed is as if it had never been put.
func (c *Case) Close() error {
	if err := c.shut(); err != nil {
		return fmt.Errorf("close the case %s: %w", c.path, err)
	}
	return nil
}

func (c *Case) shut() error {
	var errs []error
	if c.conn != nil {
		// Some failures end the transaction by themselves.
		if err := c.rollback(); err != nil && c.broken == nil {
			errs = append(errs, err)
		}
		errs = append(errs, c.disconnect())
	}
	if c.lock != nil {
		errs = append(errs, c.lock.release())
	}
	c.conn, c.db, c.lock, c.writing = nil, nil, nil, false
	return errors.Join(errs...)
}

func (c *Case) rollback() error {
	if !c.writing {
		return nil
	}
	return c.exec("ROLLBACK")
}

// Commit keeps all that was put since the last Commit.
func (c *Case) Commit() error {
	if c.broken != nil {
		return fmt.Errorf("commit: nothing is kept since %w", c.broken)
	}
	if !c.writing {
		return nil
	}
	if err := c.tree.flush(c.storeTile); err != nil {
		return err
	}
	if err := c.exec("COMMIT"); err != nil {
		c.broken = err
		return fmt.Errorf("commit: %w", err)
	}
	c.writing = false
	return nil
}

// write begins what Commit ends.
func (c *Case) write() error {
	if err := c.ctx.Err(); err != nil {
		return err
	}
	switch {
	case c.broken != nil:
		return fmt.Errorf("an earlier write failed: %w", c.broken)
	case c.writing:
		return nil
	case c.options.ReadOnly:
		return ErrReadOnly
	}
	if err := c.startLog(); err != nil {
		return err
	}
	if err := c.exec("BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("write to the case: %w", err)
	}
	c.writing = true
	return nil
}

// Ledger is the case's ledger.
func (c *Case) Ledger() *custody.Ledger { return custody.NewLedger(c) }

// Checkpoint signs the ledger as it is, if it grew since the last time. It
// takes effect with Commit.
func (c *Case) Checkpoint() error {
	if c.options.Signer == nil {
		return nil
	}
	_, err := c.Ledger().Checkpoint(c.options.Signer, c.options.PublicKey, c.options.Now())
	return err
}
