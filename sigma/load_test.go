package sigma

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// sharedRules opens the public rules, which the repository does not hold.
func sharedRules(t testing.TB) fs.FS {
	t.Helper()
	return sharedFolder(t, "sigma-rules")
}

// Every public rule is loaded, or there is a reason for it. The reasons are
// few, and the specification gives them.
func TestPublicRulesAreLoadedOrListed(t *testing.T) {
	t.Parallel()
	fsys := sharedRules(t)
	set, err := LoadFS(fsys, Options{})
	if err != nil {
		t.Fatal(err)
	}
	files := 0
	for name := range walkFiles(t, fsys) {
		if isRuleFile(name) {
			files++
		}
	}
	reasons := make(map[string]int)
	for _, problem := range set.Problems {
		reason, _, _ := strings.Cut(problem.Message, " %")
		reasons[reason]++
		switch {
		case problem.Kind == Unresolved && strings.HasPrefix(problem.Message, "no values for placeholder"):
		case problem.Kind == NotSigma && strings.HasSuffix(problem.At.File, "tests/thor.yml"):
		default:
			t.Errorf("%v (%s)", problem, problem.Title)
		}
	}
	t.Logf("%d files: %d rules, %d correlations, %d problems", files, len(set.Rules), len(set.Correlations), len(set.Problems))
	for reason, count := range reasons {
		t.Logf("%5d %s", count, reason)
	}
	if files != len(set.Rules)+len(set.Correlations)+len(set.Problems) {
		t.Errorf("%d files, but %d rules, %d correlations and %d problems",
			files, len(set.Rules), len(set.Correlations), len(set.Problems))
	}
	if len(set.Rules) < 3000 {
		t.Errorf("only %d rules", len(set.Rules))
	}
}

func walkFiles(t testing.TB, fsys fs.FS) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() && !yield(name) {
				return fs.SkipAll
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestLoadFSListsWhatIsNoRule(t *testing.T) {
	t.Parallel()
	const rule = "title: T\nlogsource: {product: windows}\ndetection: {a: {B: c}, condition: a}\n"
	set, err := LoadFS(fstest.MapFS{
		"rules/good.yml":   {Data: []byte(rule)},
		"rules/GOOD.YAML":  {Data: []byte(rule)},
		"rules/notes.txt":  {Data: []byte("not looked at")},
		"rules/list.yml":   {Data: []byte("- 1\n- 2\n")},
		"rules/empty.yml":  {Data: []byte("# nothing\n")},
		"rules/broken.yml": {Data: []byte("a: [\n")},
		"rules/large.yml":  {Data: make([]byte, maxFileSize+1)},
	}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Rules) != 2 {
		t.Errorf("%d rules, want 2", len(set.Rules))
	}
	var got []string
	for _, problem := range set.Problems {
		got = append(got, problem.String())
	}
	want := []string{
		"rules/broken.yml:2:1: not valid YAML: did not find expected node content",
		"rules/empty.yml:1: the file holds no rule",
		"rules/large.yml: cannot be read: larger than 4194304 bytes",
		"rules/list.yml:1:1: not a Sigma document: a list instead of a map",
	}
	if !slices.Equal(got, want) {
		t.Errorf("problems:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestLoadFSOfNothing(t *testing.T) {
	t.Parallel()
	if _, err := LoadFS(os.DirFS(filepath.Join(t.TempDir(), "absent")), Options{}); err == nil {
		t.Error("a folder that is not there gave no error")
	}
}

func BenchmarkLoadPublicRules(b *testing.B) {
	fsys := sharedRules(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := LoadFS(fsys, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// A brokenFS fails in one way for each name.
type brokenFS struct{ fstest.MapFS }

var errDisk = errors.New("disk on fire")

func (b brokenFS) Open(name string) (fs.File, error) {
	file, err := b.MapFS.Open(name)
	switch {
	case err != nil:
		return nil, err
	case strings.HasPrefix(name, "open"):
		return nil, errDisk
	case strings.HasPrefix(name, "read"), strings.HasPrefix(name, "stat"):
		return brokenFile{file, name}, nil
	}
	return file, nil
}

func (b brokenFS) ReadDir(name string) ([]fs.DirEntry, error) {
	if name == "folder" {
		return nil, errDisk
	}
	return b.MapFS.ReadDir(name)
}

type brokenFile struct {
	fs.File
	name string
}

func (f brokenFile) Read(data []byte) (int, error) { return 0, errDisk }

func (f brokenFile) Stat() (fs.FileInfo, error) {
	if strings.HasPrefix(f.name, "stat") {
		return nil, errDisk
	}
	return f.File.Stat()
}

func TestLoadFSListsWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	rule := &fstest.MapFile{Data: []byte(cleanRule)}
	set, err := LoadFS(brokenFS{fstest.MapFS{
		"good.yml": rule, "open.yml": rule, "read.yml": rule, "stat.yml": rule, "folder/x.yml": rule,
		"pipe.yml": {Mode: fs.ModeNamedPipe},
	}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, problem := range set.Problems {
		if problem.Kind != Unreadable {
			t.Errorf("%v is of kind %v", problem, problem.Kind)
		}
		got = append(got, problem.String())
	}
	want := []string{
		"folder: cannot be read: disk on fire",
		"open.yml: cannot be read: disk on fire",
		"pipe.yml: cannot be read: not a regular file",
		"read.yml: cannot be read: disk on fire",
		"stat.yml: cannot be read: disk on fire",
	}
	if !slices.Equal(got, want) || len(set.Rules) != 1 {
		t.Errorf("%d rules, problems:\n%s\nwant\n%s", len(set.Rules), strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
