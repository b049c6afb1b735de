package cli

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/source"
	"github.com/kulla-defence/kulla/internal/source/format"
)

// A selection is what the user named of the evidence: whole paths, or sources
// in archives as findings name them, "case.zip!web01/Security.evtx".
type selection struct {
	// paths are what has to be read.
	paths []string
	// members are the sources in archives that are wanted of it; what else is
	// in those archives is read, and left out.
	members []string
	// whole are the other paths.
	whole []string
}

// readEvidence reads what was named, and nothing else of it is passed on or in
// the register. Every command reads its evidence by it.
func readEvidence(ctx context.Context, paths []string, newSink func(worker int) source.Sink, options source.Options) (*source.Register, error) {
	named := selectEvidence(paths)
	register, err := source.Read(ctx, named.paths, func(worker int) source.Sink { return named.of(newSink(worker)) }, options)
	if register != nil {
		named.narrow(register)
	}
	return register, err
}

func selectEvidence(paths []string) *selection {
	s := &selection{}
	for _, path := range paths {
		if archive, ok := archiveOf(path); ok {
			s.paths, s.members = append(s.paths, archive), append(s.members, path)
			continue
		}
		s.paths, s.whole = append(s.paths, path), append(s.whole, filepath.Clean(path))
	}
	return s
}

// archiveOf returns the file before a "!" when only that is there.
func archiveOf(path string) (archive string, ok bool) {
	if _, err := os.Lstat(path); err == nil {
		return "", false
	}
	for i, c := range path {
		if c != '!' {
			continue
		}
		if info, err := os.Stat(path[:i]); err == nil && info.Mode().IsRegular() {
			return path[:i], true
		}
	}
	return "", false
}

// has reports whether a source was named, or is in what was.
func (s *selection) has(name string) bool {
	within := func(named string) bool { return isWithin(name, named) }
	return len(s.members) == 0 || slices.ContainsFunc(s.members, within) || slices.ContainsFunc(s.whole, within)
}

// isWithin reports whether a source is the named one, or in it.
func isWithin(name, named string) bool {
	rest, ok := strings.CutPrefix(name, named)
	return ok && (rest == "" || rest[0] == '!' || rest[0] == '/' || rest[0] == filepath.Separator)
}

// of passes on to a sink the events that were named.
func (s *selection) of(sink source.Sink) source.Sink {
	if len(s.members) == 0 {
		return sink
	}
	return selected{s, sink}
}

type selected struct {
	selection *selection
	sink      source.Sink
}

func (s selected) Event(e *event.Event) error {
	if !s.selection.has(e.Provenance.Source.Name) {
		return nil
	}
	return s.sink.Event(e)
}

// narrow leaves in a register what was named, and enters the members that no
// archive has; an interrupted reading cannot know.
func (s *selection) narrow(register *source.Register) {
	if len(s.members) == 0 {
		return
	}
	register.Files = slices.DeleteFunc(register.Files, func(f source.File) bool { return !s.has(f.Source.Name) })
	if register.Interrupted {
		return
	}
	for _, member := range s.members {
		if !slices.ContainsFunc(register.Files, func(f source.File) bool { return isWithin(f.Source.Name, member) }) {
			missing := source.File{Source: &event.Source{Name: member}}
			missing.Problem(source.Problem{Offset: -1, Kind: format.NothingRead, Reason: "there is no such member in the archive"})
			register.Files = append(register.Files, missing)
		}
	}
}
