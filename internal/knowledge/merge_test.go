package knowledge

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func cited(names ...string) []Citation {
	var made []Citation
	for _, name := range names {
		made = append(made, Citation{Name: name})
	}
	return made
}

func actorIDs(actors []*Actor) []string {
	var made []string
	for _, a := range actors {
		made = append(made, a.ID)
	}
	return made
}

// Which names join, and which traps do not.
func TestMergeActors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name      string
		bases     [][]*Actor
		want      []string
		conflicts []Conflict
	}{
		{"by id", [][]*Actor{{{ID: "G1", Name: "River"}}, {{ID: "G1", Name: "Other"}}}, []string{"G1"}, nil},
		{"by name, however written", [][]*Actor{{{ID: "G1", Name: "APT-34"}}, {{ID: "x", Name: "Oil", Aliases: []string{"apt 34"}}}}, []string{"G1"}, nil},
		{"by id among the names", [][]*Actor{{{ID: "G1", Name: "River"}, {ID: "G2", Name: "Lake"}}, {{ID: "x", Name: "Water", Aliases: []string{"G1", "Lake"}}}}, []string{"G1", "G2"},
			[]Conflict{{"alias", "lake", []string{"G1", "G2"}}}},
		{"two of the second are one of the first", [][]*Actor{{{ID: "K1", Name: "River", Aliases: []string{"Brook"}}}, {{ID: "x", Name: "River"}, {ID: "y", Name: "Brook"}}}, []string{"K1"}, nil},
		{"shared by two of the first", [][]*Actor{{{ID: "G1", Name: "River", Aliases: []string{"Estuary"}}, {ID: "G2", Name: "Lake", Aliases: []string{"Estuary"}}}, {{ID: "x", Name: "Estuary"}}},
			[]string{"G1", "G2", "x"}, []Conflict{{"alias", "estuary", []string{"G1", "G2", "x"}}}},
		{"shared by two of the second", [][]*Actor{{{ID: "G1", Name: "River"}}, {{ID: "x", Name: "A", Aliases: []string{"River"}}, {ID: "y", Name: "B", Aliases: []string{"River"}}}},
			[]string{"G1", "x", "y"}, []Conflict{{"alias", "river", []string{"G1", "x", "y"}}}},
		{"one that would be two", [][]*Actor{{{ID: "G1", Name: "River"}, {ID: "G2", Name: "Lake"}}, {{ID: "x", Name: "Water", Aliases: []string{"River", "Lake"}}}},
			[]string{"G1", "G2", "x"}, []Conflict{{"alias", "Water", []string{"G1", "G2", "x"}}, {"alias", "lake", []string{"G2", "x"}}, {"alias", "river", []string{"G1", "x"}}}},
		{"two that a base holds to be different", [][]*Actor{{{ID: "G1", Name: "Lazarus"}}, {{ID: "G1", Name: "Lazarus"}, {ID: "G2", Name: "APT38"}}, {{ID: "G1", Name: "Lazarus", Aliases: []string{"G2", "APT38"}}}},
			[]string{"G1", "G2"}, []Conflict{{"alias", "apt38", []string{"G1", "G2"}}, {"alias", "g2", []string{"G1", "G2"}}}},
		{"an id of MISP's gives way", [][]*Actor{{{ID: "misp:1", Name: "River"}}, {{ID: "G1", Name: "River"}}, {{ID: "misp:2", Name: "Brook", Aliases: []string{"G1"}}}}, []string{"G1"}, nil},
		{"different states", [][]*Actor{{{ID: "G1", Name: "River", State: "AL"}}, {{ID: "x", Name: "River", State: "MT"}}},
			[]string{"G1", "x"}, []Conflict{{"alias", "river", []string{"G1", "x"}}, {"state", "AL or MT", []string{"G1", "x"}}}},
		{"different states under one id", [][]*Actor{{{ID: "G1", Name: "River", State: "AL"}}, {{ID: "G1", Name: "River", State: "MT"}}}, []string{"G1"}, []Conflict{{"state", "AL or MT", []string{"G1"}}}},
		{"nothing but punctuation", [][]*Actor{{{ID: "G1", Name: "?"}}, {{ID: "x", Name: "!"}}}, []string{"G1", "x"}, nil},
		{"within one base nothing joins", [][]*Actor{{{ID: "G1", Name: "River"}, {ID: "G2", Name: "River"}}}, []string{"G1", "G2"}, []Conflict{{"alias", "river", []string{"G1", "G2"}}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var bases []*Base
			for _, actors := range test.bases {
				bases = append(bases, &Base{Actors: actors})
			}
			merged := Merge(bases...)
			if diff := cmp.Diff(test.want, actorIDs(merged.Actors)); diff != "" {
				t.Errorf("actors (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(test.conflicts, merged.Conflicts); diff != "" {
				t.Errorf("conflicts (-want +got)\n%s", diff)
			}
		})
	}
}

