package store

import (
	"cmp"
	"slices"
	"strings"
)

// What a file that was read now is to the evidence of the case: evidence is the
// same when its content is, whatever it is called, and when it continues what
// was read under its name.

// A Relation is how a file stands to the evidence of the case.
type Relation int

// Relations.
const (
	// Fresh: the case knows nothing like it.
	Fresh Relation = iota
	// Same: its content is known, and was read in the same way.
	Same
	// Copy: its content was read before in this very run.
	Copy
	// Grown: it begins with what was read before, and goes on.
	Grown
	// Reread: its content is known, and something else was said of it.
	Reread
	// Unsaid: its content is known by another name, of which was said what was
	// not said of this one.
	Unsaid
	// Earlier: it is what a known file was before it grew.
	Earlier
	// Altered: its name is known, and it is no continuation.
	Altered
)

// Counts reports whether findings of such a file are those of the case.
func (r Relation) Counts() bool { return r != Copy && r != Unsaid && r != Earlier }

// A Reading is a file as it was read, with what tells it from others.
type Reading struct {
	Evidence
	// Beginning is the digest of its first bytes, where it was taken.
	Beginning func(size int64) ([32]byte, bool)
	// Continues says of formats that are not only written at their end whether
	// all that is known of an earlier content is in this one; nil for others.
	Continues func(earlier *Evidence) (bool, error)
}

// A Standing is what a Reading is to the case.
type Standing struct {
	Relation
	// Evidence is the entry of the register, as it is to be put.
	Evidence Evidence
	// Alias says that the case did not know the content by this name.
	Alias bool
	// Replaced are the digests of all contents that the entry takes the place
	// of, and Differs the contents that it should have continued.
	Replaced [][32]byte
	Differs  []Evidence
	// Otherwise says that what it takes the place of was read with other options.
	Otherwise bool

	// differs are the leaves of DiffersFrom that are new.
	differs []int64
}

// Origin is the digest that findings of the file are named by.
func (s *Standing) Origin() [32]byte {
	return s.Evidence.origin()
}

// origin is the digest that findings in the file are named by.
func (e *Evidence) origin() [32]byte { return cmp.Or(e.Origin, e.SHA256) }

// Recognise says what files are to the evidence of the case, in their order.
// It puts nothing.
func (c *Case) Recognise(readings []Reading) ([]Standing, error) {
	known, err := c.Evidence()
	if err != nil {
		return nil, err
	}
	r := newRecognition(c, known)
	standings := make([]Standing, len(readings))
	for i := range readings {
		if standings[i], err = r.recognise(&readings[i]); err != nil {
			return nil, err
		}
		r.take(&standings[i])
	}
	settle(standings)
	for i := range standings {
		if err := standings[i].readDiffers(c); err != nil {
			return nil, err
		}
	}
	return standings, nil
}

// settle corrects what only the whole run shows: a file that another continues
// is an earlier content of that, and what stands under a name in place of a
// content that is there under another, as when logs are rotated, is no
// alteration.
func settle(standings []Standing) {
	there, continued := map[int64]bool{}, map[int64]bool{}
	for i := range standings {
		one := &standings[i]
		there[one.Evidence.Number] = there[one.Evidence.Number] || one.Relation == Same
		for _, number := range one.Evidence.Supersedes {
			if one.Relation == Grown || one.Relation == Reread {
				there[number], continued[number] = true, continued[number] || one.Relation == Grown
			}
		}
	}
	for i := range standings {
		one := &standings[i]
		if one.Relation == Same && continued[one.Evidence.Number] {
			one.Relation = Earlier
		}
		rotated := func(number int64) bool { return there[number] && slices.Contains(one.differs, number) }
		if one.Evidence.DiffersFrom = slices.DeleteFunc(one.Evidence.DiffersFrom, rotated); len(one.Evidence.DiffersFrom) == 0 && one.Relation == Altered {
			one.Relation, one.Evidence.DiffersFrom = Fresh, nil
		}
	}
}

// Entries are the entries of the register that files come to, each once.
func Entries(standings []Standing) []Evidence {
	type key struct {
		name   string
		digest [32]byte
	}
	places := map[key]int{}
	var entries []Evidence
	for _, standing := range standings {
		one := standing.Evidence
		at, known := places[key{one.Name, one.SHA256}]
		switch {
		case standing.Relation == Earlier:
		case known: // a copy, which knows of more aliases
			entries[at] = one
		default:
			places[key{one.Name, one.SHA256}] = len(entries)
			entries = append(entries, one)
		}
	}
	return entries
}

