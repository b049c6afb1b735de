package cli

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestOutputAppearsWhole(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "findings.jsonl")
	if err := os.WriteFile(name, []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, finish, err := openOutput(Environment{}, output{name: name, clobber: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(out, "after"); err != nil {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(name); string(text) != "before" {
		t.Errorf("while it is written, the file has %q", text)
	}
	if err := finish(nil); err != nil {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(name); string(text) != "after" {
		t.Errorf("the file has %q", text)
	}
	if entries, _ := os.ReadDir(filepath.Dir(name)); len(entries) != 1 {
		t.Errorf("%d files in the folder, want 1", len(entries))
	}
}

// A device or a pipe is written to, not replaced by a file.
func TestOutputToADevice(t *testing.T) {
	t.Parallel()
	before, err := os.Stat(os.DevNull)
	if err != nil {
		t.Skip(err)
	}
	out, finish, err := openOutput(Environment{}, output{name: os.DevNull})
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.WriteString(out, "x")
	if err := finish(err); err != nil {
		t.Fatal(err)
	}
	if after, err := os.Stat(os.DevNull); err != nil || after.Mode() != before.Mode() {
		t.Errorf("the device became %v (%v)", after, err)
	}
}

func TestOutputOfAFailedRunIsDropped(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "findings.jsonl")
	_, finish, err := openOutput(Environment{}, output{name: name, clobber: true})
	if err != nil {
		t.Fatal(err)
	}
	failure := errors.New("disk failure")
	if err := finish(failure); !errors.Is(err, failure) {
		t.Errorf("error %v, want the failure", err)
	}
	if entries, _ := os.ReadDir(filepath.Dir(name)); len(entries) != 0 {
		t.Errorf("%d files are left", len(entries))
	}
}

func TestOutputIntoAFolderThatIsNotThere(t *testing.T) {
	t.Parallel()
	if _, _, err := openOutput(Environment{}, output{name: filepath.Join(t.TempDir(), "no", "file")}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v, want not exist", err)
	}
}

// What stands for a file that is open already is told by its name alone:
// nothing is written here.
func TestDescriptorsAreRecognised(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"/dev/fd/3": runtime.GOOS == "linux" || runtime.GOOS == "darwin", "/proc/self/fd/3": runtime.GOOS == "linux",
		"findings.jsonl": false, filepath.Join(t.TempDir(), "fd", "3"): false,
	} {
		if got := isDescriptor(name); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// Errors say the name that the user gave, not that of the temporary file.
func TestOutputErrorsNameWhatWasGiven(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "findings.jsonl")
	out, finish, err := openOutput(Environment{}, output{name: name})
	if err != nil {
		t.Fatal(err)
	}
	out.(io.Closer).Close() // so that writing and syncing fail
	_, err = io.WriteString(out, "x")
	if err := finish(err); err == nil || strings.Contains(err.Error(), outputPrefix) || !strings.Contains(err.Error(), "write "+name) {
		t.Errorf("error %v", err)
	}
}
