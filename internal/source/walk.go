package source

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kulla-defence/kulla/internal/source/format"
)

// A foundFile is a file on disk, or the reason why there is none.
type foundFile struct {
	name string
	size int64
	// stream says that it can only be read once from its beginning: a pipe,
	// or standard input.
	stream bool
	// skipped says that it is no evidence.
	skipped bool
	// reason is why it is not read; empty when it is.
	reason string
	kind   format.Kind
}

// standardInput is the path, and the name, of standard input.
const standardInput = "-"

// maxFound is how many files are found before those are read that were found
// first. What is beyond is missing in what Progress expects until then.
const maxFound = 1 << 13

// walk finds all files under paths, each once, while those it has found are being
// read. What cannot be read is among them, too. Skipped is valid when found is
// closed.
func walk(ctx context.Context, paths []string, options *Options) (found <-chan foundFile, skipped *[]string) {
	list := make(chan foundFile, maxFound)
	w := walker{ctx: ctx, found: list, skip: options.Skip, progress: options.Progress, known: map[string]bool{}}
	if w.skip == nil {
		w.skip = func(string, fs.FileInfo) bool { return false }
	}
	go func() {
		defer close(list)
		for _, path := range paths {
			w.path(path)
		}
		slices.Sort(w.skipped)
	}()
	return list, &w.skipped
}

type walker struct {
	ctx      context.Context
	found    chan<- foundFile
	skip     func(string, fs.FileInfo) bool
	progress *Progress
	known    map[string]bool
	skipped  []string
}

// pass passes a file on.
func (w *walker) pass(found foundFile) {
	switch {
	case w.known[found.name]:
		return
	case found.skipped:
		w.skipped = append(w.skipped, found.name)
	default:
		w.progress.FilesTotal.Add(1)
		w.progress.BytesTotal.Add(found.size)
		select {
		case w.found <- found:
		case <-w.ctx.Done():
		}
	}
	w.known[found.name] = true
}

func (w *walker) path(path string) {
	if path == standardInput {
		w.pass(foundFile{name: path, stream: true})
		return
	}
	info, err := os.Stat(path) // what the user names may be a symbolic link
	switch {
	case err != nil:
		w.pass(foundFile{name: path, reason: reasonOf(err)})
		return
	case !info.IsDir():
		w.pass(foundFile{name: path, size: info.Size(), stream: !info.Mode().IsRegular(), skipped: w.skip(path, info)})
		return
	}
	root, err := filepath.EvalSymlinks(path)
	if err != nil {
		w.pass(foundFile{name: path, reason: reasonOf(err)})
		return
	}
	filepath.WalkDir(root, func(at string, entry fs.DirEntry, err error) error {
		if w.ctx.Err() != nil {
			return fs.SkipAll
		}
		if found, ok := visit(at, entry, err, w.skip); ok {
			found.name = filepath.Join(path, strings.TrimPrefix(at, root))
			w.pass(found)
		}
		return nil
	})
}

// visit looks at one entry of a folder.
func visit(at string, entry fs.DirEntry, err error, skip func(string, fs.FileInfo) bool) (foundFile, bool) {
	if err != nil {
		return foundFile{reason: reasonOf(err)}, true
	}
	switch mode := entry.Type(); {
	case mode.IsDir():
		return foundFile{}, false
	case mode&fs.ModeSymlink != 0:
		return foundFile{reason: "symbolic link, not followed", kind: format.PassedOver}, true
	case !mode.IsRegular():
		return foundFile{reason: "not a regular file", kind: format.PassedOver}, true
	}
	info, err := entry.Info()
	if err != nil {
		return foundFile{reason: reasonOf(err)}, true
	}
	return foundFile{size: info.Size(), skipped: skip(at, info)}, true
}