// readDiffers reads what a file should have continued.
func (s *Standing) readDiffers(c *Case) error {
	for _, number := range s.Evidence.DiffersFrom {
		before, err := c.evidence(number)
		if err != nil {
			return err
		}
		s.Differs = append(s.Differs, before)
	}
	return nil
}

// A recognition is one call of Recognise.
type recognition struct {
	c *Case
	// byName and byBase are the entries that were there before, by their names
	// and aliases, whole and from the last folder or archive on.
	byName, byBase map[string][]*entry
	byDigest       map[[32]byte]*entry
}

// An entry is a file of the register.
type entry struct {
	Evidence
	// seen says that this run has read it, gone that it has read what takes its
	// place.
	seen, gone bool
}

func newRecognition(c *Case, known []Evidence) *recognition {
	r := &recognition{c: c, byName: map[string][]*entry{}, byBase: map[string][]*entry{}, byDigest: map[[32]byte]*entry{}}
	for _, file := range known {
		e := &entry{Evidence: file}
		for _, name := range file.Names() {
			r.byName[name] = append(r.byName[name], e)
			r.byBase[LogName(name)] = append(r.byBase[LogName(name)], e)
		}
		if file.Size > 0 {
			r.byDigest[file.SHA256] = e
		}
	}
	return r
}

// Names are all names of the file, the one it is known by first.
func (e *Evidence) Names() []string { return append([]string{e.Name}, e.Aliases...) }

// LogName is what follows the last folder or archive in a name, without the
// number that a log has once it was rotated: access.log of access.log.1.
func LogName(name string) string {
	name = name[strings.LastIndexAny(name, `/\!`)+1:]
	if bare := strings.TrimRight(name, "0123456789"); len(bare) < len(name) && len(bare) > 1 && bare[len(bare)-1] == '.' {
		return bare[:len(bare)-1]
	}
	return name
}

func (r *recognition) recognise(now *Reading) (Standing, error) {
	if now.Size == 0 {
		return r.empty(now), nil
	}
	if before := r.byDigest[now.SHA256]; before != nil {
		return r.known(now, before)
	}
	before, err := r.continued(now)
	if err != nil {
		return Standing{}, err
	}
	if before != nil {
		return r.grown(now, before)
	}
	return r.unknown(now)
}

// empty is a file of which nothing was read. That a file which had content has
// none is remarkable, but not that it could not be opened.
func (r *recognition) empty(now *Reading) Standing {
	standing := Standing{Evidence: now.Evidence}
	for _, before := range r.byName[now.Name] {
		if before.Size == 0 && before.SHA256 == now.SHA256 {
			return Standing{Relation: Same, Evidence: now.Evidence}
		}
	}
	if now.SHA256 != [32]byte{} {
		r.differ(&standing, now.Name)
	}
	return standing
}

// known is a file whose content the case has.
func (r *recognition) known(now *Reading, before *entry) (Standing, error) {
	standing := Standing{Relation: Same, Evidence: before.Evidence, Alias: !slices.Contains(before.Names(), now.Name)}
	if standing.Alias {
		standing.Evidence.Aliases = append(slices.Clone(before.Aliases), now.Name)
		slices.Sort(standing.Evidence.Aliases)
		r.differ(&standing, now.Name)
		standing.Relation = Same
	}
	switch {
	case before.gone:
		return Standing{Relation: Earlier, Evidence: before.Evidence}, nil
	case before.seen:
		standing.Relation = Copy
	case sameSaid(before.Said, now.Said):
		standing.facts(now)
	case now.Said == nil && standing.Alias:
		standing.Relation = Unsaid
	default:
		standing.Relation = Reread
		standing.facts(now)
		return standing, r.replace(&standing, before)
	}
	r.readable(&standing, now.Name)
	return standing, nil
}

func sameSaid(a, b *Said) bool { return a == b || a != nil && b != nil && *a == *b }

// facts takes over what was read.
func (s *Standing) facts(now *Reading) {
	s.Evidence.Format, s.Evidence.Size, s.Evidence.SHA256 = now.Format, now.Size, now.SHA256
	s.Evidence.Records, s.Evidence.First, s.Evidence.Last = now.Records, now.First, now.Last
	s.Evidence.Problems, s.Evidence.Said, s.Evidence.Settled = now.Problems, now.Said, now.Settled
}

// replace notes that a standing takes the place of an entry.
func (r *recognition) replace(standing *Standing, before *entry) error {
	contents, err := r.c.contents(&before.Evidence)
	if err != nil {
		return err
	}
	standing.Replaced, standing.Otherwise = contents, !sameSaid(before.Said, standing.Evidence.Said)
	standing.Evidence.Supersedes = []int64{before.Number}
	r.readable(standing, before.Name)
	return nil
}

