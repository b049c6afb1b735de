package ruletest

import (
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// IsScript reports whether a file is one of tests, by its name.
func IsScript(name string) bool {
	name = strings.ToLower(name)
	return strings.HasSuffix(name, ".test.yml") || strings.HasSuffix(name, ".test.yaml")
}

// ParseFS reads all scripts of a file system, in the order of their names.
// Their positions name the files as prefix and path. Faults has what could not
// be read, and a *SyntaxError for each place that is wrong.
func ParseFS(fsys fs.FS, prefix string) (scripts []*Script, faults []error) {
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !IsScript(name) {
			return err
		}
		data, err := readFile(fsys, name)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s%s: %w", prefix, name, err))
			return nil
		}
		script, err := Parse(prefix+name, data)
		if err != nil {
			faults = append(faults, Faults(err)...)
			return nil
		}
		scripts = append(scripts, script)
		return nil
	})
	if err != nil {
		faults = append(faults, err)
	}
	return scripts, faults
}

// Faults takes the error of Parse apart.
func Faults(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

func readFile(fsys fs.FS, name string) ([]byte, error) {
	file, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, maxScript+1))
}
