package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/spf13/cobra"
)

// An output is a file that a command writes, and what it must not be.
type output struct {
	name string // "" and "-" are standard output
	// kind is what is written, a name of recognised; of another kind nothing
	// that is there can be told from what somebody else wrote.
	kind    string
	clobber bool
	// evidence are the paths that the command reads, and cases the cases.
	evidence, cases []string
}

func registerClobber(command *cobra.Command, clobber *bool) {
	command.Flags().BoolVar(clobber, "clobber", false, "overwrite a file that is there and is no earlier output of the same kind")
}

// caseFiles are the names of a case's file and of those that stand beside it.
func caseFiles(path string) []string {
	names := []string{path}
	for _, end := range []string{"-lock", "-wal", "-shm", "-journal", "-new", "-new-journal"} {
		names = append(names, path+end)
	}
	return names
}

// check refuses to write over the case or the evidence, whatever it is called,
// and over a file that is no earlier output of the same kind.
func (o *output) check() error {
	if o.name == "" || o.name == "-" {
		return nil
	}
	to, err := targetOf(o.name)
	if err != nil {
		return fmt.Errorf("output: %w", err)
	}
	if err := to.checkFolder(o.name); err != nil {
		return withHint(fmt.Errorf("output: %w", err), "make the folder, or name another file")
	}
	for _, path := range o.cases {
		if slices.ContainsFunc(caseFiles(path), func(name string) bool { return sameFile(o.name, name) }) {
			return withHint(fmt.Errorf("output: %s is the case itself, or belongs to it", o.name), "name another file")
		}
	}
	for _, path := range o.evidence {
		if archive, ok := archiveOf(path); ok {
			path = archive
		}
		if path != "-" && sameFile(o.name, path) {
			return withHint(fmt.Errorf("output: %s is evidence that is read", o.name), "name another file")
		}
	}
	if !to.replaceable() || to.info == nil || to.info.Size() == 0 {
		return nil
	}
	earlier, err := o.recognise()
	if err != nil {
		return fmt.Errorf("output: %w", err)
	}
	if earlier {
		return nil
	}
	if slices.ContainsFunc(o.evidence, func(path string) bool { return within(path, o.name) }) {
		return withHint(fmt.Errorf("output: %s lies in the evidence that is read", o.name), "name another file")
	}
	if o.clobber {
		return nil
	}
	return withHint(fmt.Errorf("output: %s is there already, and is no earlier output of this kind", o.name), "name another file; --clobber overwrites it")
}

// sameFile reports whether two names are of one file, or would be.
func sameFile(a, b string) bool {
	first, err := os.Stat(a)
	second, err2 := os.Stat(b)
	if err == nil && err2 == nil {
		return os.SameFile(first, second)
	}
	if err == nil || err2 == nil {
		return false
	}
	return wouldBeSame(a, b)
}

// wouldBeSame reports whether two files that are not there would be one.
func wouldBeSame(a, b string) bool {
	first, err := targetOf(a)
	second, err2 := targetOf(b)
	if err != nil || err2 != nil || filepath.Base(first.name) != filepath.Base(second.name) {
		return false
	}
	folder, err := os.Stat(folderOf(first.name))
	other, err2 := os.Stat(folderOf(second.name))
	return err == nil && err2 == nil && os.SameFile(folder, other)
}

// within reports whether a file lies in a folder, at any depth.
func within(folder, name string) bool {
	info, err := os.Stat(folder)
	if err != nil || !info.IsDir() {
		return false
	}
	at, err := filepath.Abs(name)
	if err == nil {
		at, err = filepath.EvalSymlinks(at)
	}
	for err == nil {
		parent := filepath.Dir(at)
		if above, failed := os.Stat(parent); failed == nil && os.SameFile(above, info) {
			return true
		}
		if parent == at {
			break
		}
		at = parent
	}
	return false
}

// recognisedBytes of a file are enough to tell what it is.
const recognisedBytes = 64 << 10

func (o *output) recognise() (bool, error) {
	file, err := os.Open(o.name)
	if errors.Is(err, fs.ErrPermission) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer file.Close()
	head, err := io.ReadAll(io.LimitReader(file, recognisedBytes))
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(recognised[o.kind], func(marks marks) bool { return marks.in(head) }), nil
}

// marks are how a file begins, and what stands in its beginning.
type marks struct {
	begin string
	holds []string
	match *regexp.Regexp // nil: anything
}

func (m marks) in(head []byte) bool {
	for _, text := range m.holds {
		if !bytes.Contains(head, []byte(text)) {
			return false
		}
	}
	return bytes.HasPrefix(head, []byte(m.begin)) && (m.match == nil || m.match.Match(head))
}

// recognised is how earlier outputs of each kind are told from other files.
var recognised = map[string][]marks{
	"html":     {{begin: "<!DOCTYPE html>", holds: []string{"Content-Security-Policy", "default-src"}, match: regexp.MustCompile(`(?i)kulla`)}},
	"markdown": {{begin: "# Findings\n\n- **Evidence:**"}, {begin: "# ", match: regexp.MustCompile(`^# [^\n]*: [^\n]*\n\n\*\*TLP[^\n]*\*\*\n\n## `)}},
	"jsonl":    {{begin: `{"finding_id":`}, {begin: `{"time":`, holds: []string{`"source":`, `"offset":`}}},
	"json": {{begin: `{"summary":{"interrupted":`}, {begin: `{"name":`, holds: []string{`"generated":`, `"tlp":`}},
		{begin: `{"events":`, holds: []string{`"events_without_time":`}}},
	"summary":    {{begin: "{\n  \"interrupted\":"}},
	"csv":        {{begin: "time,time_as_written,"}, {begin: `"number","incident",`}},
	"sarif":      {{begin: `{"$schema":"https://json.schemastore.org/sarif`, holds: []string{`"name":"kulla"`}}},
	"timesketch": {{begin: `{"message":`, holds: []string{`"timestamp_desc":`}}, {begin: "message,datetime,timestamp_desc"}},
	"navigator":  {{begin: "{\n  \"name\": \"Kulla"}},
	"stix":       {{begin: "{\n  \"type\": \"bundle\"", match: regexp.MustCompile(`(?i)kulla`)}},
	"export":     {{begin: "PK", holds: []string{"HOW-TO-VERIFY.txt"}}},
	"knowledge":  {{begin: "{", holds: []string{`"kulla-knowledge/1"`}}},
	"model":      {{begin: "{\n \"undated\": {"}},
}