// readable takes the place of entries of a name that could not be read, now
// that it can.
func (r *recognition) readable(standing *Standing, name string) {
	for _, other := range r.byName[name] {
		if other.Size == 0 && !slices.Contains(standing.Evidence.Supersedes, other.Number) {
			standing.Evidence.Supersedes = append(slices.Clone(standing.Evidence.Supersedes), other.Number)
		}
	}
}

// continued is the entry that a file continues: one of its name, or one whose
// name ends alike and which has records. Nil when there is none.
func (r *recognition) continued(now *Reading) (*entry, error) {
	named := r.byName[now.Name]
	for _, before := range bySize(named) {
		if !before.gone && before.Size > 0 && now.begins(before) {
			return before, nil
		}
	}
	for _, before := range bySize(r.byBase[LogName(now.Name)]) {
		if !before.gone && before.Records > 0 && now.begins(before) {
			return before, nil
		}
	}
	for _, before := range bySize(named) {
		if now.Continues == nil || before.seen || before.Format != now.Format || before.Records >= now.Records {
			continue
		}
		if all, err := now.Continues(&before.Evidence); all || err != nil {
			return before, err
		}
	}
	return nil, nil
}

// bySize puts the largest first.
func bySize(entries []*entry) []*entry {
	return slices.SortedStableFunc(slices.Values(entries), func(a, b *entry) int { return cmp.Compare(b.Size, a.Size) })
}

func (now *Reading) begins(before *entry) bool {
	if now.Beginning == nil || before.Size >= now.Size {
		return false
	}
	digest, known := now.Beginning(before.Size)
	return known && digest == before.SHA256
}

// grown is a file that continues another.
func (r *recognition) grown(now *Reading, before *entry) (Standing, error) {
	standing := Standing{Relation: Grown, Evidence: before.Evidence}
	standing.Evidence.Origin = before.origin()
	if !slices.Contains(before.Names(), now.Name) {
		standing.Alias = true
		standing.Evidence.Aliases = append(slices.Clone(before.Aliases), now.Name)
		slices.Sort(standing.Evidence.Aliases)
	}
	standing.facts(now)
	return standing, r.replace(&standing, before)
}

// unknown is a file with content that the case has nothing like.
func (r *recognition) unknown(now *Reading) (Standing, error) {
	for _, before := range r.byBase[LogName(now.Name)] {
		contents, err := r.c.contents(&before.Evidence)
		if err != nil {
			return Standing{}, err
		}
		if slices.Contains(contents, now.SHA256) {
			return Standing{Relation: Earlier, Evidence: before.Evidence}, nil
		}
	}
	standing := Standing{Evidence: now.Evidence}
	r.differ(&standing, now.Name)
	r.readable(&standing, now.Name)
	return standing, nil
}

// differ notes contents that were read under a name and that the new one is not.
func (r *recognition) differ(standing *Standing, name string) {
	for _, before := range r.byName[name] {
		if before.Size == 0 || before.SHA256 == standing.Evidence.SHA256 || slices.Contains(standing.Evidence.DiffersFrom, before.Number) {
			continue
		}
		standing.Relation = Altered
		standing.differs = append(standing.differs, before.Number)
		standing.Evidence.DiffersFrom = append(slices.Clone(standing.Evidence.DiffersFrom), before.Number)
	}
}

// take notes that a file of this run is there.
func (r *recognition) take(standing *Standing) {
	if standing.Relation == Earlier || standing.Evidence.Size == 0 {
		return
	}
	if !standing.Counts() { // other names, at most
		r.byDigest[standing.Evidence.SHA256].Aliases = standing.Evidence.Aliases
		return
	}
	for _, before := range r.byName[standing.Evidence.Name] {
		before.gone = before.gone || slices.Contains(standing.Evidence.Supersedes, before.Number)
		before.seen = before.seen || before.gone || before.SHA256 == standing.Evidence.SHA256
	}
	r.byDigest[standing.Evidence.SHA256] = &entry{Evidence: standing.Evidence, seen: true}
}

// contents are the digests of what an entry was before, and of what it is.
func (c *Case) contents(e *Evidence) ([][32]byte, error) {
	digests, pending, seen := [][32]byte{e.SHA256}, slices.Clone(e.Supersedes), map[int64]bool{}
	for len(pending) > 0 {
		number := pending[0]
		if pending = pending[1:]; seen[number] {
			continue
		}
		seen[number] = true
		before, err := c.evidence(number)
		if err != nil {
			return nil, err
		}
		if before.Size > 0 {
			digests = append(digests, before.SHA256)
		}
		pending = append(pending, before.Supersedes...)
	}
	return digests, nil
}
