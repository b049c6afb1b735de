package knowledge

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"go.yaml.in/yaml/v4"

	embedded "github.com/kulla-defence/kulla/knowledge"
)

// Builtin reads the base of our own. What it says of the files is strict: an
// unknown key, an id that nothing has, a fact without a source is an error
// that names file and line. All errors are joined into one.
func Builtin() (*Base, error) { return buildFrom(prebuilt, embedded.FS) }

// The files of the base, as docs/formats/knowledge.md describes them.
type folder struct {
	sources     map[string]source
	mitigations map[string]string
	techniques  []technique
	software    []software
	actors      []actor
	campaigns   []campaign
	artefacts   []artefact
	renamed     map[string]renaming
}

type source struct {
	URL       string `yaml:"url"`
	Published date   `yaml:"published"`
}

type technique struct {
	ID          word     `yaml:"id"`
	Name        string   `yaml:"name"`
	Tactics     []string `yaml:"tactics"`
	Mitigations []word   `yaml:"mitigations"`
}

type software struct {
	ID      word     `yaml:"id"`
	Name    string   `yaml:"name"`
	Aliases []string `yaml:"aliases"`
	Public  bool     `yaml:"public"`
	Sources []word   `yaml:"sources"`
}

type actor struct {
	ID         word       `yaml:"id"`
	Name       string     `yaml:"name"`
	Aliases    []string   `yaml:"aliases"`
	State      string     `yaml:"state"`
	Service    string     `yaml:"service"`
	Roles      []string   `yaml:"roles"`
	Confusable []word     `yaml:"confusable"`
	Sources    []word     `yaml:"sources"`
	Victims    []victim   `yaml:"victims"`
	Claims     []claim    `yaml:"claims"`
	Features   []features `yaml:"features"`
}

// Features are those that the same sources tell.
type features struct {
	Sources    []word `yaml:"sources"`
	Techniques []word `yaml:"techniques"`
	Software   []word `yaml:"software"`
}

// Victims are those that the same sources tell: each country, each sector.
type victim struct {
	Countries []word   `yaml:"countries"`
	Sectors   []string `yaml:"sectors"`
	Sources   []word   `yaml:"sources"`
}

type claim struct {
	Field   string `yaml:"field"`
	Value   string `yaml:"value"`
	Sources []word `yaml:"sources"`
}

type campaign struct {
	ID       word       `yaml:"id"`
	Name     string     `yaml:"name"`
	Actors   []word     `yaml:"actors"`
	First    date       `yaml:"first"`
	Last     date       `yaml:"last"`
	Sources  []word     `yaml:"sources"`
	Features []features `yaml:"features"`
}

type artefact struct {
	ID          word   `yaml:"id"`
	Kind        string `yaml:"kind"`
	Field       string `yaml:"field"`
	Value       string `yaml:"value"`
	Pattern     bool   `yaml:"pattern"`
	Actors      []word `yaml:"actors"`
	Software    []word `yaml:"software"`
	First       date   `yaml:"first"`
	Last        date   `yaml:"last"`
	Spoof       int    `yaml:"spoof"`
	Shared      int    `yaml:"shared"`
	Reliability string `yaml:"reliability"`
	Credibility int    `yaml:"credibility"`
	Note        string `yaml:"note"`
	Sources     []word `yaml:"sources"`
}

type renaming struct {
	To  word   `yaml:"to"`
	How string `yaml:"how"`
}

// A word is a reference: what it says and the line it stands on.
type word struct {
	text string
	line int
}

func (w *word) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.ScalarNode {
		return fmt.Errorf("line %d: wanted one word", node.Line)
	}
	w.text, w.line = node.Value, node.Line
	return nil
}

// A date is a year, a month or a day, as far as it is known: the first day of it.
type date struct{ time.Time }

func (d *date) UnmarshalYAML(node *yaml.Node) (err error) {
	for _, layout := range []string{time.DateOnly, "2006-01", "2006"} {
		if d.Time, err = time.Parse(layout, node.Value); err == nil {
			return nil
		}
	}
	return fmt.Errorf("line %d: %q is no date (2022-09-08, 2022-09 or 2022)", node.Line, node.Value)
}

