package knowledge

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// What may stand in a base of our own.
var (
	artefactKinds = []string{"secret", "infrastructure", "malware", "procedure", "tool", "claim", "habit", "leak"}
	artefactField = []string{"license_key", "certificate_sha1", "signer", "sha256", "md5", "file_name", "path", "account", "service", "device",
		"address", "domain", "command", "mailbox", "user_agent"}
	roles = []string{"access", "mail", "probing", "destruction", "leak", "espionage", "influence"}

	actorID     = regexp.MustCompile(`^(G\d{4}|KA-\d{4})$`)
	softwareID  = regexp.MustCompile(`^(S\d{4}|KS-\d{4})$`)
	campaignID  = regexp.MustCompile(`^(C\d{4}|KP-\d{4})$`)
	artefactID  = regexp.MustCompile(`^KF-\d{4}$`)
	techniqueID = regexp.MustCompile(`^T\d{4}(\.\d{3})?$`)
	country     = regexp.MustCompile(`^[A-Z]{2}$`)
)

// fromMemory is in the note of every artefact that no retrieved text shows.
const fromMemory = "from memory, to be checked"

// A linter collects what is wrong with the files of a base.
type linter struct {
	*folder
	problems []error
	file     string
	ids      map[string]map[string]bool // by file
}

func (f *folder) lint() []error {
	l := &linter{folder: f, ids: map[string]map[string]bool{}}
	l.file = "sources.yml"
	for _, name := range slices.Sorted(maps.Keys(f.sources)) {
		l.source(name, f.sources[name])
	}
	l.file = "renamed.yml"
	for _, from := range slices.Sorted(maps.Keys(f.renamed)) {
		l.renaming(from, f.renamed[from])
	}
	lintAll(l, "techniques.yml", f.techniques, func(t *technique) word { return t.ID }, techniqueID, (*linter).technique)
	lintAll(l, "software.yml", f.software, func(s *software) word { return s.ID }, softwareID, (*linter).tool)
	lintAll(l, "actors.yml", f.actors, func(a *actor) word { return a.ID }, actorID, (*linter).actor)
	lintAll(l, "campaigns.yml", f.campaigns, func(c *campaign) word { return c.ID }, campaignID, (*linter).campaign)
	lintAll(l, "artefacts.yml", f.artefacts, func(a *artefact) word { return a.ID }, artefactID, (*linter).artefact)
	return l.problems
}

// lintAll checks that ids are well formed and that none stands twice, and notes
// them; then it checks each entry, which may refer to any other.
func lintAll[T any](l *linter, file string, entries []T, id func(*T) word, shape *regexp.Regexp, check func(*linter, *T)) {
	l.file, l.ids[file] = file, map[string]bool{}
	for i := range entries {
		w := id(&entries[i])
		switch {
		case !shape.MatchString(w.text):
			l.fail(w.line, "entry %d: id %q is not like %s", i+1, w.text, shape)
		case l.ids[file][w.text]:
			l.fail(w.line, "id %s stands twice", w.text)
		}
		l.ids[file][w.text] = true
	}
	for i := range entries {
		check(l, &entries[i])
	}
}

// fail notes a problem; line is 0 where it is not known.
func (l *linter) fail(line int, format string, arguments ...any) {
	if line == 0 {
		l.problems = append(l.problems, fmt.Errorf("%s: %s", l.file, fmt.Sprintf(format, arguments...)))
		return
	}
	l.problems = append(l.problems, fmt.Errorf("%s:%d: %s", l.file, line, fmt.Sprintf(format, arguments...)))
}

func (l *linter) named(id word, name string) {
	if strings.TrimSpace(name) == "" {
		l.fail(id.line, "%s has no name", id.text)
	}
}

// cited checks that a fact has a source, and that the source is there.
func (l *linter) cited(of word, sources []word) {
	if len(sources) == 0 {
		l.fail(of.line, "%s: a fact has no source", of.text)
	}
	for _, s := range sources {
		if _, ok := l.sources[s.text]; !ok {
			l.fail(s.line, "%s: sources.yml has no %q", of.text, s.text)
		}
	}
}

// known checks that all ids are in a file.
func (l *linter) known(what, file string, words []word) {
	for _, w := range words {
		if !l.ids[file][w.text] {
			l.fail(w.line, "there is no %s %q", what, w.text)
		}
	}
}

func (l *linter) knownActors(words []word)   { l.known("actor", "actors.yml", words) }
func (l *linter) knownSoftware(words []word) { l.known("software", "software.yml", words) }

func (l *linter) source(name string, s source) {
	if s.URL == "" {
		return
	}
	if address, err := url.Parse(s.URL); err != nil || address.Host == "" || address.Scheme != "https" && address.Scheme != "http" {
		l.fail(0, "%s: %q is no address", name, s.URL)
	}
}

