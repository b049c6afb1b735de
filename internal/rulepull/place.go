package rulepull

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
)

// place writes files into a new folder beside the one they are for, and gives
// it the name when it is whole.
func place(files []member, into string, replace bool) error {
	into = filepath.Clean(into)
	fresh, err := os.MkdirTemp(filepath.Dir(into), ".kulla-rules-")
	if err != nil {
		return err
	}
	err = errors.Join(write(files, fresh), os.Chmod(fresh, 0o755))
	if err == nil {
		err = exchange(fresh, into, replace)
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(fresh))
	}
	return nil
}

// write works below a root that no name can leave, whatever was checked
// before.
func write(files []member, folder string) error {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, file := range files {
		if err := root.MkdirAll(path.Dir(file.name), 0o755); err != nil {
			return err
		}
		if err := root.WriteFile(file.name, file.data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// exchange puts the fresh folder in place of the old one, which goes last and
// comes back if that fails.
func exchange(fresh, into string, replace bool) error {
	if err := checkTarget(into, replace); err != nil {
		return err
	}
	if _, err := os.Lstat(into); errors.Is(err, os.ErrNotExist) {
		return os.Rename(fresh, into)
	}
	old := fresh + ".old"
	if err := os.Rename(into, old); err != nil {
		return err
	}
	if err := os.Rename(fresh, into); err != nil {
		return errors.Join(err, os.Rename(old, into))
	}
	if err := os.RemoveAll(old); err != nil {
		return fmt.Errorf("the rules are in place; what they replace could not be removed: %w", err)
	}
	return nil
}