// readFolder reads the files of a base.
func readFolder(files fs.FS) (*Base, error) {
	f := folder{}
	into := [len(parts)]any{&f.actors, &f.artefacts, &f.campaigns, &f.mitigations, &f.renamed, &f.software, &f.sources, &f.techniques}
	var problems []error
	for i, name := range parts {
		data, err := fs.ReadFile(files, name)
		if err == nil {
			err = yaml.Load(data, into[i], yaml.WithKnownFields())
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", name, err))
		}
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	if problems := f.lint(); len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	digest, err := digestOf(files)
	if err != nil {
		return nil, err
	}
	base := f.base()
	base.Sources = []Source{{Name: "Kulla", Version: builtinVersion, SHA256: digest}}
	base.order()
	return base, nil
}

// builtinVersion is the date of the last change of the base of our own.
const builtinVersion = "2026-11-24"

func (f *folder) base() *Base {
	b := &Base{Renamed: map[string]string{}}
	for from, to := range f.renamed {
		b.Renamed[from] = to.To.text
	}
	for _, t := range f.techniques {
		b.Techniques = append(b.Techniques, &Technique{ID: t.ID.text, Name: t.Name, Tactics: t.Tactics, Mitigations: f.steps(t.Mitigations)})
	}
	for _, s := range f.software {
		b.Software = append(b.Software, &Software{ID: s.ID.text, Name: s.Name, Aliases: s.Aliases, Public: s.Public, Citations: f.cite(s.Sources)})
	}
	for i := range f.actors {
		b.Actors = append(b.Actors, f.actor(&f.actors[i]))
	}
	for _, c := range f.campaigns {
		b.Campaigns = append(b.Campaigns, &Campaign{ID: c.ID.text, Name: c.Name, Actors: texts(c.Actors), First: c.First.Time, Last: c.Last.Time,
			Features: f.features(c.Features), Citations: f.cite(c.Sources)})
	}
	for _, a := range f.artefacts {
		b.Artefacts = append(b.Artefacts, &Artefact{ID: a.ID.text, Kind: a.Kind, Field: a.Field, Value: a.Value, Pattern: a.Pattern,
			Actors: texts(a.Actors), Software: texts(a.Software), SeenFirst: a.First.Time, SeenLast: a.Last.Time, Spoof: a.Spoof, Shared: a.Shared,
			Reliability: a.Reliability, Credibility: a.Credibility, Note: a.Note, Citations: f.cite(a.Sources)})
	}
	return b
}

func (f *folder) actor(a *actor) *Actor {
	made := &Actor{ID: a.ID.text, Name: a.Name, Aliases: a.Aliases, State: a.State, Service: a.Service, Roles: a.Roles,
		Confusable: texts(a.Confusable), Features: f.features(a.Features), Citations: f.cite(a.Sources)}
	for _, v := range a.Victims {
		cited := f.cite(v.Sources)
		for _, country := range v.Countries {
			made.Victims = append(made.Victims, Victim{Country: country.text, Citations: cited})
		}
		for _, sector := range v.Sectors {
			made.Victims = append(made.Victims, Victim{Sector: sector, Citations: cited})
		}
	}
	for _, c := range a.Claims {
		made.Claims = append(made.Claims, Claim{Field: c.Field, Value: c.Value, Citations: f.cite(c.Sources)})
	}
	return made
}

func (f *folder) features(told []features) []Feature {
	var made []Feature
	for _, group := range told {
		cited := f.cite(group.Sources)
		for _, id := range group.Techniques {
			made = append(made, Feature{Kind: FeatureTechnique, ID: id.text, Citations: cited})
		}
		for _, id := range group.Software {
			made = append(made, Feature{Kind: FeatureSoftware, ID: id.text, Citations: cited})
		}
	}
	return joinFeatures(made, nil)
}

func (f *folder) cite(keys []word) []Citation {
	var made []Citation
	for _, key := range keys {
		s := f.sources[key.text]
		made = append(made, Citation{Name: key.text, URL: s.URL, Published: s.Published.Time})
	}
	return made
}

func (f *folder) steps(ids []word) []Mitigation {
	var made []Mitigation
	for _, id := range ids {
		made = append(made, Mitigation{ID: id.text, Name: f.mitigations[id.text]})
	}
	return made
}

func texts(words []word) []string {
	var made []string
	for _, w := range words {
		made = append(made, w.text)
	}
	return slices.Clip(made)
}
