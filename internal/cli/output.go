package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// openOutput opens a file to write results to; "" and "-" are standard output.
// It refuses what output.check does.
// The caller ends with finish, and tells it how writing went: the file appears
// under its name only if it went well, and a run that fails leaves what was
// there before. What is there and is no regular file (a device, a pipe) is
// written to as it is.
func openOutput(env Environment, o output) (out io.Writer, finish func(error) error, err error) {
	if err := o.check(); err != nil {
		return nil, nil, err
	}
	name := o.name
	if name == "" || name == "-" {
		return env.Out, func(failure error) error { return failure }, nil
	}
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		file, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return nil, nil, fmt.Errorf("output: %w", err)
		}
		return file, func(failure error) error { return errors.Join(failure, file.Close()) }, nil
	}
	file, err := os.CreateTemp(filepath.Dir(name), outputPrefix)
	if err != nil {
		return nil, nil, withHint(fmt.Errorf("output: %w", err), "the folder must exist and be writable")
	}
	return file, func(failure error) error { return finishOutput(file, name, failure) }, nil
}

// outputPrefix begins the name of a file that is not whole yet.
const outputPrefix = ".kulla-output-"

func finishOutput(file *os.File, name string, failure error) error {
	err := errors.Join(failure, file.Chmod(0o644), file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("output: %w", err), os.Remove(file.Name()))
	}
	return nil
}
