package store

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

var (
	// ErrBusy: another process writes the case; where it is known which, the
	// error is a *BusyError.
	ErrBusy = errors.New("the case is in use")
	// ErrNotCase: the file is something else.
	ErrNotCase = errors.New("not a case of this program")
	// ErrVersion: the case was written by a newer version of the program.
	ErrVersion = errors.New("the case was written by a newer version of this program")
	// ErrReadOnly: the case was opened for reading, or its file cannot be written.
	ErrReadOnly = errors.New("the case can only be read")
	// ErrFull: there is no space left where the case lies.
	ErrFull = errors.New("no space left for the case")
	// ErrDamaged: the file is not as it was written.
	ErrDamaged = errors.New("the file of the case is damaged")
)

// A BusyError says who has the case. It is an ErrBusy.
type BusyError struct {
	Process int
	Host    string
	Since   time.Time
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("the case is in use by process %d on %s since %s", e.Process, e.Host, e.Since.UTC().Format(time.RFC3339))
}

func (e *BusyError) Is(target error) bool { return target == ErrBusy }

// explained gives an error of SQLite the name that callers know.
func explained(err error) error {
	known := map[int]error{
		sqlite3.SQLITE_BUSY: ErrBusy, sqlite3.SQLITE_LOCKED: ErrBusy,
		sqlite3.SQLITE_READONLY: ErrReadOnly, sqlite3.SQLITE_PERM: ErrReadOnly,
		sqlite3.SQLITE_FULL:    ErrFull,
		sqlite3.SQLITE_CORRUPT: ErrDamaged, sqlite3.SQLITE_NOTADB: ErrDamaged,
		sqlite3.SQLITE_CANTOPEN: fs.ErrNotExist,
	}
	var failure *sqlite.Error
	if errors.As(err, &failure) {
		// The lowest byte is the primary code.
		if kind, ok := known[failure.Code()&0xff]; ok {
			return fmt.Errorf("%w: %w", kind, err)
		}
	}
	return err
}
