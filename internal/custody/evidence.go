package custody

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// evidence compares the evidence with its leaves, in one pass over it.
func (v *verifier) evidence(ctx context.Context) error {
	for _, source := range v.content.order {
		if source.alters {
			v.Remarks = append(v.Remarks, source.name+" "+notContinued+" (leaf "+strconv.FormatInt(source.leaf, 10)+")")
		}
	}
	if v.options.Evidence == nil {
		v.unchecked("evidence files", "no evidence was given", int64(len(v.content.order)))
		return nil
	}
	c := newComparison(v.content.order)
	files, err := v.options.Evidence(ctx, c.writerOf)
	if err != nil {
		return err
	}
	c.pair(files)
	v.judgeFiles(c)
	return nil
}

// A comparison is one pass over the evidence. Files are first taken for those
// of the ledger whose names end alike, and the records of these are hashed;
// which file it is, its digest says at the end.
type comparison struct {
	sources []*citedSource
	byBase  map[string][]*citedSource

	mutex    sync.Mutex
	readings map[string][]*recordReading // by the name of the file now
	keep     func(record citedRecord, data []byte)

	pairs map[*citedSource]*pairing
	// changed are the files, by their name in the ledger, whose content it does
	// not know.
	changed map[string]*pairing
	// displaced are files that stand under the name of one of the ledger, whose
	// content is elsewhere or gone.
	displaced  []displacement
	additional []EvidenceFile
	unread     []EvidenceFile
}

// A pairing is a file of the ledger and the file it is now.
type pairing struct {
	file    EvidenceFile
	same    bool // by its digest
	reading *recordReading
}

// A displacement is a file in the place of another.
type displacement struct {
	file   EvidenceFile
	source *citedSource   // whose place it is
	known  []*citedSource // whose content it has
}

// maxCandidates bounds for how many files of the ledger one file is tried whose
// names end alike, maxContents for how many contents of the file of its name.
const (
	maxCandidates = 16
	maxContents   = 256
)

func newComparison(sources []*citedSource) *comparison {
	c := &comparison{sources: sources, byBase: map[string][]*citedSource{}, readings: map[string][]*recordReading{}, pairs: map[*citedSource]*pairing{},
		changed: map[string]*pairing{}}
	for _, source := range sources {
		steps := nameSteps(source.name)
		base := steps[len(steps)-1]
		c.byBase[base] = append(c.byBase[base], source)
		slices.SortStableFunc(source.records, func(a, b citedRecord) int {
			return cmp.Or(cmp.Compare(a.offset, b.offset), cmp.Compare(a.size, b.size))
		})
	}
	return c
}

// nameSteps takes a name apart at folders and archives.
func nameSteps(name string) []string {
	return strings.FieldsFunc("x/"+name, func(r rune) bool { return r == '/' || r == '\\' || r == '!' })
}

// alike is the number of steps in which two names end alike.
func alike(a, b []string) int {
	n := 0
	for n < len(a) && n < len(b) && a[len(a)-1-n] == b[len(b)-1-n] {
		n++
	}
	return n
}

// candidates are the files of the ledger that a name is most like; of too many,
// the latest.
func (c *comparison) candidates(name string) []*citedSource {
	steps := nameSteps(name)
	best, list := 1, []*citedSource(nil)
	for _, source := range c.byBase[steps[len(steps)-1]] {
		n := alike(steps, nameSteps(source.name))
		if source.name == name {
			n = len(steps) + 1
		}
		switch {
		case n > best:
			best, list = n, append(list[:0:0], source)
		case n == best:
			list = append(list, source)
		}
	}
	most := maxCandidates
	if best > len(steps) {
		most = maxContents
	}
	if len(list) > most {
		slices.SortStableFunc(list, compareLater)
		list = list[len(list)-most:]
	}
	return list
}

// compareLater puts contents that another has followed before those that are
// the last.
func compareLater(a, b *citedSource) int {
	switch {
	case a.later == b.later:
		return 0
	case a.later:
		return -1
	}
	return 1
}

