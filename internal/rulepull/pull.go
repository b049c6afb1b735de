package rulepull

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/sigma"
)

// Options say what to bring, and where to.
type Options struct {
	// From is an https address, or the name of a file.
	From string
	// SHA256 is the expected hash of the archive in hexadecimal; empty is any.
	SHA256 string
	// Into is the folder that is made. Replace permits that it is there
	// already, with nothing but rules in it.
	Into    string
	Replace bool
	// InsecureHTTP permits addresses, and redirections to them, without TLS.
	InsecureHTTP bool
	// Proxy is the address of a proxy; empty is none.
	Proxy string
	// TempDir is where the archive is kept on its way.
	TempDir string
	// Transport replaces the network, in tests.
	Transport http.RoundTripper
	Limits    Limits
}

// Limits bound what a release may be. Zero values stand for defaults that are
// some ten times the size of the largest public release.
type Limits struct {
	// Archive is its size in bytes, Unpacked that of all members together,
	// Rule that of one file of rules, Members how many there may be.
	Archive, Unpacked, Rule int64
	Members                 int
	// Time bounds the whole transfer.
	Time time.Duration
}

func (l Limits) withDefaults() Limits {
	setDefault(&l.Archive, 64<<20)
	setDefault(&l.Unpacked, 256<<20)
	setDefault(&l.Rule, 1<<20)
	setDefault(&l.Members, 100_000)
	setDefault(&l.Time, 10*time.Minute)
	return l
}

func setDefault[T int | int64 | time.Duration](value *T, otherwise T) {
	if *value <= 0 {
		*value = otherwise
	}
}

// A Result says what was brought.
type Result struct {
	// From is the address after redirections, or the file.
	From string
	// Bytes and SHA256 are those of the archive.
	Bytes  int64
	SHA256 string
	// Files of rules were written; Others are members that are none, and
	// were left out.
	Files, Others                int
	Rules, Correlations, Filters int
	// Problems are the rules that cannot be used. A file without any usable
	// rule is not written.
	Problems []sigma.Problem
}

// The errors a caller may tell apart.
var (
	// ErrExists: the folder is there already.
	ErrExists = errors.New("the folder is there already")
	// ErrForeign: what is to be replaced is no folder of rules.
	ErrForeign = errors.New("what would be replaced is not a folder of rules only")
	// ErrHash: the archive is another one than was expected.
	ErrHash = errors.New("the archive has another hash than was given")
	// ErrPlain: the address is without TLS, which was not permitted.
	ErrPlain = errors.New("the address is not https")
	// ErrArchive: what came is no zip or tar.gz that can be trusted.
	ErrArchive = errors.New("the archive is refused")
)

// Pull brings a release into a folder. When it returns an error, the folder is
// as it was before.
func Pull(ctx context.Context, options Options) (*Result, error) {
	options.Limits = options.Limits.withDefaults()
	if err := checkTarget(options.Into, options.Replace); err != nil {
		return nil, err
	}
	archive, err := obtain(ctx, &options)
	if err != nil {
		return nil, err
	}
	defer archive.remove()
	if options.SHA256 != "" && !strings.EqualFold(options.SHA256, archive.sha256) {
		return nil, fmt.Errorf("%w: %s, want %s", ErrHash, archive.sha256, strings.ToLower(options.SHA256))
	}
	found, err := unpack(ctx, archive.file, archive.size, options.Limits)
	if err != nil {
		return nil, err
	}
	result := &Result{From: archive.from, Bytes: archive.size, SHA256: archive.sha256, Others: found.others}
	usable := result.parse(found.files)
	if len(usable) == 0 {
		return nil, fmt.Errorf("%w: it holds no usable rule", ErrArchive)
	}
	if err := place(usable, options.Into, options.Replace); err != nil {
		return nil, err
	}
	return result, nil
}

// parse counts what the files hold, and keeps those that hold something
// usable.
func (r *Result) parse(files []member) []member {
	all := &sigma.Documents{}
	var usable []member
	for _, file := range files {
		documents, _ := sigma.Parse(file.name, file.data) // what is wrong is in its problems
		if len(documents.Rules)+len(documents.Correlations)+len(documents.Filters) > 0 {
			usable = append(usable, file)
		}
		all.Add(documents)
	}
	set := sigma.NewRuleSet(all, sigma.Options{})
	r.Files, r.Rules, r.Correlations, r.Filters = len(usable), len(all.Rules), len(all.Correlations), len(all.Filters)
	r.Problems = set.Problems
	return usable
}

// checkTarget refuses a folder that must not be overwritten, before anything
// is fetched.
func checkTarget(into string, replace bool) error {
	info, err := os.Lstat(into)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !replace:
		return fmt.Errorf("%w: %s", ErrExists, into)
	case !info.IsDir():
		return fmt.Errorf("%w: %s", ErrForeign, into)
	}
	return filepath.WalkDir(into, func(name string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && (!entry.Type().IsRegular() || !isRuleFile(name)) {
			return fmt.Errorf("%w: it holds %s", ErrForeign, name)
		}
		return err
	})
}
