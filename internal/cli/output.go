package cli

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
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
	if o.name == "" || o.name == "-" {
		return env.Out, func(failure error) error { return failure }, nil
	}
	to, err := targetOf(o.name)
	if err != nil {
		return nil, nil, fmt.Errorf("output: %w", err)
	}
	if !to.replaceable() {
		return openStraight(env, &to)
	}
	file, err := createBeside(&to)
	if err != nil {
		return nil, nil, withHint(fmt.Errorf("output: %w", nameOutput(err, "", o.name)), "the folder must be writable")
	}
	return file, func(failure error) error { return finishOutput(file, &to, o.name, failure) }, nil
}

// openStraight opens what is no regular file. The standard streams are taken as
// they are: a second opening would not know how far the first has written.
func openStraight(env Environment, to *target) (out io.Writer, finish func(error) error, err error) {
	as := func(failure error) error { return failure }
	switch to.standard() {
	case 1:
		return env.Out, as, nil
	case 2:
		return env.Err, as, nil
	}
	file, err := to.open()
	if err != nil {
		return nil, nil, fmt.Errorf("output: %w", err)
	}
	return file, func(failure error) error { return errors.Join(failure, file.Close()) }, nil
}

// outputPrefix begins the name of a file that is not whole yet.
const outputPrefix = ".kulla-output-"

// nameOutput tells an error of the temporary file, or of any file, by the name that
// the user gave.
func nameOutput(err error, temporary, given string) error {
	var path *fs.PathError
	if errors.As(err, &path) && (temporary == "" || path.Path == temporary) {
		path.Path = given
	}
	return err
}

// createBeside makes the file that is to replace the target. Nobody may read it
// who may not read what it replaces; a new one has what the user's umask leaves.
func createBeside(to *target) (*os.File, error) {
	rights := fs.FileMode(0o666)
	if to.info != nil {
		rights = to.info.Mode().Perm()
	}
	return os.OpenFile(folderOf(to.name)+outputPrefix+rand.Text(), os.O_WRONLY|os.O_CREATE|os.O_EXCL, rights)
}

// finishOutput puts the file in its place, or removes it where anything failed.
func finishOutput(file *os.File, to *target, given string, failure error) error {
	failures := []error{failure}
	if to.info != nil { // the umask took some away
		failures = append(failures, file.Chmod(to.info.Mode().Perm()))
	}
	failures = append(failures, file.Sync(), file.Close())
	for _, err := range failures {
		nameOutput(err, file.Name(), given)
	}
	err := errors.Join(failures...)
	if err == nil {
		err = replace(file.Name(), to.name)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("output: %w", err), os.Remove(file.Name()))
	}
	return nil
}

// replace is os.Rename, but that its error has the name that is wanted only.
func replace(temporary, name string) error {
	err := os.Rename(temporary, name)
	var both *os.LinkError
	if errors.As(err, &both) {
		return &fs.PathError{Op: "replace", Path: name, Err: both.Err}
	}
	return err
}
