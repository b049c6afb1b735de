package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Temporary files hold evidence. Where the system allows it they have no name
// from the moment they are open: so nothing of them is left when the process
// ends, however it ends. Elsewhere Sweep removes what dead processes left.

const (
	prefix = "kulla-spool-"
	// Before files had one name, some were called so.
	oldPrefix, oldSuffix = "kulla-", ".spool"
)

// Temporary makes a temporary file; an empty folder is the system's.
func Temporary(folder string) (*os.File, error) {
	file, err := os.CreateTemp(folder, prefix)
	if err != nil {
		return nil, fmt.Errorf("making a temporary file: %w", err)
	}
	if namelessFiles {
		if err := os.Remove(file.Name()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, errors.Join(fmt.Errorf("making a temporary file: %w", err), file.Close())
		}
	}
	return file, nil
}

// Discard closes a temporary file and removes it.
func Discard(file *os.File) error {
	err := file.Close()
	if namelessFiles {
		return err
	}
	return errors.Join(err, os.Remove(file.Name()))
}

// IsTemporary reports whether a file is called as temporary files are.
func IsTemporary(name string) bool {
	return strings.HasPrefix(name, prefix) || strings.HasPrefix(name, oldPrefix) && strings.HasSuffix(name, oldSuffix)
}

// staleAfter is how long a temporary file must have been left alone to be
// taken for that of a dead process.
const staleAfter = 24 * time.Hour

// Sweep removes what dead processes left in a folder; an empty one is the
// system's. A file that a living process has open is not harmed: it either
// cannot be removed, or stays whole without its name.
func Sweep(folder string, now time.Time) {
	if folder == "" {
		folder = os.TempDir()
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return // who makes the next temporary file is told
	}
	for _, entry := range entries {
		if !IsTemporary(entry.Name()) || !entry.Type().IsRegular() {
			continue
		}
		if info, err := entry.Info(); err == nil && now.Sub(info.ModTime()) > staleAfter {
			_ = os.Remove(filepath.Join(folder, entry.Name())) // another's, perhaps
		}
	}
}