// References follow what was joined, numbers what was renamed, and facts keep
// the citations of all who say them.
func TestMergeFacts(t *testing.T) {
	t.Parallel()
	first := &Base{
		Actors:     []*Actor{{ID: "K1", Name: "River", State: "AL", Features: []Feature{{FeatureTechnique, "T1685", cited("one")}}}},
		Software:   []*Software{{ID: "S1", Name: "Wave"}},
		Techniques: []*Technique{{ID: "T1685", Name: "Disable", Tactics: []string{"defense-impairment"}, Mitigations: []Mitigation{{"KM-08", "turn it on"}}}},
		Renamed:    map[string]string{"T1562.001": "T1685"},
	}
	second := &Base{
		Actors: []*Actor{{ID: "G1", Name: "RIVER", Service: "X", Confusable: []string{"G2"}, Features: []Feature{{FeatureTechnique, "T1562.001", cited("two")}, {FeatureSoftware, "x:wave", cited("two")}}},
			{ID: "G2", Name: "Lake", Confusable: []string{"G1"}}},
		Software:   []*Software{{ID: "x:wave", Name: "WAVE", Aliases: []string{"Surf"}}},
		Campaigns:  []*Campaign{{ID: "C1", Name: "c", Actors: []string{"G1"}}},
		Artefacts:  []*Artefact{{ID: "F1", Kind: "tool", Field: "md5", Value: "x", Actors: []string{"G1", "G2"}, Software: []string{"x:wave"}}},
		Techniques: []*Technique{{ID: "T1562.001", Name: "Disable", Tactics: []string{"defense-evasion"}, Mitigations: []Mitigation{{"M1022", "other"}}}},
	}
	before, after := first.Identity()+second.Identity(), ""
	merged := Merge(first, second)
	if after = first.Identity() + second.Identity(); before != after {
		t.Error("merging changes what is merged")
	}
	want := &Base{
		Actors: []*Actor{{ID: "G2", Name: "Lake", Confusable: []string{"K1"}},
			{ID: "K1", Name: "River", Aliases: []string{"G1"}, State: "AL", Confusable: []string{"G2"},
				Features: []Feature{{FeatureSoftware, "S1", cited("two")}, {FeatureTechnique, "T1685", cited("one", "two")}}}},
		Software:   []*Software{{ID: "S1", Name: "Wave", Aliases: []string{"Surf", "x:wave"}}},
		Campaigns:  []*Campaign{{ID: "C1", Name: "c", Actors: []string{"K1"}}},
		Artefacts:  []*Artefact{{ID: "F1", Kind: "tool", Field: "md5", Value: "x", Actors: []string{"G2", "K1"}, Software: []string{"S1"}}},
		Techniques: []*Technique{{ID: "T1685", Name: "Disable", Tactics: []string{"defense-impairment"}, Mitigations: []Mitigation{{"KM-08", "turn it on"}}}},
		Renamed:    map[string]string{"T1562.001": "T1685"},
	}
	if diff := cmp.Diff(want, merged); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// A name that very many have costs no more than others.
func TestMergeNameOfMany(t *testing.T) {
	t.Parallel()
	crowd := &Base{}
	for i := range 20_000 {
		crowd.Actors = append(crowd.Actors, &Actor{ID: fmt.Sprintf("x%05d", i), Name: "Crowd"})
	}
	merged := Merge(&Base{Actors: []*Actor{{ID: "G1", Name: "Crowd"}}}, crowd)
	if len(merged.Actors) != 20_001 || len(merged.Conflicts) != 1 || len(merged.Conflicts[0].IDs) != mostOwners {
		t.Errorf("%d actors, conflicts %v", len(merged.Actors), merged.Conflicts)
	}
}

// A base merged with itself, or with nothing, is itself.
func TestMergeIsIdempotent(t *testing.T) {
	t.Parallel()
	once := Merge(builtin(t))
	for name, merged := range map[string]*Base{"itself": Merge(builtin(t), builtin(t)), "nothing": Merge(builtin(t), &Base{}), "the merged": Merge(once, builtin(t), once)} {
		if diff := cmp.Diff(once, merged); diff != "" {
			t.Errorf("with %s (-want +got)\n%s", name, diff)
		}
	}
}

// All that there is goes together: no id is lost, and no reference leads nowhere.
func TestMergeWhole(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes minutes with race detection")
	}
	galaxy, err := ImportMISPGalaxy(openGalaxy(t))
	if err != nil {
		t.Fatal(err)
	}
	attack, err := ImportATTACK(openATTACK(t))
	if err != nil {
		t.Fatal(err)
	}
	own := builtin(t)
	merged := Merge(own, attack, galaxy)
	for _, b := range []*Base{own, attack, galaxy} {
		for _, a := range b.Actors {
			if !slices.ContainsFunc(merged.Actors, func(m *Actor) bool { return m.ID == a.ID || slices.Contains(m.Aliases, a.ID) }) {
				t.Errorf("%s %s is lost", a.ID, a.Name)
			}
		}
	}
	for _, a := range merged.Actors {
		for _, f := range a.Features {
			if f.Kind == FeatureTechnique && merged.Technique(f.ID) == nil || f.Kind == FeatureSoftware && merged.Tool(f.ID) == nil {
				t.Errorf("%s uses %s %s, which is not there", a.ID, f.Kind, f.ID)
			}
			if merged.Current(f.ID) != f.ID {
				t.Errorf("%s: %s is an old number", a.ID, f.ID)
			}
		}
	}
	for _, b := range []*Base{attack, galaxy} {
		for _, a := range b.Actors {
			if strings.HasPrefix(a.ID, "G") && merged.Actor(a.ID) == nil {
				t.Errorf("%s %s, which ATT&CK holds to be one, went under another", a.ID, a.Name)
			}
		}
	}
	for _, own := range own.Actors {
		if a := merged.Actor(own.ID); own.State != "" && (a.State != own.State || own.Service != "" && a.Service != own.Service) {
			t.Errorf("%s: %s/%s became %s/%s", own.ID, own.State, own.Service, a.State, a.Service)
		}
	}
	t.Logf("%d actors, %d software, %d techniques, %d conflicts", len(merged.Actors), len(merged.Software), len(merged.Techniques), len(merged.Conflicts))
}

func BenchmarkMergeWhole(b *testing.B) {
	galaxy, err := ImportMISPGalaxy(openGalaxy(b))
	if err != nil {
		b.Fatal(err)
	}
	own := builtin(b)
	for b.Loop() {
		Merge(own, galaxy)
	}
}
