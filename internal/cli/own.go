package cli

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/kulla-defence/kulla/internal/report"
	"github.com/kulla-defence/kulla/internal/source"
	"github.com/kulla-defence/kulla/internal/spool"
)

// ownOf are the files of a case, if there is one, and others that a command
// writes.
func ownOf(path string, others ...string) []string {
	var own []string
	if path != "" {
		own = caseFiles(path)
	}
	for _, name := range others {
		if name != "" && name != "-" {
			own = append(own, name)
		}
	}
	return own
}

// skipOwn tells evidence from what the program itself writes where it lies: a
// case that is made in the folder of its evidence is no part of it.
func skipOwn(env Environment, own []string) func(path string, info fs.FileInfo) bool {
	return func(path string, info fs.FileInfo) bool {
		for _, name := range own {
			if written, err := os.Stat(name); err == nil && os.SameFile(written, info) {
				return true
			}
			if strings.HasPrefix(filepath.Base(path), outputPrefix) && besideOutput(path, name) {
				return true
			}
		}
		return spool.IsTemporary(filepath.Base(path)) && sameFile(filepath.Dir(path), env.TempDir)
	}
}

// besideOutput reports whether a file stands in the folder in which an output is
// written.
func besideOutput(path, name string) bool {
	to, err := targetOf(name)
	return err == nil && sameFile(filepath.Dir(path), folderOf(to.name))
}

// writeSkipped says which files were not read because the program wrote them.
func writeSkipped(env Environment, register *source.Register) {
	for _, name := range register.Skipped {
		fmt.Fprintf(env.Err, "kulla: no evidence, this program writes it: %s\n", report.Visible(name))
	}
}
