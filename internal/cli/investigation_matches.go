package cli

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/report"
	"github.com/kulla-defence/kulla/internal/source"
	"github.com/kulla-defence/kulla/internal/store"
)

// Bounds of what a case keeps of matches for the correlations of later runs,
// before it is compressed: of one source, and of all.
const (
	maxSourceMatches = 64 << 20
	maxAllMatches    = 256 << 20
)

// A matchMemory is what a run knows of the matches of the whole case: those of
// the sources that it reads, and those that earlier runs kept of the others.
type matchMemory struct {
	rules string // what this run's rules are known by
	// list is what the case keeps, without what this run reads anew.
	list *store.Matches
	// digests gives those of all sources, of this run and earlier ones.
	digests report.Digests
	// covered are the sources of which all matches of these rules are known.
	covered map[[32]byte]bool
	// uncovered is how many files of the case took no part in correlations, or
	// only in part.
	uncovered int
}

func (m *matchMemory) covers(digest [32]byte) bool { return m.covered[digest] }

// recallMatches gives the engine what earlier runs kept of evidence that this
// one does not read.
func (i *investigation) recallMatches() error {
	m := &i.matches
	m.rules, m.covered = i.rules.SHA256, map[[32]byte]bool{}
	list, err := i.kept.Matches()
	if err != nil {
		return err
	}
	i.engine.Until(list.Last)
	here, named := i.leaveOutCopies()
	earlier := map[*event.Source][32]byte{}
	m.list = &store.Matches{Last: list.Last}
	for n := range list.Sources {
		kept := &list.Sources[n]
		digest, whole := digestOf(kept)
		if whole && here[digest] || !whole && named[kept.Name] {
			continue
		}
		m.list.Sources = append(m.list.Sources, *kept)
		if kept.Data != "" {
			from := &event.Source{Name: kept.Name}
			if whole {
				earlier[from] = digest
			}
			data, err := i.kept.MatchData(kept)
			if err != nil {
				return err
			}
			if err := i.engine.AddEarlier(from, data); err != nil {
				return err
			}
		}
		if whole && kept.Rules == m.rules && (kept.Count == 0 || kept.Data != "") {
			m.covered[digest] = true
		}
	}
	read := digestsOf(i.register)
	m.digests = func(s *event.Source) ([32]byte, bool) {
		if digest, ok := earlier[s]; ok {
			return digest, true
		}
		return read(s)
	}
	return i.countUncovered()
}

// leaveOutCopies takes all but one of the files with the same content out of
// correlations. It returns the contents and names of all files.
func (i *investigation) leaveOutCopies() (here map[[32]byte]bool, named map[string]bool) {
	here, named = map[[32]byte]bool{}, map[string]bool{}
	for _, file := range byName(i.register) {
		named[file.Source.Name] = true
		if file.Interrupted || file.Source.Format == "" {
			continue
		}
		if here[file.SHA256] {
			i.engine.LeaveOut(file.Source)
		}
		here[file.SHA256], i.matches.covered[file.SHA256] = true, true
	}
	return here, named
}

func byName(register *source.Register) []*source.File {
	files := make([]*source.File, len(register.Files))
	for i := range register.Files {
		files[i] = &register.Files[i]
	}
	slices.SortStableFunc(files, func(a, b *source.File) int { return strings.Compare(a.Source.Name, b.Source.Name) })
	return files
}

// countUncovered counts the files that earlier runs read with other rules, or
// of which they did not keep the matches.
func (i *investigation) countUncovered() error {
	files, err := i.kept.Evidence()
	if err != nil {
		return err
	}
	for n := range files {
		if files[n].Format != "" && !i.matches.covered[files[n].SHA256] {
			i.matches.uncovered++
		}
	}
	return nil
}

