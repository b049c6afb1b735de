package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
)

// A target is what a name for an output leads to.
type target struct {
	// name is that of the file itself, behind all symbolic links.
	name string
	// info is nil where there is no file yet.
	info fs.FileInfo
	// descriptor says that it stands for a file that is open already.
	descriptor bool
}

// targetOf follows symbolic links, also where the last of them leads nowhere:
// what is written is the file, and the links stay as they are.
func targetOf(name string) (target, error) {
	const mostLinks = 40
	for range mostLinks {
		if isDescriptor(name) {
			return target{name: name, descriptor: true}, nil
		}
		next, err := os.Readlink(name)
		if err != nil { // no link
			info, err := os.Stat(name)
			if err != nil {
				info = nil
			}
			return target{name: name, info: info}, nil
		}
		if !filepath.IsAbs(next) { // not joined, which would take "link/.." away
			next = folderOf(name) + next
		}
		name = next
	}
	return target{}, fmt.Errorf("%s: too many symbolic links, or they lead in a circle", name)
}

// folderOf is the folder in which a name stands, as it is written and with the
// separator at its end.
func folderOf(name string) string {
	folder, _ := filepath.Split(name)
	if folder == "" {
		return "." + string(filepath.Separator)
	}
	return folder
}

var descriptorFolder = regexp.MustCompile(`^(/dev/fd|/proc/([0-9]+|self|thread-self)(/task/[0-9]+)?/fd)$`)

// isDescriptor recognises the names of open files, such as /dev/fd/3.
func isDescriptor(name string) bool {
	folder, err := filepath.EvalSymlinks(folderOf(name))
	return err == nil && descriptorFolder.MatchString(filepath.ToSlash(folder))
}

// standard is the number of this process's open file, -1 where it is none.
func (t *target) standard() int {
	if !t.descriptor {
		return -1
	}
	folder, err := filepath.EvalSymlinks(folderOf(t.name))
	if own, _ := filepath.EvalSymlinks("/proc/self/fd"); err != nil || folder != own && folder != "/dev/fd" {
		return -1
	}
	number, err := strconv.Atoi(filepath.Base(t.name))
	if err != nil {
		return -1
	}
	return number
}

// replaceable reports whether a file is put in its place when it is written
// to; a pipe or a device is written to as it is.
func (t *target) replaceable() bool {
	return !t.descriptor && (t.info == nil || t.info.Mode().IsRegular())
}

// checkFolder says of a file that is not there whether it can be made: a run of
// hours should not end with it. Given is the name that the user knows.
func (t *target) checkFolder(given string) error {
	if t.descriptor || t.info != nil {
		return nil
	}
	folder := filepath.Clean(folderOf(t.name))
	info, err := os.Stat(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &missingFolderError{given, folder}
	case err == nil && !info.IsDir():
		return fmt.Errorf("%s: %s is no folder", given, folder)
	}
	return nil
}

// A missingFolderError is the reason why a file cannot be made.
type missingFolderError struct{ name, folder string }

func (e *missingFolderError) Error() string {
	return fmt.Sprintf("%s: the folder %s does not exist", e.name, e.folder)
}

func (e *missingFolderError) Unwrap() error { return fs.ErrNotExist }

// open opens what cannot be replaced.
func (t *target) open() (*os.File, error) {
	if t.descriptor { // what was written to it before stays
		return os.OpenFile(t.name, os.O_WRONLY|os.O_APPEND, 0)
	}
	return os.OpenFile(t.name, os.O_WRONLY, 0)
}