func (l *linter) tool(s *software) {
	l.named(s.ID, s.Name)
	l.cited(s.ID, s.Sources)
}

func (l *linter) campaign(c *campaign) {
	l.named(c.ID, c.Name)
	l.cited(c.ID, c.Sources)
	l.knownActors(c.Actors)
	l.features(c.ID, c.Features)
}

func (l *linter) technique(t *technique) {
	l.named(t.ID, t.Name)
	if len(t.Tactics) == 0 {
		l.fail(t.ID.line, "%s has no tactic", t.ID.text)
	}
	if to, ok := l.renamed[t.ID.text]; ok {
		l.fail(t.ID.line, "%s is %s since", t.ID.text, to.To.text)
	}
	for _, step := range t.Mitigations {
		if l.mitigations[step.text] == "" {
			l.fail(step.line, "mitigations.yml has no %q", step.text)
		}
	}
}

func (l *linter) renaming(from string, to renaming) {
	switch _, again := l.renamed[to.To.text]; {
	case !techniqueID.MatchString(from) || !techniqueID.MatchString(to.To.text):
		l.fail(to.To.line, "%q or %q is no technique", from, to.To.text)
	case again:
		l.fail(to.To.line, "%s is renamed itself", to.To.text)
	case to.How == "":
		l.fail(to.To.line, "%s: how it is known is not said", from)
	}
}

func (l *linter) actor(a *actor) {
	l.named(a.ID, a.Name)
	l.cited(a.ID, a.Sources)
	l.knownActors(a.Confusable)
	l.features(a.ID, a.Features)
	if a.State != "" && !country.MatchString(a.State) || a.State == "" && a.Service != "" {
		l.fail(a.ID.line, "%s: state %q with service %q", a.ID.text, a.State, a.Service)
	}
	for _, role := range a.Roles {
		if !slices.Contains(roles, role) {
			l.fail(a.ID.line, "%s: there is no role %q", a.ID.text, role)
		}
	}
	for _, v := range a.Victims {
		l.cited(a.ID, v.Sources)
		for _, c := range v.Countries {
			if !country.MatchString(c.text) {
				l.fail(c.line, "%q is no country", c.text)
			}
		}
	}
	for _, c := range a.Claims {
		l.cited(a.ID, c.Sources)
	}
}

func (l *linter) features(of word, told []features) {
	for _, group := range told {
		l.cited(of, group.Sources)
		l.known("technique", "techniques.yml", group.Techniques)
		l.knownSoftware(group.Software)
	}
}

func (l *linter) artefact(a *artefact) {
	l.cited(a.ID, a.Sources)
	l.knownActors(a.Actors)
	l.knownSoftware(a.Software)
	made := Artefact{ID: a.ID.text, Kind: a.Kind, Field: a.Field, Value: a.Value, Pattern: a.Pattern, Spoof: a.Spoof, Shared: a.Shared,
		SeenFirst: a.First.Time, SeenLast: a.Last.Time, Reliability: a.Reliability, Credibility: a.Credibility}
	if err := made.check(); err != nil {
		l.fail(a.ID.line, "%v", err)
	}
	if len(a.Actors)+len(a.Software) == 0 {
		l.fail(a.ID.line, "%s points at nobody", a.ID.text)
	}
	if a.Kind == "claim" && a.Spoof != 0 {
		l.fail(a.ID.line, "%s: a claim costs nothing to fake", a.ID.text)
	}
	if strings.Contains(a.Note, "from memory") && (!strings.Contains(a.Note, fromMemory) || a.Credibility < 3) {
		l.fail(a.ID.line, "%s: what is %s has credibility 3 or less", a.ID.text, fromMemory)
	}
}

// check says what is wrong with an artefact of any base.
func (a *Artefact) check() error {
	switch {
	case a.Value == "":
		return fmt.Errorf("%s has no value", a.ID)
	case !slices.Contains(artefactKinds, a.Kind):
		return fmt.Errorf("%s: there is no kind %q", a.ID, a.Kind)
	case !slices.Contains(artefactField, a.Field):
		return fmt.Errorf("%s: there is no field %q", a.ID, a.Field)
	case a.Spoof < 0 || a.Spoof > 3 || a.Shared < 0:
		return fmt.Errorf("%s: spoof is 0 to 3, shared not below 0", a.ID)
	case len(a.Reliability) != 1 || a.Reliability[0] < 'A' || a.Reliability[0] > 'F' || a.Credibility < 1 || a.Credibility > 6:
		return fmt.Errorf("%s: reliability is A to F, credibility 1 to 6", a.ID)
	case !a.SeenLast.IsZero() && a.SeenLast.Before(a.SeenFirst):
		return fmt.Errorf("%s was last seen before it was first seen", a.ID)
	case a.Pattern:
		if _, err := regexp.Compile(a.Value); err != nil {
			return fmt.Errorf("%s: %w", a.ID, err)
		}
	}
	return nil
}
