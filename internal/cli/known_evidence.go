package cli

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/report"
	"github.com/kulla-defence/kulla/internal/source"
	"github.com/kulla-defence/kulla/internal/store"
)

// knownEvidence is what the case knows of evidence before it is read again.
type knownEvidence struct {
	files []store.Evidence
	said  map[string]source.Given // by name
	sizes map[string][]int64      // of contents, by the last part of the name
	// settled is what stays as it is, by name.
	settled map[string][]source.Mark
}

// maxMarks bounds how many earlier contents one file is compared with.
const maxMarks = 64

// knownBy is what a case knows.
func knownBy(kept *store.Case) (*knownEvidence, error) {
	files, err := kept.Evidence()
	if err != nil {
		return nil, err
	}
	k := &knownEvidence{files: files, said: map[string]source.Given{}, sizes: map[string][]int64{}, settled: map[string][]source.Mark{}}
	for i := range files {
		k.settledBefore(&files[i])
		for _, name := range files[i].Names() {
			if files[i].Said != nil {
				k.said[name] = givenOf(files[i].Said)
			}
			if base := store.LogName(name); !slices.Contains(k.sizes[base], files[i].Size) && files[i].Size > 0 {
				k.sizes[base] = append(k.sizes[base], files[i].Size)
			}
		}
	}
	return k, nil
}

// read makes a reading look for what is known.
func (k *knownEvidence) read(options source.Options) source.Options {
	options.Known = func(name string) source.Given { return k.said[name] }
	options.Marks = k.marks
	return options
}

// givenOf is what was said as a reading takes it. A zone that this machine does
// not know is none.
func givenOf(said *store.Said) source.Given {
	given := source.Given{Format: said.Format, Year: said.Year, Product: said.Product, Category: said.Category, Service: said.Service, Carve: said.Carve}
	if said.Zone != "" {
		given.Zone, _ = time.LoadLocation(said.Zone)
	}
	return given
}

// saidOf is what was given as a case keeps it; nil where nothing was.
func saidOf(given source.Given) *store.Said {
	said := store.Said{Format: given.Format, Year: given.Year, Product: given.Product, Category: given.Category, Service: given.Service, Carve: given.Carve}
	if given.Zone != nil {
		said.Zone = given.Zone.String()
	}
	if said == (store.Said{}) {
		return nil
	}
	return &said
}

// A recognisedFiles is the evidence of a run as the case sees it.
type recognisedFiles struct {
	standings []store.Standing // of the files of the register
	byName    map[*event.Source]*store.Standing
	// sources are those under which findings are kept, and places what they
	// are; both by the source that was read.
	sources map[*event.Source]*event.Source
	// digests and origins are of the sources that findings are kept under.
	digests, origins map[*event.Source][32]byte
}

// newRecognised settles under which source the findings of each file are kept:
// copies of one file share one.
func newRecognised(register *source.Register, standings []store.Standing) *recognisedFiles {
	r := &recognisedFiles{standings: standings, byName: map[*event.Source]*store.Standing{}, sources: map[*event.Source]*event.Source{},
		digests: map[*event.Source][32]byte{}, origins: map[*event.Source][32]byte{}}
	byDigest := map[[32]byte]*event.Source{}
	for i := range standings {
		standing, read := &standings[i], register.Files[i].Source
		kept := read
		switch {
		case standing.Relation == store.Copy:
			kept = byDigest[standing.Evidence.SHA256]
		case standing.Evidence.Name != read.Name:
			kept = &event.Source{Name: standing.Evidence.Name, Format: read.Format}
		}
		if standing.Counts() {
			byDigest[standing.Evidence.SHA256] = kept
		}
		r.byName[read], r.sources[read] = standing, kept
		r.digests[kept], r.origins[kept] = standing.Evidence.SHA256, standing.Origin()
	}
	return r
}