// writerOf hashes the cited records of what the file may be.
func (c *comparison) writerOf(name string) io.Writer {
	var list []*recordReading
	var writers []io.Writer
	for _, source := range c.candidates(name) {
		reading := newRecordReading(source)
		reading.keep = c.keep
		list, writers = append(list, reading), append(writers, reading)
	}
	if list == nil {
		return nil
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.readings[name] = append(c.readings[name], list...)
	return io.MultiWriter(writers...)
}

// pair settles which file is which: by digest first, then by name.
func (c *comparison) pair(files []EvidenceFile) {
	byDigest := map[[32]byte][]*citedSource{}
	for _, source := range c.sources {
		if source.known {
			byDigest[source.digest] = append(byDigest[source.digest], source)
		}
	}
	var rest, known []EvidenceFile
	for _, file := range files {
		switch same := byDigest[file.SHA256]; {
		case file.Problem != "" && file.Size == 0:
			c.unread = append(c.unread, file)
		case same == nil:
			rest = append(rest, file)
		default:
			known = append(known, file)
			for _, source := range same {
				c.same(source, file)
			}
		}
	}
	for _, file := range known {
		c.displace(file, byDigest[file.SHA256])
	}
	for _, file := range rest {
		c.pairByName(file)
	}
}

// displace notes a file that by its name is another of the ledger than by its
// content, and reports whether it is one: none that is more like that other, by
// its name, has the other's content.
func (c *comparison) displace(file EvidenceFile, same []*citedSource) bool {
	candidates := c.candidates(file.Name)
	if len(candidates) == 0 {
		return false
	}
	place := candidates[len(candidates)-1]
	likeness := c.likeness(file.Name, place)
	for _, other := range candidates {
		if other.name != place.name {
			return false // it may be either
		}
		if !other.later {
			place = other
		}
	}
	for _, source := range same {
		if c.likeness(file.Name, source) >= likeness {
			return false
		}
	}
	if pair := c.pairs[place]; pair != nil && c.likeness(pair.file.Name, place) >= likeness {
		return false
	}
	c.displaced = append(c.displaced, displacement{file, place, same})
	return true
}

// likeness is the number of steps in which a name ends as that of a file of
// the ledger does; more for the name itself.
func (c *comparison) likeness(name string, source *citedSource) int {
	steps := nameSteps(name)
	if name == source.name {
		return len(steps) + 1
	}
	return alike(steps, nameSteps(source.name))
}

// same pairs a file of the ledger with one of its content; of several with
// the one whose records were looked at.
func (c *comparison) same(source *citedSource, file EvidenceFile) {
	reading := c.readingOf(file.Name, source)
	if before := c.pairs[source]; before == nil || before.reading == nil && reading != nil {
		c.pairs[source] = &pairing{file: file, same: true, reading: reading}
	}
}

func (c *comparison) readingOf(name string, source *citedSource) *recordReading {
	for _, reading := range c.readings[name] {
		if reading.source == source {
			return reading
		}
	}
	return nil
}

// pairByName takes a file for the one of the ledger that it was read as, if
// there is exactly one that is not there yet.
func (c *comparison) pairByName(file EvidenceFile) {
	var free []*recordReading
	for _, reading := range c.readings[file.Name] {
		if c.pairs[reading.source] == nil {
			free = append(free, reading)
		}
	}
	latest := slices.DeleteFunc(slices.Clone(free), func(r *recordReading) bool { return r.source.later })
	if len(latest) > 0 {
		free = latest
	}
	if len(free) != 1 {
		if !c.displace(file, nil) {
			c.additional = append(c.additional, file)
		}
		return
	}
	pair := &pairing{file: file, reading: free[0]}
	c.pairs[free[0].source] = pair
	if name := free[0].source.name; c.changed[name] == nil {
		c.changed[name] = pair
	}
}

// WhyMissing is why a file that is not there could not be checked.
const WhyMissing = "the file is not in the evidence given"

// judgeDisplaced says what stands in the place of a file.
func (v *verifier) judgeDisplaced(d displacement) {
	what := fmt.Sprintf("other content stands under the name of %s: SHA-256 %x, %d bytes, in place of %x", d.source.name, d.file.SHA256, d.file.Size, d.source.digest)
	if len(d.known) > 0 {
		what += "; it is that of " + d.known[0].name
	}
	v.fault(Fault{Check: CheckFiles, Leaf: d.source.leaf, Source: d.file.Name, Size: d.file.Size, What: what})
}

// judgeFiles says what the comparison came to.
func (v *verifier) judgeFiles(c *comparison) {
	v.check(CheckFiles).Count = int64(len(c.pairs))
	for _, source := range c.sources {
		pair := c.pairs[source]
		if source.leaf >= 0 && !source.later {
			v.Files++
			if pair == nil {
				v.Missing++
			}
		}
		switch {
		case pair == nil && source.altered != nil:
			v.judgeAltered(c, source)
		case pair == nil && source.later:
			v.judgeEarlier(c, source)
		case pair == nil:
			v.unchecked(source.name, WhyMissing, int64(len(source.records)))
		default:
			v.judgeFile(source, pair)
		}
	}
	for _, d := range c.displaced {
		v.judgeDisplaced(d)
	}
	for _, file := range c.additional {
		if v.Kind == "export" { // it speaks of some files only
			break
		}
		v.Remarks = append(v.Remarks, file.Name+" is not in the ledger")
	}
	for _, file := range c.unread {
		v.unchecked(file.Name, "it cannot be read: "+file.Problem, 1)
	}
}

// judgeEarlier looks for the records of a file in what the file has become: a
// log that was written on still holds them where they were. Where the file is
// not even its last known content, records that differ are faults.
func (v *verifier) judgeEarlier(c *comparison, source *citedSource) {
	if changed := c.changedOf(source); changed != nil {
		v.judgeRecords(source, changed)
		return
	}
	best := int64(0)
	for _, readings := range c.readings {
		for _, reading := range readings {
			if reading.source == source {
				best = max(best, reading.same())
			}
		}
	}
	v.check(CheckRecords).Count += best
	if missing := int64(len(source.records)) - best; missing > 0 || best == 0 {
		v.unchecked(source.name, "an earlier content of the file, which is not there any more", missing)
		return
	}
	v.Remarks = append(v.Remarks, source.name+" has changed since it was first read; the records cited then are still there")
}

// notContinued is what is said of a content that the ledger has as another of
// the same name.
const notContinued = "does not continue what was read under this name before: it was altered, replaced or rotated"

// judgeAltered compares the records of a content with one that came under its
// name and does not continue it. Where some are still there, the file is not
// another but was altered. Event logs overwrite their oldest records.
func (v *verifier) judgeAltered(c *comparison, source *citedSource) {
	var pair *pairing
	if now := c.pairs[source.altered]; now != nil {
		pair = &pairing{file: now.file, reading: c.readingOf(now.file.Name, source)}
	}
	missing := int64(len(source.records))
	if pair == nil || pair.reading == nil || source.format == "evtx" || missing > 0 && pair.reading.same() == 0 {
		v.unchecked(source.name, "the file "+notContinued+"; the earlier content is not in the evidence given", max(missing, 1))
		return
	}
	v.judgeRecords(source, pair)
	v.fault(Fault{Check: CheckFiles, Leaf: source.altered.leaf, Source: pair.file.Name, Size: pair.file.Size, What: "the file " + notContinued})
}

// changedOf is the file that is there under a name with a content that the
// ledger does not know, as it was read for an earlier content; nil without one.
func (c *comparison) changedOf(source *citedSource) *pairing {
	pair := c.changed[source.name]
	if pair == nil {
		return nil
	}
	reading := c.readingOf(pair.file.Name, source)
	if reading == nil {
		return nil
	}
	return &pairing{file: pair.file, reading: reading}
}

// judgeFile says how a file differs, and which records.
func (v *verifier) judgeFile(source *citedSource, pair *pairing) {
	before := v.check(CheckRecords).Faults
	v.judgeRecords(source, pair)
	if pair.same {
		return
	}
	changed := v.check(CheckRecords).Faults - before
	what := fmt.Sprintf("the file differs from the one in the ledger: SHA-256 %x, %d bytes, in place of %x", pair.file.SHA256, pair.file.Size, source.digest)
	switch {
	case !source.known:
		v.unchecked(source.name, "its SHA-256 is not in the ledger: it could not be read to its end", 1)
		return
	case len(source.records) == 0:
		what += "; no finding cites it"
	case changed == 0:
		what += fmt.Sprintf("; the change lies outside of the records that findings cite (%d)", len(source.records))
	default:
		what += fmt.Sprintf("; %d of %d cited records differ", changed, len(source.records))
	}
	if pair.file.Problem != "" {
		what += "; " + pair.file.Problem
	}
	v.fault(Fault{Check: CheckFiles, Leaf: source.leaf, Source: pair.file.Name, Size: pair.file.Size, What: what})
}

func (v *verifier) judgeRecords(source *citedSource, pair *pairing) {
	if pair.reading == nil {
		return // a file of the same content under another name
	}
	pair.reading.finish()
	v.check(CheckRecords).Count += int64(len(source.records))
	for i, record := range source.records {
		if pair.reading.verdicts[i] == recordSame {
			continue
		}
		if pair.reading.verdicts[i] == recordUnknown {
			v.unchecked(source.name, "too many records overlap", 1)
			continue
		}
		what := v.content.kindOf(record.leaf) + " cites a record whose bytes differ"
		if pair.reading.verdicts[i] == recordMissing {
			what = v.content.kindOf(record.leaf) + " cites a record that is no longer there"
		} else if pair.same {
			what = v.content.kindOf(record.leaf) + " states another digest of its record than the bytes have, though the file is unchanged"
		}
		v.fault(Fault{Check: CheckRecords, Leaf: record.leaf, Source: pair.file.Name, Offset: record.offset, Size: record.size,
			What: what, Sentences: v.content.sentencesOn(record.leaf)})
	}
}