// unseen says what part of the case's evidence correlations could not see.
func (m *matchMemory) unseen(rules int) []report.Unseen {
	if m.uncovered == 0 || rules == 0 {
		return nil
	}
	return []report.Unseen{{What: report.Correlations, Count: int64(rules), Why: fmt.Sprintf(
		"%d files of the case were read earlier with other rules, or their matches could not be kept: correlations see little or nothing of them until they are investigated together with the rest", m.uncovered)}}
}

// keepMatches keeps what correlations of later runs need of this one's evidence.
func (i *investigation) keepMatches() error {
	m := &i.matches
	kept := map[*event.Source]store.MatchSource{}
	var size int64
	for n := range m.list.Sources {
		size += m.list.Sources[n].Size
	}
	for one, err := range i.result.Kept(maxSourceMatches) {
		if err != nil {
			return err
		}
		entry := store.MatchSource{Count: one.Count}
		if one.Data != nil && size+int64(len(one.Data)) <= maxAllMatches {
			size += int64(len(one.Data))
			if err := i.kept.PutMatchData(&entry, one.Data); err != nil {
				return err
			}
		}
		kept[one.Source] = entry
	}
	written := map[[32]byte]bool{}
	for _, file := range byName(i.register) {
		if file.Source.Format == "" || !file.Interrupted && written[file.SHA256] {
			continue
		}
		entry := kept[file.Source]
		entry.Name, entry.Rules = file.Source.Name, m.rules
		if !file.Interrupted {
			entry.SHA256, written[file.SHA256] = hex.EncodeToString(file.SHA256[:]), true
		}
		m.list.Sources = append(m.list.Sources, entry)
	}
	slices.SortStableFunc(m.list.Sources, func(a, b store.MatchSource) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.SHA256, b.SHA256))
	})
	m.list.Last = i.result.Last()
	return i.kept.PutMatches(m.list)
}

func digestOf(kept *store.MatchSource) (digest [32]byte, whole bool) {
	n, err := hex.Decode(digest[:], []byte(kept.SHA256[:min(len(kept.SHA256), 2*len(digest))]))
	return digest, err == nil && n == len(digest)
}

// maxEqualTimes bounds the findings of one time that are put in order.
const maxEqualTimes = 1 << 12

// inOrderOfPlace puts findings of one time, which stand in the order in which
// they were kept, in that of their evidence: so the order of runs leaves no
// trace.
func inOrderOfPlace(findings iter.Seq2[*store.Finding, error]) iter.Seq2[*store.Finding, error] {
	return func(yield func(*store.Finding, error) bool) {
		var equal []*store.Finding
		flush := func() bool {
			slices.SortStableFunc(equal, comparePlaces)
			for _, f := range equal {
				if !yield(f, nil) {
					return false
				}
			}
			equal = equal[:0]
			return true
		}
		for f, err := range findings {
			if err != nil {
				yield(nil, err)
				return
			}
			if len(equal) > 0 && (!equal[0].Time.Equal(f.Time) || len(equal) == maxEqualTimes) && !flush() {
				return
			}
			equal = append(equal, f)
		}
		flush()
	}
}

func comparePlaces(a, b *store.Finding) int {
	return cmp.Or(strings.Compare(nameOf(a.Place.Source), nameOf(b.Place.Source)), cmp.Compare(a.Place.Offset, b.Place.Offset),
		cmp.Compare(a.Place.Line, b.Place.Line), cmp.Compare(a.Place.RecordID, b.Place.RecordID),
		strings.Compare(a.Rule.ID, b.Rule.ID), strings.Compare(a.Rule.Title, b.Rule.Title), compareGroups(a.Correlation, b.Correlation))
}

func nameOf(s *event.Source) string {
	if s == nil {
		return ""
	}
	return s.Name
}

func compareGroups(a, b *detect.Correlation) int {
	if a == nil || b == nil {
		return 0
	}
	return slices.CompareFunc(a.Group, b.Group, func(x, y detect.Field) int {
		return cmp.Or(strings.Compare(x.Name, y.Name), strings.Compare(x.Value, y.Value))
	})
}
