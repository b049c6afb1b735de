package cli

import (
	"cmp"
	"encoding/hex"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/store"
)

// Bounds of what a case keeps of matches for the correlations of later runs,
// before it is compressed: of one source, and of all.
const (
	maxSourceMatches = 64 << 20
	maxAllMatches    = 256 << 20
)

// A matchMemory is what a run knows of the matches of the whole case: those of
// the files that it reads, and those that earlier runs kept of the others.
type matchMemory struct {
	rules string // what this run's rules are known by
	// list is what the case keeps, without what this run reads anew.
	list *store.Matches
	// covered are the contents of which all matches of these rules are known.
	covered map[[32]byte]bool
	// uncovered is how many files of the case took no part in correlations, or
	// only in part.
	uncovered int
	// leaves is how many leaves were added for what is kept.
	leaves int64
}

func (m *matchMemory) covers(digest [32]byte) bool { return m.covered[digest] }

// recallMatches gives the engine what earlier runs kept of evidence that this
// one does not read, and takes out what would be counted twice.
func (i *investigation) recallMatches() error {
	m := &i.matches
	m.rules, m.covered, m.list = i.rules.SHA256, map[[32]byte]bool{}, &store.Matches{}
	sources := i.correlatedHere()
	rest := i.notReadNow()
	list, err := i.kept.Matches()
	if err != nil {
		return err
	}
	if len(i.set.Correlations) == 0 {
		i.leaveMatches(list)
		return nil
	}
	for n := range list.Sources {
		kept := &list.Sources[n]
		digest := digestOf(kept)
		evidence := rest[digest]
		if evidence == nil { // read now, or what a file was before it grew
			continue
		}
		m.list.Sources = append(m.list.Sources, *kept)
		if kept.Data != "" {
			data, err := i.kept.MatchData(kept)
			if err != nil {
				return err
			}
			sources[digest] = i.evidence.remember(evidence)
			if err := i.engine.AddEarlier(sources[digest], data); err != nil {
				return err
			}
		}
		if kept.Rules == m.rules && (kept.Count == 0 || kept.Data != "") {
			m.covered[digest] = true
		}
	}
	i.tellAltered(sources)
	i.engine.Until(lastOf(rest))
	for digest, evidence := range rest {
		if evidence.Format != "" && !m.covered[digest] {
			m.uncovered++
		}
	}
	return nil
}

// leaveMatches keeps what is kept for the rules of earlier runs, as this one's
// correlate nothing: but for what was read anew and what was continued since.
func (i *investigation) leaveMatches(list *store.Matches) {
	gone := map[[32]byte]bool{}
	for n := range i.evidence.standings {
		if standing := &i.evidence.standings[n]; standing.Counts() {
			for _, digest := range standing.Replaced {
				gone[digest] = true
			}
		}
	}
	for n := range list.Sources {
		if kept := &list.Sources[n]; !gone[digestOf(kept)] {
			i.matches.list.Sources = append(i.matches.list.Sources, *kept)
		}
	}
}

// correlatedHere are the files of this run that take part in correlations, by
// what they are and what they were before they grew. The others are left out.
func (i *investigation) correlatedHere() map[[32]byte]*event.Source {
	here := map[[32]byte]*event.Source{}
	var before []*store.Standing
	for n := range i.evidence.standings {
		standing, source := &i.evidence.standings[n], i.register.Files[n].Source
		if !standing.Counts() {
			i.engine.LeaveOut(source)
			continue
		}
		here[standing.Evidence.SHA256], i.matches.covered[standing.Evidence.SHA256] = source, true
		before = append(before, standing)
	}
	for _, standing := range before {
		for _, digest := range standing.Replaced {
			if here[digest] == nil {
				here[digest] = here[standing.Evidence.SHA256]
			}
		}
	}
	return here
}

// notReadNow is the evidence of the case that this run neither reads nor takes
// the place of, by content.
func (i *investigation) notReadNow() map[[32]byte]*store.Evidence {
	gone := map[int64]bool{}
	for n := range i.evidence.standings {
		if standing := &i.evidence.standings[n]; standing.Counts() {
			for _, number := range standing.Evidence.Supersedes {
				gone[number] = true
			}
		}
	}
	rest := map[[32]byte]*store.Evidence{}
	for n := range i.known.files {
		if file := &i.known.files[n]; file.Size > 0 && !gone[file.Number] && !i.matches.covered[file.SHA256] {
			rest[file.SHA256] = file
		}
	}
	return rest
}

// tellAltered tells the engine which contents are others that were altered.
func (i *investigation) tellAltered(sources map[[32]byte]*event.Source) {
	alters := func(source *event.Source, before [32]byte) {
		if other := sources[before]; source != nil && other != nil && source != other {
			i.engine.Alters(source, other)
		}
	}
	for n := range i.evidence.standings {
		if standing := &i.evidence.standings[n]; standing.Counts() {
			for _, before := range standing.Differs {
				alters(sources[standing.Evidence.SHA256], before.SHA256)
			}
		}
	}
}

// lastOf is the time of the last event of evidence.
func lastOf(evidence map[[32]byte]*store.Evidence) (last time.Time) {
	for _, file := range evidence {
		if file.Last.After(last) {
			last = file.Last
		}
	}
	return last
}

// keepMatches keeps what correlations of later runs need of this one's evidence.
func (i *investigation) keepMatches() error {
	m := &i.matches
	if len(i.set.Correlations) == 0 {
		return i.putMatches()
	}
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
	for n := range i.evidence.standings {
		standing, source := &i.evidence.standings[n], i.register.Files[n].Source
		if standing.Counts() && standing.Evidence.Size > 0 && source.Format != "" {
			entry := kept[source]
			entry.Name, entry.SHA256, entry.Rules = standing.Evidence.Name, hex.EncodeToString(standing.Evidence.SHA256[:]), m.rules
			m.list.Sources = append(m.list.Sources, entry)
		}
	}
	slices.SortStableFunc(m.list.Sources, func(a, b store.MatchSource) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.SHA256, b.SHA256))
	})
	return i.putMatches()
}

// putMatches puts the list, and counts the leaves that it takes.
func (i *investigation) putMatches() error {
	before, err := i.kept.Size()
	if err != nil {
		return err
	}
	if err := i.kept.PutMatches(i.matches.list); err != nil {
		return err
	}
	after, err := i.kept.Size()
	i.matches.leaves = after - before
	return err
}

// digestOf is the content that kept matches are in; zero, which is none, where
// that cannot be told.
func digestOf(kept *store.MatchSource) (digest [32]byte) {
	if n, err := hex.Decode(digest[:], []byte(kept.SHA256[:min(len(kept.SHA256), 2*len(digest))])); err != nil || n != len(digest) {
		return [32]byte{}
	}
	return digest
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
			slices.SortStableFunc(equal, compareFindings)
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

func compareFindings(a, b *store.Finding) int {
	return cmp.Or(detect.ComparePlaces(a.Place, b.Place), strings.Compare(a.Rule.ID, b.Rule.ID), strings.Compare(a.Rule.Title, b.Rule.Title),
		compareGroups(a.Correlation, b.Correlation))
}

func compareGroups(a, b *detect.Correlation) int {
	if a == nil || b == nil {
		return 0
	}
	return slices.CompareFunc(a.Group, b.Group, func(x, y detect.Field) int {
		return cmp.Or(strings.Compare(x.Name, y.Name), strings.Compare(x.Value, y.Value))
	})
}
