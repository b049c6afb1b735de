package cli

import (
	"archive/zip"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/kulla-defence/kulla/internal/report"
	"github.com/kulla-defence/kulla/rules"
	"github.com/kulla-defence/kulla/sigma"
)

const placeholdersUsage = "YAML `FILE` with values for %placeholders% of rules: name: [value, ...]"

// builtInName is what --rules calls the rules in the binary.
const builtInName = "builtin"

// ruleFlags are the flags by which a command is given its rules.
type ruleFlags struct {
	paths        []string
	placeholders []string
	taxonomies   []string
}

// ruleOptions are ruleFlags as the loader wants them.
type ruleOptions ruleFlags

func (f *ruleFlags) register(command *cobra.Command) {
	flags := command.Flags()
	flags.StringArrayVar(&f.paths, "rules", nil, "Sigma rules: a folder, zip or file, may be repeated; "+builtInName+" names those in the binary, which are used if none are given")
	flags.StringArrayVar(&f.placeholders, "placeholders", nil, placeholdersUsage)
	flags.StringArrayVar(&f.taxonomies, "taxonomy", nil, "YAML `FILE` that adds to or replaces log source mappings")
}

func (f *ruleFlags) options() ruleOptions { return ruleOptions(*f) }

// load reads the rule set and the taxonomy. Rules that cannot be used are in
// the set's problems; a path without any rule is an error.
func (o ruleOptions) load() (*sigma.RuleSet, *sigma.Taxonomy, error) {
	set, taxonomy, _, err := o.loadWithDocuments()
	return set, taxonomy, err
}

// loadUsable is load for a run that looks for something: that none of the rules
// can be used is an error.
func (o ruleOptions) loadUsable() (*sigma.RuleSet, *sigma.Taxonomy, *sigma.Documents, error) {
	set, taxonomy, documents, err := o.loadWithDocuments()
	if err != nil || len(set.Rules)+len(set.Correlations) > 0 {
		return set, taxonomy, documents, err
	}
	why := "they are filters"
	if len(set.Problems) > 0 {
		why = firstOf(set.Problems)
	}
	return nil, nil, nil, withHint(fmt.Errorf("none of the rules in %s can be used: %s", o.name(), why), "kulla rules lint "+o.name()+" says what is wrong")
}

// firstOf tells the first of some problems, and how many there are.
func firstOf(problems []sigma.Problem) string {
	text := problems[0].String()
	if more := len(problems) - 1; more > 0 {
		text += fmt.Sprintf(" (and %s more)", report.Thousands(int64(more)))
	}
	return text
}

// loadWithDocuments also returns what the rules were read from.
func (o ruleOptions) loadWithDocuments() (*sigma.RuleSet, *sigma.Taxonomy, *sigma.Documents, error) {
	var documents *sigma.Documents
	var unread error
	var reading sync.WaitGroup
	reading.Go(func() { documents, unread = o.documents() })
	taxonomy, err := o.loadTaxonomy()
	placeholders, unplaced := loadPlaceholders(o.placeholders)
	reading.Wait()
	if err = cmp.Or(err, unplaced, unread); err != nil {
		return nil, nil, nil, err
	}
	return sigma.NewRuleSet(documents, sigma.Options{Placeholders: placeholders}), taxonomy, documents, nil
}

// name says in words where the rules are from.
func (o ruleOptions) name() string {
	if len(o.paths) == 0 {
		return builtInName
	}
	return strings.Join(o.paths, ", ")
}

func (o ruleOptions) documents() (*sigma.Documents, error) {
	paths := o.paths
	if len(paths) == 0 {
		paths = []string{builtInName}
	}
	all := &sigma.Documents{}
	for _, path := range paths {
		documents, err := loadDocuments(path)
		if err != nil {
			return nil, err
		}
		if len(documents.Rules)+len(documents.Correlations)+len(documents.Filters)+len(documents.Problems) == 0 {
			return nil, withHint(fmt.Errorf("%s holds no Sigma rules", path), "rules are files that end in .yml or .yaml")
		}
		all.Add(documents)
	}
	return all, nil
}

// loadDocuments reads the rules of one --rules argument.
func loadDocuments(path string) (*sigma.Documents, error) {
	if path == builtInName {
		return sigma.ParseFS(rules.FS, builtInName+"/")
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, withHint(fmt.Errorf("rules: %w", err), "--rules takes a folder, a zip or a file of Sigma rules, or "+builtInName)
	}
	if info.IsDir() {
		return sigma.ParseFS(os.DirFS(path), filepath.ToSlash(filepath.Clean(path))+"/")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	defer file.Close()
	archive, err := zip.NewReader(inMemory(file, info), info.Size())
	if errors.Is(err, zip.ErrFormat) {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("rules: %w", err)
		}
		documents, _ := sigma.Parse(path, data) // what is wrong is in its problems
		return documents, nil
	}
	if err != nil {
		return nil, fmt.Errorf("rules: %s: %w", path, err)
	}
	return sigma.ParseFS(archive, path+"!")
}

// inMemory reads a file of the size of an archive of rules at once: thousands
// of members take a few reads each otherwise. Any other file stays where it is.
func inMemory(file *os.File, info os.FileInfo) io.ReaderAt {
	const most = 32 << 20 // the public rules have 4 MiB
	if !info.Mode().IsRegular() || info.Size() > most {
		return file
	}
	data := make([]byte, info.Size())
	if _, err := file.ReadAt(data, 0); err != nil {
		return file // and reading a member says what is wrong
	}
	return bytes.NewReader(data)
}

// builtInRules loads the rules in the binary.
func builtInRules() (*sigma.RuleSet, error) {
	documents, err := loadDocuments(builtInName)
	if err != nil {
		return nil, err
	}
	return sigma.NewRuleSet(documents, sigma.Options{}), nil
}

func (o ruleOptions) loadTaxonomy() (*sigma.Taxonomy, error) {
	taxonomy, err := sigma.DefaultTaxonomy()
	if err != nil {
		return nil, err
	}
	for _, file := range o.taxonomies {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("taxonomy: %w", err)
		}
		over, err := sigma.ParseTaxonomy(file, data)
		if err != nil {
			return nil, err
		}
		taxonomy = taxonomy.Override(over)
	}
	return taxonomy, nil
}

func loadPlaceholders(files []string) (map[string][]string, error) {
	values := map[string][]string{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("placeholders: %w", err)
		}
		one, err := sigma.ParsePlaceholders(file, data)
		if err != nil {
			return nil, withHint(fmt.Errorf("placeholders: %w", err), "write one line for each: Servers: [SRV01, SRV02]")
		}
		for name, list := range one {
			values[name] = append(values[name], list...)
		}
	}
	return values, nil
}