// remember gives a source to evidence of the case that this run does not read,
// for findings of correlations that rest on it.
func (r *recognisedFiles) remember(evidence *store.Evidence) *event.Source {
	source := &event.Source{Name: evidence.Name}
	r.digests[source], r.origins[source] = evidence.SHA256, cmp.Or(evidence.Origin, evidence.SHA256)
	return source
}

// source is the one under which findings in a source are kept.
func (r *recognisedFiles) source(read *event.Source) *event.Source {
	if kept := r.sources[read]; kept != nil {
		return kept
	}
	return read
}

// digest and origin are findingjson.Digests.
func (r *recognisedFiles) digest(s *event.Source) ([32]byte, bool) {
	digest, known := r.digests[s]
	return digest, known
}

func (r *recognisedFiles) origin(s *event.Source) ([32]byte, bool) {
	digest, known := r.origins[s]
	return digest, known
}

// count is how many files have a relation to the case.
func (r *recognisedFiles) count(relations ...store.Relation) (count int) {
	for i := range r.standings {
		if slices.Contains(relations, r.standings[i].Relation) {
			count++
		}
	}
	return count
}

// any reports whether some file has one of the relations.
func (r *recognisedFiles) any(relations ...store.Relation) bool { return r.count(relations...) > 0 }

// covers reports whether this run has read all evidence of the case, so that
// nothing else has to be remembered.
func (r *recognisedFiles) covers(evidence []store.Evidence) bool {
	read := map[fileContent]bool{}
	for i := range r.standings {
		if one := &r.standings[i]; one.Counts() {
			read[fileContent{one.Evidence.Name, one.Evidence.SHA256}] = true
		}
	}
	return !slices.ContainsFunc(evidence, func(e store.Evidence) bool { return !read[fileContent{e.Name, e.SHA256}] })
}

// readings are the files of the run as a case takes them.
func (i *investigation) readings() []store.Reading {
	readings := make([]store.Reading, len(i.register.Files))
	for n := range i.register.Files {
		file := &i.register.Files[n]
		readings[n] = store.Reading{Evidence: evidenceOf(file), Beginning: beginningOf(file)}
	}
	return readings
}

// recognise says what each file is to the case. It comes before correlations,
// which are to count every event once.
func (i *investigation) recognise() error {
	readings := i.readings()
	for n := range readings {
		if file := &i.register.Files[n]; file.Source.Format == "evtx" { // its header and its last chunk are written anew
			readings[n].Continues = func(earlier *store.Evidence) (bool, error) { return i.citesTheSame(file, earlier) }
		}
	}
	standings, err := i.kept.Recognise(readings)
	if err != nil {
		return err
	}
	i.evidence = newRecognised(i.register, standings)
	return nil
}

// evidenceOf makes the entry of the evidence register.
func evidenceOf(file *source.File) store.Evidence {
	return store.Evidence{Name: file.Source.Name, Format: file.Source.Format, Size: file.Size, SHA256: file.SHA256,
		Records: file.Records, First: file.First, Last: file.Last, Problems: report.FileProblems(file), Said: saidOf(file.Given), Settled: settledIn(file)}
}

func beginningOf(file *source.File) func(int64) ([32]byte, bool) {
	return func(size int64) ([32]byte, bool) {
		for _, beginning := range file.Beginnings {
			if beginning.Size == size && !beginning.Replaced {
				return beginning.SHA256, true
			}
		}
		return [32]byte{}, false
	}
}

// A citedRecord is a record that some finding rests on.
type citedRecord struct {
	offset int64
	digest [32]byte
}

