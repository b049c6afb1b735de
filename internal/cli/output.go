package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// openOutput opens a file to write results to; "" and "-" are standard output.
// The file appears under its name only when the returned function has closed
// it: a run that fails leaves what was there before. What is there and is no
// regular file (a device, a pipe) is written to as it is.
func openOutput(env Environment, name string) (io.Writer, func() error, error) {
	if name == "" || name == "-" {
		return env.Out, func() error { return nil }, nil
	}
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		file, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return nil, nil, fmt.Errorf("output: %w", err)
		}
		return file, file.Close, nil
	}
	file, err := os.CreateTemp(filepath.Dir(name), ".kulla-output-")
	if err != nil {
		return nil, nil, withHint(fmt.Errorf("output: %w", err), "the folder must exist and be writable")
	}
	return file, func() error { return finishOutput(file, name) }, nil
}

func finishOutput(file *os.File, name string) error {
	err := errors.Join(file.Chmod(0o644), file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("output: %w", err), os.Remove(file.Name()))
	}
	return nil
}
