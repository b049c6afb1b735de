package cli

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"unicode"

	"github.com/kulla-defence/kulla/internal/report/casereport"
	"github.com/kulla-defence/kulla/internal/store"
)

// write prints the summary and writes the report.
func (i *investigation) write() error {
	d, err := documentOf(i.options.output, i.kept, i.base)
	if err != nil {
		return err
	}
	last := []casereport.ScreenLine{{Heading: "Case", Text: i.options.output + i.changes()}}
	if altered := i.evidence.count(store.Altered); altered > 0 {
		last = append([]casereport.ScreenLine{{Heading: "WARNING", Text: counted(altered, "file") + " of the evidence: the content is not what was read before under that name, nor its continuation"}}, last...)
	}
	for _, line := range i.whatChanged() {
		last = append(last, casereport.ScreenLine{Text: line})
	}
	if !i.options.noReport {
		if err := i.print(d); err != nil {
			return err
		}
		last = append(last, casereport.ScreenLine{Heading: "Report", Text: i.options.document})
	}
	if i.options.quiet {
		return writeQuietly(i.env, slices.Concat(i.set.Problems, i.engine.Problems()), i.register)
	}
	last = append(last, casereport.ScreenLine{Heading: "Check it", Text: verifyLine(i.options.output, i.options.paths), Whole: true})
	if err := showCase(i.env, d, i.options.color, last, 1+len(i.progress.Costs())); err != nil {
		return err
	}
	writeSpeed(i.env, &i.progress, i.register, i.started, i.options.workers)
	return nil
}

// verifyLine is the command that checks a case, as a shell reads it.
func verifyLine(output string, paths []string) string {
	words := []string{"kulla", "verify"}
	for _, path := range append([]string{output}, paths...) {
		words = append(words, shellWord(path))
	}
	return strings.Join(words, " ")
}

// shellWord quotes a word that a shell would take apart or act on.
func shellWord(word string) string {
	plain, quoted := "-_./,:+=@%", "'"+strings.ReplaceAll(word, "'", `'\''`)+"'"
	if runtime.GOOS == "windows" {
		plain, quoted = `-_./,:+=@\`, `"`+word+`"`
	}
	acts := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(plain, r)
	}
	if word != "" && strings.IndexFunc(word, acts) < 0 {
		return word
	}
	return quoted
}

// print writes the report.
func (i *investigation) print(d *casereport.Document) error {
	press, err := i.press()
	if err != nil {
		return err
	}
	return writeDocument(i.env, i.options.reportFile(), func(w io.Writer) error { return press.Write(w, d, i.options.language) })
}

// changes says what this run added to the case.
func (i *investigation) changes() string {
	if i.before == 0 {
		return ""
	}
	if i.after-i.matches.leaves == i.before {
		return ": unchanged, nothing in this evidence is new"
	}
	text := fmt.Sprintf(": extended by %s, %s; ", counted(i.added.evidence, "file"), counted(int(i.added.findings), "finding"))
	if i.added.outgrown > 0 {
		text += counted(i.added.outgrown, "finding") + " of less evidence superseded; "
	}
	if i.added.incidents == 1 {
		text += "1 incident is new or changed"
	} else {
		text += fmt.Sprintf("%d incidents are new or changed", i.added.incidents)
	}
	if i.added.rules {
		text += "; a rule set is new"
	}
	if i.added.assessment {
		text += "; the assessment of who did it changed"
	}
	return text
}
