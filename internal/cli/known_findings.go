package cli

import (
	"iter"
	"slices"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/findingjson"
	"github.com/kulla-defence/kulla/internal/store"
)

// keepFindings puts what was found into the case. What earlier readings of the
// same evidence found and this one does not find again is superseded, and so is
// what correlations found over less evidence and now find otherwise.
func (i *investigation) keepFindings() error {
	if err := i.knowUnaltered(); err != nil {
		return err
	}
	gone, err := i.outdated()
	if err != nil {
		return err
	}
	if err := i.kept.SupersedeFindings(gone, "the evidence was read again"); err != nil {
		return err
	}
	i.added.superseded = len(gone)
	i.added.outgrown, err = i.kept.Supersede(i.result.Correlations(), i.counting(i.result.Correlated()), i.evidence.origin, i.matches.covers)
	if err != nil {
		return err
	}
	i.added.findings, err = i.kept.PutFindingsNamed(i.counting(i.result.Findings()), i.evidence.digest, i.evidence.origin)
	return err
}

// counting are those findings that count, each in the file that the case keeps
// it in.
func (i *investigation) counting(findings iter.Seq2[*detect.Finding, error]) iter.Seq2[*detect.Finding, error] {
	return func(yield func(*detect.Finding, error) bool) {
		for f, err := range findings {
			if err == nil {
				if f = i.placed(f); f == nil {
					continue
				}
			}
			if !yield(f, err) {
				return
			}
		}
	}
}

// placed is a finding in the file that the case keeps it in; nil when it does
// not count.
func (i *investigation) placed(f *detect.Finding) *detect.Finding {
	e := i.evidence
	standing := e.byName[f.Place.Source] // nil where a correlation ends in what this run does not read
	if standing != nil && (!standing.Counts() || len(standing.Differs) > 0 && i.unaltered[unalteredOf(f)]) {
		return nil
	}
	moved := func(place event.Provenance) bool { return e.source(place.Source) != place.Source }
	if !moved(f.Place) && (f.Correlation == nil || !slices.ContainsFunc(f.Correlation.Events, func(m detect.Member) bool { return moved(m.Place) })) {
		return f
	}
	copied := *f
	copied.Place.Source = e.source(f.Place.Source)
	if f.Correlation != nil {
		correlation := *f.Correlation
		correlation.Events = slices.Clone(f.Correlation.Events)
		for n := range correlation.Events {
			correlation.Events[n].Place.Source = e.source(correlation.Events[n].Place.Source)
		}
		copied.Correlation = &correlation
	}
	return &copied
}

// An unaltered is a finding without its file: of two contents of one name it
// is the same.
type unaltered struct {
	key    findingjson.Key
	record [32]byte
}

func unalteredOf(f *detect.Finding) unaltered {
	return unaltered{findingjson.KeyOf(f, func(*event.Source) (digest [32]byte, known bool) { return digest, false }), f.Record}
}

// knowUnaltered collects the findings of what altered files were: those that
// stand there still are not counted twice.
func (i *investigation) knowUnaltered() error {
	before := map[[32]byte]bool{}
	for n := range i.evidence.standings {
		for _, other := range i.evidence.standings[n].Differs {
			before[other.SHA256] = true
		}
	}
	i.unaltered = map[unaltered]bool{}
	if len(before) == 0 {
		return nil
	}
	for f, err := range i.kept.Findings(store.Filter{}) {
		if err != nil {
			return err
		}
		if before[f.SHA256] {
			i.unaltered[unalteredOf(f.Finding)] = true
		}
	}
	return nil
}

// A fileContent is one content of a file of the case.
type fileContent struct {
	name   string
	digest [32]byte
}

// A knownFinding is a finding of evidence that was read again.
type knownFinding struct {
	*store.Finding
	reread  bool // some of it with other options
	whole   bool // all of it
	changed bool // and found again, but not as it was
}

// outdated are the numbers of findings that no longer hold, since their
// evidence was read again.
func (i *investigation) outdated() ([]int64, error) {
	if !i.evidence.any(store.Grown, store.Reread) {
		return nil, nil
	}
	known, err := i.readAgain()
	if err != nil {
		return nil, err
	}
	for f, err := range i.counting(i.result.Findings()) {
		if err != nil {
			return nil, err
		}
		key := findingjson.KeyOf(f, i.evidence.origin)
		before := known[key]
		switch {
		case before == nil:
		case store.SameFinding(before.Finding.Finding, f):
			delete(known, key)
		default:
			before.changed = true
		}
	}
	inRun := i.rulesOfRun()
	var gone []int64
	for _, f := range known {
		if f.Correlation != nil && !f.reread { // Supersede knows
			continue
		}
		if f.changed || f.reread || f.whole && inRun[f.Rule.Name()] {
			gone = append(gone, f.Number)
		}
	}
	return gone, nil
}

// readAgain are the findings of the case whose evidence, or part of it, takes
// the place of what they rest on.
func (i *investigation) readAgain() (map[findingjson.Key]*knownFinding, error) {
	replaced, read := i.contents()
	known := map[findingjson.Key]*knownFinding{}
	digest := i.kept.Digest()
	for f, err := range i.kept.Findings(store.Filter{}) {
		if err != nil {
			return nil, err
		}
		one := knownFinding{Finding: f, whole: true}
		touched := false
		for place := range placesOf(f.Finding) {
			at := fileContent{name: place.Source.Name}
			at.digest, _ = digest(place.Source)
			relation, again := replaced[at]
			touched, one.reread = touched || again, one.reread || relation == store.Reread
			one.whole = one.whole && (again || read[at])
		}
		if key, ok := findingjson.KeyFrom(f.ID); touched && ok {
			known[key] = &one
		}
	}
	return known, nil
}

// contents are what this run's evidence takes the place of, and how; and what
// it is.
func (i *investigation) contents() (replaced map[fileContent]store.Relation, read map[fileContent]bool) {
	replaced, read = map[fileContent]store.Relation{}, map[fileContent]bool{}
	for n := range i.evidence.standings {
		standing := &i.evidence.standings[n]
		if !standing.Counts() {
			continue
		}
		read[fileContent{standing.Evidence.Name, standing.Evidence.SHA256}] = true
		for _, digest := range standing.Replaced {
			replaced[fileContent{standing.Evidence.Name, digest}] = standing.Relation
		}
	}
	return replaced, read
}

// placesOf are all records that a finding rests on.
func placesOf(f *detect.Finding) iter.Seq[event.Provenance] {
	return func(yield func(event.Provenance) bool) {
		if f.Place.Source != nil && !yield(f.Place) || f.Correlation == nil {
			return
		}
		for n := range f.Correlation.Events {
			if place := f.Correlation.Events[n].Place; place.Source != nil && !yield(place) {
				return
			}
		}
	}
}

// rulesOfRun are the rules that this run has looked for.
func (i *investigation) rulesOfRun() map[detect.RuleName]bool {
	names := map[detect.RuleName]bool{}
	for _, rule := range i.set.Rules {
		names[detect.RuleName{ID: rule.ID, Title: rule.Title}] = true
	}
	for _, rule := range i.set.Correlations {
		names[detect.RuleName{ID: rule.ID, Title: rule.Title}] = true
	}
	return names
}
