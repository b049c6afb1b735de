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

// walk finds all files under paths, each once, sorted by name. What cannot be
// read is in the list, too.
func walk(ctx context.Context, paths []string, options *Options) (list []foundFile, skipped []string) {
	skip := options.Skip
	if skip == nil {
		skip = func(string, fs.FileInfo) bool { return false }
	}
	for _, path := range paths {
		if path == standardInput {
			list = append(list, foundFile{name: path, stream: true})
			continue
		}
		list = walkPath(ctx, list, path, skip)
	}
	slices.SortStableFunc(list, func(a, b foundFile) int { return strings.Compare(a.name, b.name) })
	list = slices.CompactFunc(list, func(a, b foundFile) bool { return a.name == b.name })
	list = slices.DeleteFunc(list, func(found foundFile) bool {
		if found.skipped {
			skipped = append(skipped, found.name)
		}
		return found.skipped
	})
	progress := options.Progress
	progress.FilesTotal.Add(int64(len(list)))
	for _, found := range list {
		progress.BytesTotal.Add(found.size)
	}
	return list, skipped
}

func walkPath(ctx context.Context, list []foundFile, path string, skip func(string, fs.FileInfo) bool) []foundFile {
	info, err := os.Stat(path) // what the user names may be a symbolic link
	switch {
	case err != nil:
		return append(list, foundFile{name: path, reason: reasonOf(err)})
	case !info.IsDir():
		return append(list, foundFile{name: path, size: info.Size(), stream: !info.Mode().IsRegular(), skipped: skip(path, info)})
	}
	root, err := filepath.EvalSymlinks(path)
	if err != nil {
		return append(list, foundFile{name: path, reason: reasonOf(err)})
	}
	filepath.WalkDir(root, func(at string, entry fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return fs.SkipAll
		}
		if found, ok := visit(at, entry, err, skip); ok {
			found.name = filepath.Join(path, strings.TrimPrefix(at, root))
			list = append(list, found)
		}
		return nil
	})
	return list
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
