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
// before it is compressed: of one source, and of all; and for how many sources
// with other rules than those of the run.
const (
	maxSourceMatches = 64 << 20
	maxAllMatches    = 256 << 20
	maxOtherSources  = 1 << 16
)

// A matchMemory is what a run knows of the matches of the whole case: those of
// the files that it reads, and those that earlier runs kept of the others.
type matchMemory struct {
	rules string // what this run's rules are known by
	// own is what the case keeps for these rules, without what this run reads
	// anew; others what it keeps for other rules, the newest first.
	own, others []store.MatchSource
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
	m.rules, m.covered = i.rules.SHA256, map[[32]byte]bool{}
	sources := i.correlatedHere()
	contents, err := i.kept.EvidenceByContent()
	if err != nil {
		return err
	}
	if err := i.sortMatches(sources, contents); err != nil || len(i.set.Correlations) == 0 {
		return err
	}
	rest := i.notReadNow()
	recalled := i.recallable(rest, contents)
	for n := range i.known.files {
		if evidence := &i.known.files[n]; rest[evidence.SHA256] == evidence {
			if err := i.recallSource(sources, evidence, recalled[evidence.SHA256]); err != nil {
				return err
			}
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

// sortMatches tells what the case keeps for the rules of this run from what it
// keeps for others, and drops what is read anew or was read otherwise.
func (i *investigation) sortMatches(here map[[32]byte]*event.Source, contents map[[32]byte]*store.Evidence) error {
	list, err := i.kept.Matches()
	if err != nil {
		return err
	}
	m, otherwise := &i.matches, i.readOtherwise()
	anew := func(digest [32]byte) bool { // also what grew when other rules read it
		evidence := contents[digest]
		return len(i.set.Correlations) > 0 && (here[digest] != nil || evidence != nil && here[evidence.SHA256] != nil)
	}
	for n := range list.Sources {
		kept := list.Sources[n]
		switch digest := digestOf(&kept); {
		case otherwise[digest]:
		case kept.Rules != m.rules:
			m.others = append(m.others, kept)
		case !anew(digest):
			m.own = append(m.own, kept)
		}
	}
	return i.newestFirst(m.others)
}

// newestFirst puts what is kept into the order of its rule sets, the last that
// came first.
func (i *investigation) newestFirst(kept []store.MatchSource) error {
	sets, err := i.kept.RuleSets()
	if err != nil {
		return err
	}
	age := map[string]int{}
	for n, set := range sets {
		age[set.SHA256] = n
	}
	slices.SortStableFunc(kept, func(a, b store.MatchSource) int { return cmp.Compare(age[b.Rules], age[a.Rules]) })
	return nil
}

// readOtherwise are the contents that this run has read with other options than
// earlier ones, whose matches hold for no rules any more.
func (i *investigation) readOtherwise() map[[32]byte]bool {
	contents := map[[32]byte]bool{}
	for n := range i.evidence.standings {
		if standing := &i.evidence.standings[n]; standing.Counts() && standing.Otherwise {
			for _, digest := range standing.Replaced {
				contents[digest] = true
			}
		}
	}
	return contents
}

// recallable is what is kept of evidence that this run does not read, by its
// content: that of these rules, also where it is of an earlier content, and
// only without it that of others, since rules have versions.
func (i *investigation) recallable(rest, contents map[[32]byte]*store.Evidence) map[[32]byte][]*store.MatchSource {
	recalled := map[[32]byte][]*store.MatchSource{}
	for _, list := range [][]store.MatchSource{i.matches.own, i.matches.others} {
		for n := range list {
			kept := &list[n]
			evidence := contents[digestOf(kept)]
			if evidence == nil || rest[evidence.SHA256] == nil || !kept.Whole() {
				continue
			}
			if before := recalled[evidence.SHA256]; len(before) == 0 || before[0].Rules != i.matches.rules {
				recalled[evidence.SHA256] = append(before, kept)
			}
		}
	}
	return recalled
}

// recallSource gives the engine what is kept of a source.
func (i *investigation) recallSource(sources map[[32]byte]*event.Source, evidence *store.Evidence, recalled []*store.MatchSource) error {
	for _, kept := range recalled {
		if kept.Rules == i.matches.rules && digestOf(kept) == evidence.SHA256 {
			i.matches.covered[evidence.SHA256] = true
		}
		if kept.Data == "" {
			continue
		}
		data, err := i.kept.MatchData(kept)
		if err != nil {
			return err
		}
		if sources[evidence.SHA256] == nil {
			sources[evidence.SHA256] = i.evidence.remember(evidence)
		}
		if err := i.engine.AddEarlier(sources[evidence.SHA256], data); err != nil {
			return err
		}
	}
	return nil
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
	list := &store.Matches{Sources: m.own}
	var size int64
	for n := range m.own {
		size += m.own[n].Size
	}
	if len(i.set.Correlations) > 0 {
		found, err := i.keepFound(&size)
		if err != nil {
			return err
		}
		list.Sources = append(list.Sources, found...)
	}
	// What other rules need may take what is left.
	for _, kept := range m.others[:min(len(m.others), maxOtherSources)] {
		if size+kept.Size <= maxAllMatches {
			size += kept.Size
			list.Sources = append(list.Sources, kept)
		}
	}
	slices.SortStableFunc(list.Sources, func(a, b store.MatchSource) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.SHA256, b.SHA256), strings.Compare(a.Rules, b.Rules))
	})
	return i.putMatches(list)
}

// keepFound keeps the matches of this run, as far as they fit.
func (i *investigation) keepFound(size *int64) (found []store.MatchSource, err error) {
	kept := map[*event.Source]store.MatchSource{}
	for one, err := range i.result.Kept(maxSourceMatches) {
		if err != nil {
			return nil, err
		}
		entry := store.MatchSource{Count: one.Count}
		if one.Data != nil && *size+int64(len(one.Data)) <= maxAllMatches {
			*size += int64(len(one.Data))
			if err := i.kept.PutMatchData(&entry, one.Data); err != nil {
				return nil, err
			}
		}
		kept[one.Source] = entry
	}
	for n := range i.evidence.standings {
		standing, source := &i.evidence.standings[n], i.register.Files[n].Source
		if standing.Counts() && standing.Evidence.Size > 0 && source.Format != "" {
			entry := kept[source]
			entry.Name, entry.SHA256, entry.Rules = standing.Evidence.Name, hex.EncodeToString(standing.Evidence.SHA256[:]), i.matches.rules
			found = append(found, entry)
		}
	}
	return found, nil
}

// putMatches puts the list, and counts the leaves that it takes.
func (i *investigation) putMatches(list *store.Matches) error {
	before, err := i.kept.Size()
	if err != nil {
		return err
	}
	if err := i.kept.PutMatches(list); err != nil {
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
