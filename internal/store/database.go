package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	_ "modernc.org/sqlite" // the driver

	"github.com/kulla-defence/kulla/internal/custody"
)

//go:embed schema.sql
var schema string

// What says in a SQLite file that it is a case, and of which form.
const (
	applicationID = 0x4b554c41 // KULA
	version       = 1
)

// pageSize is chosen by measurement: see docs/adr/0014-sqlite.md.
const pageSize = 8192

// address is the file as a URI, in which no character of its name means
// anything.
func address(path, mode string) string {
	name := (&url.URL{Path: path}).EscapedPath()
	return "file:" + strings.ReplaceAll(name, "?", "%3f") + "?mode=" + mode
}

// checkHeader looks at the first bytes of a file before SQLite does
// (https://sqlite.org/fileformat.html, section 1.3).
func checkHeader(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	var header [100]byte
	if _, err := io.ReadFull(file, header[:]); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrNotCase
	} else if err != nil {
		return err
	}
	if !bytes.HasPrefix(header[:], []byte("SQLite format 3\x00")) || binary.BigEndian.Uint32(header[68:]) != applicationID {
		return ErrNotCase
	}
	if found := binary.BigEndian.Uint32(header[60:]); found != version {
		return fmt.Errorf("%w: it has version %d, this program reads %d", ErrVersion, found, version)
	}
	return nil
}

// writeEmpty makes a case without leaves. SQLite need not be careful: nobody
// looks at the file before it is whole and on the disk.
func writeEmpty(ctx context.Context, path string) error {
	c := &Case{ctx: ctx, statements: map[string]*sql.Stmt{}}
	if err := c.dial(address(path, "rwc")); err != nil {
		return errors.Join(err, c.shut())
	}
	secret := make([]byte, custody.SecretSize)
	if _, err := rand.Read(secret); err != nil {
		return errors.Join(err, c.shut())
	}
	err := c.exec(fmt.Sprintf("PRAGMA synchronous = OFF; PRAGMA page_size = %d; PRAGMA application_id = %d; PRAGMA user_version = %d; BEGIN; %s",
		pageSize, applicationID, version, schema))
	if err == nil {
		err = c.exec("INSERT INTO meta (name, value) VALUES ('secret', ?)", secret)
	}
	if err == nil {
		err = c.exec("COMMIT")
	}
	if err := errors.Join(err, c.shut()); err != nil {
		return err
	}
	return syncFile(path)
}

// syncFile returns when a file is on the disk.
func syncFile(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

// connect opens the file, whose schema is not trusted: it may come from anybody.
func (c *Case) connect(path string) error {
	mode := "rw"
	if c.options.ReadOnly {
		mode = "ro"
	}
	if err := c.dial(address(path, mode)); err != nil {
		return err
	}
	if err := c.exec("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA synchronous = FULL; PRAGMA cache_size = -32768"); err != nil {
		return err
	}
	return c.checkForm()
}

// checkForm refuses a file whose tables are not word for word those of the
// schema: views, triggers, virtual tables, and columns and indexes that compute
// would run what somebody else wrote.
func (c *Case) checkForm() error {
	wanted := map[string]bool{}
	for statement := range strings.SplitSeq(withoutComments(schema), ";") {
		if statement = strings.TrimSpace(statement); statement != "" {
			wanted[statement] = true
		}
	}
	err := c.rows("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL", nil, func(scan func(...any) error) error {
		var text string
		if err := scan(&text); err != nil {
			return err
		}
		text = strings.TrimSpace(withoutComments(text))
		if !wanted[text] {
			return fmt.Errorf("%w: it holds tables, views or triggers of another form", ErrNotCase)
		}
		delete(wanted, text)
		return nil
	})
	if err == nil && len(wanted) > 0 {
		err = fmt.Errorf("%w: tables are missing", ErrNotCase)
	}
	return err
}

// withoutComments takes the comments out of SQL in which no text is quoted.
func withoutComments(statements string) string {
	var out strings.Builder
	for line := range strings.Lines(statements) {
		before, _, comment := strings.Cut(line, "--")
		if comment {
			before = strings.TrimRight(before, " ") + "\n"
		}
		out.WriteString(before)
	}
	return out.String()
}

// dial makes the one connection.
func (c *Case) dial(address string) (err error) {
	if c.db, err = sql.Open("sqlite", address); err != nil {
		return explained(err)
	}
	c.db.SetMaxOpenConns(1)
	if c.conn, err = c.db.Conn(c.background()); err != nil {
		return explained(errors.Join(err, c.db.Close()))
	}
	return c.exec("PRAGMA busy_timeout = 5000")
}

// background is for statements, which are short: each with a context that can
// be cancelled would cost a goroutine.
func (c *Case) background() context.Context { return context.WithoutCancel(c.ctx) }

// startLog lets others read while this process writes.
func (c *Case) startLog() error {
	if c.logged {
		return nil
	}
	var mode string
	err := c.row("PRAGMA journal_mode = WAL", nil, &mode)
	if err != nil && !errors.Is(err, ErrBusy) {
		return fmt.Errorf("write to the case: %w", err)
	}
	// While somebody reads, the file stays as it is, and keeps a journal.
	c.logged = mode == "wal"
	return nil
}

// disconnect makes the case one file again, unless another process reads it:
// then the next to write does.
func (c *Case) disconnect() error {
	var errs []error
	if c.logged && !c.options.ReadOnly {
		var mode string
		if err := c.row("PRAGMA journal_mode = DELETE", nil, &mode); err != nil && !errors.Is(err, ErrBusy) {
			errs = append(errs, err)
		}
	}
	for _, statement := range c.statements {
		errs = append(errs, statement.Close())
	}
	return errors.Join(append(errs, c.conn.Close(), c.db.Close())...)
}

// prepared returns a statement that is compiled once.
func (c *Case) prepared(query string) (*sql.Stmt, error) {
	if statement, ok := c.statements[query]; ok {
		return statement, nil
	}
	statement, err := c.conn.PrepareContext(c.background(), query)
	if err != nil {
		return nil, explained(err)
	}
	c.statements[query] = statement
	return statement, nil
}

// exec runs statements; with arguments, one that is kept compiled.
func (c *Case) exec(query string, arguments ...any) error {
	if len(arguments) == 0 {
		_, err := c.conn.ExecContext(c.background(), query)
		return explained(err)
	}
	_, err := c.change(query, arguments...)
	return err
}

// change is exec; it returns the number of rows that changed.
func (c *Case) change(query string, arguments ...any) (int64, error) {
	statement, err := c.prepared(query)
	if err != nil {
		return 0, err
	}
	result, err := statement.ExecContext(c.background(), arguments...)
	if err != nil {
		c.broken = explained(err)
		return 0, c.broken
	}
	return result.RowsAffected()
}

// row reads the first row of an answer; sql.ErrNoRows without one.
func (c *Case) row(query string, arguments []any, into ...any) error {
	return explained(c.conn.QueryRowContext(c.background(), query, arguments...).Scan(into...))
}

// rows calls each for every row of an answer. Nothing else may be asked before
// it ends.
func (c *Case) rows(query string, arguments []any, each func(scan func(into ...any) error) error) error {
	rows, err := c.conn.QueryContext(c.background(), query, arguments...)
	if err != nil {
		return explained(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return explained(err)
		}
	}
	return explained(rows.Err())
}
