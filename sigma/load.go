package sigma

import (
	"fmt"
	"io"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// maxFileSize is far above any rule: the largest public one has 60 KiB.
const maxFileSize = 4 << 20

// LoadFS reads all rules of a file system, such as os.DirFS or a zip.Reader,
// as ParseFS does, and makes a rule set of them.
func LoadFS(fsys fs.FS, options Options) (*RuleSet, error) {
	documents, err := ParseFS(fsys, "")
	if err != nil {
		return nil, err
	}
	return NewRuleSet(documents, options), nil
}

// ParseFS reads every .yml and .yaml file below the root of a file system,
// but for tests of rules, which end in .test.yml or .test.yaml.
// Files that cannot be read or are no rules are listed in Problems. The error
// is only about the root itself. The positions name the files as prefix and
// path within the file system.
func ParseFS(fsys fs.FS, prefix string) (*Documents, error) {
	if _, err := fs.Stat(fsys, "."); err != nil {
		return nil, fmt.Errorf("sigma: rules: %w", err)
	}
	all := &Documents{}
	names := ruleFiles(fsys, prefix, all)
	parsed := make([]*Documents, len(names))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(names)) {
		workers.Go(func() {
			var reader blockYAML
			for i := next.Add(1) - 1; int(i) < len(names); i = next.Add(1) - 1 {
				parsed[i] = parseFile(fsys, names[i], prefix, &reader)
			}
		})
	}
	workers.Wait()
	for _, documents := range parsed {
		all.Add(documents)
	}
	return all, nil
}

// ruleFiles lists the files to read, in order.
func ruleFiles(fsys fs.FS, prefix string, into *Documents) []string {
	var names []string
	// The function never returns an error, so WalkDir does not either.
	_ = fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			into.Problems = append(into.Problems, unreadable(prefix+name, err))
			if entry != nil && entry.IsDir() {
				return fs.SkipDir
			}
		case entry.IsDir():
		case isRuleFile(name):
			names = append(names, name)
		}
		return nil
	})
	slices.Sort(names)
	return names
}

// isRuleFile leaves out the tests of rules, which stand beside them.
func isRuleFile(name string) bool {
	extension := strings.ToLower(path.Ext(name))
	isTest := strings.EqualFold(path.Ext(strings.TrimSuffix(name, path.Ext(name))), ".test")
	return !isTest && (extension == ".yml" || extension == ".yaml")
}

func parseFile(fsys fs.FS, name, prefix string, reader *blockYAML) *Documents {
	data, err := readFile(fsys, name)
	if err != nil {
		return &Documents{Problems: []Problem{unreadable(prefix+name, err)}}
	}
	return parseDocuments(prefix+name, data, reader)
}

func readFile(fsys fs.FS, name string) ([]byte, error) {
	file, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("not a regular file")
	}
	if info.Size() > maxFileSize {
		return nil, fmt.Errorf("larger than %d bytes", maxFileSize)
	}
	data := make([]byte, info.Size())
	n, err := io.ReadFull(file, data)
	if err == io.ErrUnexpectedEOF || err == io.EOF {
		err = nil
	}
	return data[:n], err
}

func unreadable(file string, err error) Problem {
	return Problem{At: Position{File: file}, Kind: Unreadable, Message: "cannot be read: " + err.Error()}
}
