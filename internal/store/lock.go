package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// A lock lets one process write a case. It is a file beside the case's, which
// the operating system holds locked for as long as the process lives, and which
// says whose it is.
type lock struct {
	file *os.File
}

// holder is what a lock's file says.
type holder struct {
	Process int       `json:"process"`
	Host    string    `json:"host"`
	Since   time.Time `json:"since"`
}

func lockName(path string) string { return path + "-lock" }

// takeLock returns an ErrBusy when another process has it.
func takeLock(path string, now time.Time) (*lock, error) {
	for {
		file, err := os.OpenFile(lockName(path), os.O_RDWR|os.O_CREATE, 0o644)
		if err != nil {
			return nil, fmt.Errorf("lock the case: %w", err)
		}
		if err := lockFile(file); err != nil {
			defer file.Close()
			return nil, busy(file, err)
		}
		if !stillThere(file) {
			// Who had it removed the file after it was opened here.
			file.Close()
			continue
		}
		l := &lock{file}
		return l, l.sign(now)
	}
}

func stillThere(file *os.File) bool {
	ours, err := file.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(file.Name())
	return err == nil && os.SameFile(ours, named)
}

// sign writes into the lock whose it is.
func (l *lock) sign(now time.Time) error {
	host, err := os.Hostname()
	if err != nil {
		host = "an unknown host"
	}
	text, err := json.Marshal(holder{os.Getpid(), host, now.UTC()})
	if err != nil {
		return err
	}
	if err := l.file.Truncate(0); err != nil {
		return fmt.Errorf("lock the case: %w", err)
	}
	_, err = l.file.WriteAt(append(text, '\n'), 0)
	return err
}

// busy is the error for a lock that another has.
func busy(file *os.File, err error) error {
	if !errors.Is(err, errLocked) {
		return fmt.Errorf("lock the case: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(file, 4096))
	var other holder
	if err != nil || json.Unmarshal(text, &other) != nil {
		return ErrBusy
	}
	return &BusyError{other.Process, other.Host, other.Since}
}

// release removes the file before it lets go of it.
func (l *lock) release() error {
	return errors.Join(removeLocked(l.file), l.file.Close())
}