// citesTheSame reports whether the records that findings of an earlier content
// rest on are in a file at the same place, as far as this run cites them. What
// was carved may be overwritten, and with it the earliest that there was.
func (i *investigation) citesTheSame(file *source.File, earlier *store.Evidence) (bool, error) {
	carved := earlier.Said != nil && earlier.Said.Carve
	if !settles(file, earlier) || !carved && !file.First.Equal(earlier.First) {
		return false, nil
	}
	now := map[citedRecord]bool{}
	for f, err := range i.engine.Matched(file.Source) {
		if err != nil {
			return false, err
		}
		now[citedRecord{f.Place.Offset, f.Record}] = true
	}
	inRun := i.rulesOfRun()
	for f, err := range i.kept.Findings(store.Filter{}) {
		switch {
		case err != nil:
			return false, err
		case f.SHA256 != earlier.SHA256 || f.Correlation != nil || f.Place.Carved || !inRun[f.Rule.Name()]:
		case !now[citedRecord{f.Place.Offset, f.Record}]:
			return false, nil
		}
	}
	return true, nil
}

// whatChanged says, a line each, what this run has found out about evidence
// that the case knew already.
func (i *investigation) whatChanged() []string {
	var lines []string
	e := i.evidence
	for _, kind := range []struct {
		count int
		text  string
	}{
		{e.count(store.Grown), "grown since: what was read before is counted once"},
		{e.count(store.Reread), "read anew, with other options than before"},
		{e.count(store.Earlier), "passed over: earlier contents of files that have grown since"},
		{e.count(store.Unsaid), "passed over: known by another name, of which more was said (--source-tz, --source-year, --as, --log-source, --carve)"},
		{i.remembered(), "read with what was said before (--source-tz, --source-year, --as, --log-source, --carve)"},
		{e.aliases(), "known by another name: counted once"},
	} {
		if kind.count > 0 {
			lines = append(lines, counted(kind.count, "file")+": "+kind.text)
		}
	}
	if i.added.superseded > 0 {
		lines = append(lines, counted(i.added.superseded, "finding")+" no longer held and were superseded")
	}
	return lines
}

// remembered counts the files that were read as was said in an earlier run,
// where this one says nothing.
func (i *investigation) remembered() (count int) {
	if len(i.options.reading.Given) > 0 {
		return 0
	}
	for n := range i.evidence.standings {
		if one := &i.evidence.standings[n]; one.Evidence.Said != nil && one.Relation != store.Unsaid {
			count++
		}
	}
	return count
}

// aliases counts the files that are others under another name.
func (r *recognisedFiles) aliases() (count int) {
	for i := range r.standings {
		if one := &r.standings[i]; one.Alias && one.Relation != store.Unsaid || one.Relation == store.Copy {
			count++
		}
	}
	return count
}

// differing describes the entries of a register that are no continuation of
// what was read before under their name.
func differing(evidence []store.Evidence) []report.Unseen {
	var list []report.Unseen
	for i := range evidence {
		if e := &evidence[i]; len(e.DiffersFrom) > 0 {
			list = append(list, report.Unseen{What: report.EvidenceAltered, Why: e.Name + ": " + notContinued(e), Count: int64(len(e.DiffersFrom))})
		}
	}
	slices.SortStableFunc(list, func(a, b report.Unseen) int { return cmp.Compare(a.Why, b.Why) })
	return list
}

// notContinued says in words that evidence is not what it was.
func notContinued(e *store.Evidence) string {
	return fmt.Sprintf("SHA-256 %x, %d bytes, does not continue what was read under this name before: it was altered, replaced or rotated", e.SHA256, e.Size)
}

// warn says of evidence that is not what it was, before anything else.
func (i *investigation) warn() {
	for n := range i.evidence.standings {
		standing := &i.evidence.standings[n]
		name := report.Visible(i.register.Files[n].Source.Name)
		for _, before := range standing.Differs {
			fmt.Fprintf(i.env.Err, "kulla: WARNING: %s: %s; it was SHA-256 %x, %d bytes\n", name, notContinued(&standing.Evidence), before.SHA256, before.Size)
		}
		if standing.Relation == store.Earlier {
			fmt.Fprintf(i.env.Err, "kulla: warning: %s: an earlier content of %s, which the case has more of: passed over\n", name, report.Visible(standing.Evidence.Name))
		}
	}
}
