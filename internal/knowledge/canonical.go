package knowledge

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Kinds of features.
const (
	FeatureTechnique = "technique"
	FeatureSoftware  = "software"
)

// format is the first word of a saved base, with the version of its form.
const format = "kulla-knowledge/1"

// maxBase bounds a saved base and every file that is imported, unpacked.
const maxBase = 256 << 20

// A savedBase is the one object of a file.
type savedBase struct {
	Format   string `json:"format"`
	Identity string `json:"identity"`
	Base     *Base  `json:"base"`
}

// ErrChanged is that of a saved base whose identity is not that of its content.
var ErrChanged = errors.New("the content is not what was saved")

// Identity is the SHA-256 of the base's canonical form, in lower-case
// hexadecimal: its JSON without white space, lists in their order.
func (b *Base) Identity() string {
	hash := sha256.New()
	// Writing to a hash does not fail, and a Base holds nothing that JSON lacks.
	_ = json.NewEncoder(hash).Encode(b)
	return hex.EncodeToString(hash.Sum(nil))
}

// Save writes the base as one JSON object, see docs/formats/knowledge.md.
func (b *Base) Save(w io.Writer) error {
	out := json.NewEncoder(w)
	out.SetIndent("", " ")
	return out.Encode(savedBase{format, b.Identity(), b})
}

// Load reads what Save wrote. It refuses keys that it does not know, content
// that was changed (ErrChanged), and more than 256 MiB.
func Load(r io.Reader) (*Base, error) {
	saved, in := savedBase{}, json.NewDecoder(&bounded{r, maxBase})
	in.DisallowUnknownFields()
	switch err := in.Decode(&saved); {
	case err != nil:
		return nil, fmt.Errorf("no saved knowledge: %w", err)
	case saved.Format != format || saved.Base == nil:
		return nil, fmt.Errorf("no saved knowledge: the format is %q, wanted %q", saved.Format, format)
	}
	if err := saved.Base.check(); err != nil {
		return nil, err
	}
	saved.Base.order()
	if saved.Base.Identity() != saved.Identity {
		return nil, ErrChanged
	}
	return saved.Base, nil
}

// check refuses what code that reads a base need not expect.
func (b *Base) check() error {
	if err := errors.Join(whole("actor", b.Actors, actorKey), whole("software", b.Software, softwareKey), whole("artefact", b.Artefacts, artefactKey),
		whole("campaign", b.Campaigns, campaignKey), whole("technique", b.Techniques, techniqueKey)); err != nil {
		return err
	}
	for _, a := range b.Artefacts {
		if err := a.check(); err != nil {
			return err
		}
	}
	return nil
}

// whole checks that there is every entry, with an id of its own.
func whole[T any](what string, list []*T, id func(*T) string) error {
	seen := make(map[string]bool, len(list))
	for i, entry := range list {
		switch {
		case entry == nil || id(entry) == "":
			return fmt.Errorf("%s %d has no id", what, i+1)
		case seen[id(entry)]:
			return fmt.Errorf("%s %s stands twice", what, id(entry))
		}
		seen[id(entry)] = true
	}
	return nil
}

func actorKey(a *Actor) string         { return a.ID }
func softwareKey(s *Software) string   { return s.ID }
func artefactKey(a *Artefact) string   { return a.ID }
func campaignKey(c *Campaign) string   { return c.ID }
func techniqueKey(t *Technique) string { return t.ID }

// order puts all lists in the order in which they are kept, and takes what
// stands in one twice together.
func (b *Base) order() {
	slices.SortFunc(b.Sources, compareSources)
	byID(b.Actors, actorKey)
	byID(b.Software, softwareKey)
	byID(b.Artefacts, artefactKey)
	byID(b.Campaigns, campaignKey)
	byID(b.Techniques, techniqueKey)
	for _, a := range b.Actors {
		a.order()
	}
	for _, s := range b.Software {
		s.Aliases = sortedNames(s.Aliases, s.Name)
		s.Features = joinFeatures(s.Features, nil)
		s.Citations = joinCitations(s.Citations, nil)
	}
	for _, c := range b.Campaigns {
		c.Actors = sorted(c.Actors)
		c.Features = joinFeatures(c.Features, nil)
		c.Citations = joinCitations(c.Citations, nil)
	}
	for _, a := range b.Artefacts {
		a.Actors, a.Software = listed(a.Actors), sorted(a.Software)
		a.Citations = joinCitations(a.Citations, nil)
	}
	for _, t := range b.Techniques {
		t.Tactics = listed(t.Tactics)
	}
	slices.SortFunc(b.Conflicts, compareConflicts)
	b.Conflicts = slices.CompactFunc(b.Conflicts, func(x, y Conflict) bool { return compareConflicts(x, y) == 0 })
}

func compareSources(x, y Source) int {
	return cmp.Or(cmp.Compare(x.Name, y.Name), cmp.Compare(x.Version, y.Version), cmp.Compare(x.SHA256, y.SHA256))
}

func (a *Actor) order() {
	a.Aliases, a.Roles, a.Confusable = sortedNames(a.Aliases, a.Name), sorted(a.Roles), sorted(a.Confusable)
	a.Features = joinFeatures(a.Features, nil)
	a.Victims = joinVictims(a.Victims, nil)
	a.Claims = joinClaims(a.Claims, nil)
	a.Citations = joinCitations(a.Citations, nil)
}

func byID[T any](list []*T, id func(*T) string) {
	slices.SortFunc(list, func(x, y *T) int { return cmp.Compare(id(x), id(y)) })
}

// sorted also makes one form of an empty list.
func sorted(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// listed is for what JSON always has: no list is an empty one.
func listed(list []string) []string { return append([]string{}, sorted(list)...) }

// sortedNames leaves out what is empty, or the name itself, and of names that
// differ by case only all but the first.
func sortedNames(list []string, name string) []string {
	seen := map[string]bool{"": true, strings.ToLower(name): true}
	return sorted(slices.DeleteFunc(sorted(list), func(alias string) bool {
		key := strings.ToLower(alias)
		known := seen[key]
		seen[key] = true
		return known
	}))
}

// A bounded reader ends with an error, not silently, after so many bytes.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("larger than %d MiB", maxBase>>20)
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}
